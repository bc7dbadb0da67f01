"""What was found stays in the journal whatever was decided, with all that explains it, and can be judged again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from earmark.decide import Policy, decide
from earmark.journal import Intention, Journal, NewRun
from earmark.model import (
    ISSUE,
    PRODUCT,
    Assertion,
    Change,
    Cue,
    Decision,
    Entity,
    Findings,
    Listing,
    Mention,
    Nearness,
    Outcome,
    Page,
    Pair,
    PairRow,
    Record,
    Score,
    Sender,
    State,
    Verdict,
    Window,
)

if TYPE_CHECKING:
    from tests.conftest import Clock

TARGET = "genesys:test"
CUE = Cue("no_longer", 2, 4, 13)


def begin(journal: Journal, *, basis: str = "b", dry_run: bool = False, cuts: str = "f") -> str:
    options = {"thresholds": {PRODUCT: 0.7, ISSUE: 0.2}, "reviews": {PRODUCT: 0.3, ISSUE: 0.3}}
    return journal.start(
        NewRun("s", "w", TARGET, Window(), cuts, {}, options, dry_run, basis, {"scorer": "calibrated"})
    )


def entity(name: str, confidence: float | None, *, label: str = PRODUCT, unsure: bool = False) -> Entity:
    mention = Mention(2, 4, 9, name, label, "model", Sender.CUSTOMER, name=name, unsure=unsure)
    score = Score(confidence, "probability", {"start": -0.5, "match": 2.0})
    return Entity(label, f"{label.lower()}:{name}", name, score, (mention,))


def decided(*found: Entity, threshold: float = 0.7, review: float = 0.3) -> tuple[Decision, ...]:
    return decide(found, Policy(threshold, review=review))


def keep(journal: Journal, run_id: str, conversation_id: str, findings: Findings) -> None:
    journal.list_page(run_id, Page((Listing(conversation_id, channel="webchat", revision="v1"),)))
    journal.intend(
        run_id,
        TARGET,
        [Intention(conversation_id, State.UNCHANGED, findings, messages=3, language="en")],
    )


def stored(journal: Journal, run_id: str) -> dict[str, tuple[Verdict, float | None]]:
    return {row.name: (row.verdict, row.confidence) for row in journal.entities(run_id)}


def test_assertion_cue_and_pairs_are_kept(journal: Journal) -> None:
    run_id = begin(journal)
    crash = replace(entity("crash", 0.9, label=ISSUE), assertion=Assertion.NEGATED, cue=CUE)
    pair = Pair("product:slack", "issue:crash", Nearness.CLAUSE, 0, 2)
    keep(journal, run_id, "a", Findings(decided(entity("slack", 0.8), crash), (pair,)))
    assert {row.name: row.assertion for row in journal.entities(run_id)} == {
        "slack": Assertion.PRESENT,
        "crash": Assertion.NEGATED,
    }
    assert list(journal.pairs(run_id)) == [PairRow("a", "product:slack", "issue:crash", Nearness.CLAUSE)]
    (entry,) = journal.history("a")
    cues = {row["name"]: row["cue"] for row in entry["entities"]}
    assert cues == {"slack": None, "crash": {"name": "no_longer", "message": 2, "start": 4, "end": 13}}
    assert (entry["pairs"][0]["product_message"], entry["pairs"][0]["issue_message"]) == (0, 2)


def test_a_run_keeps_its_cuts_and_what_the_scorer_says_of_itself(journal: Journal) -> None:
    facts = journal.facts(begin(journal))
    assert facts.thresholds == {PRODUCT: 0.7, ISSUE: 0.2}
    assert facts.review == {PRODUCT: 0.3, ISSUE: 0.2}, "never above the threshold"
    assert facts.confidence == {"scorer": "calibrated"}
    assert facts.scorer == "calibrated", "the one that worked, which the options need not name"


@pytest.mark.parametrize(
    ("confidence", "unsure", "is_kept"),
    [(0.0, False, True), (None, False, True), (0.05, True, True), (0.049, True, False), (None, True, False)],
)
def test_what_no_finder_chose_and_no_cut_will_reach_is_not_kept(
    journal: Journal, confidence: float | None, unsure: bool, is_kept: bool
) -> None:
    run_id = begin(journal)
    found = decided(entity("slack", confidence, unsure=unsure), entity("crash", 0.9, label=ISSUE))
    pair = Pair("product:slack", "issue:crash", Nearness.MESSAGE, 2, 2)
    keep(journal, run_id, "a", Findings(found, (pair,)))
    assert ("slack" in stored(journal, run_id)) == is_kept
    assert bool(list(journal.pairs(run_id))) == is_kept, "a pair stays only with both of its sides"


def test_a_low_cut_keeps_what_is_unsure_too(journal: Journal) -> None:
    run_id = begin(journal)
    keep(journal, run_id, "a", Findings(decided(entity("slack", 0.01, unsure=True), threshold=0.0)))
    assert stored(journal, run_id) == {"slack": (Verdict.KEEP, 0.01)}


def test_entities_and_pairs_are_carried_over_as_they_are(journal: Journal) -> None:
    first = begin(journal)
    crash = replace(entity("crash", 0.9, label=ISSUE), assertion=Assertion.HYPOTHETICAL, cue=CUE)
    pair = Pair("product:slack", "issue:crash", Nearness.NEIGHBOURS, 1, 2)
    keep(journal, first, "a", Findings(decided(entity("slack", 0.5), crash), (pair,)))
    second = begin(journal)
    assert journal.list_page(second, Page((Listing("a", revision="v1"),))) == []
    assert list(journal.entities(second)) == list(journal.entities(first))
    assert list(journal.pairs(second)) == list(journal.pairs(first))
    old, new = journal.history("a", first)[0], journal.history("a", second)[0]
    assert [{**row, "run_id": ""} for row in new["entities"]] == [
        {**row, "run_id": ""} for row in old["entities"]
    ]


def test_stored_candidates_are_judged_again_and_lose_nothing(journal: Journal) -> None:
    first = begin(journal)
    crash = replace(entity("crash", 0.9, label=ISSUE), assertion=Assertion.NEGATED, cue=CUE)
    pair = Pair("product:slack", "issue:crash", Nearness.CLAUSE, 2, 2)
    found = Findings(decided(entity("slack", 0.5, unsure=True), entity("teams", None), crash), (pair,))
    keep(journal, first, "a", found)
    second = begin(journal, cuts="others")
    assert journal.list_again(second, first) == 1
    (again,) = journal.candidates(second, first)
    assert (again.listing.id, again.listing.channel, again.messages, again.language) == (
        *("a", "webchat", 3),
        "en",
    )
    assert [(e.name, e.score, e.assertion, e.cue, e.unsure) for e in again.entities] == [
        ("crash", crash.score, Assertion.NEGATED, CUE, False),
        ("slack", Score(0.5, "probability", {"start": -0.5, "match": 2.0}), Assertion.PRESENT, None, True),
        ("teams", Score(None, "probability", {"start": -0.5, "match": 2.0}), Assertion.PRESENT, None, False),
    ]
    findings = Findings(decide(again.entities, Policy(0.4)))
    journal.intend(
        second,
        TARGET,
        [Intention("a", State.UNCHANGED, findings, messages=3, language="en", copied_from=first)],
    )
    assert stored(journal, second) == {
        "slack": (Verdict.KEEP, 0.5),
        "teams": (Verdict.DROP, None),
        "crash": (Verdict.ASIDE, 0.9),
    }
    assert [row.forms for row in journal.entities(second)] == [row.forms for row in journal.entities(first)]
    assert list(journal.pairs(second)) == list(journal.pairs(first))
    assert stored(journal, first)["slack"] == (Verdict.REVIEW, 0.5), "the earlier run stays as it was"
    assert {row["reason"] for row in journal.history("a", second)[0]["entities"]} == {
        "0.50 reaches 0.40",
        "no confidence",
        "0.90 reaches 0.40, and it is negated",
    }
    assert journal.candidates(second, first) == []


def test_candidates_come_in_order_of_id_and_go_on_after_the_last(journal: Journal) -> None:
    first = begin(journal)
    for number in range(230):
        keep(journal, first, f"c{number:03}", Findings(decided(entity("slack", 0.5))))
    second = begin(journal, cuts="others")
    assert journal.list_again(second, first) == 230
    seen: list[str] = []
    while batch := journal.candidates(second, first, after=seen[-1] if seen else ""):
        assert all(len(found.entities) == 1 for found in batch)
        seen += [found.listing.id for found in batch]
    assert seen == [f"c{number:03}" for number in range(230)]


@pytest.mark.parametrize("state", list(State))
def test_only_what_was_processed_is_listed_again(journal: Journal, state: State) -> None:
    first = begin(journal)
    journal.list_page(first, Page((Listing("a"),)))
    journal.settle(first, [Outcome("a", state)])
    processed = state in {
        *(State.PLANNED, State.INTENDED, State.WRITTEN, State.UNCHANGED, State.CONFLICT),
    }
    assert journal.list_again(begin(journal), first) == processed


@pytest.mark.parametrize(
    ("later", "listed"),
    [
        ({"basis": "b", "revision": "v1"}, 1),
        ({"basis": "another model", "revision": "v1"}, 0),
        ({"basis": "b", "revision": "v2"}, 0),
        ({"basis": "another model", "revision": "v1", "dry_run": True}, 1),
        ({"basis": "another model", "revision": "v1", "state": State.FAILED}, 1),
        ({"basis": "another model", "revision": "v1", "conversation": "b"}, 1),
    ],
)
def test_what_a_later_run_has_read_anew_is_not_listed_again(
    journal: Journal, clock: Clock, later: dict[str, object], listed: int
) -> None:
    first = begin(journal)
    keep(journal, first, "a", Findings())
    clock.now += 60
    run_id = begin(journal, basis=str(later["basis"]), dry_run=bool(later.get("dry_run")), cuts="later")
    conversation_id = str(later.get("conversation", "a"))
    journal.list_page(run_id, Page((Listing(conversation_id, revision=str(later["revision"])),)))
    journal.settle(run_id, [Outcome(conversation_id, State(str(later.get("state", "unchanged"))))])
    clock.now += 60
    assert journal.list_again(begin(journal), first) == listed


def test_what_was_read_anew_and_taken_back_is_listed_again(journal: Journal, clock: Clock) -> None:
    """An undo puts the values of the earlier run back in place: its cuts can move again."""
    first = begin(journal)
    keep(journal, first, "a", Findings())
    clock.now += 60
    second = begin(journal, basis="another model")
    journal.list_page(second, Page((Listing("a", revision="v1"),)))
    change = Change("a", {}, {"products": ["slack"]}, Record("a", exists=False))
    journal.intend(second, TARGET, [Intention("a", State.INTENDED, Findings(), change)])
    journal.settle(second, [Outcome("a", State.WRITTEN)])
    clock.now += 60
    assert journal.to_judge_again(first) == 0
    journal.undone(second, "a")
    assert journal.to_judge_again(first) == 1
    assert journal.list_again(begin(journal), first) == 1


def test_what_is_left_for_review_is_counted_where_the_conversation_was_processed(journal: Journal) -> None:
    run_id, other = begin(journal), begin(journal)
    found = Findings(decided(entity("slack", 0.5), entity("teams", 0.6), entity("zoom", 0.9)))
    keep(journal, run_id, "a", found)
    keep(journal, other, "b", found)
    keep(journal, run_id, "c", found)
    journal.settle(run_id, [Outcome("c", State.GONE)])
    assert journal.for_review(run_id) == 2


def test_a_result_falls_with_the_latest_change_behind_it_whichever_run_made_that(
    journal: Journal, clock: Clock
) -> None:
    """The second run found the first one's values in place; when those are taken back, its result is void."""
    first = begin(journal)
    journal.list_page(first, Page((Listing("a", revision="v1"),)))
    change = Change("a", {}, {"products": ["slack"]}, Record("a", exists=False))
    journal.intend(first, TARGET, [Intention("a", State.INTENDED, Findings(), change)])
    journal.settle(first, [Outcome("a", State.WRITTEN)])
    clock.now += 60
    second = begin(journal, cuts="others")
    keep(journal, second, "a", Findings())
    clock.now += 60
    assert journal.list_page(begin(journal, cuts="others"), Page((Listing("a", revision="v1"),))) == []
    journal.undone(first, "a")
    clock.now += 60
    (due,) = journal.list_page(begin(journal, cuts="others"), Page((Listing("a", revision="v1"),)))
    assert due.id == "a"
