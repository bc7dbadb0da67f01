"""Cursors: opaque, bound to one listing, and the ways in which a fault plan spoils them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

from earmark.sandbox.refusals import RefusalError

T = TypeVar("T")
SEAL_BYTES = 7  # makes most cursors end in "=", which a client must encode


def issue(scope: str, position: int, salt: int = 0) -> str:
    """Return the cursor of a position in the listing named `scope`; `salt` tells equal positions apart."""
    text = json.dumps([position, salt]).encode()
    return base64.b64encode(_seal(scope, text) + text).decode()


def position(scope: str, cursor: str) -> tuple[int, int]:
    """Return position and salt of a cursor.

    Raises:
        RefusalError: 400, it is mangled or belongs to another listing.
    """
    try:
        raw = base64.b64decode(cursor, validate=True)
    except (binascii.Error, ValueError):
        raise _foreign() from None
    seal, text = raw[:SEAL_BYTES], raw[SEAL_BYTES:]
    if seal != _seal(scope, text):
        raise _foreign()
    place, salt = json.loads(text)
    return int(place), int(salt)


def cut(
    items: Sequence[T], scope: str, cursor: str, size: int, twist: str = ""
) -> tuple[Sequence[T], str | None]:
    """Return the page at a cursor ("" for the first) and the cursor of the next one, None after the last."""
    start, salt = position(scope, cursor) if cursor else (0, 0)
    if twist == "empty_page":
        return [], issue(scope, start, salt + 1)
    if twist == "endless":
        return items[:size], issue(scope, start, salt + 1)
    if twist == "repeat_page":
        return items[max(0, start - size) : start], issue(scope, start, salt + 1)
    after = start + size
    following = issue(scope, after) if after < len(items) else None
    if twist == "repeat_cursor":
        following = cursor or issue(scope, 0)
    if twist == "bad_cursor":
        following = "c3BvaWxlZA=="
    return items[start:after], following


def _seal(scope: str, text: bytes) -> bytes:
    return sha256(f"cursor/{scope}/".encode() + text).digest()[:SEAL_BYTES]


def _foreign() -> RefusalError:
    return RefusalError(400, "The cursor is not valid for this request.")
