"""Everything personal in one text: a cheap look first, then the finders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from earmark.privacy.accounts import government_ids, ibans
from earmark.privacy.cards import cards
from earmark.privacy.fold import Folded, fold
from earmark.privacy.found import Found, Kind, merged
from earmark.privacy.numbers import (
    answered_identifiers,
    asks_identifier,
    identifiers,
    numbers,
    without_dates,
)
from earmark.privacy.online import PROVIDERS, emails, links, network_addresses, secrets
from earmark.privacy.people import (
    answered_births,
    answered_names,
    asks_birth,
    asks_name,
    births,
    names,
    streets,
)
from earmark.privacy.phones import asks_phone, phones

_SIGNS = re.compile(
    r"[\d@\u00ad\u00b2\u00b3\u00b9\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2070-\u2089"
    r"\u2460-\u24ff\u2776-\u2793\u3164\ufe6b\ufeff\uff01-\uff5e\uffa0\U0001d400-\U0001d7ff\U000e0000-\U000e007f]"
)
_WORDS = (
    *(
        "name",
        "speaking",
        "chatting with",
        "dot",
        "://",
        "www.",
        "bearer",
        "eyj",
        "akia",
        "live_",
        "test_",
    ),
    *(f"{provider}." for provider in PROVIDERS),
)
_BRACKETED_AT = re.compile(r"[(\[{<]\s?at\s?[)\]}>]")
_ASKING = ("number", "ref", "name", "birth", "born", "dob", " id", "no.", "code", "#", "phone")
_DIGIT = re.compile(r"\d")
_FEW_DIGITS = 4
_ANSWER_CHARACTERS = 80
_ASKS = (
    (asks_identifier, Kind.ID),
    (asks_phone, Kind.PHONE),
    (asks_name, Kind.NAME),
    (asks_birth, Kind.BIRTH),
)


def is_suspicious(text: str) -> bool:
    """Whether a text could hold anything that `found_in` finds; costs microseconds."""
    if _SIGNS.search(text):
        return True
    lowered = text.lower()
    return any(word in lowered for word in _WORDS) or bool(_BRACKETED_AT.search(lowered))


def found_in(text: str, expected: frozenset[Kind] = frozenset()) -> tuple[Found, ...]:
    """What is personal in a text, by its own characters, joined where it overlaps, in order.

    `expected` is what the messages before it ask for or announce.
    """
    if not (expected or is_suspicious(text)):
        return ()
    folded = fold(text)
    return tuple(merged(_original(folded, found) for found in _found(folded.text, expected)))


def asked_in(text: str) -> frozenset[Kind]:
    """What a message asks for or announces."""
    lowered = text.lower()
    if not any(word in lowered for word in _ASKING):
        return frozenset()
    return frozenset(kind for asks, kind in _ASKS if asks(text))


def _original(folded: Folded, found: Found) -> Found:
    return Found(*folded.original(found.start, found.end), found.kind)


def _found(text: str, expected: frozenset[Kind]) -> Iterator[Found]:
    yield from emails(text)
    yield from links(text)
    yield from secrets(text)
    yield from names(text)
    if sum(map(str.isdigit, text)) >= _FEW_DIGITS:
        yield from _numeric(text, expected)
    if _DIGIT.search(text):
        yield from identifiers(text)
        yield from births(text)
        yield from streets(text)
    if expected and len(text) <= _ANSWER_CHARACTERS:
        yield from _answers(text, expected)


def _numeric(text: str, expected: frozenset[Kind]) -> Iterator[Found]:
    yield from ibans(text)
    yield from government_ids(text)
    yield from network_addresses(text)
    undated = without_dates(text)
    yield from cards(undated)
    yield from numbers(undated)
    answers = Kind.PHONE in expected and len(text) <= _ANSWER_CHARACTERS
    yield from phones(undated, expected=answers)


def _answers(text: str, expected: frozenset[Kind]) -> Iterator[Found]:
    if Kind.ID in expected:
        yield from answered_identifiers(without_dates(text))
    if Kind.NAME in expected:
        yield from answered_names(text)
    if Kind.BIRTH in expected:
        yield from answered_births(text)
