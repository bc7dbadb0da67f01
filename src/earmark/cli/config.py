"""`earmark config`: every setting, its value, and where it came from."""

from __future__ import annotations

from earmark.cli import common


def config(json: common.JsonOption = False) -> None:
    """Show every setting with its value and its origin; secrets are masked."""
    from dataclasses import asdict

    from earmark.settings import explain, load

    found = explain(load())
    if json:
        common.emit({"schema": "earmark.config/1", "settings": [asdict(origin) for origin in found]})
        return
    from rich.table import Table

    table = Table("setting", "value", "from", "what it is", box=None, pad_edge=False)
    for origin in found:
        value = "" if origin.value is None else str(origin.value)
        table.add_row(origin.name, common.plain(value), origin.origin, origin.description)
    common.console().print(table)
