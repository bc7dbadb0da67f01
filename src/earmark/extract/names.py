"""Finds the names of a catalog in text: exact, inflected, and with or without spaces and hyphens.

Names and text are compared folded to lower case and squashed (spaces, hyphens and apostrophes left out), so
that one Aho-Corasick pass finds every spelling; what it finds is then checked against the text. Digits are
never bent: "X200" is not "X300", "iPhone 1 5" is not "iPhone 15".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from spacy.lang.en.stop_words import STOP_WORDS

from earmark.errors import CatalogError
from earmark.extract.catalog import Entry
from earmark.extract.normalise import normalise
from earmark.model import PRODUCT

EXACT, INFLECTED, SKU = 1.0, 0.9, 0.85
_SEPARATORS = " \t-'_"
_SQUASHED_AWAY = frozenset(_SEPARATORS)
_SHORTEST_JOINED = 5  # "ps 4" may be written "ps4", but a shorter name without its space is too often a word
_SPACES = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Found:
    """Characters [start, end) are a spelling of the entry at `index`; `match` says how close."""

    start: int
    end: int
    index: int
    match: float


@dataclass(frozen=True, slots=True)
class _Spelling:
    index: int
    form: str  # folded, single spaces
    exact: str | None  # squashed with its capitals, where those matter
    inflected: bool


def fold(text: str) -> str:
    """Lower-case a text without changing its length."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


class NameFinder:
    """All spellings of all names of a catalog. `warnings` lists the aliases that were ignored, and why."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.warnings: list[str] = []
        self._spellings: dict[str, list[_Spelling]] = {}
        for index, entry in enumerate(entries):
            for form in entry.surface_forms:
                self._add(entries, index, form)
        for index, entry in enumerate(entries):
            for form in _other_numbers(entry):
                key, spelling = _spell(form, index, entry, inflected=True)
                self._spellings.setdefault(key, [spelling])
        self._keys = list(self._spellings)
        self._automaton = _automaton(self._keys)

    def __call__(self, text: str) -> Iterator[Found]:
        """Yield every spelling in the text, overlapping ones too."""
        folded = fold(text)
        kept = [i for i, character in enumerate(folded) if character not in _SQUASHED_AWAY]
        squashed = "".join([folded[i] for i in kept]) if len(kept) < len(folded) else folded
        for number, first, last in self._automaton.find_matches_as_indexes(squashed, overlapping=True):
            found = self._check(text, folded, kept, (number, first, last))
            if found is not None:
                yield found

    def _add(self, entries: Sequence[Entry], index: int, form: str) -> None:
        entry = entries[index]
        key, spelling = _spell(form, index, entry, inflected=False)
        if len(key) < 2 or form.lower() in STOP_WORDS:
            kind = "a common word" if form.lower() in STOP_WORDS else "too short"
            self.warnings.append(f"{entry.where or entry.id}: {form!r} is {kind} and was ignored")
            return
        known = self._spellings.setdefault(key, [])
        for other in known:
            clash = other.exact == spelling.exact or (other.exact is None and spelling.exact is None)
            if clash and other.index != index:
                raise _ambiguous(form, entries[other.index], entry)
        if spelling not in known:
            known.append(spelling)

    def _check(self, text: str, folded: str, kept: list[int], hit: tuple[int, int, int]) -> Found | None:
        number, first, last = hit
        start, end = kept[first], kept[last - 1] + 1
        suffix = _word_ending(folded, end, self._keys[number])
        if not _starts_word(folded, start) or suffix is None:
            return None
        best: tuple[bool, float, int] | None = None
        for spelling in self._spellings[self._keys[number]]:
            if spelling.exact is not None and _squash(text[start:end]) != spelling.exact:
                continue
            if _gaps_agree(folded, kept, first, last, _gaps(spelling.form)):
                form = _SPACES.sub(" ", folded[start:end])
                same = not suffix and not spelling.inflected and form == spelling.form
                rank = (spelling.exact is not None, EXACT if same else INFLECTED, spelling.index)
                best = max(best or rank, rank)
        return Found(start, end + len(suffix), best[2], best[1]) if best else None


def _ambiguous(form: str, one: Entry, other: Entry) -> CatalogError:
    return CatalogError(
        f"{form!r} stands for {one.id!r} ({one.where}) and for {other.id!r} ({other.where})",
        hint="remove it from one of the two lines, or make both case_sensitive if capitals tell them apart",
    )


def _automaton(keys: list[str]) -> Any:
    from ahocorasick_rs import AhoCorasick

    return AhoCorasick(keys, store_patterns=False)


def _squash(text: str) -> str:
    return "".join([c for c in text if c not in _SQUASHED_AWAY])


def _spell(form: str, index: int, entry: Entry, *, inflected: bool) -> tuple[str, _Spelling]:
    plain = form if form.isascii() else normalise(form).text
    folded = _SPACES.sub(" ", fold(plain.strip()))
    key = _squash(folded)
    exact = _squash(plain) if entry.case_sensitive else None
    return key, _Spelling(index, folded, exact, inflected)


@lru_cache(maxsize=4096)
def _gaps(folded: str) -> frozenset[int]:
    """The squashed positions where a separator may stand: where the name has one, and before digits ("iphone15")."""
    gaps = set()
    position = 0
    for i, character in enumerate(folded):
        if character in _SQUASHED_AWAY:
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


def _word_ending(folded: str, end: int, key: str) -> str | None:
    """What may follow the name within its word: nothing or a plural ending. None: it is another word."""
    if key[-1].isalpha():
        plural = "es" if key.endswith(("s", "x", "z", "ch", "sh")) else "s"
        if folded.startswith(plural, end) and _ends_word(folded, end + len(plural)):
            return plural
    return "" if not key[-1].isalnum() or _ends_word(folded, end) else None


def _ends_word(folded: str, end: int) -> bool:
    rest = folded[end : end + 2]
    if not rest:
        return True
    decimal = rest[0] in ".," and rest[1:].isdigit() and folded[end - 1].isdigit()
    return not rest[0].isalnum() and not decimal


def _other_numbers(entry: Entry) -> Iterator[str]:
    """Singulars and irregular plurals of common nouns (names written without a capital)."""
    for form in entry.surface_forms if entry.label == PRODUCT else ():
        if not form.islower() or entry.case_sensitive or len(form) < 4:
            continue
        if form.endswith("ies"):
            yield form[:-3] + "y"
        elif form.endswith(("sses", "xes", "ches", "shes")):
            yield form[:-2]
        elif form.endswith("s") and not form.endswith(("ss", "us", "is")):
            yield form[:-1]
        elif form.endswith("y") and form[-2] not in "aeiou":
            yield form[:-1] + "ies"
