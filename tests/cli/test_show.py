"""`earmark show` explains: verdict, the parts of a confidence, what is said of an entity and why, and the pairs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from earmark.cli import app
from earmark.cli.show import FIRST_PART
from earmark.confidence.logistic import START
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
    Record,
    Score,
    Sender,
    State,
    Verdict,
    Window,
)

SLACK = Mention(0, 3, 8, "Slack", PRODUCT, "catalog", Sender.CUSTOMER, canonical_id="prd-slack", name="Slack")
CRASH = Mention(0, 9, 23, "keeps  crashing", ISSUE, "model", Sender.CUSTOMER, name="crash", unsure=True)
TELLING = {"length": -0.25, "model_probability": 1.5, "start": 0.25, "match": -0.75}
PARTS = TELLING | {"others": 0.019}
FINDINGS = Findings(
    (
        Decision(
            Entity(
                PRODUCT, "prd-slack", "Slack", Score(0.9, "evidence", {"rule": 0.5, "match": 0.9}), (SLACK,)
            ),
            Verdict.KEEP,
            "0.90 reaches 0.70",
        ),
        Decision(
            Entity(
                *(ISSUE, "issue:crash", "crash", Score(0.68, "probability", PARTS), (CRASH,)),
                assertion=Assertion.NEGATED,
                cue=Cue("no_longer", 2, 4, 13),
            ),
            Verdict.REVIEW,
            "0.68 is between 0.30 and 0.70",
        ),
        Decision(
            Entity(ISSUE, "issue:delay", "delay", Score(None, "evidence"), (CRASH, SLACK)),
            Verdict.DROP,
            "none",
        ),
    ),
    (Pair("prd-slack", "issue:crash", Nearness.CLAUSE, 0, 2),),
)


@pytest.fixture
def shown(journal: Journal) -> Callable[..., str]:
    """What the command prints of the one conversation in the journal."""
    run_id = journal.start(NewRun("s", "w", "t", Window(), "f", {}, {}))
    journal.list_page(run_id, Page((Listing("a", channel="webchat"),)))
    journal.intend(run_id, "t", [Intention("a", State.UNCHANGED, FINDINGS, messages=3, language="en")])

    def show(*options: str) -> str:
        done = CliRunner().invoke(app, ["show", "a", "--journal", str(journal.path), *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    return show


def test_each_number_has_its_parts_the_weightiest_first(shown: Callable[..., str]) -> None:
    lines = [line.strip() for line in shown().splitlines()]
    begin = lines.index("probability 0.68; 0.68 is between 0.30 and 0.70")
    assert lines[begin + 1 : begin + 7] == [
        *("+0.25 start", "+1.50 model probability", "-0.75 match", "-0.25 length", "+0.02 others"),
        "+0.77 log-odds in all",
    ]
    assert "evidence 0.90 from match 0.90, rule 0.50; 0.90 reaches 0.70" in lines
    assert FIRST_PART == START


def test_what_is_said_of_an_entity_has_its_rule_and_place_and_no_words(shown: Callable[..., str]) -> None:
    told = shown()
    assert "negated, by the rule no_longer in message 2 4–13" in told
    assert "review ISSUE    crash  [issue:crash]" in told
    assert "pair   prd-slack × issue:crash: clause, messages 0 and 2" in told
    assert "keeps" not in told
    assert "present" not in told


def test_as_json_it_has_names_that_stay(shown: Callable[..., str]) -> None:
    printed = json.loads(shown("--json"))
    assert (printed["schema"], printed["conversation"]) == ("earmark.show/2", "a")
    (run,) = printed["runs"]
    assert run["pairs"] == [
        {
            "product": "prd-slack",
            "issue": "issue:crash",
            "nearness": "clause",
            "product_message": 0,
            "issue_message": 2,
        }
    ]
    assert [entity["name"] for entity in run["entities"]] == ["Slack", "crash", "delay"]
    assert run["entities"][1] == {
        "label": "ISSUE",
        "id": "issue:crash",
        "name": "crash",
        "verdict": "review",
        "reason": "0.68 is between 0.30 and 0.70",
        "confidence": 0.68,
        "confidence_kind": "probability",
        "parts": PARTS,
        "assertion": "negated",
        "cue": {"name": "no_longer", "message": 2, "start": 4, "end": 13},
        "linked": False,
        "unsure": True,
        "forms": ["keeps crashing"],
        "mentions": [{"message": 0, "start": 9, "end": 23, "sender": "customer", "found_by": "model"}],
    }


def test_every_member_of_the_json_is_documented(shown: Callable[..., str]) -> None:
    told = (Path(__file__).parents[2] / "docs/how-it-works.md").read_text(encoding="utf-8")
    (run,) = json.loads(shown("--json"))["runs"]
    members = {*run, *run["entities"][0], *run["pairs"][0], *run["entities"][0]["mentions"][0]}
    assert not [member for member in members if f"`{member}`" not in told]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.PLANNED, "planned"),
        (State.INTENDED, "not confirmed"),
        (State.FAILED, "not confirmed"),
        (State.WRITTEN, "written"),
    ],
)
def test_a_change_that_was_only_planned_is_not_taken_for_one_that_was_sent(
    journal: Journal, state: State, status: str
) -> None:
    run_id = journal.start(NewRun("s", "w", "t", Window(), "f", {}, {}, dry_run=state is State.PLANNED))
    journal.list_page(run_id, Page((Listing("a"),)))
    change = Change("a", {}, {"products": ["Slack"]}, Record("a", exists=False))
    first = state if state is State.PLANNED else State.INTENDED
    journal.intend(run_id, "t", [Intention("a", first, FINDINGS, change)])
    if state is not first:
        journal.settle(run_id, [Outcome("a", state)])
    done = CliRunner().invoke(app, ["show", "a", "--journal", str(journal.path)])
    assert f"attributes {status}:" in done.stdout
