"""What a message says of a problem that it names, seen alone. Pure."""

from __future__ import annotations

from bisect import bisect_left

from earmark.context.clauses import Break
from earmark.context.cues import Found, Sense, rules
from earmark.context.turns import Span, Turn
from earmark.model import Assertion, Cue, Sender

Said = tuple[Assertion, Cue | None]

PRESENT: Said = (Assertion.PRESENT, None)
_CLAUSE = 14  # words of a clause that are looked at


def statement(turn: Turn, span: Span) -> Said:
    """What is said of the problem in these words of the message.

    What is supposed or asked outweighs whether it is so: "if it no longer crashes".
    """
    for told in (_framed(turn, span), _denied(turn, span), _past(turn, span), _over(turn, span)):
        if told is not None:
            return told
    return PRESENT


def _framed(turn: Turn, span: Span) -> Said | None:
    """Supposed, asked, or taken for granted: whichever stands closest."""
    frames = [
        (apart, _FRAMES.index(found.rule.sense), found)
        for apart, found in turn.near(span)
        if found.rule.sense in _FRAMES
    ]
    if frames:
        closest = min(frames, key=lambda one: one[:2])[2]
        sense = closest.rule.sense
        return None if sense is Sense.GIVEN else (Assertion(sense.value), turn.cue(closest))
    return _asked_by_its_mark(turn, span)


_FRAMES = [Sense.GIVEN, Sense.ASKED, Sense.HYPOTHETICAL]


def _asked_by_its_mark(turn: Turn, span: Span) -> Said | None:
    """An agent's statement with a question mark: "it keeps crashing?"."""
    if turn.sender not in {Sender.AGENT, Sender.BOT}:
        return None
    end = next((i for i in range(span.last, span.last + _CLAUSE) if _ends(turn, i)), None)
    if not end or end not in turn.text.questions:
        return None
    mark = end - 1
    return Assertion.ASKED, Cue("question-mark", turn.index, turn.text.starts[mark], turn.text.ends[mark])


def _ends(turn: Turn, i: int) -> bool:
    return i >= len(turn.text.words) or turn.text.breaks[i] >= Break.COMMA


def _past(turn: Turn, span: Span) -> Said | None:
    found = turn.nearest(span, Sense.HISTORICAL) or _story(turn, span) or _left_behind(turn, span)
    if found is None or (found.rule.name not in _ALWAYS_PAST and _is_now(turn, span)):
        return None
    return Assertion.HISTORICAL, turn.cue(found)


def _left_behind(turn: Turn, span: Span) -> Found | None:
    """What happened lately, where the message then turns to other business: "… last week. Today I …"."""
    found = turn.nearest(span, Sense.EARLIER)
    return found if turn.turns_away >= span.last else None


def _story(turn: Turn, span: Span) -> Found | None:
    """What the sentence before set in the past, and this one goes on about: "I had one last year. It froze"."""
    words, breaks = turn.text.words, turn.text.breaks
    begin = turn.text.before(span.first, Break.STOP, _CLAUSE).start
    told = set(words[begin : span.last + 2])
    if span.first == span.last or begin == 0 or breaks[begin] < Break.STOP:
        return None
    if words[begin] not in _GOES_ON or told & _TODAY:
        return None
    before = turn.text.before(begin - 1, Break.STOP, _CLAUSE).start
    told_before = turn.cues[bisect_left(turn.firsts, before) : bisect_left(turn.firsts, begin)]
    return next((cue for cue in reversed(told_before) if cue.rule.sense is Sense.HISTORICAL), None)


_GOES_ON = frozenset({"it", "they", "that", "there", "then", "but", "and", "its"})
_TODAY = frozenset({"now", "this", "new", "still", "today", "currently", "again"})
_ALWAYS_PAST = frozenset({"used-to", "used-to-have-it"})


def _is_now(turn: Turn, span: Span) -> bool:
    words = turn.text.words
    return span.first < span.last and words[span.first] in rules().words["PRESENT"]


def _denied(turn: Turn, span: Span) -> Said | None:
    found = turn.nearest(span, Sense.NEGATED)
    if found is None or _is_half_a_problem(turn, span):
        return None
    if turn.nearest(span, Sense.SPOILS) is not None:
        return PRESENT
    ended = turn.nearest(span, Sense.ENDED)
    return Assertion.RESOLVED if ended else Assertion.NEGATED, turn.cue(found)


def _is_half_a_problem(turn: Turn, span: Span) -> bool:
    """Whether the words name something good, so that the denial is the problem: not "working"."""
    return all(word in rules().words["WORKS"] for word in turn.text.words[span.first : span.last])


def _over(turn: Turn, span: Span) -> Said | None:
    """Solved in so many words before it is named: "I fixed the crash". What stands after it is an event."""
    before = [(apart, found) for apart, found in turn.near(span) if found.first < span.first]
    for _, found in sorted(before, key=lambda one: one[0]):
        if found.rule.sense is Sense.RESOLVED and happened(
            turn, found, frozenset(range(span.first, span.last))
        ):
            return Assertion.RESOLVED, turn.cue(found)
    return None


def happened(turn: Turn, found: Found, named: frozenset[int] = frozenset()) -> bool:
    """Whether something is stated, not hoped for, denied or asked; words that name a problem do not deny it."""
    here = Span(found.first, found.last)
    unreal = (one for _, one in turn.near(here) if one.rule.sense is Sense.UNREAL)
    return all(one.first in named for one in unreal) and not is_question(turn, found)


def is_about(found: Found, turn: Turn, span: Span) -> bool:
    """Whether the problem is of the kind that a cue speaks of: "refunded" of a charge."""
    about = found.rule.about
    return not about or any(word.startswith(about) for word in turn.text.words[span.first : span.last])


def is_question(turn: Turn, found: Found) -> bool:
    """Whether the clause of the cue ends with a question mark."""
    end = next((i for i in range(found.last, found.last + _CLAUSE) if _ends(turn, i)), None)
    return end in turn.text.questions
