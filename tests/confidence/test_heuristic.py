"""The contract's confidence formula, value by value."""

from __future__ import annotations

import pytest

from earmark.confidence.heuristic import heuristic_confidence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0.0),
        ("TV", 0.0),
        ("   ", 0.2),
        ("abc", 0.2),
        ("Abc", 0.4),
        ("IBM", 0.4),
        ("router", 0.4),
        ("Router", 0.6),
        ("refrigerator", 0.8),
        ("Refrigerators!!", 1.0),
        ("the printer is on", 0.25 * 17 / 15),
        ("The Printer", 0.57),
        ("THE", 0.2),
        ("charged twice by the shop", 1.0),
        ("a an the in on at to for is are", 0.0),
    ],
)
def test_follows_the_formula(text: str, expected: float) -> None:
    """Length over 15, times the share that is no stop word, plus 0.2 for a capital, capped and rounded."""
    assert heuristic_confidence(text) == round(expected, 2)
