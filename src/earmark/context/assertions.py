"""What is said of each problem: present unless a cue says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from earmark.context.course import course
from earmark.context.cues import Sense, rules
from earmark.context.events import Named, reply
from earmark.context.statements import PRESENT, Said, happened, statement
from earmark.context.turns import Span, Turn, turn
from earmark.model import ISSUE, Assertion, Conversation, Mention, Sender
from earmark.naming import normal_form

_OPENING = 2  # words before a contradiction: "no, that is …"
_ASKS: Final = frozenset({Sender.AGENT, Sender.BOT})


def asserted(conversation: Conversation, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """The same mentions in the same order, issues with what is said of them and the cue that says so.

    Whatever an earlier reading left in them does not matter. Mentions of products stay as they are.
    """
    issues = [mention for mention in mentions if mention.label == ISSUE]
    if not issues:
        return tuple(mentions)
    turns = _turns(conversation, min(mention.message_index for mention in issues))
    ordered = sorted(issues, key=lambda mention: (mention.message_index, mention.start, mention.end))
    said = course(turns, [_named(mention, turns) for mention in ordered])
    told = {id(mention): one for mention, one in zip(ordered, said, strict=True)}
    return tuple(
        _with(mention, told[id(mention)]) if id(mention) in told else mention for mention in mentions
    )


def _with(mention: Mention, said: Said) -> Mention:
    same = (mention.assertion, mention.cue) == said
    return mention if same else replace(mention, assertion=said[0], cue=said[1])


def _turns(conversation: Conversation, first: int) -> list[Turn]:
    """The messages from the first problem on: nothing before it can speak of it."""
    return [turn(i, message) for i, message in enumerate(conversation.messages) if i >= first]


def _named(mention: Mention, turns: Sequence[Turn]) -> Named:
    place = mention.message_index - turns[0].index
    here = turns[place]
    span = Span(*here.text.range_of(mention.start, mention.end))
    said = statement(here, span)
    if here.sender in _ASKS:
        answer = next((later for later in turns[place + 1 :] if later.sender is Sender.CUSTOMER), None)
        said = said if answer is None else _answered(said, here, span, answer)
    key = mention.canonical_id or mention.name or normal_form(mention.text)
    return Named(here, span, key, said)


def _answered(said: Said, here: Turn, span: Span, answer: Turn) -> Said:
    """What the customer's next message makes of what the agent asked or claimed."""
    if said[0] is Assertion.PRESENT:
        denial = next((one for one in answer.plain if one.rule.sense is Sense.CONTRADICTS), None)
        return said if denial is None or denial.first > _OPENING else (Assertion.NEGATED, answer.cue(denial))
    return _settled(said, here, span, answer) if said[0] is Assertion.ASKED else said


def _settled(said: Said, here: Turn, span: Span, answer: Turn) -> Said:
    """A question with its answer: "it works now" tells more than "no"."""
    told = [one for one in answer.plain if one.rule.later and happened(answer, one)]
    over = next((one for one in told if one.rule.sense is Sense.RESOLVED), None)
    found = reply(answer)
    if over is not None and (found is None or _is_news(answer)):
        return Assertion.RESOLVED, answer.cue(over)
    if found is None:
        return PRESENT if told else said
    if found.rule.sense is Sense.HUSH:
        return said
    fine = not rules().words["FINE"].isdisjoint(answer.text.words)
    agrees = found.rule.sense is Sense.YES or (_denies(here.text.words[span.first : span.last]) and not fine)
    return PRESENT if agrees else (Assertion.NEGATED, answer.cue(found))


def _is_news(answer: Turn) -> bool:
    """Whether the answer tells of a change: "no, not any more", where "no, all good" tells of none."""
    return not rules().words["RECENT"].isdisjoint(answer.text.words)


def _denies(words: Iterable[str]) -> bool:
    """Whether the problem is itself a denial: "not charging", to which "no" agrees."""
    known = rules().words
    return any(word == "no" or word in known["NOT"] or word in known["CANT"] for word in words)
