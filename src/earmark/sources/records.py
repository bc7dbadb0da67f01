"""Plain records (parsed JSON, table rows) → conversations, with a clear word about what is wrong with one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from earmark.model import Conversation, Listing, Message, Sender

SENDERS = {
    "customer": Sender.CUSTOMER,
    "user": Sender.CUSTOMER,
    "visitor": Sender.CUSTOMER,
    "external": Sender.CUSTOMER,
    "agent": Sender.AGENT,
    "internal": Sender.AGENT,
    "bot": Sender.BOT,
    "workflow": Sender.BOT,
    "acd": Sender.BOT,
    "system": Sender.SYSTEM,
}


class BadRecordError(ValueError):
    """A record is no conversation; the message says why, without quoting its text."""


def listing(record: Any) -> Listing:
    """A record as a listing that carries its conversation.

    Accepted shapes: `{"id", "messages": [{"sender", "text"}, …]}` and `{"id", "text"}`; beside them
    `channel`, `started_at`, `ended_at`, `queue`, `language`. Everything else is ignored.

    Raises:
        BadRecordError: It has neither shape.
    """
    if not isinstance(record, Mapping):
        raise BadRecordError("not a JSON object")
    messages = _messages(record)
    conversation = Conversation(
        id=_identifier(record.get("id", record.get("conversation_id"))),
        messages=messages,
        channel=_word(record, "channel") or "unknown",
        started_at=_time(record, "started_at"),
        ended_at=_time(record, "ended_at"),
        queue=_word(record, "queue"),
        language=_word(record, "language"),
    )
    return Listing(
        id=conversation.id,
        channel=conversation.channel,
        started_at=conversation.started_at,
        ended_at=conversation.ended_at,
        queue=conversation.queue,
        revision=revision(messages),
        conversation=conversation,
    )


def revision(messages: tuple[Message, ...]) -> str:
    """A hash of what was said, by whom, in which order."""
    said = json.dumps([[message.sender.value, message.text] for message in messages])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _identifier(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadRecordError("no id")
    identifier = str(value).strip()
    if not identifier or len(identifier) > 256 or not identifier.isprintable():
        raise BadRecordError("an id that is empty, longer than 256 characters or not printable")
    return identifier


def _messages(record: Mapping[str, Any]) -> tuple[Message, ...]:
    if isinstance(record.get("messages"), list):
        return tuple(_message(number, message) for number, message in enumerate(record["messages"]))
    if isinstance(record.get("text"), str):
        return (Message("0", Sender.CUSTOMER, record["text"]),)
    raise BadRecordError("neither messages nor a text")


def _message(number: int, message: Any) -> Message:
    if not isinstance(message, Mapping):
        raise BadRecordError(f"message {number} is not an object")
    text = message.get("text")
    if text is not None and not isinstance(text, str):
        raise BadRecordError(f"message {number} has a text that is not a string")
    return Message(str(number), sender(message.get("sender"), number), text or "", _time(message, "sent_at"))


def sender(value: Any, number: int) -> Sender:
    """Who wrote message `number`; nobody named means the customer.

    Raises:
        BadRecordError: Somebody that Earmark does not know.
    """
    if value is None or value == "":
        return Sender.CUSTOMER
    known = SENDERS.get(str(value).strip().lower())
    if known is None:
        raise BadRecordError(
            f"message {number} has an unknown sender; known are {', '.join(sorted(SENDERS))}"
        )
    return known


def _word(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) and value else None


def _time(record: Mapping[str, Any], name: str) -> datetime | None:
    value = record.get(name)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadRecordError(f"{name} is no ISO 8601 time") from None
