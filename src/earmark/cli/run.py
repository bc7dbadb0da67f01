"""`earmark run` and `earmark plan`: the main job, with and without the writing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from earmark.cli import common, sitting

if TYPE_CHECKING:
    from earmark.assemble import Asked
    from earmark.journal import Journal
    from earmark.settings import Settings


def run(
    source: common.SourceOption = None,
    writer: common.WriterOption = None,
    since: common.SinceOption = None,
    until: common.UntilOption = None,
    threshold: common.ThresholdOption = None,
    review: common.ReviewOption = None,
    limit: common.LimitOption = None,
    catalog: common.CatalogOption = None,
    model: common.ModelOption = None,
    scorer: common.ScorerOption = None,
    calibration: common.CalibrationOption = None,
    report: common.ReportOption = None,
    journal: common.JournalOption = None,
    dry_run: bool = typer.Option(False, "--dry-run", help="Do everything but write; show what would change."),
    json: common.JsonOption = False,
) -> None:
    """Read finished conversations, find products and issues, write them back, and report."""
    settings = common.settings(
        source=source,
        writer=writer,
        catalog=catalog,
        model=model,
        scorer=scorer,
        calibration=calibration,
        journal=journal,
        **common.cuts(threshold, review),
    )
    _start(settings, _asked(since, until, limit, dry_run=dry_run), report or [], as_json=json)


def plan(
    source: common.SourceOption = None,
    writer: common.WriterOption = None,
    since: common.SinceOption = None,
    until: common.UntilOption = None,
    threshold: common.ThresholdOption = None,
    review: common.ReviewOption = None,
    limit: common.LimitOption = None,
    catalog: common.CatalogOption = None,
    model: common.ModelOption = None,
    scorer: common.ScorerOption = None,
    calibration: common.CalibrationOption = None,
    report: common.ReportOption = None,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Do everything that `run` does but the writing, and show what would change."""
    run(
        source=source,
        writer=writer,
        since=since,
        until=until,
        threshold=threshold,
        review=review,
        limit=limit,
        catalog=catalog,
        model=model,
        scorer=scorer,
        calibration=calibration,
        report=report,
        journal=journal,
        dry_run=True,
        json=json,
    )


def _asked(since: str | None, until: str | None, limit: int | None, *, dry_run: bool) -> Asked:
    from earmark.assemble import Asked
    from earmark.specs import moment

    return Asked(moment(since), moment(until), limit, dry_run)


def _start(settings: Settings, asked: Asked, reports: list[Path], *, as_json: bool) -> None:
    sitting.check_places(reports)
    with common.writing(settings.journal) as journal:
        run_id, signalled = execute(settings, journal, asked)
        sitting.end(journal, run_id, signalled, reports, as_json=as_json, planned=asked.dry_run)


def execute(settings: Settings, journal: Journal, asked: Asked) -> tuple[str, int | None]:
    """Run a job with progress and signal handling; returns the run's id and the signal that stopped it."""
    common.talk("connecting and loading the extraction pipeline …")
    return sitting.work(settings, lambda opened: opened.job(journal, asked))
