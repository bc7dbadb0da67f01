"""What the verbs share: option types, opening the journal, printing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.model import ISSUE, PRODUCT

if TYPE_CHECKING:
    from rich.console import Console

    from earmark.journal import Journal
    from earmark.settings import Settings

SourceOption = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC", help="genesys[:recordings|batch|messages|transcripts], interactions, or a file."
    ),
]
WriterOption = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC", help="custom_attributes, participant_data, interactions, files:PATH, or none."
    ),
]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="Start of the window: 2026-03-01, 36h, 7d, 8w.")
]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="End of the window.")]
ThresholdOption = Annotated[
    list[str] | None,
    typer.Option(metavar="N|LABEL=N", help="Keep entities from this confidence on; may be given per label."),
]
ReviewOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="N|LABEL=N",
        help="Leave entities from this confidence up to the threshold for review; may be given per label.",
    ),
]
LimitOption = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Stop after this many conversations.")
]
CatalogOption = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="Catalog of products and issues.")
]
ModelOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="A spaCy pipeline by name or path, or none.")
]
ScorerOption = Annotated[str | None, typer.Option(metavar="NAME", help="calibrated, evidence or heuristic.")]
CalibrationOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A calibration made by `earmark calibrate`.")
]
JournalOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The journal; .earmark/journal.db by default.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ReportOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PATH", help="Write a report there (.html, .json, .csv, .pairs.csv); may be repeated."
    ),
]
RunArgument = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="A run's id; the latest by default.")
]


def talk(message: str) -> None:
    """Say something to the user, on stderr; control characters are made visible."""
    print(plain(message), file=sys.stderr)


def say(message: str) -> None:
    """Print a line of data for people, on stdout; control characters are made visible."""
    print(plain(message))


def plain(text: str) -> str:
    """Text that a terminal shows as it is: no escape sequences, no half characters."""
    visible = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return visible.encode("utf-8", "replace").decode()


def shown(value: Any) -> str:
    """An attribute's value for people."""
    if value is None:
        return "(absent)"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "(empty)"
    return str(value) or "(empty)"


def emit(data: Any) -> None:
    """Print data as JSON, on stdout."""
    _print_json(data, indent=2)


def line(data: Any) -> None:
    """Print one JSON object on one line, on stdout."""
    _print_json(data, indent=None)


def _print_json(data: Any, *, indent: int | None) -> None:
    """What cannot be encoded or seen, or would steer a terminal, is escaped: it reads back as the same data."""
    text = json.dumps(data, ensure_ascii=False, indent=indent, default=str)
    print(text if text.isprintable() else "".join(map(_escaped, text)))


def _escaped(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"  # DEL is ASCII, and steers too


def console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def cuts(threshold: list[str] | None, review: list[str] | None) -> dict[str, Any]:
    """`0.7` and `ISSUE=0.8`, given to --threshold and --review, as settings.

    Raises:
        ConfigError: Neither a number nor a label with one.
    """
    return _cuts("threshold", threshold) | _cuts("review", review)


def _cuts(name: str, given: list[str] | None) -> dict[str, Any]:
    from earmark.errors import ConfigError

    found: dict[str, Any] = {}
    for part in given or []:
        label, _, number = part.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            raise ConfigError(f"--{name} {part!r} is no number", hint="write 0.7 or ISSUE=0.8") from None
        if label:
            ours = label.upper() in {PRODUCT, ISSUE}
            found.setdefault(f"{name}s", {})[label.upper() if ours else label] = value
        else:
            found[name] = value
    return found


def settings(**flags: Any) -> Settings:
    from earmark.settings import load

    return load(**{name: value for name, value in flags.items() if value not in (None, [], ())})


@contextmanager
def reading(path: Path | None) -> Iterator[Journal]:
    """The journal, for looking only."""
    from earmark.journal import Journal

    journal = Journal(settings(journal=path).journal, time.time, readonly=True)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def writing(path: Path) -> Iterator[Journal]:
    """The journal, held against other runs."""
    from earmark.journal import Journal

    journal = Journal(path, time.time)
    try:
        with journal.holding():
            yield journal
    finally:
        journal.close()
