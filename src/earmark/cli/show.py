"""`earmark show`: everything the journal knows of one conversation."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from earmark.cli import common
from earmark.errors import InputError

MENTION = ("message", "start", "end", "sender", "found_by")
"""The parts of a mention as the journal keeps them, under the names that `earmark extract` gives them."""


def show(
    conversation: Annotated[str, typer.Argument(help="A conversation's id.")],
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only this run.")] = None,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Show what was found in a conversation, how sure it is and why, and what was written."""
    with common.reading(journal) as book:
        history = [_with_named_mentions(entry) for entry in book.history(conversation, run)]
    if not history:
        raise InputError(
            f"the journal knows no conversation {conversation!r}", hint="`earmark runs` lists the runs"
        )
    if json:
        common.emit({"schema": "earmark.show/1", "conversation": conversation, "runs": history})
        return
    for entry in history:
        _print(entry)


def _with_named_mentions(entry: dict[str, Any]) -> dict[str, Any]:
    entities = [
        entity | {"mentions": [dict(zip(MENTION, mention, strict=True)) for mention in entity["mentions"]]}
        for entity in entry["entities"]
    ]
    return entry | {"entities": entities}


def _print(entry: dict[str, Any]) -> None:
    item = entry["item"]
    reason = f" ({item['reason']})" if item["reason"] else ""
    common.say(
        f"run {item['run_id']}: {item['state']}{reason}, {item['messages']} messages, {item['channel']}"
    )
    for entity in entry["entities"]:
        score = "none" if entity["confidence"] is None else f"{entity['confidence']:.2f}"
        parts = ", ".join(f"{name} {value:.2f}" for name, value in sorted(entity["parts"].items()))
        common.say(
            f"  {entity['verdict']:<6} {entity['label']:<8} {entity['name']}  [{entity['canonical_id']}]"
        )
        common.say(
            f"         {entity['confidence_kind']} {score} from {parts or 'nothing'}; {entity['reason']}"
        )
        where = ", ".join(
            f"message {m['message']} ({m['sender']}) {m['start']}–{m['end']} by {m['found_by']}"
            for m in entity["mentions"]
        )
        common.say(f"         {where}")
    for change in entry["changes"]:
        state = "undone" if change["undone_at"] else "written" if change["applied_at"] else "not confirmed"
        common.say(f"  attributes {state}:")
        for key in sorted(change["before"].keys() | change["after"].keys()):
            before, after = (common.shown(change[side].get(key)) for side in ("before", "after"))
            common.say(f"    {key}: {before} → {after}")
