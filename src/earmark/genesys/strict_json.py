"""JSON without Python's leniency: no NaN, no infinities, no endless numbers, no repeated keys, no deep nesting."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import NoReturn

from earmark.model import Json

DEEPEST = 100
"""Levels of nesting; what is read is also sent and kept by code that recurses, with less room than a parser."""

_LARGEST = 2**63


def parse(text: str) -> Json:
    """Parse one JSON document.

    Raises:
        ValueError: With a text that quotes nothing of the document.
    """
    try:
        value: Json = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_integer,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(value)
    return value


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _children(node: Json) -> Iterable[Json]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= 20 else _LARGEST
    if not -_LARGEST <= number < _LARGEST:
        raise ValueError("a number is out of range")
    return number


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object repeats a key")
    return found
