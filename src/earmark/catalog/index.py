"""Which names of a catalog a text may mean: all words of a name, each within its edits, and else only padding."""

from __future__ import annotations

import re
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.catalog.entry import Entry
from earmark.catalog.ladder import EXACT, FUZZY, INFLECTED, WORDS
from earmark.catalog.spelling import squash, why_ignored
from earmark.catalog.vocabulary import Bend, Vocabulary
from earmark.catalog.words import FUNCTION_WORDS, GENERIC, PADDING, english
from earmark.naming import as_typed, normal_form, spaced

_WORD = re.compile(r"[^\W_]+[+#]*")
_BETWEEN_NUMBERS = re.compile(r"(?<=\d) (?=\d)")
_EVERYDAY = GENERIC | FUNCTION_WORDS
_MOST_WORDS = 40  # of a text that may be a name; what is longer is a sentence
_MANY_NAMES = 50  # a word of so many names is a kind ("Router") or a grade ("Pro")
_SHORT_WORD = 5  # one letter makes another word of it
_SHORTEST_JOINED = 5  # a shorter name without its spaces is too often a word

Near = Sequence[Mapping[int, int]]
"""For each word of a text the ids of the words that it may stand for, with the edits."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a text fits a name of the entry at `index`: `words` of it used, `edits` made, the name's order kept or not.

    `similarity` is 1 without edits, and falls with the share of letters that were edited; `match` is as in `ladder`.
    """

    index: int
    words: int
    edits: int
    ordered: bool
    similarity: float
    match: float

    @property
    def rank(self) -> tuple[int, int, bool, float]:
        """The lower the better: more words used, fewer edits, the name's own order, closer as it is written."""
        return -self.words, self.edits, not self.ordered, -self.match


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a text differs from a name of the entry at `index`; so many `rivals` differ as little.

    `missing` are the words of the name that have no counterpart, `extra` those of the text.
    """

    index: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    rivals: int


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded; words and numbers apart ("iphone15" is two), apostrophes left out."""
    return tuple(_WORD.findall(spaced(as_typed(text).casefold()).replace("'", "")))


def joined(words: Sequence[str]) -> str:
    """The words without the spaces between them; two numbers never become one."""
    return _BETWEEN_NUMBERS.sub("|", " ".join(words)).replace(" ", "")


def stripped(words: Sequence[str]) -> tuple[str, ...]:
    """The words without the padding at both ends; all of them where they are nothing but padding."""
    telling = [place for place, word in enumerate(words) if word not in PADDING]
    return tuple(words[telling[0] : telling[-1] + 1]) if telling else tuple(words)


def bare(text: str) -> str:
    """The letters and numbers of a text without padding and spaces: what short names are known by."""
    return joined(stripped(words_of(text)))


