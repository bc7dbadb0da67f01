"""What a finder reports: where something personal stands, and what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What is personal about a span, the most telling first: where spans overlap the first kind is given."""

    EMAIL = "email"
    CARD = "card"
    IBAN = "iban"
    SECRET = "secret"  # noqa: S105 - the kind, not one of them
    GOVERNMENT = "government"  # a number that a state gives to a person
    BIRTH = "birth"
    PHONE = "phone"
    ID = "id"  # account, customer, order, policy, ticket, … number
    DEVICE = "device"  # MAC address
    IP = "ip"
    LINK = "link"  # with a token, an account or credentials in it
    ADDRESS = "address"
    NAME = "name"
    NUMBER = "number"  # nine digits or more of unknown meaning


class Found(NamedTuple):
    """Characters [start, end) of the text that was looked at."""

    start: int
    end: int
    kind: Kind


_RANK = {kind: rank for rank, kind in enumerate(Kind)}


def merged(found: Iterable[Found]) -> Iterator[Found]:
    """Join what overlaps, in order, so that nothing of either is left uncovered."""
    last: Found | None = None
    for each in sorted(found):
        if last is None or each.start >= last.end:
            if last is not None:
                yield last
            last = each
        else:
            kind = min(last.kind, each.kind, key=_RANK.__getitem__)
            last = Found(last.start, max(last.end, each.end), kind)
    if last is not None:
        yield last
