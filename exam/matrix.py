"""All rows of the fault matrix, whichever module they are in."""

from __future__ import annotations

from functools import cache

from exam import hostile, network, system
from exam.rows import Row

NUMBERS = range(1, 35)
BY_SWEEP = {1: "point", 2: "random", 3: "power"}
"""Faults that trials bring about, by the kind of task that does."""


@cache
def rows() -> tuple[Row, ...]:
    """Every case, by number."""
    return tuple(sorted([*network.ROWS, *system.ROWS, *hostile.ROWS], key=lambda row: row.number))
