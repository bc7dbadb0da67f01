"""Bank accounts by IBAN, and the numbers that states give to people, by python-stdnum's rules (all offline)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from earmark.privacy.found import Found, Kind

_IBAN_START = re.compile(r"(?<![A-Z0-9])[A-Z][ -]?[A-Z][\W_]{0,3}\d[\W_]{0,3}\d", re.IGNORECASE)
_FOLLOWING = re.compile(r"[\W_]{0,3}([A-Z0-9])", re.IGNORECASE)
_FIELD = re.compile(r"(\d+)!")

# What it looks like, and the module that knows its check digits ("" where there are none).
_GOVERNMENT = tuple(
    (re.compile(rf"(?<![\w.-])(?:{pattern})(?![\w-])", re.IGNORECASE), module)
    for pattern, module in (
        (r"\d{3}[ -]\d{2}[ -]\d{4}", "us.ssn"),
        (r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", ""),  # GB national insurance
        (r"[A-Z]{5}\d{4}[A-Z]", "in_.pan"),
        (r"\d{4}[ -]\d{4}[ -]\d{4}", "in_.aadhaar"),
        (r"\d{8}[ -]?[A-Z]", "es.dni"),
        (r"[XYZ][ -]?\d{7}[ -]?[A-Z]", "es.nie"),
        (r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]", "it.codicefiscale"),
        (r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", "fr.nir"),
        (r"\d{6}[-+A-F]\d{3}[\dA-Y]", "fi.hetu"),
        (r"\d{6}[-+]\d{4}", "se.personnummer"),
        (r"\d{6}-\d{4}", "dk.cpr"),
        (r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf"),
        (r"\d{3}[ -]\d{3}[ -]\d{3}", "ca.sin"),
        (r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d", "mx.curp"),
        (r"\d{7}[A-W][A-IW]?", "ie.pps"),
        (r"\d{6}-[1-4]\d{6}", "kr.rrn"),
    )
)


def ibans(text: str) -> Iterator[Found]:
    """Account numbers of the length that their country gives them, with a check that holds."""
    for match in _IBAN_START.finditer(text):
        end = _iban_end(text, match.start())
        if end is not None:
            yield Found(match.start(), end, Kind.IBAN)


def _iban_end(text: str, start: int) -> int | None:
    country = "".join(re.findall(r"[A-Z]", text[start : start + 4], re.IGNORECASE)).upper()
    compact, place = "", start
    for _ in range(_iban_length(country)):
        following = _FOLLOWING.match(text, place)
        if following is None:
            return None
        compact += following[1]
        place = following.end()
    if not compact or text[place : place + 1].isalnum():
        return None
    return place if is_iban(compact) else None


@cache
def _iban_length(country: str) -> int:
    """How many characters a country's numbers have; 0 where it has none."""
    from stdnum import numdb

    fields = dict(numdb.get("iban").info(f"{country}00")).get(country)
    return 4 + sum(map(int, _FIELD.findall(fields["bban"]))) if fields else 0


def is_iban(compact: str) -> bool:
    """Whether a country has such account numbers, and the check digits fit."""
    from stdnum import iban

    return bool(iban.is_valid(compact, check_country=False))


def government_ids(text: str) -> Iterator[Found]:
    """Social security, tax and identity numbers whose form or check digits give them away."""
    for pattern, module in _GOVERNMENT:
        for match in pattern.finditer(text):
            if not module or import_module(f"stdnum.{module}").is_valid(match[0]):
                yield Found(*match.span(), Kind.GOVERNMENT)
