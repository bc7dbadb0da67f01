"""Pairs are one to one, as many as can be, within a message and a label."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.evaluate.matching import exact, matching, overlap, pair_spans
from earmark.gold import GoldSpan
from earmark.model import ISSUE, PRODUCT


def at(start: int, end: int, label: str = PRODUCT, index: int = 0) -> GoldSpan:
    return GoldSpan(index, start, end, label)


@pytest.mark.parametrize(
    ("gold", "found", "overlaps", "exacts"),
    [
        ([], [], {}, {}),
        ([at(0, 5)], [], {}, {}),
        ([at(0, 5)], [at(0, 5)], {0: 0}, {0: 0}),
        ([at(0, 5)], [at(4, 9)], {0: 0}, {}),
        ([at(0, 5)], [at(5, 9)], {}, {}),  # they touch, and share nothing
        ([at(0, 5)], [at(0, 5, ISSUE)], {}, {}),
        ([at(0, 5)], [at(0, 5, index=1)], {}, {}),
        ([at(0, 5), at(6, 9)], [at(0, 9)], {0: 0}, {}),  # one prediction over two is right once
        ([at(0, 9)], [at(0, 2), at(3, 9)], {0: 1}, {}),  # two predictions in one: the likest
        ([at(0, 5)], [at(0, 6), at(0, 5)], {0: 1}, {0: 1}),
        ([at(0, 5), at(6, 9)], [at(4, 9), at(0, 1)], {0: 1, 1: 0}, {}),
        ([at(0, 4), at(5, 9)], [at(3, 9), at(8, 12)], {0: 0, 1: 1}, {}),  # a dearer partner is given up
        ([at(0, 5), at(0, 5, index=1)], [at(0, 5, index=1)], {1: 0}, {1: 0}),
        ([at(0, 5), at(0, 5)], [at(0, 5)], {0: 0}, {0: 0}),
    ],
)
def test_pairs(
    gold: list[GoldSpan], found: list[GoldSpan], overlaps: dict[int, int], exacts: dict[int, int]
) -> None:
    assert pair_spans(gold, found, overlap) == overlaps
    assert pair_spans(gold, found, exact) == exacts


def test_likeness_is_the_shared_part_of_both() -> None:
    assert overlap(at(0, 4), at(2, 8)) == 2 / 8
    assert overlap(at(0, 4), at(0, 4)) == 1.0
    assert overlap(at(0, 4), at(4, 8)) == 0.0


Edges = list[list[int]]
edges = st.lists(st.lists(st.integers(0, 4), unique=True, max_size=5), max_size=5)


def most(edges: Edges) -> int:
    """The size of the best matching, by trying every way to hand out the five partners."""
    return max(
        sum(partner in wanted for wanted, partner in zip(edges, order, strict=False))
        for order in permutations(range(5))
    )


@given(edges)
def test_no_matching_is_larger_and_no_partner_is_shared(edges: Edges) -> None:
    pairs = matching(edges)
    assert all(pairs[one] in edges[one] for one in pairs)
    assert len(set(pairs.values())) == len(pairs) == most(edges)


@given(edges, st.integers(0, 5))
def test_the_first_get_what_they_would_get_alone(edges: Edges, size: int) -> None:
    together = [one for one in matching(edges) if one < size]
    assert len(together) == most(edges[:size])


def test_long_chains_need_no_deep_stack() -> None:
    chain = [[n, n + 1] for n in range(3000)] + [[0]]
    assert len(matching(chain)) == 3001
