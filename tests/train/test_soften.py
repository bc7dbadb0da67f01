"""The calibration says how often a span with such scores proved right."""

from __future__ import annotations

import math
import random

import pytest

from earmark.train.soften import fit_logistic


def _odds(share: float) -> float:
    return math.log(share / (1 - share))


def _said(weights: tuple[float, float, float], exact: float, anywhere: float) -> float:
    a, b, c = weights
    return 1 / (1 + math.exp(-(a + b * exact + c * anywhere)))


def test_an_overconfident_tagger_is_taken_at_the_share_that_it_gets_right() -> None:
    chance = random.Random(5)
    scores = [(3.0, 5.0)] * 2000 + [(0.0, 1.0)] * 2000
    right = [chance.random() < 0.9 for _ in range(2000)] + [chance.random() < 0.4 for _ in range(2000)]
    weights = fit_logistic(scores, right)
    assert _said(weights, 3.0, 5.0) == pytest.approx(sum(right[:2000]) / 2000, abs=0.01)
    assert _said(weights, 0.0, 1.0) == pytest.approx(sum(right[2000:]) / 2000, abs=0.01)


def test_without_examples_the_tagger_keeps_its_own_word() -> None:
    assert fit_logistic([], []) == (0.0, 0.0, 1.0)


def test_a_handful_of_right_answers_does_not_make_it_certain() -> None:
    weights = fit_logistic([(0.0, _odds(0.8))] * 3, [True] * 3)
    assert 0.8 < _said(weights, 0.0, _odds(0.8)) < 0.97
