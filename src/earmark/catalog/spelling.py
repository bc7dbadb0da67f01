"""How names are compared: folded to lower case and squashed, and which spelling stands for which entry.

Digits are never bent: "X200" is not "X300".
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from earmark.catalog.entry import Entry, Problem
from earmark.catalog.words import FUNCTION_WORDS
from earmark.model import PRODUCT
from earmark.naming import as_typed

SQUASHED_AWAY = frozenset(" \t-'_")
_SQUASH = str.maketrans("", "", "".join(SQUASHED_AWAY))
_SPACES = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write the entry at `index`.

    `form` is folded, with single spaces; `exact` is squashed with its capitals, where those matter; `inflected` is
    the other number of a noun.
    """

    index: int
    form: str
    exact: str | None
    inflected: bool


def fold(text: str) -> str:
    """Lower-case a text without changing its length."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def squash(text: str) -> str:
    """The text without spaces, hyphens, underscores and apostrophes."""
    return text.translate(_SQUASH)


def single_spaced(text: str) -> str:
    return _SPACES.sub(" ", text) if "  " in text or "\t" in text else text


class SpellingTable:
    """All spellings of all names of a catalog by key, in arrays: 100,000 names take a few megabytes.

    `problems` lists what stands for two entries (severe), and the names that are ignored, and why.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.problems: list[Problem] = []
        self._entries = entries
        self._owners, self._forms = array("i"), array("i")  # of a spelling: its entry, and which form of it
        self._first = array("i")  # of a key: its first spelling
        self._more: dict[int, list[int]] = {}  # of a key: the others
        numbers: dict[str, int] = {}
        for index, entry in enumerate(entries):
            for number, form in enumerate(entry.surface_forms):
                self._add(numbers, index, number, form)
        for index, entry in enumerate(entries):
            for number, form in enumerate(other_numbers(entry), start=len(entry.surface_forms)):
                key = squash(_folded(form))
                if key not in numbers:
                    self._append(numbers, key, index, number)
        self._keys = list(numbers)

    def take_keys(self) -> list[str]:
        """What is searched for, in the order of their numbers; handed out once, and kept no longer."""
        keys, self._keys = self._keys, []
        return keys

    def standing_for(self, key_number: int) -> Iterator[Spelling]:
        """The spellings whose key is the one of that number."""
        for row in (self._first[key_number], *self._more.get(key_number, ())):
            yield self._row(row)

    def _row(self, row: int) -> Spelling:
        index, number = self._owners[row], self._forms[row]
        entry = self._entries[index]
        forms = entry.surface_forms
        if number < len(forms):
            return _spelling(index, entry, forms[number])
        return _spelling(index, entry, [*forms, *other_numbers(entry)][number], inflected=True)

    def _add(self, numbers: dict[str, int], index: int, number: int, form: str) -> None:
        entry = self._entries[index]
        key = squash(_folded(form))
        why = why_ignored(form, key)
        if why:
            self.problems.append(
                Problem(entry.where or entry.id, f"{form!r} is {why} and was ignored", severe=False)
            )
            return
        if key not in numbers or self._is_another(numbers[key], _spelling(index, entry, form), form):
            self._append(numbers, key, index, number)

    def _is_another(self, key_number: int, spelling: Spelling, form: str) -> bool:
        """Whether a spelling of a known key is neither known itself, nor a clash (which is noted)."""
        known = list(self.standing_for(key_number))
        for other in known:
            if _clash(spelling, other):
                entries = self._entries
                self.problems.append(_ambiguous(form, entries[other.index], entries[spelling.index]))
                return False
        return spelling not in known

    def _append(self, numbers: dict[str, int], key: str, index: int, number: int) -> None:
        row = len(self._owners)
        self._owners.append(index)
        self._forms.append(number)
        known = numbers.setdefault(key, len(self._first))
        if known == len(self._first):
            self._first.append(row)
        else:
            self._more.setdefault(known, []).append(row)


def _folded(form: str) -> str:
    return single_spaced(fold(as_typed(form).strip()))


def _spelling(index: int, entry: Entry, form: str, *, inflected: bool = False) -> Spelling:
    exact = squash(as_typed(form).strip()) if entry.case_sensitive else None
    return Spelling(index, _folded(form), exact, inflected)


def why_ignored(form: str, letters: str) -> str:
    """Why a name, squashed to these letters, is not looked for: a common word, or too short; empty where it is."""
    if form.lower() in FUNCTION_WORDS:
        return "a common word"
    return "too short" if len(letters) < 2 else ""


def _clash(one: Spelling, other: Spelling) -> bool:
    same = one.exact == other.exact or (one.exact is None and other.exact is None)
    return same and one.index != other.index


def _ambiguous(form: str, one: Entry, other: Entry) -> Problem:
    return Problem(
        other.where or other.id,
        f"{form!r} stands for {one.id!r} ({one.where}) and for {other.id!r} ({other.where})",
        "remove it from one of the two lines, put it into the column short of both, or make both case_sensitive if "
        "capitals tell them apart",
    )


def other_numbers(entry: Entry) -> Iterator[str]:
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
