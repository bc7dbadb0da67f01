"""The customer's own products and issues: what a catalog holds, and reading it from CSV and JSONL.

CSV has a header with `id` and `name`, and optionally `label` (PRODUCT or ISSUE), `aliases` (separated by
`|`), `pattern` (a regular expression for article numbers, RE2 syntax), `case_sensitive` and `family`. JSONL
is spaCy's pattern format: {"label", "pattern": text or token list, "id"}.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark.errors import CatalogError
from earmark.extract.regexes import BadPatternError, compile_pattern
from earmark.extract.token_patterns import check_token_pattern
from earmark.model import ISSUE, PRODUCT

_COLUMNS = ("id", "name", "label", "aliases", "pattern", "case_sensitive", "family")
_TRUE = {"true", "yes", "1", "x"}
_FALSE = {"", "false", "no", "0"}
_EXAMPLE = "the first line must name the columns, for example: id,name,label,aliases,pattern"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the company knows: its stable id, its name and how people write it.

    `spelled` tells whether the name itself is looked for. `where` is the line it was read from
    ("catalog.csv:12"), for messages only.
    """

    id: str
    name: str
    label: str = PRODUCT
    aliases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    token_patterns: tuple[tuple[dict[str, Any], ...], ...] = ()
    case_sensitive: bool = False
    family: str = ""
    spelled: bool = True
    where: str = ""

    @property
    def surface_forms(self) -> tuple[str, ...]:
        """What is looked for: name and aliases, without repeats."""
        return tuple(dict.fromkeys((self.name, *self.aliases) if self.spelled else self.aliases))


def load_catalogs(paths: Sequence[Path]) -> tuple[Entry, ...]:
    """Read all files as one catalog.

    Raises:
        CatalogError: A file cannot be read, is empty, or has a bad line; an id occurs twice.
    """
    entries: dict[str, Entry] = {}
    for path in paths:
        found = _read_jsonl(path) if path.name.endswith((".jsonl", ".json")) else _read_csv(path)
        before = len(entries)
        for entry in found:
            known = entries.get(entry.id)
            if known is not None:
                raise CatalogError(
                    f"{entry.where}: the id {entry.id!r} is already used in {known.where}",
                    hint="give every entry an id of its own; other spellings go into the aliases column",
                )
            entries[entry.id] = entry
        if len(entries) == before:
            raise CatalogError(
                f"{path}: the catalog holds no entries", hint="add at least one, or leave it out"
            )
    return tuple(entries.values())


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}: not UTF-8 text (byte {error.start})", hint="save it as UTF-8") from None
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise CatalogError(f"{path}: {reason}", hint="check the path and its permissions") from None


def _read_csv(path: Path) -> Iterator[Entry]:
    text = _read_text(path)
    if not text.strip():
        raise CatalogError(f"{path}: the catalog is empty", hint=_EXAMPLE)
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
        _check_header(path, header)
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _entry_of_row(f"{path.name}:{reader.line_num}", header, row)
    except csv.Error as error:
        raise CatalogError(f"{path.name}:{reader.line_num}: not readable as CSV: {error}") from None


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in ("id", "name") if name not in header]
    if missing:
        raise CatalogError(
            f"{path.name}:1: there is no column {' and no column '.join(missing)}", hint=_EXAMPLE
        )
    unknown = [name for name in header if name not in _COLUMNS]
    if unknown or len(set(header)) < len(header):
        wrong = f"unknown column {unknown[0]!r}" if unknown else "a column occurs twice"
        raise CatalogError(f"{path.name}:1: {wrong}", hint=f"known columns: {', '.join(_COLUMNS)}")


def _entry_of_row(where: str, header: list[str], row: list[str]) -> Entry:
    if len(row) > len(header):
        raise CatalogError(
            f"{where}: {len(row)} cells under {len(header)} columns",
            hint="put quotes around a cell with a comma",
        )
    cells = dict.fromkeys(_COLUMNS, "") | {
        name: cell.strip() for name, cell in zip(header, row, strict=False)
    }
    if not cells["id"] or not cells["name"]:
        raise CatalogError(f"{where}: the {'id' if not cells['id'] else 'name'} is empty")
    pattern = cells["pattern"]
    strict = _flag(where, cells["case_sensitive"])
    if pattern:
        _check_regex(where, pattern, case_sensitive=strict)
    return Entry(
        id=cells["id"],
        name=cells["name"],
        label=_label(where, cells["label"] or PRODUCT),
        aliases=tuple(filter(None, (alias.strip() for alias in cells["aliases"].split("|")))),
        patterns=(pattern,) if pattern else (),
        case_sensitive=strict,
        family=cells["family"],
        where=where,
    )


def _flag(where: str, text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise CatalogError(f"{where}: case_sensitive is {text!r}", hint="write yes or no")
    return text.lower() in _TRUE


def _label(where: str, text: str) -> str:
    if text.upper() not in {PRODUCT, ISSUE}:
        raise CatalogError(f"{where}: unknown label {text!r}", hint=f"write {PRODUCT} or {ISSUE}")
    return text.upper()


def _check_regex(where: str, pattern: str, *, case_sensitive: bool) -> None:
    try:
        compile_pattern(pattern, case_sensitive=case_sensitive)
    except BadPatternError as error:
        raise CatalogError(
            f"{where}: the pattern cannot be used: {error}",
            hint="use RE2 syntax: no look-around, no back-references",
        ) from None


def _read_jsonl(path: Path) -> Iterator[Entry]:
    """Lines with the same id are spellings of one entry."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(_read_text(path).splitlines(), start=1):
        if line.strip():
            entry = _entry_of_line(f"{path.name}:{number}", line)
            known = entries.get(entry.id)
            entries[entry.id] = entry if known is None else _join(known, entry)
    yield from entries.values()


def _join(known: Entry, more: Entry) -> Entry:
    if known.label != more.label:
        raise CatalogError(f"{more.where}: {known.id!r} is {known.label} in {known.where}, {more.label} here")
    if not more.spelled:
        return replace(known, token_patterns=known.token_patterns + more.token_patterns)
    if not known.spelled:
        return replace(known, name=more.name, spelled=True)
    return replace(known, aliases=(*known.aliases, more.name))


def _entry_of_line(where: str, line: str) -> Entry:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise CatalogError(f"{where}: not JSON: {error}") from None
    if not isinstance(row, dict) or not isinstance(row.get("label"), str) or "pattern" not in row:
        raise CatalogError(
            f"{where}: needs a label and a pattern", hint='like {"label":"PRODUCT","pattern":"X200"}'
        )
    label, pattern, identity = _label(where, row["label"]), row["pattern"], row.get("id")
    if identity is not None and (not isinstance(identity, str) or not identity.strip()):
        raise CatalogError(f"{where}: the id must be text")
    if isinstance(pattern, str) and pattern.strip():
        return Entry(identity or _slug(pattern), pattern.strip(), label, where=where)
    if not isinstance(pattern, list) or identity is None:
        raise CatalogError(f"{where}: the pattern must be a text, or a list of tokens together with an id")
    check_token_pattern(where, pattern)
    return Entry(identity, identity, label, token_patterns=(tuple(pattern),), spelled=False, where=where)


def _slug(name: str) -> str:
    return "-".join(name.lower().split())
