"""Bugs that are planted to see whether the exam finds them. They exist in the examined process alone."""

from __future__ import annotations

from collections.abc import Callable

BUGS: dict[str, Callable[[], None]] = {}


def plant(name: str) -> None:
    """Put a bug into this process."""
    BUGS[name]()
