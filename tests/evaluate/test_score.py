"""Counts of single conversations, worked out by hand."""

from __future__ import annotations

import pytest
from tests.evaluate.cases import case, chat, gold_span, labelled, mention

from earmark.evaluate.figures import Cell, Counts
from earmark.evaluate.score import Scored, score
from earmark.model import ISSUE, PRODUCT, Conversation, Message, Sender

TALK = chat("my hub 2 lost the connection", "is the Hub 2 on?  the hub 3 works")
"""Characters 3–8 are "hub 2", 9–28 "lost the connection"."""


def counts(scored: Scored, label: str, view: str, part: str = "label", value: str = "") -> Counts:
    return scored.counts.get(Cell(part, value, label, view), Counts())


def test_spans_count_exactly_and_by_overlap() -> None:
    gold = labelled(
        TALK,
        gold_span(TALK, "hub 2", PRODUCT),
        gold_span(TALK, "lost the connection", ISSUE),
        gold_span(TALK, "hub 3", PRODUCT, index=1),
    )
    found = [
        mention(TALK, "hub 2", PRODUCT),
        mention(TALK, "lost", ISSUE),
        mention(TALK, "Hub 2", PRODUCT, index=1),
        mention(TALK, "works", ISSUE, index=1),
    ]
    scored = score(case(gold, found))
    assert counts(scored, PRODUCT, "exact") == Counts(tp=1, fp=1, fn=1)
    assert counts(scored, PRODUCT, "overlap") == Counts(tp=1, fp=1, fn=1)
    assert counts(scored, ISSUE, "exact") == Counts(tp=0, fp=2, fn=1)
    assert counts(scored, ISSUE, "overlap") == Counts(tp=1, fp=1, fn=0)


def test_one_prediction_over_two_gold_spans_is_right_once() -> None:
    gold = labelled(TALK, gold_span(TALK, "lost", ISSUE), gold_span(TALK, "connection", ISSUE))
    scored = score(case(gold, [mention(TALK, "lost the connection", ISSUE)]))
    assert counts(scored, ISSUE, "overlap") == Counts(tp=1, fp=0, fn=1)


def test_the_wrong_label_is_invented_there_and_missed_here() -> None:
    gold = labelled(TALK, gold_span(TALK, "hub 2", PRODUCT))
    scored = score(case(gold, [mention(TALK, "hub 2", ISSUE)]))
    assert counts(scored, PRODUCT, "overlap") == Counts(fn=1)
    assert counts(scored, ISSUE, "overlap") == Counts(fp=1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [("lost", Counts(1, 0, 0)), ("lost my card", Counts(1, 0, 0)), ("i lost", Counts(0, 1, 1))],
)
def test_full_takes_the_whole_phrase_as_well(found: str, expected: Counts) -> None:
    talk = chat("i lost my card")
    gold = labelled(talk, gold_span(talk, "lost", ISSUE, full=(2, 14)))
    assert counts(score(case(gold, [mention(talk, found, ISSUE)])), ISSUE, "full") == expected


def test_full_counts_a_gold_span_once() -> None:
    talk = chat("i lost my card")
    gold = labelled(talk, gold_span(talk, "lost", ISSUE, full=(2, 14)))
    both = [mention(talk, "lost", ISSUE), mention(talk, "lost my card", ISSUE)]
    assert counts(score(case(gold, both)), ISSUE, "full") == Counts(1, 1, 0)


def test_parts_count_their_own_spans_and_kinds_only_what_people_marked() -> None:
    talk = Conversation(
        "c1",
        (Message("0", Sender.CUSTOMER, "hub 2 or hub 3"), Message("1", Sender.AGENT, "the hub 2, the lid")),
    )
    gold = labelled(
        talk,
        gold_span(talk, "hub 2", PRODUCT, kind="named"),
        gold_span(talk, "hub 3", PRODUCT, kind="named"),
        gold_span(talk, "hub 2", PRODUCT, index=1, kind="category"),
        source="twitter",
    )
    found = [
        mention(talk, "hub 2", PRODUCT),
        mention(talk, "hub 2", PRODUCT, index=1),
        mention(talk, "lid", PRODUCT, index=1),
    ]
    scored = score(case(gold, found))
    for view in ("exact", "overlap"):
        assert counts(scored, PRODUCT, view, "source", "twitter") == Counts(2, 1, 1)
        assert counts(scored, PRODUCT, view, "sender", "customer") == Counts(1, 0, 1)
        assert counts(scored, PRODUCT, view, "sender", "agent") == Counts(1, 1, 0)
        assert counts(scored, PRODUCT, view, "kind", "named") == Counts(1, 0, 1)
        assert counts(scored, PRODUCT, view, "kind", "category") == Counts(1, 0, 0)


# documents


