"""A message with its words and cues, and what a cue in it reaches. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from earmark.context.clauses import Break, Words, read
from earmark.context.cues import Found, Rule, Sense, rules
from earmark.model import Cue, Message, Sender

_WINDOW = 24  # words around a place in which cues may matter
_FRONT = 2  # words between "my old phone" and the comma after it


@dataclass(frozen=True, slots=True)
class Span:
    """Words [first, last) of the message that the problem takes up."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that has been read; `cues` are in text order, `firsts` their first words."""

    index: int
    sender: Sender
    text: Words
    cues: tuple[Found, ...]
    firsts: tuple[int, ...]
    turns_away: int  # the last word at which it turns to other business, or -1

    @property
    def plain(self) -> Iterator[Found]:
        """The cues that no longer one hides."""
        return (found for found in self.cues if found.within is None)

    def near(self, span: Span) -> Iterator[tuple[int, Found]]:
        """The cues that reach a span, with how many words lie between. Those that touch it belong to it."""
        low = bisect_left(self.firsts, span.first - _WINDOW)
        high = bisect_left(self.firsts, span.last + _WINDOW)
        for found in self.cues[low:high]:
            if found.within is not None and not found.within.touches(span.first, span.last):
                continue
            apart = distance(self.text, found, span)
            if apart is not None:
                yield apart, found

    def nearest(self, span: Span, sense: Sense) -> Found | None:
        """The closest cue of this sense that reaches the span."""
        of_sense = [(apart, found) for apart, found in self.near(span) if found.rule.sense is sense]
        return min(of_sense, key=lambda one: one[0], default=(0, None))[1]

    def cue(self, found: Found) -> Cue:
        """The cue with its characters."""
        return Cue(found.rule.name, self.index, self.text.starts[found.first], self.text.ends[found.last - 1])


def turn(index: int, message: Message) -> Turn:
    """Read a message."""
    text = read(message.text)
    cues = () if message.sender is Sender.SYSTEM else rules().find(text, message.sender)
    away = max((found.first for found in cues if found.rule.sense is Sense.ELSEWHERE), default=-1)
    return Turn(index, message.sender, text, cues, tuple(found.first for found in cues), away)


def distance(text: Words, found: Found, span: Span) -> int | None:
    """How many words lie between a cue and a span that it reaches; None when it does not."""
    rule = found.rule
    if rule.forward and found.last <= span.first:
        first, last = found.last, span.first
    elif rule.backward and found.first >= span.last:
        first, last = span.last, found.first
    else:
        around = rule.forward and rule.backward and found.first < span.first and span.last < found.last
        return 0 if around else None
    passes = (
        last - first <= rule.reach and _open(text, found, first, last) and _light(text, rule, first, last)
    )
    return last - first if passes else None


def _light(text: Words, rule: Rule, first: int, last: int) -> bool:
    """Whether little of weight lies between; of a list ("dents, scratches or …") its last item counts."""
    between = text.words[first:last]
    item = next((i for i in range(len(between), 0, -1) if between[i - 1] in {"or", "nor"}), 0)
    weighty = sum(word not in rules().words["LIGHT"] for word in between[item:])
    return weighty <= rule.weighty and not any(word in rule.stops for word in between)


def _open(text: Words, found: Found, first: int, last: int) -> bool:
    """Whether the cue may leave what lies between: "last year, it …" leaves one comma behind."""
    if not text.closed(first, last, found.rule.leaves):
        return True
    if not found.rule.fronted or found.first >= first:
        return False
    comma = next(i for i in range(first, last + 1) if text.breaks[i] >= found.rule.leaves)
    fronted = text.breaks[comma] is Break.COMMA and comma - found.last <= _FRONT
    return fronted and not text.closed(comma + 1, last, found.rule.leaves)
