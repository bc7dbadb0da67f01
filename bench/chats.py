"""The sandbox's own chats, as many as are wanted, each with an id and a wording of its own.

Numbers are drawn anew everywhere, and outside of the annotated products and issues one word in ten becomes an
invented one. So most messages of substance are new to the message cache, short ones ("Yes please") repeat as they
do in life, and the vocabulary keeps growing.
"""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from earmark.sandbox import default_conversations

_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[a-z]{4,}")


def chats(count: int) -> Iterator[dict[str, Any]]:
    """Yield seeds for `Sandbox`, the same ones each time; without the demo's edge cases."""
    originals = [seed for seed in default_conversations() if seed["source"] != "edges"]
    draw = random.Random(1)
    for number in range(count):
        seed = originals[number % len(originals)]
        messages = [_reworded(message, draw) for message in seed["messages"]]
        yield seed | {"id": f"bench-{number:06}", "messages": messages}


def write(count: int, path: Path) -> Path:
    """Write them as a JSONL file and return its path."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(chat) + "\n" for chat in chats(count))
    return path


def _reworded(message: dict[str, Any], draw: random.Random) -> dict[str, str]:
    parts, last = [], 0
    for span in sorted(message["spans"], key=lambda span: int(span["start"])):
        parts += [_WORD.sub(lambda word: _other(word[0], draw), message["text"][last : span["start"]])]
        parts += [message["text"][max(last, span["start"]) : span["end"]]]
        last = max(last, span["end"])
    parts += [_WORD.sub(lambda word: _other(word[0], draw), message["text"][last:])]
    text = _NUMBER.sub(lambda number: _digits(len(number[0]), draw), "".join(parts))
    return {"sender": message["sender"], "text": text}


def _other(word: str, draw: random.Random) -> str:
    if draw.random() >= 0.1:
        return word
    return "".join(draw.choices(string.ascii_lowercase, k=len(word)))


def _digits(length: int, draw: random.Random) -> str:
    return "".join(draw.choices(string.digits, k=length))
