"""Finds the names of a catalog in text: exact, inflected, and with or without spaces and hyphens.

Names and text are compared folded and squashed, so that one Aho-Corasick pass finds every spelling; what it finds
is then checked against the text. Digits are never bent: "X200" is not "X300", "iPhone 1 5" is not "iPhone 15".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ahocorasick_rs import AhoCorasick

from earmark.catalog.entry import Entry
from earmark.catalog.ladder import EXACT, INFLECTED
from earmark.catalog.spelling import SQUASHED_AWAY, SpellingTable, fold, single_spaced, squash
from earmark.catalog.words import AFTER_AND, GRADES

_SHORTEST_JOINED = 5  # "ps 4" may be written "ps4", but a shorter name without its space is too often a word
_NUMBERED = re.compile(rf"\d[^\W\d_]?(?:[ -]?(?:{'|'.join(sorted(GRADES))}))*$")
_NEXT_WORD = re.compile(r"[ -]([^\W\d_]+)\b(?: ([^\W\d_]+)\b)?")


@dataclass(frozen=True, slots=True)
class Found:
    """Characters [start, end) are a spelling of the entry at `index`; `match` says how close."""

    start: int
    end: int
    index: int
    match: float


class NameFinder:
    """All spellings of all names of a catalog. `warnings` lists the aliases that were ignored, and why."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Take the names over.

        Raises:
            CatalogError: One spelling stands for two entries.
        """
        table = SpellingTable(entries)
        for problem in table.problems:
            if problem.severe:
                raise problem.error()
        self.warnings = [str(problem) for problem in table.problems]
        self._automaton = AhoCorasick(table.take_keys(), store_patterns=False)
        self._table = table

    def __call__(self, text: str) -> Iterator[Found]:
        """Yield every spelling in the text, overlapping ones too."""
        folded = fold(text)
        kept = [i for i, character in enumerate(folded) if character not in SQUASHED_AWAY]
        squashed = "".join([folded[i] for i in kept]) if len(kept) < len(folded) else folded
        for number, first, last in self._automaton.find_matches_as_indexes(squashed, overlapping=True):
            found = self._check(text, folded, kept, (number, first, last))
            if found is not None:
                yield found

    def _check(self, text: str, folded: str, kept: list[int], hit: tuple[int, int, int]) -> Found | None:
        number, first, last = hit
        start, end = kept[first], kept[last - 1] + 1
        suffix = _word_ending(folded, end, "".join([folded[i] for i in kept[max(first, last - 2) : last]]))
        if not _starts_word(folded, start) or suffix is None or is_another_model(folded, start, end):
            return None
        best: tuple[bool, float, int] | None = None
        for spelling in self._table.standing_for(number):
            if spelling.exact is not None and squash(text[start:end]) != spelling.exact:
                continue
            if _gaps_agree(folded, kept, first, last, _gaps(spelling.form)):
                form = single_spaced(folded[start:end])
                same = not suffix and not spelling.inflected and form == spelling.form
                rank = (spelling.exact is not None, EXACT if same else INFLECTED, spelling.index)
                best = max(best or rank, rank)
        return Found(start, end + len(suffix), best[2], best[1]) if best else None


def is_another_model(folded: str, start: int, end: int) -> bool:
    """A number, and then a grade: "iPhone 15 Plus" is no "iPhone 15", and "S23+" no "S23"."""
    if not _NUMBERED.search(folded, start, end):
        return False
    following = _NEXT_WORD.match(folded, end)
    if following is None:
        return folded.startswith("+", end) and _ends_word(folded, end + 1)
    word, then = following.groups()
    return word in GRADES and not (word == "plus" and then in AFTER_AND)


@lru_cache(maxsize=4096)
def _gaps(folded: str) -> frozenset[int]:
    """The squashed positions where a separator may stand: where the name has one, and before digits ("iphone15")."""
    gaps = set()
    position = 0
    for i, character in enumerate(folded):
        if character in SQUASHED_AWAY:
            gaps.add(position)
            continue
        if position > 1 and character.isdigit() and folded[i - 1].isalpha():
            gaps.add(position)
        position += 1
    return frozenset(gaps)


def _gaps_agree(folded: str, kept: list[int], first: int, last: int, gaps: frozenset[int]) -> bool:
    for position in range(first + 1, last):
        before, here = kept[position - 1], kept[position]
        gap_allowed = (position - first) in gaps
        apart = here - before > 1
        if apart and not gap_allowed and not _harmless(folded, before, here):
            return False
        if not apart and gap_allowed and not _may_join(folded, before, here, last - first):
            return False
    return True


def _harmless(folded: str, before: int, here: int) -> bool:
    """An apostrophe anywhere, or a hyphen between letter and digit ("X-200")."""
    between = folded[before + 1 : here]
    mixed = folded[before].isdigit() != folded[here].isdigit()
    return between == "'" or (between == "-" and mixed)


def _may_join(folded: str, before: int, here: int, length: int) -> bool:
    if folded[before].isdigit() and folded[here].isdigit():
        return False
    mixed = folded[before].isdigit() != folded[here].isdigit()
    return mixed or length >= _SHORTEST_JOINED


def _starts_word(folded: str, start: int) -> bool:
    if start == 0 or not folded[start].isalnum():
        return True
    before = folded[start - 1]
    decimal = before in ".," and start > 1 and folded[start - 2].isdigit() and folded[start].isdigit()
    return not before.isalnum() and not decimal


def _word_ending(folded: str, end: int, last_two: str) -> str | None:
    """What may follow the name within its word: nothing or a plural ending. None: it is another word."""
    if last_two[-1].isalpha():
        plural = "es" if last_two.endswith(("s", "x", "z", "ch", "sh")) else "s"
        if folded.startswith(plural, end) and _ends_word(folded, end + len(plural)):
            return plural
    return "" if not last_two[-1].isalnum() or _ends_word(folded, end) else None


def _ends_word(folded: str, end: int) -> bool:
    rest = folded[end : end + 2]
    if not rest:
        return True
    decimal = rest[0] in ".," and rest[1:].isdigit() and folded[end - 1].isdigit()
    return not rest[0].isalnum() and not decimal
