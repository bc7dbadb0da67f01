"""What the customer's answer makes of a problem that the agent asked about or claimed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from earmark.context.clauses import Break
from earmark.context.cues import Found, Sense, rules
from earmark.context.events import reply, stem
from earmark.context.statements import PRESENT, Said, happened, is_about
from earmark.context.turns import Span, Turn
from earmark.model import Assertion, Sender

_ASKS: Final = frozenset({Sender.AGENT, Sender.BOT})
_OPENING = 2  # words before a contradiction: "no, that is …"
_PATIENCE = 3  # messages in a row that may answer: "sorry, was away", "yes it is"
_SOON = 12  # words in which an answer tells when it was
_CLAUSE = 7  # words before one that repeats the problem


def answered(said: Said, turns: Sequence[Turn], place: int, span: Span) -> Said:
    """What is said of a problem of turn `place`, once it has been answered."""
    here = turns[place]
    if said == PRESENT and here.sender is Sender.CUSTOMER:
        return _reassured(turns, place, span)
    if here.sender not in _ASKS or said[0] not in {Assertion.PRESENT, Assertion.ASKED}:
        return said
    earlier = here.nearest(span, Sense.HISTORICAL) or here.nearest(span, Sense.EARLIER)
    for answer in _answers(turns, place):
        if earlier is not None and answer.turns_away >= 0:
            return Assertion.HISTORICAL, here.cue(earlier)
        told = _settled(here, span, answer) if said[0] is Assertion.ASKED else _denied(here, span, answer)
        if told is not None:
            return told
    return said


def _reassured(turns: Sequence[Turn], place: int, span: Span) -> Said:
    """The customer asks whether there is a problem, and the agent says no."""
    answer = turns[place + 1] if place + 1 < len(turns) else None
    if (
        answer is None
        or answer.sender is not Sender.AGENT
        or turns[place].nearest(span, Sense.WONDERS) is None
    ):
        return PRESENT
    found = reply(answer)
    if found is None or found.rule.sense is not Sense.NO or found.first > 0:
        return PRESENT
    return Assertion.NEGATED, answer.cue(found)


def _answers(turns: Sequence[Turn], place: int) -> Iterator[Turn]:
    """The customer's next messages, as long as nobody else speaks."""
    first = next((i for i in range(place + 1, len(turns)) if turns[i].sender is Sender.CUSTOMER), len(turns))
    for answer in turns[first : first + _PATIENCE]:
        if answer.sender is not Sender.CUSTOMER:
            return
        yield answer


def _denied(here: Turn, span: Span, answer: Turn) -> Said | None:
    """A claim that the customer contradicts: "no, that is not so", "not crashing, just slow"."""
    denial = next((one for one in answer.plain if one.rule.sense is Sense.CONTRADICTS), None)
    if denial is not None and denial.first <= _OPENING:
        return Assertion.NEGATED, answer.cue(denial)
    opening = next((one for one in answer.cues if one.rule.sense is Sense.NEGATED), None)
    if opening is None or opening.first > 1 or _is_news(answer):
        return None
    return None if _echo(here, span, answer) is not False else (Assertion.NEGATED, answer.cue(opening))


def _settled(here: Turn, span: Span, answer: Turn) -> Said | None:
    """A question with its answer: "it works now" tells more than "no"; None when it does not say."""
    found = reply(answer)
    past = _long_ago(answer) if found is not None else None
    if past is not None:
        return Assertion.HISTORICAL, answer.cue(past)
    told = [one for one in answer.plain if one.rule.later and is_about(one, here, span)]
    told = [one for one in told if happened(answer, one)]
    over = next((one for one in told if one.rule.sense is Sense.RESOLVED), None)
    if over is not None and (found is None or _is_news(answer)):
        return Assertion.RESOLVED, answer.cue(over)
    if found is None:
        return PRESENT if told or _echo(here, span, answer) else None
    return None if found.rule.sense is Sense.HUSH else _replied(found, here, span, answer)


def _replied(found: Found, here: Turn, span: Span, answer: Turn) -> Said:
    agrees = _echo(here, span, answer, found.last)
    if agrees is None:
        fine = not rules().words["FINE"].isdisjoint(answer.text.words)
        agrees = found.rule.sense is Sense.YES or (_denies(here, range(span.first, span.last)) and not fine)
    return PRESENT if agrees else (Assertion.NEGATED, answer.cue(found))


def _long_ago(answer: Turn) -> Found | None:
    """What sets the answer in the past: "yes, two years ago"."""
    past = next((one for one in answer.plain if one.rule.sense is Sense.HISTORICAL), None)
    return past if past is not None and past.first <= _SOON else None


def _is_news(answer: Turn) -> bool:
    """Whether the answer tells of a change: "no, not any more", where "no, all good" tells of none."""
    return not rules().words["RECENT"].isdisjoint(answer.text.words)


def _echo(here: Turn, span: Span, answer: Turn, begin: int = 0) -> bool | None:
    """Whether the answer says the problem again ("not loading at all") or its contrary ("no it charges")."""
    light = rules().words["LIGHT"] | rules().words["NOT"] | rules().words["CANT"]
    named = {stem(word) for word in here.text.words[span.first : span.last] if word not in light}
    stems = {stem(word): i for i, word in enumerate(answer.text.words) if i >= begin}
    place = min((stems[word] for word in named & stems.keys()), default=None)
    if place is None:
        return None
    before = answer.text.before(place, Break.COMMA, _CLAUSE)
    before = range(max(begin, before.start) if place > begin else before.start, place)
    if any(answer.text.words[i] in _DOUBTS for i in before):
        return None
    same = _denies(answer, before) == _denies(here, range(span.first, span.last))
    return same if not same or named <= stems.keys() else None


_DOUBTS: Final = frozenset(
    {"if", "whether", "check", "when", "how", "maybe", "might", "could", "define", "what"}
)


def _denies(turn: Turn, places: range) -> bool:
    """Whether these words deny: "not charging", to which "no" agrees."""
    known = rules().words
    words = {turn.text.words[i] for i in places}
    return "no" in words or not words.isdisjoint(known["NOT"]) or not words.isdisjoint(known["CANT"])
