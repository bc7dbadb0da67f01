"""Puts a conversation into the shape that extraction reads: ordered, bounded, without repeats or empty turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from earmark.model import Conversation, Message

MESSAGE_CHARACTERS = 20_000
CONVERSATION_MESSAGES = 5_000
CONVERSATION_CHARACTERS = 500_000
TRUNCATED = "truncated_input"
"""How a reason begins that tells of something too long to be read whole."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_REACH = 200  # characters in which a message is rather cut between words


def tidy(conversation: Conversation) -> Conversation:
    """Order messages, drop repeats and empty turns, and leave out what is too much.

    A text stays as it is or is cut at its end, so offsets into it stay valid. `truncation` tells what was left out.
    """
    return replace(conversation, messages=tuple(_bounded(ordered(conversation).messages)))


def ordered(conversation: Conversation) -> Conversation:
    """Order messages by time, drop repeats of one id and turns without text.

    Messages without a time keep their place after the last timed one before them.
    """
    fresh = _without_repeats(conversation.messages)
    spoken = [message for message in fresh if message.text and not message.text.isspace()]
    return replace(conversation, messages=_by_time(spoken))


def truncation(conversation: Conversation) -> str | None:
    """What `tidy` leaves out of a conversation because it is too much, in words; None where it reads all of it."""
    spoken = ordered(conversation).messages
    read = list(_bounded(spoken))
    cut = sum(len(short.text) < len(whole.text) for short, whole in zip(read, spoken, strict=False))
    if len(read) == len(spoken) and not cut:
        return None
    characters = sum(len(message.text) for message in read)
    told = f"{TRUNCATED}: {characters:,} characters in {len(read):,} of {len(spoken):,} messages were read"
    return f"{told}, {cut:,} of these cut short" if cut else told


def _bounded(messages: Sequence[Message]) -> Iterator[Message]:
    """The first messages, as far as the limits go."""
    room = CONVERSATION_CHARACTERS
    for message in messages[:CONVERSATION_MESSAGES]:
        if room <= 0:
            return
        text = _cut(message.text, min(room, MESSAGE_CHARACTERS))
        room -= len(text)
        yield message if text is message.text else replace(message, text=text)


def _cut(text: str, most: int) -> str:
    """At most so many characters of a text; what is cut ends between two words if it can."""
    if len(text) <= most:
        return text
    gap = max(text.rfind(mark, max(1, most - _REACH), most) for mark in " \n")
    return text[: gap if gap > 0 else most]


def _without_repeats(messages: tuple[Message, ...]) -> list[Message]:
    seen: set[str] = set()
    fresh = []
    for message in messages:
        if message.id and message.id in seen:
            continue
        seen.add(message.id)
        fresh.append(message)
    return fresh


def _by_time(messages: list[Message]) -> tuple[Message, ...]:
    latest = _BEGINNING
    keyed = []
    for position, message in enumerate(messages):
        when = message.sent_at or latest
        latest = when
        keyed.append((when, position, message))
    return tuple(message for _, _, message in sorted(keyed, key=lambda item: item[:2]))
