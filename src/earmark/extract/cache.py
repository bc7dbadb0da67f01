"""Remembers what was found in a message: canned lines and greetings repeat."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")
_LONGEST_KEY = 2_000  # characters; long messages do not repeat, and their keys would fill the memory


class MessageCache(Generic[Value]):
    """The most recently used results by text, at most `size` of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: OrderedDict[str, Value] = OrderedDict()

    def get(self, text: str) -> Value | None:
        value = self._known.get(text)
        if value is not None:
            self._known.move_to_end(text)
        return value

    def put(self, text: str, value: Value) -> None:
        if len(text) > _LONGEST_KEY or self._size < 1:
            return
        self._known[text] = value
        self._known.move_to_end(text)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
