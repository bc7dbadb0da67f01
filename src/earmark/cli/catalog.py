"""`earmark catalog`: look catalog files over, and see what chats name that they lack."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli import common

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from earmark.catalog.entry import Entry, Problem
    from earmark.catalog.suggest import Suggestion

app = typer.Typer(
    no_args_is_help=True,
    help="Look catalog files over (check FILE… [--json]), and see what chats name that they lack "
    "(suggest [RUN] [--catalog FILE] [--min-conversations N] [--csv] [--json]).",
)


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Catalog files, read as one.")],
    json: common.JsonOption = False,
) -> None:
    """List everything that is wrong with catalog files, with its line. Exit code 2 if there are errors."""
    from earmark.catalog.check import check_catalogs

    entries, problems = check_catalogs(files)
    problems += _token_problems(entries)
    errors = sum(problem.severe for problem in problems)
    counts = {"entries": len(entries), "errors": errors, "warnings": len(problems) - errors}
    if json:
        rows = [_as_json(problem) for problem in problems]
        common.emit({"schema": "earmark.catalog.check/1", **counts, "problems": rows})
    else:
        _show(problems)
        common.say(f"{counts['entries']:,} entries, {errors} errors, {counts['warnings']} warnings")
    if errors:
        raise typer.Exit(2)


def _token_problems(entries: Sequence[Entry]) -> list[Problem]:
    """What spaCy says to token patterns; it is loaded only where there are some."""
    with_tokens = [entry for entry in entries if entry.token_patterns]
    if not with_tokens:
        return []
    from earmark.extract.token_patterns import token_pattern_problems

    return list(token_pattern_problems(with_tokens))


def _as_json(problem: Problem) -> dict[str, str]:
    return {
        "where": problem.where,
        "severity": "error" if problem.severe else "warning",
        "message": problem.what,
        "hint": problem.hint,
    }


def _show(problems: Sequence[Problem]) -> None:
    for problem in problems:
        common.say(f"{problem.where}: {'error' if problem.severe else 'warning'}: {problem.what}")
        if problem.hint:
            common.say(f"  try: {problem.hint}")


@app.command("suggest")
def suggest(
    run: common.RunArgument = None,
    catalog: common.CatalogOption = None,
    min_conversations: Annotated[
        int, typer.Option(min=1, help="Leave out names of fewer conversations.")
    ] = 5,
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="Print catalog rows: new ones, and known ones with the aliases added."),
    ] = False,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Propose catalog entries and aliases for what a run found and the catalog does not know."""
    from earmark.catalog import load_catalogs
    from earmark.catalog.suggest import as_rows, suggest
    from earmark.privacy import looks_personal

    entries = load_catalogs(common.settings(catalog=catalog).catalog)
    with common.reading(journal) as book:
        identity = book.run(run)["id"]
        found = suggest(book.entities(identity), entries, min_conversations, looks_personal)
    if json:
        rows = [_suggested(each) for each in found]
        common.emit({"schema": "earmark.catalog.suggest/1", "run": identity, "suggestions": rows})
    elif as_csv:
        _print_csv(as_rows(found, entries))
    else:
        _print_suggestions(found, min_conversations)


def _suggested(each: Suggestion) -> dict[str, object]:
    return asdict(each) | {"nearest": each.nearest and {"id": each.nearest.id, "name": each.nearest.name}}


def _print_csv(rows: Sequence[Mapping[str, str]]) -> None:
    from earmark.catalog.csv_file import COLUMNS
    from earmark.spreadsheet import guarded

    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: guarded(common.plain(cell)) for column, cell in row.items()})
    print(out.getvalue(), end="")


def _print_suggestions(found: Sequence[Suggestion], least: int) -> None:
    if not found:
        common.say(f"nothing: no name that the catalog lacks was found in {least} conversations or more")
        return
    for each in found:
        to = f"alias of {each.nearest.id}" if each.kind == "alias" and each.nearest else each.kind
        common.say(f"{each.conversations:>6} conversations  {each.label:<8} {each.name} → {to}")
        common.say(f"        {each.why}; written {', '.join(each.forms)}")
    common.say("`earmark catalog suggest --csv` prints them as rows for a catalog file")
