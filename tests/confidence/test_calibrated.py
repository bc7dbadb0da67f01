"""The calibrated scorer: a probability where it was fitted, evidence elsewhere, and no promise that does not hold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from earmark.confidence import CalibratedScorer
from earmark.confidence.calibration import Calibration, Fitted, as_dict, parse, short_hash
from earmark.confidence.certify import Certificate, Trial
from earmark.confidence.logistic import START, Logistic, Term
from earmark.errors import ConfigError
from earmark.model import ISSUE, PRODUCT, Conversation, Mention, Message, Sender

RUNNING = {"model": "toy 1.0", "model_hash": "a" * 64, "catalog": "c1", "rules": "r1", "names": "n1"}
PASSED = Trial(0.8, 300, 6, 0.961)
CERTIFICATE = Certificate(0.95, 0.95, 0.8, PASSED, None, (PASSED,), 400)
TOY = Calibration(
    labels={PRODUCT: Logistic(-1.0, {"model": Term(1.0), "length": Term(0.0, absent=0.0)})},
    made_for=RUNNING,
    fitted=Fitted(400, 1200, 800, ("webchat",), provisional=False, ids=(short_hash("known"),)),
    figures={"ece": 0.01, "brier": 0.1, "auroc": None},
    certificates={PRODUCT: CERTIFICATE},
)
CHAT = Conversation("c", (Message("0", Sender.CUSTOMER, "my router keeps dropping"),))


def mention(text: str, label: str, **about: Any) -> Mention:
    start = CHAT.messages[0].text.index(text)
    return Mention(0, start, start + len(text), text, label, "model", Sender.CUSTOMER, **about)


def claimed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the certificate for products."""
    claim: dict[str, Any] = facts["certificates"][PRODUCT]
    return claim


def test_a_fitted_label_gets_a_probability_with_its_parts() -> None:
    (score,) = CalibratedScorer(TOY, RUNNING).score(
        CHAT, [[mention("router", PRODUCT, evidence={"inside": 0.9})]]
    )
    assert (score.kind, score.value) == ("probability", 0.768)
    assert dict(score.parts) == {START: -1.0, "model": 2.197}
    assert sum(score.parts.values()) == pytest.approx(math.log(0.768 / 0.232), abs=0.01)


def test_slight_parts_are_explained_together() -> None:
    terms = {"model": Term(1.0), "customer": Term(0.04), "opens": Term(0.0), "length": Term(0.01)}
    toy = replace(TOY, labels={PRODUCT: Logistic(0.02, terms)})
    (score,) = CalibratedScorer(toy, RUNNING).score(
        CHAT, [[mention("router", PRODUCT, evidence={"inside": 0.9})]]
    )
    assert dict(score.parts) == {START: 0.02, "model": 2.197, "others": 0.06}


def test_a_label_without_a_fit_gets_evidence_and_never_a_probability() -> None:
    (score,) = CalibratedScorer(TOY, RUNNING).score(
        CHAT, [[mention("keeps dropping", ISSUE, probability=0.6)]]
    )
    assert (score.kind, score.value) == ("evidence", 0.6)


def test_a_conversation_without_candidates_needs_no_score() -> None:
    assert CalibratedScorer(TOY, RUNNING).score(CHAT, []) == []


def test_a_calibration_of_another_model_is_refused_with_both_hashes() -> None:
    with pytest.raises(ConfigError) as refused:
        CalibratedScorer(TOY, RUNNING | {"model_hash": "b" * 64})
    assert "a" * 12 in refused.value.message
    assert "b" * 12 in refused.value.message


def test_a_certificate_in_force_recommends_its_threshold() -> None:
    facts = CalibratedScorer(TOY, RUNNING).facts
    assert facts["recommended"] == {PRODUCT: 0.8}
    assert facts["kind"] == "probability"
    claim = claimed(facts)
    assert (claim["status"], claim["errors"]) == ("in force", 6)


@pytest.mark.parametrize("what", ["catalog", "rules", "names"])
def test_a_certificate_is_void_when_anything_it_was_made_for_changes(what: str) -> None:
    facts = CalibratedScorer(TOY, RUNNING | {what: "other"}).facts
    assert facts["recommended"] == {}
    claim = claimed(facts)
    assert (claim["status"], claim["reason"]) == ("void", f"changed since: {what}")


def test_a_certificate_is_void_where_its_file_does_not_say_what_it_was_made_for() -> None:
    silent = {name: value for name, value in RUNNING.items() if name != "catalog"}
    scorer = CalibratedScorer(replace(TOY, made_for=silent), RUNNING)
    assert scorer.changed == ("catalog",)
    assert scorer.facts["recommended"] == {}


def test_a_threshold_that_was_not_reached_recommends_nothing() -> None:
    failed = replace(CERTIFICATE, threshold=None, missing=40)
    facts = CalibratedScorer(replace(TOY, certificates={PRODUCT: failed}), RUNNING).facts
    assert facts["recommended"] == {}


