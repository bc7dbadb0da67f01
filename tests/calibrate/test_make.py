"""A calibration out of labelled candidates: halves that never meet, honest figures, and no promise from too little."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from earmark.calibrate import Candidate, Goal, calibrate
from earmark.calibrate.make import ENOUGH, TO_CERTIFY, crossed, is_held
from earmark.confidence import CalibratedScorer
from earmark.confidence.calibration import Calibration
from earmark.confidence.features import FEATURES
from earmark.confidence.fit import FEW
from earmark.confidence.logistic import probability_of
from earmark.errors import ConfigError
from earmark.model import ISSUE, PRODUCT

MADE_FOR = {"model": "toy", "model_hash": "m"}


def candidates(conversations: int, seed: int = 1, each: int = 3) -> list[Candidate]:
    """Candidates that are right as often as the model says."""
    chance = random.Random(seed)
    found = []
    for number in range(conversations * each):
        odds = chance.uniform(-3, 6)
        values = dict.fromkeys(FEATURES, 0.0) | {"model": odds, "chosen": float(odds > 0)}
        label = (PRODUCT, ISSUE)[number % 2]
        right = chance.random() < probability_of(odds)
        found.append(Candidate(f"{seed}-{number // each}", label, f"e{number}", values, right, None, "x"))
    return found


def channels(found: list[Candidate]) -> dict[str, str]:
    return {each.conversation_id: "webchat" for each in found}


def made(found: list[Candidate], goal: Goal | None = None) -> Calibration:
    return calibrate(found, channels(found), MADE_FOR, goal=goal or Goal(0.9, 0.95), prior={})


def test_many_conversations_give_a_fit_and_certificates() -> None:
    known = made(candidates(500))
    assert set(known.labels) == {PRODUCT, ISSUE}
    assert known.figures["ece"] is not None
    assert known.figures["ece"] < 0.06
    for certificate in known.certificates.values():
        assert certificate.threshold is not None
        assert certificate.reached is not None
        assert certificate.reached.bound >= 0.9
    assert not known.fitted.provisional


def test_no_conversation_serves_both_the_fit_and_the_certificate() -> None:
    """Labels that lie in the one half change no weight that is learned from the other."""
    found = candidates(400)
    known = made(found)
    held = {c.conversations for c in known.certificates.values()}
    assert held == {400 - known.fitted.conversations}
    fit = made(found).labels
    lied = [replace(each, right=not each.right) if is_held(each.conversation_id) else each for each in found]
    assert made(lied).labels == fit


def test_the_same_labels_in_any_order_give_the_same_file() -> None:
    found = candidates(200)
    shuffled = random.Random(9).sample(found, len(found))
    assert made(found).hash == made(shuffled).hash


def test_a_certificate_covers_the_channels_that_it_was_tested_on() -> None:
    """What only the fit has seen is not promised anything."""
    found = candidates(200)
    told = {name: "webchat" if is_held(name) else "email" for name in channels(found)}
    assert calibrate(found, told, MADE_FOR, goal=Goal(), prior={}).fitted.channels == ("webchat",)
    few = candidates(20)
    told = {name: f"channel {number % 2}" for number, name in enumerate(channels(few))}
    assert calibrate(few, told, MADE_FOR, goal=Goal(), prior={}).fitted.channels == ("channel 0", "channel 1")


def test_what_only_the_fit_may_use_is_in_no_figure_and_no_certificate() -> None:
    """It moves the weights, it is owned up to, and no promise rests on it, whatever its names."""
    found, more = candidates(400), candidates(300, seed=7)
    told = calibrate(found, channels(found), MADE_FOR, goal=Goal(0.9, 0.95), prior={}, more=more)
    alone = made(found)
    assert told.labels != alone.labels
    assert (told.fitted.conversations, told.fitted.candidates) == (
        alone.fitted.conversations,
        alone.fitted.candidates,
    )
    tested = {label: each.conversations for label, each in told.certificates.items()}
    assert tested == {label: each.conversations for label, each in alone.certificates.items()}
    assert all(test.accepted <= tested[PRODUCT] for test in told.certificates[PRODUCT].tests)
    assert told.known(channels(more)) == 300


@pytest.mark.parametrize("conversations", [10, ENOUGH - 1])
def test_a_handful_of_conversations_is_provisional_and_moves_little(conversations: int) -> None:
    prior = made(candidates(500)).labels
    found = candidates(conversations, seed=2)
    known = calibrate(found, channels(found), MADE_FOR, goal=Goal(), prior=prior)
    assert known.fitted.provisional
    for label, model in known.labels.items():
        moved = {name for name, term in model.terms.items() if term != prior[label].terms[name]}
        assert moved <= set(FEW)
    assert all(c.threshold is None and c.conversations == 0 for c in known.certificates.values())


def test_below_what_a_certificate_needs_all_conversations_go_into_the_fit() -> None:
    known = made(candidates(TO_CERTIFY - 1))
    assert known.fitted.conversations == TO_CERTIFY - 1
    assert {c.threshold for c in known.certificates.values()} == {None}


def test_cross_validation_judges_each_candidate_once_and_never_with_its_own_conversation() -> None:
    found = candidates(60)
    sure = list(crossed(found, (), {}, 60))
    assert sorted(claim.entity_id for _, claim in sure) == sorted(each.entity_id for each in found)
    first = found[0].conversation_id
    lied = [replace(each, right=not each.right) if each.conversation_id == first else each for each in found]
    before = {claim.entity_id: claim.confidence for _, claim in sure if claim.conversation_id == first}
    after = {
        claim.entity_id: claim.confidence
        for _, claim in crossed(lied, (), {}, 60)
        if claim.conversation_id == first
    }
    assert before == after


def test_shuffled_labels_are_certified_in_no_more_than_one_trial_in_twenty() -> None:
    certified = 0
    for trial in range(20):
        found = candidates(TO_CERTIFY, seed=100 + trial, each=2)
        rights = [each.right for each in found]
        random.Random(trial).shuffle(rights)
        nonsense = [replace(each, right=right) for each, right in zip(found, rights, strict=True)]
        known = made(nonsense, Goal(0.95, 0.95))
        certified += any(c.threshold is not None for c in known.certificates.values())
    assert certified <= 1


def test_a_label_of_one_kind_of_outcome_is_not_fitted() -> None:
    found = [replace(each, right=True) if each.label == ISSUE else each for each in candidates(100)]
    assert set(made(found).labels) == {PRODUCT}


def test_nothing_to_fit_on_is_said() -> None:
    with pytest.raises(ConfigError, match="nothing to calibrate on"):
        calibrate([], {}, MADE_FOR, goal=Goal(), prior={})


def test_what_is_made_can_be_used() -> None:
    known = made(candidates(200))
    assert CalibratedScorer(known, MADE_FOR).facts["kind"] == "probability"
