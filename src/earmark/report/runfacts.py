"""The run itself, as the page lists it: where, how, with which cuts, on what its confidence rests."""

from __future__ import annotations

from collections.abc import Iterator

from earmark.model import Json
from earmark.report.promises import scorer_kind
from earmark.report.shape import Report
from earmark.report.shown import noun, shown
from earmark.report.wording import count, span


def run_facts(report: Report) -> Iterator[tuple[str, str]]:
    """Names and values, in the order in which they are read."""
    run = report.run
    yield "Run", shown(run.id, "run")
    yield "Status", f"{shown(run.status, 'unknown')}{', dry run' if run.dry_run else ''}"
    yield "Started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC"
    if report.duration_seconds is not None:
        yield "Duration", span(report.duration_seconds)
    yield "Source", shown(run.source, "–")
    yield "Writer", shown(run.writer, "–")
    for key, value in run.extractor.items():
        yield shown(key, "–").capitalize(), shown(value, "–")
    yield from _confidence(report)
    yield from _cost(report)


def _confidence(report: Report) -> Iterator[tuple[str, str]]:
    run = report.run
    yield "Scorer", f"{shown(run.scorer, '–')} ({shown(scorer_kind(report), 'none')})"
    for label, cut in run.thresholds.items():
        yield f"Threshold, {noun(label)[1]}", f"{cut:.4g}"
    for label, cut in run.review.items():
        yield f"Review from, {noun(label)[1]}", f"{cut:.4g}"
    for name in ("calibration", "recommended"):
        facts = run.confidence.get(name)
        if isinstance(facts, dict):
            for key, value in facts.items():
                if said := _plain(value):
                    yield f"{name.capitalize()}, {shown(key, '–').replace('_', ' ')}", shown(said, "–")


def _cost(report: Report) -> Iterator[tuple[str, str]]:
    usage, per = report.run.usage, report.requests_per_conversation
    yield "Requests", f"{usage.requests:,}" + ("" if per is None else f" ({per:.2f} a conversation)")
    yield "Retries", f"{usage.retries:,}"
    yield "Throttled", count(usage.throttled, "time")
    yield "Waited", span(usage.waited_seconds)
    yield "Messages read", f"{report.totals.messages:,}"
    if report.min_count > 1:
        yield "Listed from", count(report.min_count, "conversation")


def _plain(value: Json) -> str:
    """A number, a text, or a mapping of such; empty for what is not so or not said in a few words."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if value is None or isinstance(value, list):
        return ""
    if isinstance(value, dict):
        return ", ".join(
            f"{key.replace('_', ' ')} {said}" for key, part in value.items() if (said := _plain(part))
        )
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
