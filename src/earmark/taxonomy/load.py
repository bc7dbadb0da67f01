"""Reading issue types from TOML: ours, and the files with which a user adds to them.

`[[type]]` adds a type: id, name, group, patterns, and optionally `unless`. `[[change]]` names one by its id and gives
it another name or group, more patterns or more `unless`, or switches it `off`. What a user adds is tried before what
is there already. `<name>` in a pattern stands for an entry of our [words].
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from earmark.errors import CatalogError
from earmark.regexes import BadPatternError
from earmark.taxonomy.taxonomy import Entry, IssueType, Taxonomy, check_pattern

BUILTIN_TYPES = Path(__file__).parent / "data" / "issue_types.toml"
_WORD = re.compile(r"(?<!\?P)<([a-z_]+)>")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LONGEST_NAME = 80
_TEXTS, _LISTS = ("id", "name", "group"), ("patterns", "unless")
_KEYS = {"type": {*_TEXTS, *_LISTS}, "change": {*_TEXTS, *_LISTS, "off"}}


@dataclass(frozen=True, slots=True)
class _Row:
    """One table of a file. `where` names it in messages ("types.toml: type 'battery'")."""

    kind: str
    where: str
    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.values["id"])


def load_taxonomy(paths: Sequence[Path] = ()) -> Taxonomy:
    """Our issue types together with those of the user's files, in the order of the files.

    Raises:
        CatalogError: A file cannot be read, or an entry cannot be used; the message names both.
    """
    words, ours = _builtin()
    types = {entry.type.id: entry.type for entry in ours}
    off: set[str] = set()
    added, changed = list[Entry](), list[Entry]()
    for path in paths:
        for row in _rows(path, _read(path)):
            kind = _new_type(row, types) if row.kind == "type" else _changed_type(row, types)
            types[kind.id] = kind
            off |= {kind.id} if row.values.get("off") else set()
            added.append(_entry(row, kind, words))
            changed += added[-1:] if row.kind == "change" else []
    return Taxonomy(tuple(_in_force([*added, *ours], changed, types, off)))


def _in_force(
    entries: Sequence[Entry], changed: Sequence[Entry], types: Mapping[str, IssueType], off: set[str]
) -> Iterator[Entry]:
    """The entries of what is not off, each with the name that its type has in the end, and what keeps it away."""
    for entry in entries:
        if entry.type.id not in off and entry.patterns:
            away = [
                pattern for other in changed if other.type.id == entry.type.id for pattern in other.unless
            ]
            yield replace(
                entry, type=types[entry.type.id], unless=tuple(dict.fromkeys([*entry.unless, *away]))
            )


@cache
def _builtin() -> tuple[Mapping[str, str], tuple[Entry, ...]]:
    document = _read(BUILTIN_TYPES)
    words: dict[str, str] = {}
    for name, forms in document.pop("words").items():
        words[name] = _expanded(f"(?:{'|'.join(forms)})", words)
    types: dict[str, IssueType] = {}
    entries = []
    for row in _rows(BUILTIN_TYPES, document):
        types[row.id] = _new_type(row, types)
        entries.append(_entry(row, types[row.id], words))
    return words, tuple(entries)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogError(
            f"{path}: not a file of issue types: {error}", hint="it is TOML, in UTF-8"
        ) from None
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise CatalogError(f"{path}: {reason}", hint="check the path and its permissions") from None


def _rows(path: Path, document: Mapping[str, Any]) -> Iterator[_Row]:
    """Every entry, checked for its shape."""
    for kind, tables in document.items():
        if kind not in _KEYS or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            raise CatalogError(f"{path.name}: {kind!r} is unknown here", hint="write [[type]] or [[change]]")
        for number, values in enumerate(tables, start=1):
            where = f"{path.name}: {kind} {values.get('id', f'number {number}')!r}"
            _check_shape(where, values, _KEYS[kind])
            yield _Row(kind, where, values)


def _check_shape(where: str, values: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(values.keys() - known)
    if unknown:
        raise CatalogError(
            f"{where} has an unknown key {unknown[0]!r}", hint=f"known: {', '.join(sorted(known))}"
        )
    if not isinstance(values.get("id"), str) or not _ID.fullmatch(values["id"]):
        raise CatalogError(f"{where} has no usable id", hint="an id is lower-case letters, digits, - and _")
    for key in _TEXTS:
        if key in values and not _is_name(values[key]):
            raise CatalogError(f"{where}: {key} is no text of 1 to {_LONGEST_NAME} characters on one line")
    for key in _LISTS:
        if not isinstance(values.get(key, []), list) or not all(
            isinstance(p, str) for p in values.get(key, [])
        ):
            raise CatalogError(f"{where}: {key} is no list of texts")
    if not isinstance(values.get("off", False), bool):
        raise CatalogError(f"{where}: off is neither true nor false")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= _LONGEST_NAME


def _new_type(row: _Row, types: Mapping[str, IssueType]) -> IssueType:
    if row.id in types:
        raise CatalogError(
            f"{row.where}: there is already a type with this id",
            hint="to add to it, write [[change]] instead of [[type]]",
        )
    missing = [key for key in ("name", "group", "patterns") if not row.values.get(key)]
    if missing:
        raise CatalogError(f"{row.where} has no {missing[0]}")
    return IssueType(row.id, row.values["name"].strip(), row.values["group"].strip())


def _changed_type(row: _Row, types: Mapping[str, IssueType]) -> IssueType:
    if row.id not in types:
        raise CatalogError(
            f"{row.where}: there is no type with this id",
            hint="to add one, write [[type]] instead of [[change]]",
        )
    known = types[row.id]
    name, group = row.values.get("name", known.name), row.values.get("group", known.group)
    return replace(known, name=name.strip(), group=group.strip())


def _entry(row: _Row, kind: IssueType, words: Mapping[str, str]) -> Entry:
    patterns, unless = (
        tuple(_checked(row.where, pattern, words) for pattern in row.values.get(key, ())) for key in _LISTS
    )
    return Entry(kind, patterns, unless)


def _checked(where: str, pattern: str, words: Mapping[str, str]) -> str:
    try:
        expanded = _expanded(pattern, words)
        check_pattern(expanded)
    except KeyError as error:
        raise CatalogError(
            f"{where}: the pattern {pattern!r} names {error}, which is no word of ours"
        ) from None
    except BadPatternError as error:
        raise CatalogError(
            f"{where}: the pattern {pattern!r} cannot be used: {error}",
            hint="use RE2 syntax: no look-around, no back-references",
        ) from None
    return expanded


def _expanded(pattern: str, words: Mapping[str, str]) -> str:
    return _WORD.sub(lambda word: words[word[1]], pattern)
