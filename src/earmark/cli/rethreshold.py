"""`earmark rethreshold`: other cuts for a run, from what it found, without a model or a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from earmark.cli import common, sitting
from earmark.cli.resume import settings_of
from earmark.errors import ConfigError
from earmark.model import PROCESSED

if TYPE_CHECKING:
    from earmark.journal import Journal


def rethreshold(
    run: common.RunArgument = None,
    threshold: common.ThresholdOption = None,
    review: common.ReviewOption = None,
    report: common.ReportOption = None,
    journal: common.JournalOption = None,
    dry_run: bool = typer.Option(False, "--dry-run", help="Do everything but write; show what would change."),
    json: common.JsonOption = False,
) -> None:
    """Judge again what a run found, under other cuts, and write what changes; no text is read again."""
    told = common.cuts(threshold, review)
    if not told:
        raise ConfigError("no cut is named", hint="give --threshold or --review: 0.8, or ISSUE=0.8")
    sitting.check_places(report or [])
    with common.writing(common.settings(journal=journal).journal) as book:
        row = book.run(run)
        earlier = row["id"]
        _check_there_is_something(book, earlier)
        settings = settings_of(moved(row["options"], told), book)
        run_id, signalled = sitting.work(
            settings, lambda opened: opened.recut(book, earlier, dry_run=dry_run)
        )
        _note_left_out(book, earlier, run_id)
        sitting.end(book, run_id, signalled, report or [], as_json=json, planned=dry_run)


def moved(options: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a run with the cuts that are told; one without a label holds for every label."""
    cuts: dict[str, Any] = {}
    for name in ("threshold", "review"):
        before, plain = options.get(f"{name}s") or {}, told.get(name)
        cuts[name] = options.get(name) if plain is None else plain
        kept = before if plain is None else dict.fromkeys(before, plain)
        cuts[f"{name}s"] = kept | told.get(f"{name}s", {})
    return {**options, **cuts}


def _check_there_is_something(journal: Journal, earlier: str) -> None:
    if not journal.to_judge_again(earlier):
        raise ConfigError(
            f"run {earlier} holds nothing to judge again: it processed no conversation, or a later run has read "
            "them all anew",
            hint="`earmark runs` lists the runs",
        )


def _note_left_out(journal: Journal, earlier: str, run_id: str) -> None:
    counts = journal.counts(earlier)
    unread = sum(count for state, count in counts.items() if state not in PROCESSED)
    anew = sum(counts.values()) - unread - journal.size(run_id)
    if unread:
        common.talk(
            f"left out: {unread} that run {earlier} did not process; reasons: earmark report {earlier}"
        )
    if anew:
        common.talk(f"left out: {anew} that a later run has read anew; rethreshold that one: earmark runs")
