"""Keeps personal data out of everything that is kept: what touches it is no mention. Pure, and never online."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from earmark.model import Conversation, Mention, Message, Sender
from earmark.privacy.found import Found, Kind, merged
from earmark.privacy.scan import asked_in, found_in
from earmark.privacy.seams import over_messages

__all__ = ["Kind", "PersonalSpan", "cleared", "looks_personal", "masked", "personal"]

_NOTHING: frozenset[Kind] = frozenset()
_SHORTEST_NAME = 3
_MOST_NAMES = 200
_MOST_PASSES = 4  # what was glued to something personal may be seen only once that is gone


@dataclass(frozen=True, slots=True)
class PersonalSpan:
    """Something personal in one message: characters [start, end) of its text as it was received."""

    message_index: int
    start: int
    end: int
    kind: Kind


def personal(conversation: Conversation) -> tuple[PersonalSpan, ...]:
    """Everything personal in a conversation, in order; spans of a message do not overlap. Never fails."""
    messages = conversation.messages
    found: list[list[Found]] = [list(each) for each in _one_by_one(messages)]
    for place, each in list(over_messages(messages, found)):
        found[place].append(each)
    introduced = _introduced(messages, found)
    if introduced:
        for place, message in enumerate(messages):
            found[place] += [Found(*match.span(), Kind.NAME) for match in introduced.finditer(message.text)]
    return tuple(
        PersonalSpan(place, *each) for place, some in enumerate(found) if some for each in merged(some)
    )


def cleared(conversation: Conversation, mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Leave out the mentions that touch something personal, or whose name looks personal."""
    mentions = tuple(mentions)
    if not mentions:
        return ()
    spans: dict[int, list[PersonalSpan]] = {}
    for span in personal(conversation):
        spans.setdefault(span.message_index, []).append(span)
    return tuple(
        mention
        for mention in mentions
        if not any(_touch(mention, span) for span in spans.get(mention.message_index, ()))
        and not any(map(looks_personal, {mention.name or mention.text, mention.text}))
    )


def looks_personal(text: str) -> bool:
    """Whether a text that stands alone, such as a name, holds something personal."""
    return bool(found_in(text))


def masked(text: str) -> str:
    """The text with everything personal replaced by what it is: ‹email›, ‹card› and so on."""
    for _ in range(_MOST_PASSES):
        once = _masked_once(text)
        if once == text:
            break
        text = once
    return text


def _masked_once(text: str) -> str:
    parts: list[str] = []
    last = 0
    for found in found_in(text):
        parts += [text[last : found.start], f"‹{found.kind}›"]
        last = found.end
    return "".join(parts) + text[last:]


def _one_by_one(messages: Sequence[Message]) -> Iterator[tuple[Found, ...]]:
    """What each message holds by itself, read with what the two before it ask for."""
    earlier, last = _NOTHING, _NOTHING
    for message in messages:
        yield found_in(message.text, earlier | last)
        earlier, last = last, asked_in(message.text)


def _introduced(messages: Sequence[Message], found: Sequence[Sequence[Found]]) -> re.Pattern[str] | None:
    """The names that people gave as theirs, wherever they come up again."""
    said = [
        messages[place].text[each.start : each.end]
        for place, some in enumerate(found)
        for each in some
        if each.kind == Kind.NAME and messages[place].sender != Sender.BOT
    ]
    words = {word for name in said for word in re.findall(r"[^\W\d_]+", name) if len(word) >= _SHORTEST_NAME}
    capitalised = sorted(word for word in words if word[0].isupper())[:_MOST_NAMES]
    return re.compile(rf"\b(?:{'|'.join(capitalised)})\b") if capitalised else None


def _touch(mention: Mention, span: PersonalSpan) -> bool:
    return mention.start < span.end and span.start < mention.end
