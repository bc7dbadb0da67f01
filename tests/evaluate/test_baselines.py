"""What a confidence has to beat: the same entities, no conversation judged by a fit that saw it."""

from __future__ import annotations

import random

import pytest

from earmark.confidence.features import FEATURES
from earmark.confidence.heuristic import heuristic_confidence
from earmark.confidence.logistic import probability_of
from earmark.evaluate.baselines import Sighted, baselines
from earmark.model import ISSUE, PRODUCT, Entity, Mention, Score, Sender


def sighted(
    number: int, odds: float | None, *, right: bool, text: str = "my router", label: str = PRODUCT
) -> Sighted:
    capped = None if odds is None else min(odds, 8.0)  # as the features have it
    told = {} if odds is None else {"inside": probability_of(odds)}
    mention = Mention(0, 0, len(text), text, label, "model", Sender.CUSTOMER, evidence=told)
    entity = Entity(label, f"e{number}", text, Score(0.5, "probability"), (mention,))
    values = dict.fromkeys(FEATURES, 0.0) | {"model": capped, "length": float(len(text))}
    return Sighted(f"c{number // 2}", entity, values, right)


def drawn(size: int = 2000) -> list[Sighted]:
    """Entities of which the model's own number is too sure by half."""
    chance = random.Random(1)
    found = []
    for number in range(size):
        odds = chance.uniform(-6, 6)
        found.append(sighted(number, odds, right=chance.random() < probability_of(odds / 3)))
    return found


def test_isotonic_mends_what_the_model_claims_and_cannot_tell_more() -> None:
    known = baselines(drawn())
    model, isotonic = known["model"], known["isotonic"]
    assert model.ece is not None
    assert isotonic.ece is not None
    assert isotonic.ece < 0.05 < model.ece
    assert isotonic.auroc == pytest.approx(model.auroc, abs=0.02)


def test_isotonic_takes_those_of_one_probability_together() -> None:
    """Models saturate: among hundreds at the top, the last that was learned says no more than the first."""
    chance = random.Random(3)
    top = [sighted(n, 7.0, right=chance.random() < 0.7) for n in range(1000)]
    rest = [sighted(n, -3.0, right=chance.random() < 0.1) for n in range(1000, 1200)]
    known = baselines([*rest, *sorted(top, key=lambda each: each.right)])["isotonic"]
    assert known.ece is not None
    assert known.ece < 0.05
    assert known.bins[-1].count == 0


def test_isotonic_has_levels_of_its_own_for_each_label() -> None:
    """As the confidence has: a label that is always right is not held down by one that never is."""
    found = [sighted(n, 1.0, right=True) for n in range(100)]
    found += [sighted(n, 1.0, right=False, label=ISSUE) for n in range(100)]
    assert baselines(found)["isotonic"].auroc == 1.0


def test_the_models_own_number_is_taken_as_it_is() -> None:
    """Not as the features hold it, which stop where more makes no difference."""
    found = [sighted(n, 8.0 + n, right=n > 2) for n in range(6)]
    assert baselines(found)["model"].auroc == 1.0


def test_the_look_alone_tells_nothing_where_all_look_the_same() -> None:
    known = baselines(drawn())["surface"]
    assert known.auroc == pytest.approx(0.5, abs=0.05)


def test_the_heuristic_is_the_contracts_formula() -> None:
    known = baselines([sighted(0, None, right=True, text="Nimbus X200")])
    assert known["heuristic"].bins[-1].mean == heuristic_confidence("Nimbus X200")


def test_without_a_models_number_there_is_no_baseline_of_it() -> None:
    found = [sighted(n, None, right=n % 2 == 0) for n in range(20)]
    assert set(baselines(found)) == {"heuristic", "surface"}


def test_nothing_found_is_no_failure() -> None:
    assert all(each.count == 0 for each in baselines([]).values())


@pytest.mark.parametrize("name", ["isotonic", "surface"])
def test_no_fit_sees_the_conversation_that_it_judges(name: str) -> None:
    """A fit that saw them would follow labels that are pure chance; crosswise it cannot."""
    chance = random.Random(2)
    blind = [
        sighted(n, chance.uniform(-6, 6), right=chance.random() < 0.5, text="x" * chance.randint(3, 30))
        for n in range(600)
    ]
    known = baselines(blind)[name]
    assert known.auroc is not None
    assert known.auroc < 0.56
