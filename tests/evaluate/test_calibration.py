"""ECE, Brier and AUROC against numbers that were worked out by hand."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.evaluate.calibration import Claim, calibration

YES, NO = True, False


@pytest.mark.parametrize(
    ("claims", "ece", "brier", "auroc"),
    [
        ([(1.0, YES)], 0.0, 0.0, None),
        ([(1.0, NO)], 1.0, 1.0, None),
        ([(0.75, YES)], 0.25, 0.0625, None),
        # one bin: mean .75, share .5
        ([(0.75, YES), (0.75, NO)], 0.25, (0.0625 + 0.5625) / 2, 0.5),
        # two bins: (2 × |.25 − 0| + 2 × |.95 − 1|) / 4
        ([(0.25, NO), (0.25, NO), (0.95, YES), (0.95, YES)], 0.15, (2 * 0.0625 + 2 * 0.0025) / 4, 1.0),
        # one bin again, mean .85, share .5; the wrong one stands above the right one
        ([(0.8, YES), (0.9 - 1e-9, NO)], 0.35, (0.04 + 0.81) / 2, 0.0),
        # right .9 and .4, wrong .4 and .1: .9 beats both, .4 ties one and beats one: 3.5 of 4
        ([(0.9, YES), (0.4, YES), (0.4, NO), (0.1, NO)], None, None, 0.875),
    ],
)
def test_by_hand(claims: list[Claim], ece: float | None, brier: float | None, auroc: float | None) -> None:
    known = calibration(claims)
    assert known.count == len(claims)
    if ece is not None:
        assert known.ece == pytest.approx(ece, abs=1e-8)
        assert known.brier == pytest.approx(brier, abs=1e-8)
    assert known.auroc == (None if auroc is None else pytest.approx(auroc))


def test_of_nothing_nothing_is_known() -> None:
    known = calibration([])
    assert (known.count, known.ece, known.brier, known.auroc) == (0, None, None, None)
    assert all((b.count, b.mean, b.share_right) == (0, None, None) for b in known.bins)


def test_bins_are_ten_closed_below_and_the_last_above_too() -> None:
    known = calibration([(0.0, NO), (0.1, NO), (0.19, YES), (0.9, YES), (1.0, YES)])
    assert [b.count for b in known.bins] == [1, 2, 0, 0, 0, 0, 0, 0, 0, 2]
    assert (known.bins[1].low, known.bins[1].high) == (0.1, 0.2)
    assert [known.bins[n].mean for n in (1, 9)] == pytest.approx([0.145, 0.95])
    assert [known.bins[n].share_right for n in (1, 9)] == [0.5, 1.0]


claims = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


@given(claims, st.randoms())
def test_figures_are_fractions_and_know_no_order(claims: list[Claim], random: Random) -> None:
    known = calibration(claims)
    for figure in (known.ece, known.brier, known.auroc):
        assert figure is None or 0 <= figure <= 1
    shuffled = list(claims)
    random.shuffle(shuffled)
    again = calibration(shuffled)
    assert again.auroc == known.auroc
    assert again.ece == pytest.approx(known.ece)


@given(claims)
def test_turning_every_outcome_round_turns_auroc_round(claims: list[Claim]) -> None:
    known = calibration(claims).auroc
    turned = calibration([(claim, not right) for claim, right in claims]).auroc
    assert (known is None) == (turned is None)
    if known is not None and turned is not None:
        assert known + turned == pytest.approx(1.0)
