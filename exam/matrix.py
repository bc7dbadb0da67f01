"""All rows of the fault matrix, whichever module they are in."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from exam.rows import Row

ROOMS = ("exam.network", "exam.system", "exam.hostile")
NUMBERS = range(1, 35)
BY_SWEEP = {1: "point", 2: "random", 3: "power"}
"""Faults that trials bring about, by the kind of task that does."""


@cache
def rows() -> tuple[Row, ...]:
    """Every case, by number."""
    found = [row for room in ROOMS if find_spec(room) for row in import_module(room).ROWS]
    return tuple(sorted(found, key=lambda row: row.number))
