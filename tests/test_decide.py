"""Mentions become entities with a stable identity, and the cut is where the policy says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from earmark.confidence import open_scorer
from earmark.decide import Policy, decide, entities
from earmark.errors import ConfigError
from earmark.model import (
    ISSUE,
    PRODUCT,
    Assertion,
    Conversation,
    Entity,
    Json,
    Mention,
    Score,
    Sender,
    Verdict,
)


def mention(text: str, label: str = PRODUCT, **about: object) -> Mention:
    known = {"message_index": 0, "start": 0, "end": len(text), "source": "rules", "sender": Sender.CUSTOMER}
    return Mention(text=text, label=label, **(known | about))  # type: ignore[arg-type]


class By:
    """A scorer that gives an entity what its surest mention gets."""

    name = fingerprint = "by"
    facts: Mapping[str, Json] = {}

    def __init__(self, value: Callable[[Mention], float | None]) -> None:
        self._value = value

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        values = [[self._value(mention) for mention in group] for group in groups]
        return [Score(max(known, key=lambda v: -1.0 if v is None else v), "evidence") for known in values]


def entities_of(
    mentions: Sequence[Mention], value: Callable[[Mention], float | None] = lambda _: 1.0
) -> tuple[Entity, ...]:
    return entities(Conversation("c", ()), mentions, By(value))


def test_mentions_of_one_thing_are_one_entity_as_sure_as_the_surest() -> None:
    found = entities_of(
        [
            mention("slack", probability=0.4),
            mention("Slack", probability=0.9),
            mention("Zoom", probability=0.8),
        ],
        lambda m: m.probability,
    )
    assert [(e.name, len(e.mentions), e.score.value) for e in found] == [("slack", 2, 0.9), ("zoom", 1, 0.8)]


def test_a_catalog_id_unites_different_names_and_gives_the_name() -> None:
    linked = {"canonical_id": "prd-teams", "name": "Microsoft Teams"}
    found = entities_of([mention("teams", **linked), mention("ms teams", **linked)], lambda _: 1.0)
    assert [(e.canonical_id, e.name, len(e.mentions)) for e in found] == [("prd-teams", "Microsoft Teams", 2)]


@pytest.mark.parametrize(
    ("value", "threshold", "review", "reason"),
    [
        (0.7, 0.7, 0.3, "0.70 reaches 0.70"),
        (0.91, 0.7, 0.3, "0.91 reaches 0.70"),
        (0.6974, 0.7, 0.3, "0.697 is between 0.300 and 0.700"),
        (0.7004, 0.7, 0.3, "0.7004 reaches 0.7000"),
        (0.2996, 0.7, 0.3, "0.2996 is below 0.3000"),
        (0.8, 0.735, 0.3, "0.800 reaches 0.735"),
    ],
)
def test_a_reason_shows_the_cut_as_it_is_and_the_confidence_on_its_side(
    value: float, threshold: float, review: float, reason: str
) -> None:
    (decision,) = decide(entities_of([mention("slack")], lambda _: value), Policy(threshold, review=review))
    assert decision.reason == reason


def test_labels_keep_equal_names_apart() -> None:
    found = entities_of([mention("crash"), mention("crash", ISSUE)], lambda _: 1.0)
    assert {(e.label, e.canonical_id) for e in found} == {(PRODUCT, "product:crash"), (ISSUE, "issue:crash")}


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.7, Verdict.KEEP), (0.6999, Verdict.DROP), (1.0, Verdict.KEEP), (None, Verdict.DROP)],
)
def test_the_threshold_itself_is_kept_and_no_confidence_is_dropped(
    value: float | None, verdict: Verdict
) -> None:
    (decision,) = decide(entities_of([mention("slack")], lambda _: value), Policy(0.7))
    assert decision.verdict is verdict


def test_a_label_may_have_a_threshold_of_its_own() -> None:
    found = entities_of([mention("slack"), mention("crash", ISSUE)], lambda _: 0.6)
    kept = {d.entity.label for d in decide(found, Policy(0.7, {ISSUE: 0.5})) if d.verdict is Verdict.KEEP}
    assert kept == {ISSUE}


def test_decisions_are_ordered_by_confidence_then_name() -> None:
    scores = {"b": 0.9, "a": 0.9, "c": 1.0}
    found = entities_of([mention(name) for name in scores], lambda m: scores[m.text])
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
    (score,) = open_scorer(scorer).score(Conversation("c", ()), [[mention("error 98", ISSUE, **about)]])
    assert (score.value, score.kind, dict(score.parts)) == (expected, "evidence", parts)


def test_an_unknown_scorer_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError) as raised:
        open_scorer("magic")
    assert raised.value.hint is not None
    assert "evidence" in raised.value.hint


@pytest.mark.parametrize("scorer", ["evidence", "heuristic"])
def test_what_its_finder_would_not_have_chosen_has_no_evidence(scorer: str) -> None:
    """A look at the text says nothing of a span that is probably none."""
    unsure = mention("Nimbus Router X200", unsure=True)
    (score,) = open_scorer(scorer).score(Conversation("c", ()), [[unsure]])
    assert (score.value, score.kind) == (None, "evidence")


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.7, Verdict.KEEP), (0.69, Verdict.REVIEW), (0.4, Verdict.REVIEW), (0.39, Verdict.DROP)],
)
def test_between_the_two_cuts_a_person_decides(value: float, verdict: Verdict) -> None:
    (decision,) = decide(entities_of([mention("slack")], lambda _: value), Policy(0.7, review=0.4))
    assert decision.verdict is verdict


def test_without_a_review_cut_below_the_threshold_nothing_is_left_for_review() -> None:
    (decision,) = decide(entities_of([mention("slack")], lambda _: 0.69), Policy(0.7))
    assert decision.verdict is Verdict.DROP


@pytest.mark.parametrize("assertion", Assertion)
def test_only_what_was_raised_is_kept(assertion: Assertion) -> None:
    (decision,) = decide(entities_of([mention("crash", ISSUE, assertion=assertion)]), Policy())
    raised = assertion in {Assertion.PRESENT, Assertion.RESOLVED}
    assert decision.verdict is (Verdict.KEEP if raised else Verdict.ASIDE)
    assert raised or assertion in decision.reason


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ([Assertion.PRESENT, Assertion.RESOLVED], Assertion.RESOLVED),
        ([Assertion.RESOLVED, Assertion.PRESENT], Assertion.PRESENT),
        ([Assertion.PRESENT, Assertion.HYPOTHETICAL], Assertion.PRESENT),
        ([Assertion.PRESENT, Assertion.ASKED], Assertion.PRESENT),
        ([Assertion.ASKED, Assertion.HYPOTHETICAL], Assertion.HYPOTHETICAL),
        ([Assertion.PRESENT, Assertion.NEGATED], Assertion.NEGATED),
    ],
)
def test_the_last_statement_of_a_customer_stands(said: list[Assertion], stands: Assertion) -> None:
    mentions = [mention("crash", ISSUE, message_index=n, assertion=each) for n, each in enumerate(said)]
    (found,) = entities_of(mentions[::-1])
    assert found.assertion is stands


def test_an_unsure_mention_does_not_count_beside_one_that_was_chosen() -> None:
    (found,) = entities_of([mention("slack"), mention("slack", message_index=1, unsure=True)])
    assert [each.message_index for each in found.mentions] == [0]
