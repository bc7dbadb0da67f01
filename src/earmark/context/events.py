"""What happens to problems after they are named: words that say they are over, there again, or never were. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from earmark.context.clauses import Break
from earmark.context.cues import Found, Sense, rules
from earmark.context.statements import Said, happened, is_question
from earmark.context.turns import Span, Turn
from earmark.model import Cue, Sender

_OPENING = 4  # words in which an answer begins
_LATER = 20  # turns in which the contrary of a problem is looked for
_CLAUSE = 7  # words of a clause that says it


@dataclass(frozen=True, slots=True)
class Named:
    """A problem where it is named; `key` is the same wherever the same problem is."""

    turn: Turn
    span: Span
    key: str
    said: Said


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to problems named before: over (RESOLVED), there again (PRESENT), never so (NEGATED).

    `anything` when no words tell which problems, `key` when it happened to this one alone.
    """

    turn: Turn
    found: Found
    sense: Sense
    anything: bool = False
    key: str | None = None

    @property
    def cue(self) -> Cue:
        return self.turn.cue(self.found)


def events(turns: Sequence[Turn], named: Sequence[Named]) -> Iterator[Event]:
    """All events of a conversation in text order; `named` is in text order too."""
    places = [one.turn.index for one in named]
    offered: Event | None = None
    for turn in turns:
        here = slice(bisect_left(places, turn.index), bisect_left(places, turn.index + 1))
        inside = frozenset(i for one in named[here] for i in range(one.span.first, one.span.last))
        if turn.sender is Sender.CUSTOMER:
            yield from _answered(offered, turn)
            earlier = slice(bisect_left(places, turn.index - _LATER), here.start)
            yield from _contrary(turn, named[earlier])
            offered = None
        for found in turn.plain:
            if not found.rule.later or not inside.isdisjoint(range(found.first, found.last)):
                continue
            event = Event(turn, found, found.rule.sense)
            if happened(turn, found, inside):
                yield event
            elif turn.sender is not Sender.CUSTOMER and _asks_back(turn, found, named[here]):
                offered = event


def _asks_back(turn: Turn, found: Found, named: Sequence[Named]) -> bool:
    """Whether an answer settles it: "does it work now?", "it should work now", but not "did it arrive broken?"."""
    if any(not turn.text.closed(found.last, max(found.last, one.span.first), Break.COMMA) for one in named):
        return False
    return is_question(turn, found) or not {"should", "now"}.isdisjoint(turn.text.words)


def _answered(offered: Event | None, turn: Turn) -> Iterator[Event]:
    """The customer answers "is it working now?"."""
    answer = reply(turn)
    fine = not rules().words["FINE"].isdisjoint(turn.text.words)
    if offered is None or answer is None or answer.rule.sense is Sense.HUSH:
        return
    if offered.sense is Sense.PRESENT and any(one.rule.sense is Sense.PRESENT for one in turn.plain):
        return
    if answer.rule.sense is Sense.YES:
        yield Event(turn, answer, offered.sense, anything=True)
    elif offered.sense is Sense.PRESENT or not fine:
        other = Sense.PRESENT if offered.sense is Sense.RESOLVED else Sense.RESOLVED
        yield Event(turn, answer, other, anything=True)


def reply(turn: Turn) -> Found | None:
    """The words with which a message answers yes or no: little stands before them ("hi Nina, well yes")."""
    answers = (found for found in turn.plain if found.rule.sense in {Sense.YES, Sense.NO, Sense.HUSH})
    return next((found for found in answers if _opens(turn, found)), None)


def _opens(turn: Turn, found: Found) -> bool:
    clause = turn.text.before(found.first, Break.COMMA, _OPENING)
    weighty = [i for i in clause if turn.text.words[i] not in rules().words["FILLER"]]
    return found.first <= _OPENING and len(weighty) <= 1


def _contrary(turn: Turn, earlier: Iterable[Named]) -> Iterator[Event]:
    """The customer says what the problem denied: "can't log in", then "yes I can log in"."""
    stems = {stem(word): i for i, word in enumerate(turn.text.words)}
    for one in earlier:
        for denied in _denied(one):
            place = stems.get(denied)
            if place is not None and _affirmed(turn, place):
                found = Found(rules().contrary, place, place + 1)
                yield Event(turn, found, Sense.RESOLVED, key=one.key)
                break


def _denied(one: Named) -> list[str]:
    """The words that the problem denies, as stems."""
    words = one.turn.text.words[one.span.first : one.span.last]
    denials = rules().words["NOT"] | rules().words["CANT"] | {"no"}
    place = next((i for i, word in enumerate(words) if word in denials), len(words))
    return [stem(word) for word in words[place + 1 :] if word not in rules().words["LIGHT"]]


def _affirmed(turn: Turn, place: int) -> bool:
    """Whether a short clause, or one with news in it, says the word and nothing against it."""
    text, words = turn.text, rules().words
    clause = range(text.before(place, Break.LINK, _CLAUSE).start, text.after(place, Break.LINK, _CLAUSE).stop)
    said = {text.words[i] for i in clause}
    if said & (words["NOT"] | words["CANT"] | words["BAD"] | words["AGAINST"]):
        return False
    found = Found(rules().contrary, place, place + 1)
    return bool(said & words["NEWS"]) and happened(turn, found)


def stem(word: str) -> str:
    """The beginning by which forms of one word are known."""
    return word[:5]
