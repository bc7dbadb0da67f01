"""`earmark resume`: go on with a run that stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from earmark.cli import common, sitting

if TYPE_CHECKING:
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
        signalled = _go_on(settings, book, run_id, limit=row["options"].get("limit"))
        sitting.conclude(book, run_id, report or [], as_json=json)
        counts = book.counts(run_id)
        sitting.last_word(run_id, counts, signalled)
    raise typer.Exit(sitting.exit_code(counts, signalled))


def settings_of(options: dict[str, Any], journal: Journal) -> Settings:
    """The settings with which a run began; credentials and pacing are today's."""
    kept = {
        name: value for name, value in options.items() if name not in {"limit", "patience", "pace", "workers"}
    }
    return common.settings(**kept, journal=journal.path)


def _go_on(settings: Settings, journal: Journal, run_id: str, *, limit: int | None) -> int | None:
    from earmark import flow
    from earmark.assemble import Asked, workshop

    begun = journal.facts(run_id)
    asked = Asked(begun.window.since, begun.window.until, limit, begun.dry_run)
    with workshop(settings, common.talk) as opened, sitting.Signals(opened.stop).heeded() as signals:
        job = opened.job(journal, asked)
        with sitting.progress() as watch:
            flow.resume(replace(job, watch=watch), run_id)
    return signals.received
