"""Right answers made slightly wrong: members, enums, entries of lists, and what no JSON parser should take."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from earmark.sandbox.faults import LISTS, Fault

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ENUM_NAMES = (
    "bodyType contentType direction disconnectType fileState media mediaType messageType messengerType "
    "originatingDirection originatingEntity participantPurpose purpose segmentType state status type"
)
ENUMS = frozenset(ENUM_NAMES.split())
LISTINGS = ("conversations", "entities", "results", "messages", "transcript", "messagingTranscript")
NOBODY_KNOWS = "sandboxNovelty"


def disguised(kind: str, body: bytes) -> bytes:
    """The same answer as no strict parser takes it: `kind` is bom, twice, nan or huge."""
    if kind == "bom":
        return BYTE_ORDER_MARK + body
    opening, rest = body[:1], body[1:]
    if kind != "twice":
        odd = b"NaN" if kind == "nan" else b"1e400"
        name = f'"{NOBODY_KNOWS}":'.encode() if opening == b"{" else b""
        return opening + name + odd + (b"," if rest[:1] not in {b"}", b"]"} else b"") + rest
    whole = json.loads(body)
    first = whole[0] if isinstance(whole, list) and whole else whole
    members = (
        json.dumps(dict.fromkeys(first or {NOBODY_KNOWS: 0})).encode()[1:-1]
        if isinstance(first, dict)
        else b""
    )
    end = body.rindex(b"}")
    return body[:end] + (b"," if first else members + b",") + members + body[end:]


def edited(fault: Fault, body: bytes) -> bytes:
    """The answer with a fault's edit made in it."""
    value = json.loads(body)
    if fault.kind in MEMBER_EDITS and fault.member is None:
        whole = [_outermost(fault.kind, each) for each in value] if isinstance(value, list) else None
        return _dump(_outermost(fault.kind, value) if whole is None else whole)
    return _dump(_walk(fault, value))


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode("ascii")


_DROPPED = object()


def _retyped(item: Any) -> Any:
    """Something of another type that is as much there."""
    match item:
        case str():
            return [item]
        case bool() | int() | float():
            return {"value": item}
        case list():
            return {"items": item}
    return "an object" if isinstance(item, dict) else 0


MEMBER_EDITS: dict[str, Callable[[Any], Any]] = {
    "drop": lambda _item: _DROPPED,
    "nullify": lambda _item: None,
    "retype": _retyped,
}


def _outermost(kind: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: item for name, old in value.items() if (item := MEMBER_EDITS[kind](old)) is not _DROPPED}


def _walk(fault: Fault, value: Any) -> Any:
    if isinstance(value, list):
        return [_walk(fault, item) for item in value]
    if not isinstance(value, dict):
        return value
    members = {name: _member(fault, name, item) for name, item in value.items()}
    known = {name: item for name, item in members.items() if item is not _DROPPED}
    return known | ({NOBODY_KNOWS: {"unheardOf": [1, "two"]}} if fault.kind == "invent" else {})


def _member(fault: Fault, name: str, item: Any) -> Any:
    if fault.kind in MEMBER_EDITS and name == fault.member:
        return MEMBER_EDITS[fault.kind](item)
    if name in ENUMS and isinstance(item, str) and fault.kind.endswith("_enums"):
        return None if fault.kind == "null_enums" else "BrandNewValue"
    if fault.kind in LISTS and name in LISTINGS and isinstance(item, list):
        return _listing(fault.kind, [_walk(fault, one) for one in item])
    return _walk(fault, item)


def _listing(kind: str, entries: list[Any]) -> list[Any]:
    if kind == "duplicates":
        return [one for one in entries for _ in range(2)]
    if kind == "reorder":
        return entries[::-1]
    if kind == "partial":
        return entries[::2]
    odd = (lambda _one: None) if kind == "null_items" else _failed
    return [odd(one) if place % 2 else one for place, one in enumerate(entries)]


def _failed(entry: Any) -> Any:
    """What a bulk answer has for an entry that went wrong."""
    ids = {name: value for name, value in entry.items() if name.lower().endswith("id")}
    return ids | {"errorMsg": "An unexpected error occurred.", "status": 500}
