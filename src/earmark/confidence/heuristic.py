"""The interactions contract's confidence heuristic: a number from the look of a name alone."""

from __future__ import annotations

_STOP_WORDS = frozenset({"the", "a", "an", "is", "are", "was", "were", "in", "on", "at", "to", "for"})
_FULL_LENGTH = 15
_CAPITAL_BONUS = 0.2


def heuristic_confidence(text: str) -> float:
    """Return a value in [0, 1], rounded to 2 places: longer is better, stop words worse, a capital a bonus.

    It is evidence, not a probability. Texts of fewer than 3 characters get 0.0.
    """
    if len(text) < 3:
        return 0.0
    words = text.lower().split()
    stops = sum(word in _STOP_WORDS for word in words) / len(words) if words else 0.0
    base = min(1.0, len(text) / _FULL_LENGTH * (1 - stops))
    bonus = _CAPITAL_BONUS if text[0].isupper() else 0.0
    return round(min(1.0, base + bonus), 2)
