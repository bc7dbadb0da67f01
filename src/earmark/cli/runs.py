"""`earmark runs`: what the journal knows."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from earmark.cli import common

if TYPE_CHECKING:
    from earmark.journal import Journal


def runs(journal: common.JournalOption = None, json: common.JsonOption = False) -> None:
    """List the runs of the journal, newest first."""
    with common.reading(journal) as book:
        found = [_as_json(book, row["id"]) for row in book.runs()]
    if json:
        common.emit({"schema": "earmark.runs/1", "runs": found})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("run", "status", "source", "writer", "conversations", "for review", "requests"):
        table.add_column(name, no_wrap=name in {"run", "conversations"}, overflow="fold")
    for item in found:
        states = "\n".join(f"{count} {state}" for state, count in item["conversations"].items())
        status = f"{item['status']} (dry run)" if item["dry_run"] else item["status"]
        ends = (item["source"], item["writer"])
        cells = (item["id"], status, *ends, states, item["for_review"], item["usage"].get("requests", 0))
        table.add_row(*(common.plain(str(cell)) for cell in cells))
    common.console().print(table)


def _as_json(book: Journal, run_id: str) -> dict[str, Any]:
    run = book.facts(run_id)
    return {
        "id": run.id,
        "status": run.status,
        "dry_run": run.dry_run,
        "source": run.source,
        "writer": run.writer,
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "since": _time(run.window.since),
        "until": _time(run.window.until),
        "usage": asdict(run.usage),
        "conversations": {state.value: count for state, count in sorted(book.counts(run_id).items())},
        "for_review": book.for_review(run_id),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
