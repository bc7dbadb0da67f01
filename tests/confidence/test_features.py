"""What is told of an entity: each feature on a small conversation, and nothing that fails on any text."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.confidence.features import FEATURES, Values, features
from earmark.model import ISSUE, PRODUCT, Assertion, Conversation, Mention, Message, Sender


def chat(*texts: str, senders: str = "") -> Conversation:
    """Messages of the customer, unless `senders` has an `a` at that place."""
    known = [Sender.AGENT if letter == "a" else Sender.CUSTOMER for letter in senders.ljust(len(texts), "c")]
    return Conversation("c", tuple(Message(str(n), known[n], text) for n, text in enumerate(texts)))


def mention(
    conversation: Conversation, text: str, label: str = PRODUCT, index: int = 0, **about: Any
) -> Mention:
    message = conversation.messages[index]
    start = message.text.index(text)
    return Mention(index, start, start + len(text), text, label, "model", message.sender, **about)


def one(conversation: Conversation, *group: Mention) -> Values:
    (values,) = features(conversation, [group])
    return values


def test_what_is_not_known_is_absent_and_not_zero() -> None:
    here = chat("my router is slow")
    values = one(here, mention(here, "router"))
    absent = {name for name, value in values.items() if value is None}
    assert absent == {"model", "model_exact", "rival", "match", "similarity", "margin", "rule"}


def test_the_model_speaks_in_log_odds_of_its_surest_mention() -> None:
    here = chat("my router is slow", "the router again")
    values = one(
        here,
        mention(here, "router", evidence={"inside": 0.5, "exact": 0.4, "rival": 0.1}),
        mention(here, "router", index=1, evidence={"inside": 0.9, "exact": 0.2, "rival": 0.3}),
    )
    assert values["model"] == pytest.approx(math.log(9))
    assert values["model_exact"] == pytest.approx(math.log(0.4 / 0.6))
    assert values["rival"] == 0.3


@pytest.mark.parametrize("sure", [0.0, 1.0, 1e-30, 1 - 1e-16])
def test_certainty_stays_finite(sure: float) -> None:
    here = chat("router")
    value = one(here, mention(here, "router", evidence={"inside": sure}))["model"]
    assert value is not None
    assert abs(value) == 8.0


CASES: list[tuple[str, str, str, float]] = [
    ("my router is slow", "router", "owned", 1.0),
    ("router is slow", "router", "owned", 0.0),
    ("the router", "router", "pointed_at", 1.0),
    ("trouble with Slack", "Slack", "beside", 1.0),
    ("my router keeps failing", "router", "does", 1.0),
    ("my router, please", "router", "does", 0.0),
    ("router is slow", "router", "opens", 1.0),
    ("hi. router is slow", "router", "opens", 1.0),
    ("my router is slow", "router", "opens", 0.0),
    ("about my router", "router", "closes", 1.0),
    ("is it the router?", "router", "question", 1.0),
    ("Router is slow", "Router", "capital", 0.0),
    ("my Router is slow", "Router", "capital", 1.0),
    ("the RX200", "RX200", "digit", 1.0),
    ("out of the box", "out of the box", "stop_share", 0.5),
]


@pytest.mark.parametrize(("text", "part", "name", "expected"), CASES)
def test_the_words_around_and_the_look(text: str, part: str, name: str, expected: float) -> None:
    here = chat(text)
    assert one(here, mention(here, part))[name] == expected


def test_who_says_it_and_how_often() -> None:
    here = chat("slack is down", "which slack plan?", senders="ca")
    values = one(here, mention(here, "slack"), mention(here, "slack", index=1))
    assert (values["customer"], values["agent"], values["mentions"]) == (1.0, 1.0, math.log(2))


def test_what_is_said_of_a_problem_counts_by_its_share() -> None:
    here = chat("it crashed", "no crash now")
    said = mention(here, "crashed", ISSUE)
    gone = mention(here, "crash", ISSUE, index=1, assertion=Assertion.NEGATED)
    assert one(here, said, gone)["negated"] == 0.5


def test_a_candidate_knows_its_rivals_its_company_and_its_kin() -> None:
    here = chat("my Acme laptop crashed, the laptop is new")
    named = mention(here, "Acme laptop", evidence={"inside": 0.9})
    plain = Mention(0, 28, 34, "laptop", PRODUCT, "model", Sender.CUSTOMER, evidence={"inside": 0.4})
    crash = mention(here, "crashed", ISSUE, evidence={"inside": 0.8})
    first, second, third = features(here, [(named,), (plain,), (crash,)])
    assert (first["rank"], second["rank"]) == (0.0, math.log(2))
    assert (first["company"], third["company"]) == (0.8, 0.9)
    assert (first["kin"], second["kin"]) == (0.4, 0.9)
    assert second["topic"] == pytest.approx(math.log(3))


@given(st.text(min_size=1), st.data())
def test_any_text_has_finite_features(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    here = chat(text)
    found = Mention(0, start, end, text[start:end], PRODUCT, "model", Sender.CUSTOMER)
    values = one(here, found)
    assert set(values) == set(FEATURES)
    assert all(value is None or math.isfinite(value) for value in values.values())
