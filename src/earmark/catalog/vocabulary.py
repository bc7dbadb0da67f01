"""The words of all names of a catalog, and which of them a word of a customer may be.

Every word keeps a 52-bit sketch: which letters it has once, which twice. One edit changes at most two bits, so that a
single pass over the sketches leaves a handful of words whose distance is worth computing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from earmark.naming import singular

_LETTERS = 26
_CHUNK = 20_000  # words whose letters are counted at once
_EXACT_UP_TO, _ONE_EDIT_UP_TO = 3, 7
_REMEMBERED = 4_096


class Bend(IntEnum):
    """How far a word may be from the one that it stands for."""

    NONE = 0
    USUAL = 1  # one edit up to seven letters, two from eight on
    MORE = 2  # one edit more from five letters on; the first letter stays


def edit_limit(word: str) -> int:
    """Edits (a swap of neighbours is one) that a word of a name may usually differ by: 0 for digits, short words."""
    if len(word) <= _EXACT_UP_TO or not word.isalpha():
        return 0
    return 1 if len(word) <= _ONE_EDIT_UP_TO else 2


class Vocabulary:
    """Different words, sorted by what may be done to them and by length; a word's id is its place."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = sorted(set(words), key=_place)
        self.ids = {word: number for number, word in enumerate(self.words)}
        self._sketches = _sketches(self.words)
        lengths = np.array([_place(word)[0] for word in self.words], np.int32)
        longest = int(lengths[-1]) if self.words else 0
        self._first_of = np.searchsorted(lengths, np.arange(longest + 2))
        self.near = lru_cache(_REMEMBERED)(self._near)

    def _near(self, word: str, bend: Bend) -> dict[int, int]:
        """Word id → edits, of all words that this one may stand for: itself, singular, plural, and what it is near."""
        found = dict.fromkeys(self._same(word), 0)
        if bend and word.isalpha() and len(word) >= _EXACT_UP_TO:
            for number, edits in self._edited(word, bend):
                found.setdefault(number, edits)
        return found

    def _same(self, word: str) -> Iterator[int]:
        for form in (word, singular(word), f"{word}s"):
            if form in self.ids:
                yield self.ids[form]

    def _edited(self, word: str, bend: Bend) -> Iterator[tuple[int, int]]:
        sketch = _sketches([word])[0]
        more = bend is Bend.MORE
        for most, shortest, longest in (
            (1 + more, _EXACT_UP_TO + 1 + more, _ONE_EDIT_UP_TO),
            (2 + more, _ONE_EDIT_UP_TO + 1, len(word) + 2 + more),
        ):
            begin, end = self._slice(max(shortest, len(word) - most), min(longest, len(word) + most))
            differing = np.bitwise_count(self._sketches[begin:end] ^ sketch)
            for number in (np.flatnonzero(differing <= 2 * most) + begin).tolist():
                near = self.words[number]
                edits = OSA.distance(word, near, score_cutoff=most)
                if edits <= most and (not more or near[0] == word[0]):
                    yield number, edits

    def _slice(self, shortest: int, longest: int) -> tuple[int, int]:
        """The ids of the words with that many letters."""
        last = len(self._first_of) - 1
        begin, end = min(shortest, last), min(longest + 1, last)
        return int(self._first_of[begin]), int(self._first_of[max(begin, end)])


def _place(word: str) -> tuple[int, str]:
    return (len(word) if edit_limit(word) else 0), word


def _sketches(words: list[str]) -> NDArray[np.uint64]:
    """Bit i: the letter i occurs (letters beyond a–z share their bits); bit 26 + i: it occurs again."""
    chunks = [_sketched(words[start : start + _CHUNK]) for start in range(0, len(words), _CHUNK)]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.uint64)


def _sketched(words: list[str]) -> NDArray[np.uint64]:
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    places = np.repeat(np.arange(len(words)) * _LETTERS, lengths) + codes % _LETTERS
    counts = np.bincount(places, minlength=len(words) * _LETTERS).reshape(-1, _LETTERS)
    bits = np.left_shift(np.uint64(1), np.arange(_LETTERS, dtype=np.uint64))
    once = ((counts > 0) * bits).sum(axis=1, dtype=np.uint64)
    again = ((counts > 1) * bits).sum(axis=1, dtype=np.uint64)
    sketches: NDArray[np.uint64] = once | np.left_shift(again, np.uint64(_LETTERS))
    return sketches