def test_spellings_of_one_thing_are_one_entity_of_a_conversation() -> None:
    gold = labelled(TALK, gold_span(TALK, "hub 2", PRODUCT), gold_span(TALK, "Hub 2", PRODUCT, index=1))
    scored = score(case(gold, [mention(TALK, "Hub 2", PRODUCT, index=1, probability=0.9)]))
    assert counts(scored, PRODUCT, "overlap") == Counts(1, 0, 1)
    assert counts(scored, PRODUCT, "document") == Counts(1, 0, 0)
    assert counts(scored, PRODUCT, "document", "source", "shop") == Counts(1, 0, 0)


def test_the_threshold_decides_what_counts_as_written() -> None:
    gold = labelled(TALK, gold_span(TALK, "hub 2", PRODUCT), gold_span(TALK, "hub 3", PRODUCT, index=1))
    found = [
        mention(TALK, "hub 2", PRODUCT, probability=0.9),
        mention(TALK, "hub 3", PRODUCT, index=1, probability=0.4),
        mention(TALK, "works", PRODUCT, index=1, probability=0.3),
        mention(TALK, "connection", PRODUCT),  # no probability: never kept, and no claim
    ]
    scored = score(case(gold, found))
    assert counts(scored, PRODUCT, "document") == Counts(1, 0, 1)
    assert counts(scored, PRODUCT, "document_found") == Counts(2, 2, 0)
    assert [judged.claim for judged in scored.entities] == [(0.9, True), (0.4, True), (0.3, False)]


def test_another_name_of_the_same_place_is_right_by_overlap_only() -> None:
    gold = labelled(TALK, gold_span(TALK, "lost the connection", ISSUE))
    scored = score(case(gold, [mention(TALK, "lost", ISSUE, probability=0.9)]))
    assert counts(scored, ISSUE, "document") == Counts(0, 1, 1)
    assert counts(scored, ISSUE, "document_overlap") == Counts(1, 0, 0)


def test_of_two_entities_over_one_the_surer_is_right() -> None:
    gold = labelled(TALK, gold_span(TALK, "lost the connection", ISSUE))
    found = [
        mention(TALK, "lost", ISSUE, probability=0.6),
        mention(TALK, "connection", ISSUE, probability=0.8),
    ]
    scored = score(case(gold, found))
    assert counts(scored, ISSUE, "document_overlap") == Counts(1, 1, 0)
    assert [judged.claim for judged in scored.entities] == [(0.8, True), (0.6, False)]


def test_one_entity_over_two_is_right_once() -> None:
    gold = labelled(TALK, gold_span(TALK, "lost", ISSUE), gold_span(TALK, "connection", ISSUE))
    scored = score(case(gold, [mention(TALK, "lost the connection", ISSUE, probability=0.8)]))
    assert counts(scored, ISSUE, "document_overlap") == Counts(1, 0, 1)


def test_gold_is_known_by_what_the_pipeline_calls_its_text() -> None:
    gold = labelled(TALK, gold_span(TALK, "hub 2", PRODUCT), gold_span(TALK, "hub 3", PRODUCT, index=1))
    found = [mention(TALK, "Hub 2", PRODUCT, index=1, probability=0.9, canonical_id="prd-hub")]
    linked = case(gold, found, links={(PRODUCT, "hub 3"): "prd-hub"})
    assert [entity.canonical_id for entity in linked.entities] == ["prd-hub"]
    assert counts(score(linked), PRODUCT, "document") == Counts(1, 0, 0)
    apart = case(gold, found)
    assert [entity.canonical_id for entity in apart.entities] == ["prd-hub", "product:hub 3"]


def test_the_commonest_of_several_ids_names_the_gold() -> None:
    talk = chat("hub", "hub", "hub")
    ids = ["prd-b", "prd-b", "prd-a"]
    found = [mention(talk, "hub", PRODUCT, index=n, canonical_id=each) for n, each in enumerate(ids)]
    (entity,) = case(labelled(talk, gold_span(talk, "hub", PRODUCT)), found).entities
    assert entity.canonical_id == "prd-b"


def test_what_looks_personal_is_no_entity_on_either_side() -> None:
    talk = chat("write to me@example.com")
    gold = labelled(talk, gold_span(talk, "me@example.com", PRODUCT))
    scored = score(case(gold, [mention(talk, "me@example.com", PRODUCT, probability=0.9)]))
    assert counts(scored, PRODUCT, "exact") == Counts(1, 0, 0)
    assert counts(scored, PRODUCT, "document") == Counts(0, 0, 0)


# claims


def test_a_probability_claims_an_overlap_and_an_exact_extent() -> None:
    gold = labelled(TALK, gold_span(TALK, "hub 2", PRODUCT), gold_span(TALK, "lost the connection", ISSUE))
    found = [
        mention(TALK, "hub 2", PRODUCT, probability=0.9),
        mention(TALK, "lost", ISSUE, probability=0.7),
        mention(TALK, "works", ISSUE, index=1, probability=0.6),
        mention(TALK, "hub 3", PRODUCT, index=1),
    ]
    judged = score(case(gold, found)).mentions
    assert [(each.label, *each.claim, each.exact) for each in judged] == [
        (PRODUCT, 0.9, True, True),
        (ISSUE, 0.7, True, False),
        (ISSUE, 0.6, False, False),
    ]
