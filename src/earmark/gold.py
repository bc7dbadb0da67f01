"""Reads labelled conversations: the gold that evaluation measures against and training learns from.

JSONL, plain or gzipped, one conversation a line: {"id", "source", "channel", "messages": [{"sender", "text",
"spans": [{"start", "end", "label", "text"?, "kind"?, "full_start"?, "full_end"?}]}]}. Offsets count characters
of `text`. Reading is strict, because a label in the wrong place is worse than none; messages name the file and
the line and never quote a chat.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from earmark.errors import InputError
from earmark.model import ISSUE, PRODUCT, Conversation, Message, Sender

LABELS = (PRODUCT, ISSUE)
KINDS = ("named", "category")


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """What people marked: characters [start, end) of one message.

    `kind` tells a named product from a category; `full_start` and `full_end` bound the whole problem phrase
    where a product stands inside it.
    """

    message_index: int
    start: int
    end: int
    label: str
    kind: str | None = None
    full_start: int | None = None
    full_end: int | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A conversation and its spans, in text order. `where` is the line it was read from ("dev.jsonl:12").

    Message indices count all messages of the line. Those of `system` carry no spans.
    """

    conversation: Conversation
    source: str
    spans: tuple[GoldSpan, ...]
    where: str


@dataclass(frozen=True, slots=True)
class GoldFile:
    """A file as it was read: its name, the SHA-256 of its bytes, its conversations."""

    name: str
    sha256: str
    conversations: int


@dataclass(frozen=True, slots=True)
class Gold:
    """Everything that was read, in the order given."""

    conversations: tuple[Labelled, ...]
    files: tuple[GoldFile, ...]


class _BadLineError(ValueError):
    """What is wrong with a line; the message quotes nothing of it."""


def read_gold(paths: Sequence[Path]) -> Gold:
    """Read all files as one set.

    Raises:
        InputError: A file cannot be read or is empty, a line is no labelled conversation, an id occurs twice.
    """
    conversations: dict[str, Labelled] = {}
    files = []
    for path in paths:
        before = len(conversations)
        content = _content(path)
        for labelled in _labelled(path, content):
            identity = labelled.conversation.id
            if identity in conversations:
                first = conversations[identity].where
                raise InputError(f"{labelled.where}: the id is already used in {first}", ref=identity)
            conversations[identity] = labelled
        if len(conversations) == before:
            raise InputError(f"{path} holds no conversations", hint="one JSON object a line is expected")
        files.append(GoldFile(path.name, hashlib.sha256(content).hexdigest(), len(conversations) - before))
    return Gold(tuple(conversations.values()), tuple(files))


def _content(path: Path) -> bytes:
    """The file, read once: it may be a pipe."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def _labelled(path: Path, content: bytes) -> Iterator[Labelled]:
    for number, line in _lines(path, content):
        where = f"{path.name}:{number}"
        try:
            yield _conversation(_parsed(line), where)
        except _BadLineError as error:
            raise InputError(f"{where}: {error}", hint="docs/evaluation.md shows what a line holds") from None


def _lines(path: Path, content: bytes) -> Iterator[tuple[int, bytes]]:
    raw = io.BytesIO(content)
    try:
        for number, line in enumerate(gzip.GzipFile(fileobj=raw) if path.name.endswith(".gz") else raw, 1):
            if line.strip():
                yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path.name}: the compressed file is damaged ({type(error).__name__})") from None


def _parsed(line: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _BadLineError("not UTF-8 text") from None
    except (ValueError, RecursionError):
        raise _BadLineError("not JSON") from None
    if not isinstance(row, dict):
        raise _BadLineError("not a JSON object")
    return row


def _conversation(row: Mapping[str, Any], where: str) -> Labelled:
    rows = row.get("messages")
    if not isinstance(rows, list):
        raise _BadLineError("no list of messages")
    if rows and not any(isinstance(each, dict) and "spans" in each for each in rows):
        raise _BadLineError('not labelled: no message has "spans", which may be empty')
    messages = tuple(_message(index, each) for index, each in enumerate(rows))
    spans = [
        span
        for message, each in zip(messages, rows, strict=True)
        for span in _spans(message, each.get("spans", []))
        if message.sender is not Sender.SYSTEM
    ]
    conversation = Conversation(_identifier(row.get("id")), messages, _word(row, "channel"))
    return Labelled(conversation, _word(row, "source"), tuple(spans), where)


def _identifier(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 256 or not value.isprintable():
        raise _BadLineError("the id is no text of 1 to 256 printable characters")
    return value


def _word(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise _BadLineError(f"the {name} is no text")
    return value or "unknown"


def _message(index: int, row: Any) -> Message:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise _BadLineError(f"message {index} is no object with a text")
    if row.get("sender") not in tuple(Sender):
        raise _BadLineError(f"message {index}: the sender is none of {', '.join(Sender)}")
    return Message(str(index), Sender(row["sender"]), row["text"])


def _spans(message: Message, rows: Any) -> list[GoldSpan]:
    if not isinstance(rows, list):
        raise _BadLineError(f"message {message.id}: the spans are no list")
    spans = sorted((_span(message, row) for row in rows), key=lambda span: span.start)
    for one, other in pairwise(spans):
        if other.start < one.end:
            raise _BadLineError(f"message {message.id}: the spans at {one.start} and {other.start} overlap")
    return spans


def _span(message: Message, row: Any) -> GoldSpan:
    if not isinstance(row, dict):
        raise _BadLineError(f"message {message.id}: a span is no object")
    start, end = _extent(message, row, "start", "end")
    at = f"message {message.id}, span at {start}"
    if row.get("label") not in LABELS:
        raise _BadLineError(f"{at}: the label is none of {', '.join(LABELS)}")
    if row.get("text", message.text[start:end]) != message.text[start:end]:
        raise _BadLineError(f"{at}: its text is not what stands there")
    if row.get("kind") not in (None, *KINDS):
        raise _BadLineError(f"{at}: the kind is none of {', '.join(KINDS)}")
    full = _full_extent(message, row, start, end)
    return GoldSpan(int(message.id), start, end, row["label"], row.get("kind"), *full)


def _full_extent(
    message: Message, row: Mapping[str, Any], start: int, end: int
) -> tuple[int | None, int | None]:
    if row.get("full_start") is None and row.get("full_end") is None:
        return None, None
    first, last = _extent(message, row, "full_start", "full_end")
    if not first <= start < end <= last:
        raise _BadLineError(f"message {message.id}, span at {start}: the full extent does not hold it")
    return first, last


def _extent(message: Message, row: Mapping[str, Any], first: str, last: str) -> tuple[int, int]:
    start, end = row.get(first), row.get(last)
    if type(start) is not int or type(end) is not int:  # a bool is an int, and no offset
        raise _BadLineError(f"message {message.id}: a span without whole numbers as {first} and {last}")
    if not 0 <= start < end <= len(message.text):
        raise _BadLineError(
            f"message {message.id}: {first} {start} and {last} {end} are no part of its "
            f"{len(message.text)} characters"
        )
    return start, end
