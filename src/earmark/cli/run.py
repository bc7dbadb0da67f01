"""`earmark run` and `earmark plan`: the main job, with and without the writing."""

from __future__ import annotations

from dataclasses import replace
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
    limit: common.LimitOption = None,
    catalog: common.CatalogOption = None,
    model: common.ModelOption = None,
    scorer: common.ScorerOption = None,
    report: common.ReportOption = None,
    journal: common.JournalOption = None,
    dry_run: bool = typer.Option(False, "--dry-run", help="Do everything but write; show what would change."),
    json: common.JsonOption = False,
) -> None:
    """Read finished conversations, find products and issues, write them back, and report."""
    flags = {"source": source, "writer": writer, "catalog": catalog, "model": model, "scorer": scorer}
    settings = common.settings(**flags, journal=journal, **common.thresholds(threshold))
    _start(settings, _asked(since, until, limit, dry_run=dry_run), report or [], as_json=json)


def plan(
    source: common.SourceOption = None,
    writer: common.WriterOption = None,
    since: common.SinceOption = None,
    until: common.UntilOption = None,
    threshold: common.ThresholdOption = None,
    limit: common.LimitOption = None,
    catalog: common.CatalogOption = None,
    model: common.ModelOption = None,
    scorer: common.ScorerOption = None,
    report: common.ReportOption = None,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Do everything that `run` does but the writing, and show what would change."""
    run(source, writer, since, until, threshold, limit, catalog, model, scorer, report, journal, True, json)


def _asked(since: str | None, until: str | None, limit: int | None, *, dry_run: bool) -> Asked:
    from earmark.assemble import Asked
    from earmark.specs import moment

    return Asked(moment(since), moment(until), limit, dry_run)


def _start(settings: Settings, asked: Asked, reports: list[Path], *, as_json: bool) -> None:
    sitting.check_places(reports)
    with common.writing(settings.journal) as journal:
        run_id, signalled = execute(settings, journal, asked)
        if asked.dry_run:
            show_plan(journal, run_id, as_json=as_json)
        sitting.conclude(journal, run_id, reports, as_json=as_json and not asked.dry_run, quiet=asked.dry_run)
        counts = journal.counts(run_id)
        sitting.last_word(run_id, counts, signalled)
        for other in journal.left_open(beside=run_id):
            common.talk(f"an earlier run is not finished either: earmark resume {other}")
    raise typer.Exit(sitting.exit_code(counts, signalled))


def execute(settings: Settings, journal: Journal, asked: Asked) -> tuple[str, int | None]:
    """Run a job with progress and signal handling; returns the run's id and the signal that stopped it."""
    from earmark import flow
    from earmark.assemble import workshop

    with workshop(settings, common.talk) as opened, sitting.Signals(opened.stop).heeded() as signals:
        common.talk("connecting and loading the extraction pipeline …")
        job = opened.job(journal, asked)
        with sitting.progress() as watch:
            run_id = flow.run(replace(job, watch=watch))
    return run_id, signals.received


def show_plan(journal: Journal, run_id: str, *, as_json: bool) -> None:
    """What a dry run would change, a conversation at a time."""
    for change in journal.planned(run_id):
        if as_json:
            common.line({"id": change.conversation_id, "before": change.before, "after": change.after})
            continue
        common.say(change.conversation_id)
        for key in sorted(change.before.keys() | change.after.keys()):
            before, after = change.before.get(key), change.after.get(key)
            if before != after:
                common.say(f"  {key}: {common.shown(before)} → {common.shown(after)}")
