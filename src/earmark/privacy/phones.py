"""Telephone numbers, by the numbering plans of phonenumbers' own data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from earmark.privacy.found import Found, Kind

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "AU", "IN", "BR")
"""Whose national ways of writing are known without a word before them."""

_NUMBER = re.compile(
    r"(?<![\w/])(?<!\d[.,:])(?:\+[ (]?|\()?\d(?:[ ().\-/]{0,3}\d){6,16}(?![\d]|[ .\-/]?\d|[.,:]\d|[A-Za-z])"
)
_CUE = re.compile(
    r"\b(?:call|ring|text|reach|whatsapp|fax|dial|sms|contact|my number"
    r"|(?:phone|mobile|cell|tel|telephone|landline)\s?(?:number|no\b|#|:|is\b|on\b|at\b|(?=[+(]?\d[\d ()-]{6})))",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?<!\d)\d\.\d(?!\d)")
_ASKED = re.compile(r"\b(?:phone|mobile|cell|telephone|contact|callback|landline|whatsapp)\b", re.IGNORECASE)
_MOST_LOOKUPS = 50  # in one text; what comes after is taken for a number without asking
_FEWEST_NATIONAL = 9


def phones(text: str, *, expected: bool = False) -> Iterator[Found]:
    """Numbers with a country code, national ones of some regions, and seven digits after a cue.

    `text` is without dates; with `expected` no cue is needed.
    """
    cue = _CUE.search(text)
    lookups = 0
    for match in _NUMBER.finditer(text):
        if _VERSION.search(match[0]):
            continue
        digits = sum(map(str.isdigit, match[0]))
        if expected or (cue and cue.end() <= match.start()) or lookups >= _MOST_LOOKUPS:
            yield Found(*match.span(), Kind.PHONE)
            continue
        lookups += 1
        if _is_international(match[0]) or (digits >= _FEWEST_NATIONAL and _is_national(match[0])):
            yield Found(*match.span(), Kind.PHONE)


def announces_phone(text: str) -> bool:
    """Whether a word in the text leads one to expect a telephone number."""
    return bool(_CUE.search(text))


def asks_phone(text: str) -> bool:
    """Whether a message asks for a number, or announces one."""
    return "number" in text.casefold() and bool(_ASKED.search(text))


def _is_international(text: str) -> bool:
    if not text.startswith(("+", "(+", "00")):
        return False
    import phonenumbers

    try:
        number = phonenumbers.parse(text.replace("00", "+", 1) if text.startswith("00") else text, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def _is_national(text: str) -> bool:
    import phonenumbers

    strict = phonenumbers.Leniency.STRICT_GROUPING
    return any(phonenumbers.PhoneNumberMatcher(text, region, strict).has_next() for region in REGIONS)
