"""Numbers in words."""

from __future__ import annotations


def count(number: int, one: str) -> str:
    """A number with its noun: "1 product", "1,200 products"."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def percent(share: float) -> str:
    """A share of 1 as it was set or measured: "95 %", "95.12 %"."""
    return f"{100 * share:.4g} %"


def span(seconds: float) -> str:
    """A duration for people: "0.8 s", "42 s", "3 min 05 s", "2 h 07 min"."""
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
