"""`earmark show`: everything the journal knows of one conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from earmark.cli import common
from earmark.errors import InputError
from earmark.model import State

SCHEMA = "earmark.show/2"
MENTION = ("message", "start", "end", "sender", "found_by")
"""The parts of a mention as the journal keeps them, under the names that `earmark extract` gives them."""
FIRST_PART = "start"
"""What the log-odds of every entity of a label begin with."""


def show(
    conversation: Annotated[str, typer.Argument(help="A conversation's id.")],
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only this run.")] = None,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Show what was found in a conversation, how sure it is and why, and what was written."""
    with common.reading(journal) as book:
        history = [_entry(found) for found in book.history(conversation, run)]
    if not history:
        raise InputError(
            f"the journal knows no conversation {conversation!r}", hint="`earmark runs` lists the runs"
        )
    if json:
        common.emit({"schema": SCHEMA, "conversation": conversation, "runs": history})
        return
    for entry in history:
        for line in _lines(entry):
            common.say(line)


def _entry(found: Mapping[str, Any]) -> dict[str, Any]:
    """What one run knows, under names that stay."""
    item = found["item"]
    plain = ("state", "reason", "channel", "queue", "language", "messages", "correlation_id", "carried_from")
    return {
        "run": item["run_id"],
        **{name: item[name] for name in plain},
        "started_at": _time(item["started_at"]),
        "ended_at": _time(item["ended_at"]),
        "entities": [_entity(row) for row in sorted(found["entities"], key=_surest_first)],
        "pairs": [_pair(row) for row in found["pairs"]],
        "changes": [_change(row, item["state"]) for row in found["changes"]],
    }


def _surest_first(row: Mapping[str, Any]) -> tuple[float, str, str]:
    return (-(row["confidence"] or 0.0), row["name"], row["canonical_id"])


def _entity(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = ("name", "verdict", "reason", "confidence", "confidence_kind", "parts")
    return {
        "label": row["label"],
        "id": row["canonical_id"],
        **{name: row[name] for name in plain},
        "assertion": row["assertion"],
        "cue": row["cue"],
        "linked": row["linked"],
        "unsure": row["unsure"],
        "forms": row["forms"],
        "mentions": [dict(zip(MENTION, mention, strict=True)) for mention in row["mentions"]],
    }


def _pair(row: Mapping[str, Any]) -> dict[str, Any]:
    names = {"product": "product_id", "issue": "issue_id", "nearness": "nearness"}
    places = {name: name for name in ("product_message", "issue_message")}
    return {name: row[column] for name, column in (names | places).items()}


def _change(row: Mapping[str, Any], state: str) -> dict[str, Any]:
    open_status = "planned" if state == State.PLANNED else "not confirmed"
    status = "undone" if row["undone_at"] else "written" if row["applied_at"] else open_status
    times = {name: _time(row[name]) for name in ("intended_at", "applied_at", "undone_at")}
    return {"status": status, **times, "before": row["before"], "after": row["after"]}


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _lines(entry: Mapping[str, Any]) -> Iterator[str]:
    reason = f" ({entry['reason']})" if entry["reason"] else ""
    yield f"run {entry['run']}: {entry['state']}{reason}, {entry['messages']} messages, {entry['channel']}"
    for entity in entry["entities"]:
        yield from _entity_lines(entity)
    for pair in entry["pairs"]:
        where = f"messages {pair['product_message']} and {pair['issue_message']}"
        yield f"  pair   {pair['product']} × {pair['issue']}: {pair['nearness']}, {where}"
    for change in entry["changes"]:
        yield f"  attributes {change['status']}:"
        for key in sorted(change["before"].keys() | change["after"].keys()):
            before, after = (common.shown(change[side].get(key)) for side in ("before", "after"))
            yield f"    {key}: {before} → {after}"


def _entity_lines(entity: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {entity['verdict']:<6} {entity['label']:<8} {entity['name']}  [{entity['id']}]"
    for line in (*_confidence_lines(entity), *_assertion_lines(entity)):
        yield f"         {line}"
    where = ", ".join(
        f"message {m['message']} ({m['sender']}) {m['start']}–{m['end']} by {m['found_by']}"
        for m in entity["mentions"]
    )
    yield f"         {where}"


def _confidence_lines(entity: Mapping[str, Any]) -> Iterator[str]:
    kind, value, parts = entity["confidence_kind"], entity["confidence"], entity["parts"]
    score = "none" if value is None else f"{value:.2f}"
    if kind != "probability":
        numbers = ", ".join(f"{name} {number:.2f}" for name, number in sorted(parts.items()))
        yield f"{kind} {score} from {numbers or 'nothing'}; {entity['reason']}"
        return
    yield f"{kind} {score}; {entity['reason']}"
    yield from (f"  {number:+.2f} {name.replace('_', ' ')}" for name, number in _weightiest(parts))
    yield f"  {sum(parts.values()):+.2f} log-odds in all"


def _weightiest(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Where the log-odds begin, then what adds most to them, whichever way."""
    return sorted(parts.items(), key=lambda part: (part[0] != FIRST_PART, -abs(part[1]), part[0]))


def _assertion_lines(entity: Mapping[str, Any]) -> Iterator[str]:
    cue = entity["cue"]
    if cue is not None:
        place = f"message {cue['message']} {cue['start']}–{cue['end']}"
        yield f"{entity['assertion']}, by the rule {cue['name']} in {place}"
    elif entity["assertion"] != "present":
        yield str(entity["assertion"])
