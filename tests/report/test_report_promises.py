"""What a report promises of its confidences: exactly what the scorer said, and never more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.report.runs import CONFIDENCE, RUN, counted_run, judged_run

from earmark.model import ISSUE, PRODUCT, Json
from earmark.report import build, to_json
from earmark.report.promises import promises

IN_FORCE: Mapping[str, Json] = {
    "status": "in force", "target": 0.95, "assurance": 0.95, "threshold": 0.81, "bound": 0.951,
    "accepted": 312, "errors": 6,
}  # fmt: skip


def said(certificate: Mapping[str, Json] | None, kind: str = "probability", **facts: Any) -> str:
    """What is said of products."""
    certificates: dict[str, Json] = {} if certificate is None else {PRODUCT: dict(certificate)}
    confidence: dict[str, Json] = {"kind": kind, "certificates": certificates}
    return promises(judged_run(**({"confidence": confidence, "review": {}} | facts)))[PRODUCT]


KEPT = "PRODUCT: kept at 0.81 and above"
PROMISE = "at least 95 % right, with 95 % assurance (312 checked, 6 wrong)"


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        (IN_FORCE, PROMISE),
        ({**IN_FORCE, "channels": ["webchat", "whatsapp"]}, PROMISE),
        (
            {**IN_FORCE, "channels": ["webchat"]},
            f"{PROMISE}; 2 conversations not covered: certified for webchat alone",
        ),
        (
            {**IN_FORCE, "channels": ["email", "sms"]},
            f"{PROMISE}; 12 conversations not covered: certified for email and sms alone",
        ),
        ({"status": "in force"}, "certified"),
        ({"status": "in force", "target": 0.975}, "at least 97.5 % right"),
        (
            {**IN_FORCE, "threshold": 0.9},
            "its certificate is for 0.9 and promises nothing at this cut",
        ),
        (
            {"status": "void", "reason": "the catalog has changed"},
            "its certificate is void: the catalog has changed",
        ),
        (
            {"status": "not reached", "bound": 0.9123, "accepted": 210, "errors": 11, "missing_labels": 120},
            "its goal was not reached, the labels show at least 91.23 % (210 checked, 11 wrong), 120 labels missing",
        ),
        ({"status": "none"}, "no certificate"),
        ({"status": "none", "reason": "too few labels"}, "no certificate: too few labels"),
        ({}, "no certificate"),
        (None, "no certificate"),
        ({"status": "expired"}, "its certificate is expired"),
    ],
)
def test_each_state_of_a_certificate_has_its_sentence(
    certificate: Mapping[str, Json] | None, sentence: str
) -> None:
    assert said(certificate) == f"{KEPT}; {sentence}."


def test_evidence_promises_nothing_whatever_else_is_there() -> None:
    assert said(IN_FORCE, kind="evidence") == f"{KEPT}; uncalibrated evidence, no probability."
    earlier = promises(counted_run())
    assert earlier[ISSUE] == "ISSUE: kept at 0.7 and above; uncalibrated evidence, no probability."


@pytest.mark.parametrize(("review", "part"), [(0.55, ", for review from 0.55 on"), (0.81, ""), (0.9, "")])
def test_a_review_cut_is_told_where_there_is_a_band(review: float, part: str) -> None:
    assert said(None, review={PRODUCT: review}) == f"{KEPT}{part}; no certificate."


@pytest.mark.parametrize(
    "confidence",
    [
        {"certificates": "all fine"},
        {"certificates": {PRODUCT: "in force"}},
        {"certificates": {PRODUCT: {"status": ["in force"], "target": "high", "channels": "webchat"}}},
        {
            "certificates": {
                PRODUCT: {"status": "void", "accepted": True, "errors": 1.5, "bound": float("nan")}
            }
        },
        {"kind": 7, "calibration": [], "recommended": None},
    ],
)
def test_ill_typed_parts_are_left_out_and_never_turned_into_a_promise(confidence: Mapping[str, Json]) -> None:
    report = judged_run(confidence=confidence)
    assert not any("right" in sentence or "checked" in sentence for sentence in promises(report).values())
    for certificate in report.certificates:
        assert (certificate.target, certificate.accepted, certificate.errors) == (None, None, None)


def test_a_label_that_only_the_certificate_names_is_told_too() -> None:
    report = build(RUN, [], [])
    assert list(promises(report)) == [PRODUCT, ISSUE]
    certificates: dict[str, Json] = {"PLAN": dict(IN_FORCE)}
    told = promises(judged_run(confidence={"kind": "probability", "certificates": certificates}))
    assert told["PLAN"] == f"PLAN: kept at 0.81 and above; {PROMISE}."


def test_the_json_holds_the_sentences_the_certificates_and_what_the_scorer_said() -> None:
    confidence = json.loads(json.dumps(to_json(judged_run())["confidence"]))
    assert confidence["facts"] == CONFIDENCE
    assert confidence["scorer_kind"] == "probability"
    assert confidence["promises"][PRODUCT].endswith(
        "2 conversations not covered: certified for webchat alone."
    )
    product, issue = confidence["certificates"]
    assert (product["label"], product["bound"], product["not_covered"]) == (PRODUCT, 0.951, 2)
    assert (issue["status"], issue["target"], issue["channels"]) == ("not reached", None, [])
