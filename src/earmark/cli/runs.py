"""`earmark runs`: what the journal knows."""

from __future__ import annotations

from earmark.cli import common, sitting


def runs(journal: common.JournalOption = None, json: common.JsonOption = False) -> None:
    """List the runs of the journal, newest first."""
    with common.reading(journal) as book:
        found = [sitting.facts_json(dict(row), book.counts(row["id"])) for row in book.runs()]
    if json:
        common.emit({"schema": "earmark.runs/1", "runs": found})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("run", "status", "source", "writer", "conversations", "requests"):
        table.add_column(name, no_wrap=name == "run")
    for item in found:
        states = ", ".join(f"{count} {state}" for state, count in item["conversations"].items())
        status = f"{item['status']} (dry run)" if item["dry_run"] else item["status"]
        cells = (item["id"], status, item["source"], item["writer"], states, item["usage"].get("requests", 0))
        table.add_row(*(common.plain(str(cell)) for cell in cells))
    common.console().print(table)
