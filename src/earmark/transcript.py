"""Puts a conversation into the shape that extraction reads: ordered, without repeats or empty turns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from earmark.model import Conversation, Message

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def tidy(conversation: Conversation) -> Conversation:
    """Order messages by time, drop repeats of one id and turns without text.

    Messages without a time keep their place after the last timed one before them. Texts are untouched, so
    offsets into them stay valid.
    """
    spoken = [message for message in _without_repeats(conversation.messages) if message.text.strip()]
    return replace(conversation, messages=_by_time(spoken))


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
