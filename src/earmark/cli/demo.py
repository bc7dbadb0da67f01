"""`earmark demo`: the whole job against the built-in sandbox, without an account."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli import common, sandbox, sitting
from earmark.model import State

RATE_LIMIT = 3000


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the journal and the report go.")] = Path(
        "earmark-demo"
    ),
    rate_limit: Annotated[
        int, typer.Option(min=60, help="Requests the sandbox allows a minute.")
    ] = RATE_LIMIT,
) -> None:
    """Run the main job against the built-in sandbox and show the report."""
    from earmark.assemble import Asked
    from earmark.cli.run import execute
    from earmark.specs import moment

    shutil.rmtree(out / ".journal", ignore_errors=True)
    with sandbox.open_sandbox(None, None, rate_limit=rate_limit) as opened:
        common.talk(
            f"A sandbox of Genesys Cloud answers at {opened.url}, {rate_limit} requests a minute allowed."
        )
        settings = common.settings(
            source="genesys",
            region=opened.url,
            client_id=opened.client_id,
            client_secret=opened.client_secret,
            catalog=[sandbox.catalog()],
            journal=out / ".journal" / "journal.db",
            pace=0.02,
        )
        with common.writing(settings.journal) as journal:
            run_id, signalled = execute(settings, journal, Asked(since=moment("9w")))
            sitting.conclude(journal, run_id, [out / "report.html", out / "report.json"], as_json=False)
            counts = journal.counts(run_id)
    _explain(counts, settings.journal)
    unfinished = signalled is not None or any(counts.get(state) for state in sitting.UNFINISHED)
    raise typer.Exit(sitting.exit_code(counts, signalled) if unfinished else 0)


def _explain(counts: dict[State, int], journal: Path) -> None:
    if counts.get(State.GONE):
        common.talk("One conversation is deleted after it was listed; the sandbox does that on purpose.")
    common.talk(f"look further: earmark runs --journal {journal}")
