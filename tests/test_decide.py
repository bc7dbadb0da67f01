"""Mentions become entities with a stable identity, and the cut is where the policy says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.confidence import open_scorer
from earmark.decide import Policy, decide, entities, looks_personal, normal_form
from earmark.errors import ConfigError
from earmark.model import ISSUE, PRODUCT, Mention, Score, Sender, Verdict


def mention(text: str, label: str = PRODUCT, **about: object) -> Mention:
    known = {"message_index": 0, "start": 0, "end": len(text), "source": "rules", "sender": Sender.CUSTOMER}
    return Mention(text=text, label=label, **(known | about))  # type: ignore[arg-type]


def fixed(value: float | None) -> Score:
    return Score(value, "evidence")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("iPhone 15", "iphone  15"),
        ("ＲＸ-200", "RX-200"),
        ("won’t turn on", "WON'T TURN ON!"),
        ("Acme\u200bRouter", "AcmeRouter"),
        ("«Slack».", "«slack»"),
    ],
)
def test_spellings_of_one_name_share_a_normal_form(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"), [("X200", "X300"), ("iphone 15", "iphone 15 pro"), ("air", "hair")]
)
def test_different_names_keep_different_normal_forms(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@given(st.text())
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    once = normal_form(text)
    assert normal_form(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "jo@example.org",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "+44 1632 960 000",
        "4111\u200b111111111111",
    ],
)
def test_what_may_be_personal_never_becomes_an_entity(text: str) -> None:
    assert looks_personal(text)
    assert entities([mention(text)], lambda _: fixed(1.0)) == ()


@pytest.mark.parametrize(
    "text", ["error 98", "Galaxy S24", "0x80070643", "charged 7 times", "Windows 11 24H2"]
)
def test_model_numbers_and_error_codes_are_not_personal(text: str) -> None:
    assert not looks_personal(text)


def test_mentions_of_one_thing_are_one_entity_as_sure_as_the_surest() -> None:
    found = entities(
        [
            mention("slack", probability=0.4),
            mention("Slack", probability=0.9),
            mention("Zoom", probability=0.8),
        ],
        lambda m: fixed(m.probability),
    )
    assert [(e.name, len(e.mentions), e.score.value) for e in found] == [("slack", 2, 0.9), ("zoom", 1, 0.8)]


def test_a_catalog_id_unites_different_names_and_gives_the_name() -> None:
    linked = {"canonical_id": "prd-teams", "name": "Microsoft Teams"}
    found = entities([mention("teams", **linked), mention("ms teams", **linked)], lambda _: fixed(1.0))
    assert [(e.canonical_id, e.name, len(e.mentions)) for e in found] == [("prd-teams", "Microsoft Teams", 2)]


def test_labels_keep_equal_names_apart() -> None:
    found = entities([mention("crash"), mention("crash", ISSUE)], lambda _: fixed(1.0))
    assert {(e.label, e.canonical_id) for e in found} == {(PRODUCT, "product:crash"), (ISSUE, "issue:crash")}


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.7, Verdict.KEEP), (0.6999, Verdict.DROP), (1.0, Verdict.KEEP), (None, Verdict.DROP)],
)
def test_the_threshold_itself_is_kept_and_no_confidence_is_dropped(
    value: float | None, verdict: Verdict
) -> None:
    (decision,) = decide(entities([mention("slack")], lambda _: fixed(value)), Policy(0.7))
    assert decision.verdict is verdict


def test_a_label_may_have_a_threshold_of_its_own() -> None:
    found = entities([mention("slack"), mention("crash", ISSUE)], lambda _: fixed(0.6))
    kept = {d.entity.label for d in decide(found, Policy(0.7, {ISSUE: 0.5})) if d.verdict is Verdict.KEEP}
    assert kept == {ISSUE}


def test_decisions_are_ordered_by_confidence_then_name() -> None:
    scores = {"b": 0.9, "a": 0.9, "c": 1.0}
    found = entities([mention(name) for name in scores], lambda m: fixed(scores[m.text]))
    assert [d.entity.name for d in decide(found, Policy())] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("scorer", "about", "expected", "parts"),
    [
        ("evidence", {"evidence": {"heuristic": 0.2, "match": 0.9}}, 0.9, {"match": 0.9}),
        ("evidence", {"evidence": {"rule": 0.6}, "probability": 0.8}, 0.8, {"rule": 0.6, "model": 0.8}),
        ("evidence", {"evidence": {}}, 0.53, {"heuristic": 0.53}),
        ("heuristic", {"evidence": {"match": 1.0}}, 0.53, {"heuristic": 0.53}),
    ],
)
def test_a_score_is_evidence_and_shows_its_parts(
    scorer: str, about: dict[str, object], expected: float, parts: dict[str, float]
) -> None:
    score = open_scorer(scorer).score(mention("error 98", ISSUE, **about))
    assert (score.value, score.kind, dict(score.parts)) == (expected, "evidence", parts)


def test_an_unknown_scorer_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError) as raised:
        open_scorer("magic")
    assert raised.value.hint is not None
    assert "evidence" in raised.value.hint
