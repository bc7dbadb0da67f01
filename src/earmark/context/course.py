"""How a problem went on after it was named: solved later, there again, denied. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from earmark.context.clauses import Break
from earmark.context.cues import Sense, rules
from earmark.context.events import Event, Named, events, stem
from earmark.context.statements import PRESENT, Said, is_about
from earmark.context.turns import Turn
from earmark.model import Assertion, Cue, Sender

_SUBJECT = 8  # words before a cue in which its subject is looked for
_TENSE = 2  # words after a problem that may tell its tense


@dataclass(slots=True)
class _Thread:
    """One problem and where it stands; `places` are its mentions."""

    places: list[int] = field(default_factory=list)
    last_turn: int = 0
    raised: bool = False
    over: Said | None = None


def course(turns: Sequence[Turn], named: Sequence[Named]) -> list[Said]:
    """What is said of each problem in the end, in the order of `named`, which is text order."""
    run = _Course([one.said for one in named], named)
    waiting = 0
    for event in events(turns, named):
        while waiting < len(named) and _place(named[waiting]) < (event.turn.index, event.found.first):
            run.name(waiting)
            waiting += 1
        run.happen(event)
    for place in range(waiting, len(named)):
        run.name(place)
    return run.settled()


def _place(named: Named) -> tuple[int, int]:
    return named.turn.index, named.span.first


class _Course:
    """Goes through mentions and events in text order."""

    def __init__(self, said: list[Said], named: Sequence[Named]) -> None:
        self._said = said
        self._named = named
        self._threads: dict[str, _Thread] = {}
        self._last: Event | None = None
        self._done: Event | None = None  # the last one that meant a problem
        self._past: list[int] = []

    def name(self, place: int) -> None:
        """The problem of this mention is named."""
        one = self._named[place]
        assertion, cue = one.said
        if assertion is Assertion.HISTORICAL:
            self._past.append(place)
        if assertion not in {Assertion.PRESENT, Assertion.RESOLVED, Assertion.NEGATED}:
            return
        thread = self._threads.setdefault(one.key, _Thread())
        if assertion is Assertion.NEGATED and not thread.raised:
            return
        self._join(thread, place, cue)

    def _join(self, thread: _Thread, place: int, cue: Cue | None) -> None:
        one = self._named[place]
        thread.places.append(place)
        thread.last_turn = one.turn.index
        customer = one.turn.sender is Sender.CUSTOMER
        thread.raised = thread.raised or customer
        if one.said[0] is not Assertion.PRESENT:
            thread.over = (Assertion.RESOLVED, cue)
        elif self._told_after(one):
            thread.over = (Assertion.RESOLVED, self._last.cue if self._last else None)
        elif customer:
            thread.over = None

    def _told_after(self, one: Named) -> bool:
        """Whether the story is told after its end: "works now, no idea why it kept disconnecting"."""
        last = self._last
        if last is None or last.sense is not Sense.RESOLVED or last.turn is not one.turn:
            return False
        text, span, past = one.turn.text, one.span, rules().words["PAST"]
        news = set(text.words[max(0, last.found.first - _TENSE) : last.found.last])
        begin = text.before(span.first, Break.TURN, _SUBJECT).start
        return not (last.found.rule.about or news & past) and bool(
            past & set(text.words[begin : span.last + _TENSE])
        )

    def happen(self, event: Event) -> None:
        """Something happened to the problems that the event can only mean; said twice, it happened once."""
        self._last = event
        if self._done is not None and _repeats(self._done, event):
            return
        meant = _meant(event, self._threads.values(), self._named, over=event.sense is Sense.PRESENT)
        self._done = event if meant else self._done
        if event.sense is Sense.PRESENT:
            self._revive(event, meant)
            return
        assertion = Assertion.RESOLVED if event.sense is Sense.RESOLVED else Assertion.NEGATED
        for thread in meant:
            thread.over = (assertion, event.cue)

    def _revive(self, event: Event, meant: Iterable[_Thread]) -> None:
        for thread in meant:
            thread.over = None
        for place in self._past:
            if self._named[place].turn is event.turn:
                self._said[place] = PRESENT

    def settled(self) -> list[Said]:
        """What is said of each mention, those of one problem that is over alike."""
        for thread in self._threads.values():
            for place in thread.places:
                if thread.over is None:
                    self._said[place] = PRESENT
                elif self._said[place][0] is not Assertion.RESOLVED:
                    self._said[place] = thread.over
        return self._said


def _repeats(last: Event, event: Event) -> bool:
    """Whether two events are one: the same is said twice in a phrase ("ok now it works")."""
    if last.turn is not event.turn or last.sense is not event.sense or last.key != event.key:
        return False
    return not event.turn.text.closed(last.found.last, event.found.first, Break.LINK)


def _meant(event: Event, threads: Iterable[_Thread], named: Sequence[Named], *, over: bool) -> list[_Thread]:
    """The problems that an event speaks of: those of its clause, of its subject, else the last ones named."""
    there = [thread for thread in threads if thread.places and (thread.over is not None) is over]
    if event.key is not None:
        return [thread for thread in there if named[thread.places[0]].key == event.key]
    there = [thread for thread in there if _speaks_of(event, named[thread.places[-1]])]
    here = [thread for thread in there if _shares_clause(event, named[thread.places[-1]])]
    if here or not there:
        return here
    subject = _subject(event)
    words = rules().words
    if event.anything or not subject - words["THING"]:
        return _latest(event, there)
    if subject & words["ELSE"]:
        return []
    related = [thread for thread in there if any(_related(subject, named[i]) for i in thread.places)]
    return related or (there if len(there) == 1 and not _is_of_another(event, there[0]) else [])


def _latest(event: Event, threads: list[_Thread]) -> list[_Thread]:
    text = event.turn.text
    clause = text.before(event.found.first, Break.LINK, _SUBJECT)
    if {"all", "everything", "both"} & set(text.words[clause.start : event.found.last]):
        return threads
    latest = max(thread.last_turn for thread in threads)
    return [thread for thread in threads if thread.last_turn == latest]


def _is_of_another(event: Event, thread: _Thread) -> bool:
    """Whether a name of its own is another's: "you fixed the app but the sound is still off"."""
    return event.found.rule.strict or (event.sense is Sense.PRESENT and event.turn.index == thread.last_turn)


def _speaks_of(event: Event, one: Named) -> bool:
    return is_about(event.found, one.turn, one.span)


def _shares_clause(event: Event, one: Named) -> bool:
    apart = event.found.first - one.span.last
    if one.turn is not event.turn or not 0 <= apart <= _SUBJECT:
        return False
    return not one.turn.text.closed(one.span.last, event.found.first, Break.LINK)


def _subject(event: Event) -> set[str]:
    """What the clause is about when not about "it": what stands before the cue, or after "no more"."""
    text, words, found = event.turn.text, rules().words, event.found
    about = text.after(found.last, Break.LINK, _SUBJECT)
    if found.rule.backward or not about:
        about = text.before(found.first, Break.LINK, _SUBJECT)
    plain = words["IT"] | words["PRONOUN"] | words["ADVERB"] | words["FILLER"]
    return {text.words[i] for i in about} - plain


def _related(subject: set[str], one: Named) -> bool:
    begin = one.turn.text.before(one.span.first, Break.STOP, _SUBJECT).start
    stems = {stem(word) for word in one.turn.text.words[begin : one.span.last + 2]}
    return any(len(word) > 2 and stem(word) in stems for word in subject)
