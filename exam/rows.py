"""The fault matrix: what goes wrong, how it is brought about, and what is expected then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Check = Callable[[Path], Iterator[str]]
"""Brings a fault about in an empty folder and yields a line for everything that is not as expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case of a fault; a fault of the matrix may have several. `release` cases are left out of the small exam."""

    number: int
    fault: str
    expected: str
    check: Check
    release: bool = False
