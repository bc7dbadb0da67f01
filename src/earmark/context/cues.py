"""The rules of `data/cues.toml` and how their phrases are found in a message. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import product
from typing import Any

from earmark.context.clauses import Break, Words, tables
from earmark.model import Sender

_GAP = 3  # words that ".." may stand for
_FILLERS = 3  # words that may stand before what begins a clause
_LEAVES = {"phrase": Break.LINK, "clause": Break.COMMA, "sentence": Break.STOP}
_SPEAKERS = {"customer": frozenset({Sender.CUSTOMER}), "agent": frozenset({Sender.AGENT, Sender.BOT})}


class Sense(StrEnum):
    """What a phrase says; `data/cues.toml` explains each."""

    NONE = "none"
    REAL = "real"
    NEGATED = "negated"
    RESOLVED = "resolved"
    HYPOTHETICAL = "hypothetical"
    HISTORICAL = "historical"
    ASKED = "asked"
    PRESENT = "present"
    ENDED = "ended"
    SPOILS = "spoils"
    GIVEN = "given"
    UNREAL = "unreal"
    YES = "yes"
    NO = "no"
    CONTRADICTS = "contradicts"
    HUSH = "hush"


@dataclass(frozen=True, slots=True)
class Rule:
    """Phrases of one sense and how far they reach; `data/cues.toml` explains each field."""

    name: str
    sense: Sense
    forward: bool
    backward: bool
    reach: int
    weighty: int
    leaves: Break
    stops: frozenset[str]
    by: frozenset[Sender]
    later: bool
    strict: bool
    fronted: bool
    question: bool
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of a rule, words [first, last) of a message."""

    rule: Rule
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    rule: Rule
    words: tuple[frozenset[str] | None, ...]  # None stands for a gap
    initial: bool
    final: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """Every phrase by its first word, and the words that are named in the file."""

    by_first: Mapping[str, tuple[_Phrase, ...]]
    words: Mapping[str, frozenset[str]]

    def find(self, text: Words, sender: Sender) -> tuple[Found, ...]:
        """All phrases in a message that its sender may mean, in text order, without those inside longer ones."""
        families: dict[str, list[Found]] = {}
        for found in self._all(text, sender):
            families.setdefault(_family(found.rule.sense), []).append(found)
        kept = [found for family in families.values() for found in _outermost(family)]
        return tuple(sorted(kept, key=lambda found: (found.first, found.last)))

    def _all(self, text: Words, sender: Sender) -> Iterator[Found]:
        for first, word in enumerate(text.words):
            for phrase in self.by_first.get(word, ()):
                if sender in phrase.rule.by:
                    last = _match(phrase, text, first, 0)
                    if last is not None and self._fits(phrase, text, first):
                        yield Found(phrase.rule, first, last)

    def _fits(self, phrase: _Phrase, text: Words, first: int) -> bool:
        asked = not phrase.rule.question or text.asks(first + 1)
        return asked and (not phrase.initial or self._begins(text, first))

    def _begins(self, text: Words, first: int) -> bool:
        before = text.before(first, Break.LINK, _FILLERS + 1)
        return len(before) <= _FILLERS and all(text.words[i] in self.words["FILLER"] for i in before)


def _family(sense: Sense) -> str:
    """Answers, what is not so, and the rest do not hide each other."""
    if sense in {Sense.YES, Sense.NO, Sense.HUSH}:
        return "answer"
    return "unreal" if sense in {Sense.UNREAL, Sense.REAL} else "statement"


def _outermost(found: Iterable[Found]) -> Iterator[Found]:
    """Those that lie inside no longer one and say something."""
    cover = (-1, -1)
    for one in sorted(found, key=lambda one: (one.first, -one.last)):
        here = (one.first, one.last)
        if one.last > cover[1]:
            cover = here
        if here == cover and one.rule.sense not in {Sense.NONE, Sense.REAL}:
            yield one


def _match(phrase: _Phrase, text: Words, place: int, element: int) -> int | None:
    """Where the phrase ends when its words from `element` on stand at `place`, else None."""
    if element == len(phrase.words):
        return place if not phrase.final or text.breaks[place] >= Break.LINK else None
    if place >= len(text.words) or (element and text.breaks[place] > Break.LINK):
        return None
    wanted = phrase.words[element]
    if wanted is not None:
        return _match(phrase, text, place + 1, element + 1) if text.words[place] in wanted else None
    ends = (
        _match(phrase, text, place + skipped, element + 1)
        for skipped in range(_GAP + 1)
        if not text.closed(place, place + skipped - 1, Break.COMMA)
    )
    return next((end for end in ends if end is not None), None)


@cache
def rules() -> Rules:
    """The rules that come with Earmark."""
    written = tables()
    words = {name: frozenset(listed.split("|")) for name, listed in written["words"].items()}
    by_first: dict[str, list[_Phrase]] = {}
    for table in written["cue"]:
        for phrase in _phrases(_rule(table), table["phrases"], words):
            for word in phrase.words[0] or ():
                by_first.setdefault(word, []).append(phrase)
    return Rules({word: tuple(phrases) for word, phrases in by_first.items()}, words)


def _rule(table: Mapping[str, Any]) -> Rule:
    direction, reach = table.get("direction", "forward"), table.get("reach", 0)
    return Rule(
        name=table["name"],
        sense=Sense(table["sense"]),
        forward=direction != "backward",
        backward=direction != "forward",
        reach=reach,
        weighty=table.get("weighty", reach),
        leaves=_LEAVES[table.get("within", "clause")],
        stops=frozenset(table.get("stops", "").split("|")),
        by=_SPEAKERS.get(table.get("by", ""), frozenset(Sender)),
        later=table.get("later", False),
        strict=table.get("strict", False),
        fronted=table.get("fronted", False),
        question=table.get("question", False),
        about=tuple(table.get("about", ())),
    )


def _phrases(rule: Rule, written: Iterable[str], words: Mapping[str, frozenset[str]]) -> Iterator[_Phrase]:
    for phrase in written:
        for parts in _variants(phrase.split()):
            initial, final = parts[0] == "^", parts[-1] == "$"
            chosen = parts[initial : len(parts) - final]
            yield _Phrase(rule, tuple(_element(part, words) for part in chosen), initial, final)


def _variants(parts: list[str]) -> Iterator[list[str]]:
    """The phrase with and without each of its optional words; "now|$" is "now" or the end of the clause."""
    for chosen in product(*map(_choices, parts)):
        yield [part for part in chosen if part]


def _choices(part: str) -> tuple[str, ...]:
    if part.endswith("|$"):
        return part.removesuffix("|$"), "$"
    return (part.removesuffix("?"), "") if part.endswith("?") else (part,)


def _element(part: str, words: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    if part == "..":
        return None
    return frozenset().union(*(words.get(name, frozenset({name})) for name in part.split("|")))