class NameIndex:
    """The names of some entries, given with their places in the catalog; a few arrays, whatever their number."""

    def __init__(self, entries: Sequence[Entry], places: Iterable[int]) -> None:
        self._entries = entries
        self._owners, sizes, flat, keys = array("i"), array("i"), array("i"), array("I")
        met: dict[str, int] = {}
        for index in places:
            for form in entries[index].surface_forms:
                words = words_of(form)
                letters = joined(words)
                if not why_ignored(form, letters):
                    self._owners.append(index)
                    sizes.append(len(words))
                    flat.extend([met.setdefault(word, len(met)) for word in words])
                    keys.append(_key(letters))
        self.vocabulary = Vocabulary(met)
        renumbered = np.fromiter((self.vocabulary.ids[word] for word in met), np.int32, len(met))
        self._words = renumbered[np.frombuffer(flat, np.int32)] if flat else np.zeros(0, np.int32)
        self._sizes = np.array(sizes, np.int32)
        self._starts = np.concatenate(([0], np.cumsum(self._sizes)))
        self._index_words()
        self._index_keys(np.array(keys, np.uint32))

    def _index_words(self) -> None:
        order = np.argsort(self._words, kind="stable")
        rows = np.repeat(np.arange(len(self._sizes), dtype=np.int32), self._sizes)
        self._rows_by_word = rows[order]
        self._first_row_of = np.searchsorted(self._words[order], np.arange(len(self.vocabulary.words) + 1))

    def _index_keys(self, keys: NDArray[np.uint32]) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._rows_by_key = keys[order], order.astype(np.int32)

    def fits(self, text: str) -> list[Fit]:
        """The best fit of every entry that the text may mean, best first."""
        words = words_of(text)
        if not 0 < len(words) <= _MOST_WORDS:
            return []
        near = self.near(words)
        rows = {*self._joined_rows(words), *self._rows_with_all_words(words, near)}
        return self._best(text, words, near, rows) or self._best_of_one_odd_word(text, words, near)

    def near(self, words: Sequence[str]) -> Near:
        """What each word may stand for; everyday words stand for themselves."""
        return [self.vocabulary.near(word, Bend.NONE if word in _EVERYDAY else Bend.USUAL) for word in words]

    def _best(self, text: str, words: tuple[str, ...], near: Near, rows: Iterable[int]) -> list[Fit]:
        fits = (self._fit(text, words, near, row) for row in sorted(rows))
        best: dict[int, Fit] = {}
        for fit in sorted((fit for fit in fits if fit is not None), key=lambda fit: fit.rank):
            best.setdefault(fit.index, fit)
        return list(best.values())

    def _best_of_one_odd_word(self, text: str, words: tuple[str, ...], near: Near) -> list[Fit]:
        """Where every other word is right, and one of them telling, the odd one may have an edit more."""
        telling = [place for place, word in enumerate(words) if word not in _EVERYDAY | PADDING]
        odd = [place for place in telling if 0 not in near[place].values()]
        if len(odd) != 1 or len(telling) < 2:
            return []
        right: list[Mapping[int, int]] = [
            {number: 0 for number, edits in ids.items() if not edits} for ids in near
        ]
        right[odd[0]] = self.vocabulary.near(words[odd[0]], Bend.MORE)
        return self._best(text, words, right, self._rows_with_all_words(words, right))

    def like(self, text: str) -> Likeness | None:
        """The name that shares most with a text, misspelt words included; None where none shares a telling word."""
        words = [word for word in words_of(text)[:_MOST_WORDS] if word not in PADDING]
        near = [self.vocabulary.near(word, Bend.MORE) for word in words]
        telling = [ids for word, ids in zip(words, near, strict=True) if word not in _EVERYDAY]
        rows = np.flatnonzero(self._hits(telling))
        if not rows.size:
            return None
        hits = self._hits(near)[rows].astype(np.int32)
        missing, extra = self._sizes[rows] - hits, len(words) - hits
        best = np.lexsort((rows, missing + extra, extra))[0]
        same = (missing == missing[best]) & (extra == extra[best])
        owners = {self._owners[row] for row in rows[same].tolist()}
        row = int(rows[best])
        return Likeness(self._owners[row], *self._unmatched(words, near, row), len(owners) - 1)

    def _unmatched(
        self, words: Sequence[str], near: Near, row: int
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The words of the name that the text lacks, and those of the text that the name lacks."""
        ids = self._words[self._starts[row] : self._starts[row + 1]].tolist()
        met = set[int]().union(*near)
        missing = tuple(self.vocabulary.words[number] for number in ids if number not in met)
        extra = tuple(word for word, found in zip(words, near, strict=True) if not found.keys() & set(ids))
        return missing, extra

    def in_many_names(self, word: str) -> bool:
        """Whether a word says little in this catalog: it is part of so many names."""
        number = self.vocabulary.ids.get(word)
        return number is not None and self._frequency(number) >= _MANY_NAMES

    def _frequency(self, number: int) -> int:
        return int(self._first_row_of[number + 1] - self._first_row_of[number])

    def _name(self, row: int) -> tuple[str, ...]:
        ids = self._words[self._starts[row] : self._starts[row + 1]]
        return tuple(self.vocabulary.words[number] for number in ids.tolist())

    def _joined_rows(self, words: tuple[str, ...]) -> Iterator[int]:
        for piece in {words, stripped(words)}:
            text = joined(piece)
            key = np.uint32(_key(text))
            begin, end = np.searchsorted(self._keys, key), np.searchsorted(self._keys, key, side="right")
            for row in self._rows_by_key[begin:end].tolist():
                if joined(self._name(row)) == text:
                    yield row

    def _rows_with_all_words(self, words: Sequence[str], near: Near) -> list[int]:
        telling = sum(word not in PADDING for word in words)
        hits = self._hits(near)
        return np.flatnonzero((hits >= self._sizes) & (self._sizes >= max(telling, 1))).tolist()

    def _hits(self, near: Near) -> NDArray[np.uint8]:
        """How many words of the text each name may take."""
        hits = np.zeros(len(self._sizes), np.uint8)
        for ids in near:
            rows = [self._rows_by_word[self._first_row_of[n] : self._first_row_of[n + 1]] for n in ids]
            if rows:
                hits[np.concatenate(rows)] += 1  # a row that occurs twice counts once
        return hits

    def _fit(self, text: str, words: tuple[str, ...], near: Near, row: int) -> Fit | None:
        index, name = self._owners[row], self._name(row)
        entry = self._entries[index]
        if entry.case_sensitive and not _has_capitals_of(entry, text, name):
            return None
        letters = joined(name)
        for piece in (words, stripped(words)):
            long_enough = len(letters) >= _SHORTEST_JOINED or not letters.isalpha() or piece == name
            if long_enough and joined(piece) == letters:
                match = _of_whole(text, entry) if piece == words else WORDS
                return Fit(index, len(piece), 0, True, 1.0, match)
        taken = self._taken(words, near, row, name)
        if taken is None or (entry.case_sensitive and any(edits for _, edits in taken)):
            return None
        return _aligned(index, words, name, taken)

    def _taken(
        self, words: Sequence[str], near: Near, row: int, name: Sequence[str]
    ) -> list[tuple[int, int]] | None:
        """For each word of the name the place of its counterpart in the text, and the edits; None where it fails."""
        ids = self._words[self._starts[row] : self._starts[row + 1]].tolist()
        pairs = sorted(
            (near[place][number], abs(place - position), position, place)
            for position, number in enumerate(ids)
            for place in range(len(words))
            if number in near[place]
        )
        taken: dict[int, tuple[int, int]] = {}
        used: set[int] = set()
        for edits, _, position, place in pairs:
            if position not in taken and place not in used:
                taken[position] = (place, edits)
                used.add(place)
        left = (word for place, word in enumerate(words) if place not in used)
        if len(taken) < len(name) or any(word not in PADDING for word in left):
            return None
        found = [taken[position] for position in range(len(name))]
        return found if self._telling(words, name, found) else None

    def _telling(self, words: Sequence[str], name: Sequence[str], taken: Sequence[tuple[int, int]]) -> bool:
        """Whether what was edited still says what is meant: never where it is all that the name says.

        A name with one telling word bears only what is clearly a slip, and a name of everyday words no edit.
        """
        edited = [(word, words[place]) for word, (place, edits) in zip(name, taken, strict=True) if edits]
        if not edited:
            return True
        telling = [word for word in name if word not in GENERIC]
        if len(telling) > 1:
            return True
        slips = all(_is_slip(word, said) for word, said in edited)
        return slips and any(not self.in_many_names(word) for word in telling)


def _is_slip(word: str, said: str) -> bool:
    """Whether a text is so near a word by mistake, and not another word.

    The first letter is right, it is no word of English, and a short word has letters swapped, left out or doubled,
    never others in their place ("Asos" is not "Asus").
    """
    if word[0] != said[0] or said in english():
        return False
    return len(word) > _SHORT_WORD or sorted(said) == sorted(word) or _doubled_or_left_out(word, said)


def _doubled_or_left_out(word: str, said: str) -> bool:
    doubled = any(said[n] == said[n - 1] and said[:n] + said[n + 1 :] == word for n in range(1, len(said)))
    return doubled or len(said) < len(word)


def _key(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _of_whole(text: str, entry: Entry) -> float:
    said = normal_form(text)
    return EXACT if any(normal_form(form) == said for form in entry.surface_forms) else INFLECTED


def _has_capitals_of(entry: Entry, text: str, name: tuple[str, ...]) -> bool:
    said = squash(as_typed(text))
    return any(squash(as_typed(form)) in said for form in entry.surface_forms if words_of(form) == name)


def _aligned(
    index: int, words: Sequence[str], name: Sequence[str], taken: Sequence[tuple[int, int]]
) -> Fit | None:
    places = [place for place, _ in taken]
    numbers = [place for word, place in zip(name, places, strict=True) if not word.isalpha()]
    if numbers != sorted(numbers):
        return None  # "AB 12 CD 34" is not "AB 34 CD 12"
    edits = sum(edits for _, edits in taken)
    ordered = places == sorted(places)
    right = [word for word, (_, changed) in zip(name, taken, strict=True) if not changed]
    if edits and not ordered and GENERIC.issuperset(right):
        return None  # neither the order nor a telling word is right
    similarity = 1 - edits / len("".join(name))
    whole = ordered and len(places) == len(words)
    match = FUZZY if edits else INFLECTED if whole else WORDS
    return Fit(index, len(places), edits, ordered, round(similarity, 4), match)
