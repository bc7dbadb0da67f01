"""The words that phrases are brought to one form with: base forms, words to leave out, what stands for what."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

TABLE = Path(__file__).parent / "data" / "words.toml"
NOT = "not"
_VOWELS = "aeiou"
_CLITICS = ("'s", "'re", "'ve", "'ll", "'d", "'m")
_SHORTEST_PLURAL = 4
_HISSING = ("s", "x", "z", "ch", "sh", "o")
_NO_PLURAL = ("ss", "us", "is", "as", "os", "'s")
_LONGEST_TO_DOUBLE = 4  # letters of a verb that doubles its last one before an ending, if it has one vowel

Phrase: TypeAlias = tuple[str, ...]
Replacements: TypeAlias = Mapping[str, Sequence[tuple[Phrase, Phrase]]]
"""First word → (words, what stands for them), longest first."""


@dataclass(frozen=True)
class Words:
    """Every table of `words.toml`, ready for look-ups."""

    base_forms: Mapping[str, str]
    as_they_are: frozenset[str]
    stop_words: frozenset[str]
    particles: frozenset[str]
    particle_verbs: frozenset[str]
    frames: Replacements
    synonyms: Replacements

    def base_form(self, word: str) -> str:
        """The form under which a word counts; that of a base form is itself."""
        while (simpler := self._simpler(word)) != word:
            word = simpler
        return word

    def _simpler(self, word: str) -> str:
        if word in self.as_they_are:
            return word
        if word in self.base_forms:
            return self.base_forms[word]
        if word.endswith("n't"):
            return NOT
        for clitic in _CLITICS:
            if word.endswith(clitic):
                return word.removesuffix(clitic)
        return _singular(word)


@cache
def words() -> Words:
    """The packaged words, read once."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    as_they_are = frozenset(table["as_they_are"].split())
    return Words(
        base_forms=_base_forms(table),
        as_they_are=as_they_are,
        stop_words=frozenset(table["stop_words"].split()),
        particles=frozenset(table["particles"].split()),
        particle_verbs=frozenset(table["particle_verbs"].split()),
        frames=_replacements(table["frames"]),
        synonyms=_replacements(table["synonyms"]),
    )


def _base_forms(table: Mapping[str, Any]) -> dict[str, str]:
    """Every inflected or odd form → its base form. What is listed wins over what a rule makes."""
    irregular = {form: base for base, forms in table["irregular"].items() for form in forms.split()}
    listed = irregular | table["spellings"] | dict.fromkeys(table["negations"].split(), NOT)
    verbs = [*table["verbs"].split(), *table["irregular"]]
    made = {form: noun for noun in table["nouns"].split() for form in (noun + "s", noun + "es")}
    for verb in verbs:
        for form in _forms(verb):
            made.setdefault(form, verb)
    bases = {*verbs, *table["nouns"].split()}
    return {
        form: base
        for form, base in (made | listed).items()
        if form != base and form not in bases - set(listed)
    }


def _forms(verb: str) -> Iterator[str]:
    """The regular forms of a verb."""
    yield verb + ("es" if verb.endswith(_HISSING) else "s")
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        yield from (verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing")
    elif verb.endswith("ie"):
        yield from (verb + "d", verb[:-2] + "ying")
    elif verb.endswith("e"):
        yield from (verb + "d", verb[:-1] + "ing", verb + "ing")
    else:
        yield from (verb + "ed", verb + "ing")
        if _ends_in_one_short_vowel(verb):
            yield from (verb + verb[-1] + "ed", verb + verb[-1] + "ing", verb + verb[-1] + "s")


def _ends_in_one_short_vowel(verb: str) -> bool:
    """Consonant, vowel, consonant at the end: it may double the last letter ("dropped", "cancelled")."""
    return (
        len(verb) > 2
        and verb[-1] not in _VOWELS + "wxy"
        and verb[-2] in _VOWELS
        and (verb[-3] not in _VOWELS or verb[-3:-1] == "ui")
    )


def _singular(word: str) -> str:
    if (
        len(word) < _SHORTEST_PLURAL
        or not word.isalpha()
        or not word.endswith("s")
        or word.endswith(_NO_PLURAL)
    ):
        return word
    if word.endswith("ies") and len(word) > _SHORTEST_PLURAL:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes", "zzes")) else word[:-1]


def _replacements(table: Mapping[str, Iterable[str]]) -> Replacements:
    found: dict[str, list[tuple[Phrase, Phrase]]] = {}
    for target, sources in table.items():
        for source in sources:
            old, new = tuple(source.split()), tuple(target.split())
            found.setdefault(old[0], []).append((old, new))
    for rows in found.values():
        rows.sort(key=lambda row: (-len(row[0]), row))
    return found
