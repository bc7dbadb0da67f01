"""Payment cards: the prefixes and lengths of their issuers, and the check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from earmark.privacy.found import Found, Kind

_LONGEST = 19

# First and last prefix, and the lengths in use.
_ISSUERS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("300", "305", (14, 16, 17, 18, 19)),  # Diners Club
    ("3095", "3095", (14, 16, 17, 18, 19)),
    ("36", "36", (14, 15, 16, 17, 18, 19)),
    ("38", "39", (14, 16, 17, 18, 19)),
    ("6011", "6011", (16, 17, 18, 19)),  # Discover
    ("644", "659", (16, 17, 18, 19)),
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("81", "81", (16, 17, 18, 19)),
    ("60", "60", (16,)),  # RuPay
    ("82", "82", (16,)),
    ("508", "508", (16,)),
    ("2200", "2204", (16, 17, 18, 19)),  # Mir
    ("5018", "5020", (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro
    ("5038", "5038", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5893", "5893", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6304", "6304", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6759", "6763", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("506099", "506198", (16, 18, 19)),  # Verve
    ("507865", "507964", (16, 18, 19)),
    ("636297", "636297", (16,)),  # Elo
    ("636368", "636368", (16,)),
    ("637", "639", (16,)),  # InstaPayment
    ("9792", "9792", (16,)),  # Troy
)


def _by_prefix() -> dict[str, frozenset[int]]:
    known: dict[str, frozenset[int]] = {}
    for first, last, lengths in _ISSUERS:
        for number in range(int(first), int(last) + 1):
            known[str(number)] = known.get(str(number), frozenset()) | frozenset(lengths)
    return known


_LENGTHS = _by_prefix()
_PREFIXES = range(1, 1 + max(map(len, _LENGTHS)))
_SHORTEST = min(map(min, _LENGTHS.values()))
_APART = r"(?:[\W_x]|&nbsp;|</?[a-z]{1,6}>){0,5}"  # any sign, an "x", and how a web page parts words
_RUN = re.compile(rf"\d(?:{_APART}\d)*")
_GROUP = re.compile(r"\d+")


def is_card(digits: str) -> bool:
    """Whether an issuer numbers its cards so, with a check digit that fits."""
    if not any(len(digits) in _LENGTHS.get(digits[:n], ()) for n in _PREFIXES):
        return False
    from stdnum import luhn

    return bool(luhn.is_valid(digits))


def cards(text: str) -> Iterator[Found]:
    """Cards that begin and end with a group of digits, whatever separates the groups."""
    for run in _RUN.finditer(text):
        if run.end() - run.start() >= _SHORTEST:
            yield from _within([group.span() for group in _GROUP.finditer(text, *run.span())], text)


def _within(groups: list[tuple[int, int]], text: str) -> Iterator[Found]:
    for first, (start, _) in enumerate(groups):
        digits = ""
        for begin, end in groups[first : first + _LONGEST]:
            if len(digits) + end - begin > _LONGEST:
                break
            digits += text[begin:end]
            if len(digits) >= _SHORTEST and is_card(digits):
                yield Found(start, end, Kind.CARD)
