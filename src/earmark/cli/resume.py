"""`earmark resume`: go on with a run that stopped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from earmark.cli import common, sitting

if TYPE_CHECKING:
    from earmark.assemble import Workshop
    from earmark.flow import Job, Recut
    from earmark.journal import Journal
    from earmark.settings import Settings


def resume(
    run: common.RunArgument = None,
    report: common.ReportOption = None,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Go on with a run that was stopped, killed, or left texts pending; the end state is the same."""
    sitting.check_places(report or [])
    with common.writing(common.settings(journal=journal).journal) as book:
        row = book.run(run)
        run_id = row["id"]
        settings = settings_of(row["options"], book)
        prepare = partial(as_begun, journal=book, run_id=run_id, limit=row["options"].get("limit"))
        _, signalled = sitting.work(settings, prepare, resumed=run_id)
        sitting.end(book, run_id, signalled, report or [], as_json=json)


def settings_of(options: dict[str, Any], journal: Journal) -> Settings:
    """The settings with which a run began; credentials and pacing are today's."""
    kept = {
        name: value for name, value in options.items() if name not in {"limit", "patience", "pace", "workers"}
    }
    return common.settings(**kept, journal=journal.path)


def as_begun(opened: Workshop, journal: Journal, run_id: str, limit: int | None) -> Job | Recut:
    """What a run needs to go on: over its source, or over what an earlier run found."""
    from earmark.assemble import Asked
    from earmark.flow import RETHRESHOLD

    begun = journal.facts(run_id)
    kind, _, earlier = begun.source.partition(":")
    if kind == RETHRESHOLD:
        return opened.recut(journal, earlier, dry_run=begun.dry_run)
    return opened.job(journal, Asked(begun.window.since, begun.window.until, limit, begun.dry_run))
