"""Catalogs in spaCy's pattern format: JSONL with "label", "pattern" (a text or a list of tokens) and "id"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from earmark.catalog.csv_file import BadLineError, check_name, label_of
from earmark.catalog.entry import Entry, Problem

_ATTRIBUTES = frozenset(
    {"ORTH", "TEXT", "LOWER", "NORM", "SHAPE", "PREFIX", "SUFFIX", "LENGTH", "SPACY", "OP"}
)
_FLAGS = ("IS_", "LIKE_")  # IS_DIGIT, LIKE_NUM, …: all of them look at the token's text alone
_SENTENCE_FLAGS = frozenset({"IS_SENT_START", "IS_SENT_END"})
_MOST_TOKENS = 20
_MOST_OPEN = 3  # each one multiplies the ways in which a text may fit
_MOST_TIMES = 10
_COMPARISONS = frozenset({"IN", "NOT_IN", "==", "!=", ">=", "<=", ">", "<"})


def read_patterns(name: str, lines: Iterable[str]) -> Iterator[tuple[int, Entry | Problem]]:
    """Yield (line number, entry or problem) of a file called `name`; lines with one id are one entry."""
    groups: dict[str, list[Entry]] = {}
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                entry = _entry(f"{name}:{number}", line)
                _check_label(groups.setdefault(entry.id, []), entry)
                groups[entry.id].append(entry)
        except BadLineError as error:
            yield number, error.at(f"{name}:{number}")
    yield from enumerate(map(_joined, groups.values()), start=1)


def _check_label(group: Sequence[Entry], entry: Entry) -> None:
    if group and group[0].label != entry.label:
        known = group[0]
        raise BadLineError(f"{known.id!r} is {known.label} in {known.where}, {entry.label} here")


def _joined(group: Sequence[Entry]) -> Entry:
    """One entry of the lines with one id: the first text is its name, the others are aliases."""
    names = [entry.name for entry in group if entry.spelled]
    return replace(
        group[0],
        name=names[0] if names else group[0].name,
        spelled=bool(names),
        aliases=tuple(names[1:]),
        token_patterns=tuple(tokens for entry in group for tokens in entry.token_patterns),
    )


def _entry(where: str, line: str) -> Entry:
    row = _row(line)
    label, pattern, identity = label_of(row["label"]), row["pattern"], row.get("id")
    if identity is not None and (not isinstance(identity, str) or not identity.strip()):
        raise BadLineError("the id must be text")
    check_name(identity or "")
    if isinstance(pattern, str) and pattern.strip():
        check_name(pattern.strip())
        return Entry(identity or _slug(pattern), pattern.strip(), label, where=where)
    if not isinstance(pattern, list) or identity is None:
        raise BadLineError("the pattern must be a text, or a list of tokens together with an id")
    _check_tokens(pattern)
    return Entry(identity, identity, label, token_patterns=(tuple(pattern),), spelled=False, where=where)


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLineError(f"not JSON: {error}") from None
    if not isinstance(row, dict) or not isinstance(row.get("label"), str) or "pattern" not in row:
        raise BadLineError("needs a label and a pattern", 'like {"label":"PRODUCT","pattern":"X200"}')
    return row


def _slug(name: str) -> str:
    return "-".join(name.lower().split())


def _check_tokens(pattern: list[Any]) -> None:
    """Refuse attributes that need a tagger, and unbounded expressions; spaCy checks the rest where it is used."""
    if not pattern or not all(isinstance(token, dict) for token in pattern):
        raise BadLineError("a token pattern is a non-empty list of objects")
    _check_size(pattern)
    for token in pattern:
        for attribute, value in token.items():
            _check_attribute(attribute, value)


def _check_size(pattern: list[dict[str, Any]]) -> None:
    if len(pattern) > _MOST_TOKENS:
        raise BadLineError(f"a token pattern of {len(pattern)} tokens, and {_MOST_TOKENS} are the most")
    operators = [str(value) for token in pattern for key, value in token.items() if key.upper() == "OP"]
    if sum(operator not in {"1", "!"} for operator in operators) > _MOST_OPEN:
        raise BadLineError(
            f"more than {_MOST_OPEN} tokens of the pattern have an OP that leaves open how often",
            "write it as several patterns with one id",
        )
    for operator in operators:
        if any(int(number[:9]) > _MOST_TIMES for number in re.findall(r"\d+", operator)):
            raise BadLineError(f"the OP {operator[:20]} says more than {_MOST_TIMES} times")


def _check_attribute(attribute: str, value: object) -> None:
    known = attribute.upper()
    if known in _SENTENCE_FLAGS or (known not in _ATTRIBUTES and not known.startswith(_FLAGS)):
        raise BadLineError(
            f"token attribute {attribute!r} is not supported",
            f"one of {', '.join(sorted(_ATTRIBUTES))}, IS_…, LIKE_…",
        )
    if isinstance(value, dict) and not value.keys() <= _COMPARISONS:
        raise BadLineError(
            f"{attribute} compares with {', '.join(sorted(value.keys() - _COMPARISONS))}",
            "expressions go into the pattern column of a CSV catalog",
        )
