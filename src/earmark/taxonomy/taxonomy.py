"""From a phrase to its issue type: one pass of regular expressions over two readings of it.

A pattern may be found in the phrase's normal form, or in its words as they were written; the two stand on lines of
their own, so ^ and $ mean the beginning and the end of the phrase. Types are tried in their order, so those that
say more come first. RE2 takes linear time whatever the pattern.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from earmark.regexes import compile_pattern, compile_set
from earmark.taxonomy.phrase import normal_words, written_words
from earmark.taxonomy.words import TABLE

PREFIX = "type:"
_NEVER = r"[^\x00-\x{10FFFF}]"


@dataclass(frozen=True, slots=True)
class IssueType:
    """A kind of problem: its stable id, what it is called, and the group that it belongs to."""

    id: str
    name: str
    group: str

    @property
    def canonical_id(self) -> str:
        return PREFIX + self.id


@dataclass(frozen=True, slots=True)
class Entry:
    """What leads to a type: any of `patterns`, where none of `unless` is found."""

    type: IssueType
    patterns: tuple[str, ...]
    unless: tuple[str, ...] = ()


class Taxonomy:
    """Issue types and what leads to them, tried in order."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Take entries whose patterns have been checked; a type may have several.

        Raises:
            CatalogError: All patterns together need too much memory.
        """
        self.entries = tuple(entries)
        self.types = tuple(dict.fromkeys(entry.type for entry in entries))
        self._set = _compiled_set(self.entries)
        self._typed = lru_cache(maxsize=4096)(self._first)

    @property
    def fingerprint(self) -> str:
        """Changes exactly when the same phrase could get another type or name."""
        content = json.dumps([asdict(entry) for entry in self.entries], sort_keys=True)
        return hashlib.sha256(content.encode() + TABLE.read_bytes()).hexdigest()

    def type_of(self, phrase: str) -> IssueType | None:
        """The type of a phrase, whatever its case, spacing and typography; None where none applies."""
        written = written_words(phrase)
        return self._typed(f"{' '.join(normal_words(written))}\n{' '.join(written)}")

    def _first(self, readings: str) -> IssueType | None:
        found = frozenset(self._set.Match(readings) or ())
        hits = (entry for i, entry in enumerate(self.entries) if 2 * i in found and 2 * i + 1 not in found)
        return next((entry.type for entry in hits), None)


def check_pattern(pattern: str) -> None:
    """See that a pattern can be used.

    Raises:
        BadPatternError: With the reason in words.
    """
    compile_pattern(_whole_words([pattern]), case_sensitive=True)


def _compiled_set(entries: Sequence[Entry]) -> Any:
    """One expression for the patterns of each entry, followed by one for what keeps it away."""
    both = (patterns for entry in entries for patterns in (entry.patterns, entry.unless))
    return compile_set([_whole_words(patterns) if patterns else _NEVER for patterns in both])


def _whole_words(patterns: Sequence[str]) -> str:
    return rf"(?m)(?:^| )(?:{'|'.join(f'(?:{pattern})' for pattern in patterns)})(?: |$)"
