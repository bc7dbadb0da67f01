"""What is said of each problem: present unless a cue says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from earmark.context.answers import answered
from earmark.context.course import course
from earmark.context.events import Named
from earmark.context.statements import Said, statement
from earmark.context.turns import Span, Turn, turn
from earmark.model import ISSUE, Conversation, Mention
from earmark.naming import normal_form


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
    said = answered(statement(here, span), turns, place, span)
    key = mention.canonical_id or mention.name or normal_form(mention.text)
    return Named(here, span, key, said)
