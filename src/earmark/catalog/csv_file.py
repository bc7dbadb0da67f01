"""Catalogs as CSV: a header that names the columns, one entry a row.

`id` and `name` are needed; `label` (PRODUCT or ISSUE), `aliases` and `short` (separated by `|`), `pattern` (a regular
expression for article numbers, RE2 syntax), `case_sensitive`, `family` and `parent` may be there.
"""

from __future__ import annotations

import csv
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from earmark.catalog.entry import Entry, Problem
from earmark.model import ISSUE, PRODUCT
from earmark.regexes import BadPatternError, compile_pattern

COLUMNS = ("id", "name", "label", "aliases", "pattern", "case_sensitive", "family", "parent", "short")
LONGEST_NAME = 200
LONGEST_PATTERN = 10_000
LONGEST_CELL = 100_000
_NEEDED = ("id", "name")
_TRUE = {"true", "yes", "1", "x"}
_FALSE = {"", "false", "no", "0"}
_EXAMPLE = "the first line must name the columns, for example: id,name,label,aliases,pattern"
_OTHER_MARKS = {";": "semicolons", "\t": "tabs"}
_UNSEEN = frozenset({"Cc", "Cs"})
_NONE = dict.fromkeys(COLUMNS, "")


class BadLineError(ValueError):
    """What is wrong with a line, and what to do about it."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def at(self, where: str) -> Problem:
        return Problem(where, self.what, self.hint)


def read_csv(name: str, lines: Iterable[str]) -> Iterator[tuple[int, Entry | Problem]]:
    """Yield (line number, entry or problem) of a file called `name`."""
    reader = csv.reader(lines, strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        wrong = _wrong_header(header)
        if wrong is not None:
            yield 1, wrong.at(f"{name}:1" if header else name)
            return
        for row in reader:
            if row and any(map(str.strip, row)):
                yield reader.line_num, _entry_or_problem(f"{name}:{reader.line_num}", header, row)
    except csv.Error as error:
        yield reader.line_num, Problem(f"{name}:{reader.line_num}", f"not readable as CSV: {error}")


def _wrong_header(header: Sequence[str]) -> BadLineError | None:
    if not header:
        return BadLineError("the catalog is empty", _EXAMPLE)
    missing = [name for name in _NEEDED if name not in header]
    other = next((mark for mark in _OTHER_MARKS if mark in header[0]), "")
    if missing and other:
        return BadLineError(
            f"its columns are separated by {_OTHER_MARKS[other]}", "save it with commas between the columns"
        )
    if missing:
        return BadLineError(f"there is no column {' and no column '.join(missing)}", _EXAMPLE)
    known = f"known columns: {', '.join(COLUMNS)}"
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        return BadLineError(f"unknown column {unknown[0]!r}", known)
    return BadLineError("a column occurs twice", known) if len(set(header)) < len(header) else None


def _entry_or_problem(where: str, header: Sequence[str], row: Sequence[str]) -> Entry | Problem:
    try:
        if len(row) > len(header):
            raise BadLineError(
                f"{len(row)} cells under {len(header)} columns", "put quotes around a cell with a comma"
            )
        wide = next((name for name, cell in zip(header, row, strict=False) if len(cell) > LONGEST_CELL), None)
        if wide:
            raise BadLineError(f"the {wide} has more than {LONGEST_CELL:,} characters")
        return _entry(where, _NONE | {name: cell.strip() for name, cell in zip(header, row, strict=False)})
    except BadLineError as error:
        return error.at(where)


def _entry(where: str, cells: dict[str, str]) -> Entry:
    for name in _NEEDED:
        if not cells[name]:
            raise BadLineError(f"the {name} is empty")
    aliases, short = _several(cells["aliases"]), _several(cells["short"])
    for text in (cells["id"], cells["name"], *aliases, *short):
        check_name(text)
    pattern = cells["pattern"]
    strict = _flag(cells["case_sensitive"])
    if pattern:
        _check_regex(pattern, case_sensitive=strict)
    return Entry(
        id=cells["id"],
        name=cells["name"],
        label=label_of(cells["label"] or PRODUCT),
        aliases=aliases,
        patterns=(pattern,) if pattern else (),
        case_sensitive=strict,
        family=sys.intern(cells["family"]),
        where=where,
        parent=sys.intern(cells["parent"]),
        short=short,
    )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, cell.split("|")))) if cell else ()


def check_name(text: str) -> None:
    """Refuse what is no name any more.

    Raises:
        BadLineError: It is too long, or holds what cannot be seen or stored (line breaks, NUL, escapes).
    """
    odd = next((char for char in text if unicodedata.category(char) in _UNSEEN), "")
    if odd:
        raise BadLineError(
            f"{text[:20]!r} holds the control character U+{ord(odd):04X}", "remove it from the name"
        )
    if len(text) > LONGEST_NAME:
        raise BadLineError(
            f"{text[:20]!r}… has {len(text)} characters, and {LONGEST_NAME} are the most",
            "write what customers call it; other spellings go into the aliases column, separated by |",
        )


def label_of(text: str) -> str:
    """PRODUCT or ISSUE, in whatever case it is written.

    Raises:
        BadLineError: It is neither.
    """
    for label in (PRODUCT, ISSUE):
        if text.upper() == label:
            return label
    raise BadLineError(f"unknown label {text!r}", f"write {PRODUCT} or {ISSUE}")


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise BadLineError(f"case_sensitive is {text!r}", "write yes or no")
    return text.lower() in _TRUE


def _check_regex(pattern: str, *, case_sensitive: bool) -> None:
    if len(pattern) > LONGEST_PATTERN:
        raise BadLineError(
            f"the pattern has {len(pattern):,} characters, and {LONGEST_PATTERN:,} are the most",
            "write what the article numbers have in common, or use aliases",
        )
    try:
        compiled = compile_pattern(pattern, case_sensitive=case_sensitive)
    except BadPatternError as error:
        raise BadLineError(
            f"the pattern cannot be used: {error}", "use RE2 syntax: no look-around, no back-references"
        ) from None
    if compiled.fullmatch("the") or compiled.fullmatch("a"):
        raise BadLineError(
            "the pattern finds everyday words too",
            "write what all article numbers have, such as a digit: \\d",
        )
