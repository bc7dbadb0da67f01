"""Fault 32: expressions that take other engines years are linear here, or refused with their line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from earmark.catalog import load_catalogs
from earmark.errors import CatalogError
from earmark.extract import ExtractConfig, open_extractor
from earmark.model import Conversation, Message, Sender
from earmark.taxonomy import load_taxonomy
from exam.rows import Row

LIMIT = 1.0
TEXT = "a" * 5_000 + " " + "x" * 5_000 + " " + "word " * 1_500 + "!"
REFUSED = {
    "everyday words": r"(\w+\s?)+$",
    "look-behind": r"(?<=x)\d+",
    "back-reference": r"(\w)\1",
    "many times many": r"x{1000}{1000}",
    "too many times": r"x{1001}",
    "a thousand times nine": r"(x{1000}y){9}",
    "unclosed": "((((",
    "huge": "x" * 10_001,
    "empty": r"\d*",
}
LINEAR = {
    "nested repeats": r"(a+)+b\d",
    "alternatives": r"(a|a)*b\d",
    "polynomial": r"(x+x+)+y\d",
    "overlap": r"(.*)(.*)(.*)(.*)\d{3}Z",
    "nested": "(" * 900 + "x1" + ")" * 900,
}


def refused(folder: Path) -> Iterator[str]:
    """What cannot be bounded is refused, and the line is named."""

    def why(pattern: str) -> str:
        try:
            load_catalogs([_catalog(folder, pattern)])
        except CatalogError as error:
            return error.message
        return ""

    yield from accepted(why, REFUSED)


def accepted(why: Callable[[str], str], patterns: Mapping[str, str]) -> Iterator[str]:
    """Yield the patterns that are refused without naming line 2, or not at all."""
    for name, pattern in patterns.items():
        reason = why(pattern)
        if ":2: " not in reason:
            yield f"{name}: {reason[:80] or 'accepted'}"


def linear(folder: Path) -> Iterator[str]:
    """What is accepted looks through 20,000 characters in less than a second."""

    def seconds(pattern: str) -> float:
        extractor = open_extractor(ExtractConfig(entries=load_catalogs([_catalog(folder, pattern)])))
        began = time.process_time()
        list(extractor.extract([Conversation("c", (Message("0", Sender.CUSTOMER, TEXT),))]))
        return time.process_time() - began

    yield from slow(seconds, LINEAR)


def slow(seconds: Callable[[str], float], patterns: Mapping[str, str]) -> Iterator[str]:
    """Yield the patterns that take longer than a second."""
    for name, pattern in patterns.items():
        if (took := seconds(pattern)) > LIMIT:
            yield f"{name}: {took:.2f} s"


def issue_types(folder: Path) -> Iterator[str]:
    """The expressions of issue types are of the same kind."""
    for name, pattern in REFUSED.items():
        if name in {"huge", "everyday words"}:  # a type may well be found in any word
            continue
        path = folder / "types.toml"
        path.write_text(f'[[type]]\nid = "t"\nname = "T"\ngroup = "g"\npatterns = [{json.dumps(pattern)}]\n')
        try:
            load_taxonomy([path])
        except CatalogError as error:
            if "types.toml: type 't'" not in error.message:
                yield f"{name}: refused without its place"
        else:
            yield f"{name}: accepted"


def _catalog(folder: Path, pattern: str) -> Path:
    path = folder / "catalog.csv"
    path.write_text(f'id,name,pattern\np1,Alpha,"{pattern}"\n')
    return path


ROWS = (
    Row(32, "expressions without bounds", "refused, with the line", refused),
    Row(32, "expressions that take other engines years", "linear", linear),
    Row(32, "expressions of issue types", "refused, with the type", issue_types),
)
