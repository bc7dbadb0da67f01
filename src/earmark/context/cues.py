"""The rules of `data/cues.toml` and how their phrases are found in a message. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import product
from typing import Any

from earmark.context.clauses import Break, Words, tables
from earmark.model import Sender

_GAP = 3  # words that ".." may stand for
_FILLERS = 3  # words that may stand before what begins a clause
_LEAVES = {"phrase": Break.LINK, "clause": Break.COMMA, "sentence": Break.STOP, "message": Break.END}
_SPEAKERS = {"customer": frozenset({Sender.CUSTOMER}), "agent": frozenset({Sender.AGENT, Sender.BOT})}


class Sense(StrEnum):
    """What a phrase says; `data/cues.toml` explains each."""

    NONE = "none"
    REAL = "real"
    NEGATED = "negated"
    RESOLVED = "resolved"
    HYPOTHETICAL = "hypothetical"
    HISTORICAL = "historical"
    EARLIER = "earlier"
    ELSEWHERE = "elsewhere"
    ASKED = "asked"
    WONDERS = "wonders"
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
    """A phrase of a rule, words [first, last) of a message; `within` is the longer one that hides it."""

    rule: Rule
    first: int
    last: int
    within: Found | None = None

    def touches(self, first: int, last: int) -> bool:
        """Whether it shares a word with [first, last)."""
        return self.first < last and first < self.last


@dataclass(frozen=True, slots=True)
class _Phrase:
    rule: Rule
    words: tuple[frozenset[str] | None, ...]  # None stands for a gap
    initial: bool
    final: bool


_Place = tuple[int, int, int]  # a phrase, how many of its words have been read, how many words of a gap


class _Node:
    """Where one can be in the phrases after some words; built when words first lead here."""

    __slots__ = ("_next", "_phrases", "_places", "_wanted", "ended")

    def __init__(self, phrases: Sequence[_Phrase], places: frozenset[_Place]) -> None:
        self._phrases = phrases
        self._places = places
        self._next: dict[str, _Node | None] = {}
        self._wanted = frozenset().union(*(self._words_after(place) for place in places))
        self.ended = tuple(phrases[p] for p, read, _ in sorted(places) if read == len(phrases[p].words))

    def step(self, word: str) -> _Node | None:
        """Read a word; all words that no phrase waits for here lead to the same place."""
        key = word if word in self._wanted else ""
        if key not in self._next:
            places = frozenset(place for here in self._places for place in self._after(here, key))
            self._next[key] = _Node(self._phrases, places) if places else None
        return self._next[key]

    def _words_after(self, here: _Place) -> frozenset[str]:
        phrase, read, _ = here
        words = (wanted for wanted in self._phrases[phrase].words[read : read + 2] if wanted is not None)
        return next(words, frozenset())

    def _after(self, here: _Place, word: str) -> Iterator[_Place]:
        phrase, read, skipped = here
        words = self._phrases[phrase].words
        if read == len(words):
            return
        wanted = words[read]
        if wanted is None:
            if skipped < _GAP:
                yield phrase, read, skipped + 1
            yield from self._after((phrase, read + 1, 0), word)
        elif word in wanted:
            yield phrase, read + 1, 0


@dataclass(frozen=True, slots=True)
class Rules:
    """Every phrase, and the words that are named in the file."""

    start: _Node
    words: Mapping[str, frozenset[str]]
    contrary: Rule

    def find(self, text: Words, sender: Sender) -> tuple[Found, ...]:
        """All phrases in a message that its sender may mean, in text order."""
        families: dict[str, list[Found]] = {}
        for found in self._all(text, sender):
            for family in _families(found.rule):
                families.setdefault(family, []).append(found)
        kept = [found for family in families.values() for found in _outermost(family)]
        return tuple(sorted(kept, key=lambda found: (found.first, found.last)))

    def _all(self, text: Words, sender: Sender) -> Iterator[Found]:
        words, breaks, size = text.words, text.breaks, len(text.words)
        for first, word in enumerate(words):
            node, last = self.start.step(word), first + 1
            while node is not None:
                for phrase in node.ended:
                    if self._fits(phrase, text, first, last, sender):
                        yield Found(phrase.rule, first, last)
                if last == size or breaks[last] > Break.LINK:
                    break
                node, last = node.step(words[last]), last + 1

    def _fits(self, phrase: _Phrase, text: Words, first: int, last: int, sender: Sender) -> bool:
        return (
            sender in phrase.rule.by
            and (not phrase.final or text.breaks[last] >= Break.LINK)
            and (not phrase.rule.question or text.asks(first + 1))
            and (not phrase.initial or self._begins(text, first))
        )

    def _begins(self, text: Words, first: int) -> bool:
        before = text.before(first, Break.LINK, _FILLERS + 1)
        return len(before) <= _FILLERS and all(text.words[i] in self.words["FILLER"] for i in before)


def _families(rule: Rule) -> tuple[str, ...]:
    """Cues of one family hide what lies inside them: answers, what is not so, and the rest by direction."""
    if rule.sense in {Sense.YES, Sense.NO, Sense.HUSH, Sense.CONTRADICTS}:
        return ("contradiction" if rule.sense is Sense.CONTRADICTS else "answer",)
    if rule.sense in {Sense.UNREAL, Sense.REAL}:
        return ("unreal",)
    if rule.sense in {Sense.ELSEWHERE, Sense.WONDERS}:
        return (rule.sense,)
    if rule.sense is not Sense.NONE:
        return ("forward",) if rule.forward else ("backward",)
    return ("forward", "backward") if rule.forward else ("backward",)


def _outermost(found: Iterable[Found]) -> Iterator[Found]:
    """Those that say something, with the longer one that hides them; what blocks, hides for good."""
    cover: Found | None = None
    for one in sorted(found, key=lambda one: (one.first, -one.last, one.rule.sense not in _BLOCKS)):
        if cover is None or one.last > cover.last:
            cover = one
        if cover.rule.sense in _BLOCKS:
            continue
        same = (one.first, one.last) == (cover.first, cover.last)
        yield one if same else replace(one, within=cover)


_BLOCKS = frozenset({Sense.NONE, Sense.REAL})


@cache
def rules() -> Rules:
    """The rules that come with Earmark."""
    written = tables()
    words = {name: frozenset(listed.split("|")) for name, listed in written["words"].items()}
    phrases = [
        phrase for table in written["cue"] for phrase in _phrases(_rule(table), table["phrases"], words)
    ]
    contrary = next(_rule(table) for table in written["cue"] if not table["phrases"])
    return Rules(_Node(phrases, frozenset((i, 0, 0) for i in range(len(phrases)))), words, contrary)


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
    words = part.split("|")
    if "$" in words and len(words) > 1:
        return "|".join(word for word in words if word != "$"), "$"
    return (part.removesuffix("?"), "") if part.endswith("?") else (part,)


def _element(part: str, words: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    if part == "..":
        return None
    return frozenset().union(*(words.get(name, frozenset({name})) for name in part.split("|")))
