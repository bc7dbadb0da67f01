"""Precision, recall, F1 and their bootstrap intervals."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.evaluate.figures import Cell, Counts, Figures, figures

CELL = Cell("label", "", "PRODUCT", "exact")
OTHER = Cell("label", "", "ISSUE", "exact")


def of(*counts: tuple[int, int, int]) -> Figures:
    return figures([{CELL: Counts(*each)} for each in counts])[CELL]


@pytest.mark.parametrize(
    ("counts", "precision", "recall", "f1"),
    [
        ((3, 1, 2), 3 / 4, 3 / 5, 2 / 3),
        ((5, 0, 0), 1.0, 1.0, 1.0),
        ((0, 2, 3), 0.0, 0.0, 0.0),
        ((0, 0, 3), None, 0.0, 0.0),
        ((0, 2, 0), 0.0, None, 0.0),
        ((0, 0, 0), None, None, None),
    ],
)
def test_rates_by_hand_and_what_is_not_defined_is_none(
    counts: tuple[int, int, int], precision: float | None, recall: float | None, f1: float | None
) -> None:
    known = of(counts)
    for rate, expected in ((known.precision, precision), (known.recall, recall), (known.f1, f1)):
        assert rate.value == (None if expected is None else pytest.approx(expected))
        assert (rate.interval is None) == (expected is None)


def test_conversations_add_up_and_cells_stay_apart() -> None:
    known = figures([{CELL: Counts(1, 2, 3)}, {OTHER: Counts(4, 0, 0)}, {CELL: Counts(2, 0, 1)}])
    assert known[CELL].counts == Counts(3, 2, 4)
    assert known[OTHER].counts == Counts(4, 0, 0)


def test_a_cell_that_nothing_fell_into_is_there_when_asked_for() -> None:
    for rows in ([], [{CELL: Counts(1, 0, 0)}]):
        known = figures(rows, [OTHER])[OTHER]
        assert (known.counts, known.f1.value, known.f1.interval) == (Counts(), None, None)


def test_the_interval_of_independent_conversations_is_near_the_textbook() -> None:
    """80 of 100 right, one a conversation: the normal interval is .8 ± .0784."""
    known = of(*([(1, 0, 0)] * 80 + [(0, 1, 1)] * 20))
    assert known.precision.interval == pytest.approx((0.7216, 0.8784), abs=0.02)


def test_conversations_are_resampled_whole() -> None:
    """The same 80 of 100 in two conversations: between what the worse and what the better one has."""
    assert of((50, 0, 0), (30, 20, 20)).precision.interval == (0.6, 1.0)


def test_one_conversation_says_nothing_of_the_spread() -> None:
    assert of((3, 1, 0)).precision.interval == (0.75, 0.75)


rows = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30)


@given(rows)
def test_an_interval_contains_its_estimate(rows: list[tuple[int, int, int]]) -> None:
    known = of(*rows)
    for rate in (known.precision, known.recall, known.f1):
        assert rate.value is None or rate.interval is not None
        if rate.value is not None and rate.interval is not None:
            low, high = rate.interval
            assert 0 <= low <= rate.value + 1e-12
            assert rate.value - 1e-12 <= high <= 1


def test_thousands_of_conversations_take_a_moment() -> None:
    cells = [Cell("source", str(n % 50), "PRODUCT", str(n)) for n in range(300)]
    rows = [{cell: Counts(1, n % 3, n % 5) for cell in cells[n % 50 :: 50]} for n in range(3000)]
    began = time.process_time()
    figures(rows)
    assert time.process_time() - began < 5
