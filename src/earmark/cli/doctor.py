"""`earmark doctor` and `earmark setup-schema`: is everything in place, and if not, what to do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from earmark.cli import common
from earmark.model import Check

SIGNS = {"ok": "✓", "warn": "!", "fail": "✗"}


def doctor(
    source: common.SourceOption = None,
    writer: common.WriterOption = None,
    catalog: common.CatalogOption = None,
    model: common.ModelOption = None,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Check credentials, permissions, schema, model, clock and rate limit; name the fix for each failure."""
    from earmark.assemble import workshop
    from earmark.checkup import checks as looked_at

    flags = {"source": source, "writer": writer, "catalog": catalog, "model": model}
    with workshop(common.settings(**flags, journal=journal), common.talk) as opened:
        checks = []
        for check in looked_at(opened):
            checks.append(check)
            if not json:
                _print(check)
    if json:
        common.emit({"schema": "earmark.doctor/1", "checks": [asdict(check) for check in checks]})
    raise typer.Exit(2 if any(check.status == "fail" for check in checks) else 0)


def _print(check: Check) -> None:
    common.say(f"{SIGNS[check.status]} {check.name}: {check.detail}")
    if check.cause:
        common.say(f"    cause: {check.cause}")
    if check.fix:
        common.say(f"    fix:   {check.fix}")


def setup_schema(json: common.JsonOption = False) -> None:
    """Create the conversation schema that attributes are written under, or add the fields it lacks."""
    from earmark.assemble import workshop

    with workshop(common.settings(source="genesys"), common.talk) as opened:
        schema_id = opened.setup_schema()
    if json:
        common.emit({"schema": "earmark.setup-schema/1", "schema_id": schema_id})
    else:
        common.say(f"the schema {opened.settings.schema_name!r} is ready ({schema_id})")
