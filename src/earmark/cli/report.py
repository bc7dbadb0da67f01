"""`earmark report`: what a run found, from the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli import common, sitting


def report(
    run: common.RunArgument = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Write it there (.html, .json, .csv, .pairs.csv); may be repeated.",
        ),
    ] = None,
    min_count: Annotated[int, typer.Option(min=1, help="Leave out entities of fewer conversations.")] = 1,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Count products and issues over the conversations of a run."""
    from earmark.report import print_summary, to_json, write

    with common.reading(journal) as book:
        built = sitting.built(book, book.run(run)["id"], min_count=min_count)
    for path in output or []:
        write(built, path)
        common.talk(f"report: {path}")
    if json:
        common.emit(to_json(built))
    elif not output:
        print_summary(built, common.console())
