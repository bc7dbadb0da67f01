"""The logistic model: it learns what there is, keeps to its prior where there is little, and never rewards doubt."""

from __future__ import annotations

import math
import random

import pytest

from earmark.confidence.features import FEATURES, Values
from earmark.confidence.fit import FEW, fit_logistic
from earmark.confidence.logistic import START, Logistic, Term, probability_of


def seen(**about: float | None) -> Values:
    return dict.fromkeys(FEATURES, 0.0) | about


def drawn(size: int, seed: int = 1, slope: float = 1.0) -> tuple[list[Values], list[bool]]:
    """Candidates whose log-odds of being right are `slope` times what the model says."""
    chance = random.Random(seed)
    odds = [chance.uniform(-4, 4) for _ in range(size)]
    return [seen(model=each) for each in odds], [
        chance.random() < probability_of(slope * each) for each in odds
    ]


def test_what_the_labels_say_is_learned() -> None:
    model = fit_logistic(*drawn(3000))
    for odds in (-3.0, 0.0, 2.0):
        assert model.probability(seen(model=odds)) == pytest.approx(probability_of(odds), abs=0.05)


def test_the_same_labels_give_the_same_model() -> None:
    assert fit_logistic(*drawn(200)) == fit_logistic(*drawn(200))


def test_a_surer_model_never_makes_an_entity_less_likely() -> None:
    """Labels that say the opposite are noise: no weight is turned round by them."""
    model = fit_logistic(*drawn(500, slope=-1.0))
    assert model.terms["model"].weight == 0.0


def test_few_labels_stay_with_the_prior_and_many_leave_it() -> None:
    prior = fit_logistic(*drawn(3000))
    few = fit_logistic(*drawn(8, seed=2, slope=0.2), prior=prior)
    many = fit_logistic(*drawn(3000, seed=2, slope=0.2), prior=prior)
    weights = [each.terms["model"].weight for each in (prior, few, many)]
    assert weights[0] - weights[1] < weights[1] - weights[2]
    assert weights[2] < weights[0] / 2


def test_only_what_may_be_learned_moves() -> None:
    prior = fit_logistic(*drawn(500))
    values, right = drawn(400, seed=3, slope=0.1)
    told = [dict(value) | {"customer": float(each)} for value, each in zip(values, right, strict=True)]
    model = fit_logistic(told, right, prior=prior, learned=FEW)
    moved = {name for name, term in model.terms.items() if term != prior.terms[name]}
    assert "model" in moved
    assert moved <= set(FEW)


def test_what_is_absent_has_a_weight_of_its_own() -> None:
    values = [seen(match=None)] * 300 + [seen(match=1.0)] * 300
    right = [n % 4 == 0 for n in range(300)] + [n % 4 > 0 for n in range(300)]
    model = fit_logistic(values, right)
    assert model.probability(seen(match=None)) == pytest.approx(0.25, abs=0.03)
    assert model.probability(seen(match=1.0)) == pytest.approx(0.75, abs=0.03)


def test_the_parts_of_an_explanation_add_up_to_the_log_odds() -> None:
    model = Logistic(-1.0, {"model": Term(2.0, 1.0, 4.0), "match": Term(1.0, absent=-0.5)})
    parts = model.parts(seen(model=3.0, match=None))
    assert parts == {START: -1.0, "model": 1.0, "match": -0.5}
    assert model.probability(seen(model=3.0, match=None)) == pytest.approx(1 / (1 + math.exp(0.5)))


@pytest.mark.parametrize("odds", [-1e6, -30.0, 0.0, 30.0, 1e6])
def test_no_log_odds_overflow(odds: float) -> None:
    assert 0.0 <= probability_of(odds) <= 1.0
