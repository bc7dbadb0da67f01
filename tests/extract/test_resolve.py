"""Who wins where candidates overlap."""

from __future__ import annotations

import itertools
import time

import pytest

from earmark.extract.candidate import Candidate
from earmark.extract.resolve import left_over, resolve
from earmark.model import ISSUE, PRODUCT


def at(text: str, part: str, label: str, source: str = "model", **more: object) -> Candidate:
    start = text.index(part)
    return Candidate(start, start + len(part), label, source, **more)  # type: ignore[arg-type]


def kept(text: str, *candidates: Candidate) -> list[tuple[str, str, str]]:
    """The outcome, the same for every order in which the candidates are given."""
    outcomes = {
        tuple((text[c.start : c.end], c.label, c.source) for c in resolve(text, order))
        for order in itertools.permutations(candidates)
    }
    (outcome,) = outcomes
    return list(outcome)


def test_catalog_comes_before_a_longer_find_of_the_model() -> None:
    text = "my new Kettle 300 red"
    assert kept(
        text, at(text, "Kettle 300", PRODUCT, "catalog"), at(text, "new Kettle 300 red", PRODUCT)
    ) == [("Kettle 300", PRODUCT, "catalog")]


def test_longer_comes_before_shorter() -> None:
    text = "can't log in to my account"
    assert kept(text, at(text, "can't log in", ISSUE, "rules"), at(text, text, ISSUE)) == [
        (text, ISSUE, "model")
    ]


@pytest.mark.parametrize("phrase", ["keeps crashing on me", "keeps crashing", "the app keeps crashing"])
def test_the_models_extent_of_an_issue_comes_before_a_rules(phrase: str) -> None:
    text = "the app keeps crashing on me"
    found = at(text, "app keeps crashing", ISSUE, "model")
    assert kept(text, found, at(text, phrase, ISSUE, "rules")) == [("app keeps crashing", ISSUE, "model")]


def test_rules_add_issues_where_the_model_has_none() -> None:
    text = "charged twice, and no sound"
    model, rule = at(text, "charged twice", ISSUE), at(text, "no sound", ISSUE, "rules")
    assert kept(text, model, rule) == [("charged twice", ISSUE, "model"), ("no sound", ISSUE, "rules")]


@pytest.mark.parametrize(
    ("text", "product", "issue", "core", "rest"),
    [
        ("lost my credit card", "credit card", "lost my credit card", "lost my", "lost"),
        ("can't open the Kettle app", "Kettle", "can't open the Kettle app", "can't open", "can't open"),
        ("Kettle won't heat up", "Kettle", "Kettle won't heat up", "won't heat", "won't heat up"),
        ("can't pair Kettle to phone", "Kettle", "can't pair Kettle to phone", "can't pair", "can't pair"),
    ],
)
def test_product_wins_and_the_issue_keeps_the_problem(
    text: str, product: str, issue: str, core: str, rest: str
) -> None:
    first = text.index(core)
    phrase = at(text, issue, ISSUE, "rules", core=(first, first + len(core)))
    outcome = kept(text, at(text, product, PRODUCT), phrase)
    assert sorted(outcome) == sorted([(product, PRODUCT, "model"), (rest, ISSUE, "rules")])


def test_an_issue_that_says_nothing_without_its_product_is_dropped() -> None:
    text = "with my Kettle 300"
    assert kept(text, at(text, "Kettle 300", PRODUCT), at(text, text, ISSUE, "rules")) == [
        ("Kettle 300", PRODUCT, "model")
    ]


def test_a_fixed_phrase_keeps_its_product_word() -> None:
    text = "no internet connection"
    phrase = at(text, text, ISSUE, "rules", core=(0, len(text)), fixed=True)
    assert kept(text, at(text, "internet connection", PRODUCT, "catalog"), phrase) == [(text, ISSUE, "rules")]


def test_what_does_not_overlap_stays_in_text_order() -> None:
    text = "Kettle broken, Pan lost"
    found = kept(
        text,
        at(text, "lost", ISSUE, "rules"),
        at(text, "Pan", PRODUCT, "catalog"),
        at(text, "Kettle", PRODUCT),
        at(text, "broken", ISSUE, "rules"),
    )
    assert [surface for surface, _, _ in found] == ["Kettle", "broken", "Pan", "lost"]


def test_many_candidates_take_linear_time() -> None:
    text = "router is broken " * 20_000
    every = [
        Candidate(start + first, start + last, label, source)
        for start in range(0, len(text), 17)
        for first, last, label, source in ((0, 6, PRODUCT, "model"), (0, 16, ISSUE, "rules"))
    ]
    start = time.process_time()
    assert len(resolve(text, every)) == 40_000
    assert time.process_time() - start < 10


def named(text: str, *candidates: Candidate) -> list[tuple[str, str | None]]:
    """What is kept and its id, the same for every order in which the candidates are given."""
    outcomes = {
        tuple((text[c.start : c.end], c.canonical_id) for c in resolve(text, order))
        for order in itertools.permutations(candidates)
    }
    (outcome,) = outcomes
    return list(outcome)


def test_an_issue_of_the_model_has_the_name_of_the_rule_that_shares_most_with_it() -> None:
    text = "it does not turn on at all, no light"
    model = at(text, "does not turn on at all", ISSUE)
    near = at(text, "not turn on", ISSUE, "rules", canonical_id="issue:off", only_names=True)
    far = at(text, "all, no light", ISSUE, "rules", canonical_id="issue:dark", only_names=True)
    assert named(text, model, near, far) == [("does not turn on at all", "issue:off")]


def test_rules_that_only_name_find_nothing_and_rename_no_catalog_entry() -> None:
    text = "red light, and no sound"
    catalog = at(text, "red light", ISSUE, "catalog", canonical_id="iss-1")
    red = at(text, "red light", ISSUE, "rules", canonical_id="issue:light", only_names=True)
    sound = at(text, "no sound", ISSUE, "rules", canonical_id="issue:sound", only_names=True)
    assert named(text, catalog, red, sound) == [("red light", "iss-1")]


def test_a_product_keeps_its_own_name_inside_a_rules_phrase() -> None:
    text = "the modem is dead"
    product = at(text, "modem", PRODUCT)
    rule = at(text, "modem is dead", ISSUE, "rules", canonical_id="issue:dead", only_names=True)
    assert named(text, product, rule) == [("modem", None)]


def test_what_is_unsure_takes_nothing_from_what_was_chosen_and_yields_to_what_is_surer() -> None:
    text = "the kettle plan is slow today"
    chosen = at(text, "kettle", PRODUCT)
    doubted = [
        at(text, "kettle plan", PRODUCT, unsure=True, evidence={"exact": 0.9}),
        at(text, "plan is slow", ISSUE, unsure=True, evidence={"exact": 0.2}),
        at(text, "slow", ISSUE, unsure=True, evidence={"exact": 0.3}),
        at(text, "today", PRODUCT, unsure=True, evidence={"exact": 0.1}),
    ]
    for order in itertools.permutations([chosen, *doubted]):
        assert resolve(text, order) == [chosen]
        left = left_over([chosen], order)
        assert [text[each.start : each.end] for each in left] == ["slow", "today"]
        assert all(each.unsure for each in left)