def test_a_certificate_that_was_never_tried_has_no_figures() -> None:
    """From no test at all follows neither a bound of nothing nor how many labels are missing."""
    nothing = Trial(0.99, 0, 0, 0.0)
    untried = Certificate(0.95, 0.95, None, nothing, 59, (nothing,), 0)
    claim = claimed(CalibratedScorer(replace(TOY, certificates={PRODUCT: untried}), RUNNING).facts)
    assert (claim["status"], claim["bound"], claim["accepted"], claim["missing_labels"]) == (
        "none",
        None,
        None,
        None,
    )
    assert "too few" in claim["reason"]


def test_a_file_gives_back_what_was_written() -> None:
    again = parse(json.dumps(as_dict(TOY)), "toy.json")
    assert again == TOY
    assert again.hash == TOY.hash


def test_the_hash_changes_with_every_part() -> None:
    others = [
        replace(TOY, figures={}),
        replace(TOY, certificates={}),
        replace(TOY, made_for=RUNNING | {"catalog": "c2"}),
        replace(TOY, labels={PRODUCT: Logistic(-1.1, {})}),
    ]
    assert len({TOY.hash, *(other.hash for other in others)}) == 5


def test_it_knows_the_conversations_that_it_was_made_from() -> None:
    assert TOY.known(["known", "new"]) == 1


def spoilt(**about: Any) -> str:
    return json.dumps(as_dict(TOY) | about)


def term(**about: float) -> dict[str, Any]:
    return {"labels": {PRODUCT: {"intercept": 0.0, "terms": {"model": {"weight": 1.0} | about}}}}


def certificate(**about: Any) -> dict[str, Any]:
    return {"certificates": {PRODUCT: as_dict(TOY)["certificates"][PRODUCT] | about}}


def test_what_else_a_file_holds_changes_nothing() -> None:
    """Members that a later Earmark may add are passed over, and cannot take the place of a fact."""
    values = as_dict(TOY)
    known = parse(
        json.dumps(values | {"signed_by": "Zoë", "fitted": values["fitted"] | {"at": 1}}), "toy.json"
    )
    assert known == TOY
    figured = CalibratedScorer(replace(TOY, figures={"hash": 0.5}), RUNNING)
    calibration: Any = figured.facts["calibration"]
    assert calibration["hash"] == figured.calibration.hash


@pytest.mark.parametrize("weight", [-1e6, 1e6])
def test_the_largest_weights_still_give_a_probability(weight: float) -> None:
    terms = {"model": Term(weight, 1e6, 1e-6), "length": Term(-weight, -1e6, 1e-6)}
    toy = parse(json.dumps(as_dict(replace(TOY, labels={PRODUCT: Logistic(0.0, terms)}))), "toy.json")
    (score,) = CalibratedScorer(toy, RUNNING).score(CHAT, [[mention("router", PRODUCT)]])
    assert score.value in {0.0, 1.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no calibration"),
        ("[]", "no calibration"),
        ("{}", "no calibration"),
        ("[" * 100_000, "no calibration"),
        (spoilt(format=99), "format 99"),
        (spoilt(features=0), "features 0"),
        (spoilt(labels=[]), "damaged"),
        (spoilt(labels={PRODUCT: {"intercept": "NaN", "terms": {}}}), "damaged"),
        (spoilt(labels={PRODUCT: {"intercept": 0, "terms": {"magic": {"weight": 1}}}}), "damaged"),
        (
            spoilt(labels={PRODUCT: {"intercept": 0, "terms": {"model": {"weight": 1, "scale": 0}}}}),
            "damaged",
        ),
        (spoilt(**term(weight=1e308)), "damaged"),
        (spoilt(**term(weight=10**400)), "damaged"),
        (spoilt(**term(centre=math.nan)), "damaged"),
        (spoilt(**term(absent=math.inf)), "damaged"),
        (spoilt(**term(scale=1e-300)), "damaged"),
        (spoilt(**certificate(threshold=math.nan)), "damaged"),
        (spoilt(**certificate(threshold=2)), "damaged"),
        (spoilt(**certificate(threshold="0.5")), "damaged"),
        (spoilt(**certificate(missing=-1)), "damaged"),
        (spoilt(**certificate(reached={"threshold": 0.5})), "damaged"),
        (spoilt(figures={"ece": math.nan}), "damaged"),
        (spoilt(figures=[]), "damaged"),
        (spoilt(certificates={ISSUE: as_dict(TOY)["certificates"][PRODUCT]}), "damaged"),
        (spoilt(fitted=as_dict(TOY)["fitted"] | {"conversations": "many"}), "damaged"),
        (spoilt(certificates={PRODUCT: {}}), "damaged"),
        (spoilt(fitted=None), "damaged"),
    ],
)
def test_what_is_no_calibration_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=r"spoilt\.json") as refused:
        parse(text, "spoilt.json")
    assert says in refused.value.message
