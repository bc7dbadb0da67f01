"""A problem belongs to the product that stands nearest to it."""

from __future__ import annotations

import time

import pytest

from earmark.context import pairs
from earmark.model import ISSUE, PRODUCT, Conversation, Entity, Mention, Message, Nearness, Score, Sender

MARKS = {"<": (">", PRODUCT), "[": ("]", ISSUE)}


def marked(index: int, line: str) -> tuple[Message, list[Mention]]:
    """A message from a line in which <…> marks products and […] problems."""
    text, mentions, opened = "", [], 0
    closing = dict(MARKS.values())
    for character in line:
        if character in MARKS:
            opened = len(text)
        elif character in closing:
            words = text[opened:]
            mentions.append(
                Mention(
                    index, opened, len(text), words, closing[character], "test", Sender.CUSTOMER, name=words
                )
            )
        else:
            text += character
    return Message(str(index), Sender.CUSTOMER, text), mentions


def chat(*lines: str) -> tuple[Conversation, list[Entity]]:
    found = [marked(index, line) for index, line in enumerate(lines)]
    groups: dict[tuple[str, str], list[Mention]] = {}
    for _, mentions in found:
        for mention in mentions:
            groups.setdefault((mention.label, mention.text), []).append(mention)
    score = Score(1.0, "evidence")
    entities = [Entity(label, text, text, score, tuple(group)) for (label, text), group in groups.items()]
    return Conversation("c", tuple(message for message, _ in found)), entities


def paired(*lines: str) -> list[tuple[str, str, str]]:
    """Product, issue and nearness of every pair, with entities in two orders that must not matter."""
    conversation, entities = chat(*lines)
    found = pairs(conversation, entities)
    assert pairs(conversation, entities[::-1]) == found
    return [(pair.product_id, pair.issue_id, pair.nearness.value) for pair in found]


CASES = [
    ("one clause", ["the <lamp> [flickers]"], [("lamp", "flickers", "clause")]),
    ("of the", ["[scratches] on the <lamp>"], [("lamp", "scratches", "clause")]),
    (
        "two clauses",
        ["the <lamp> [flickers] and the <fan> [hums]"],
        [("lamp", "flickers", "clause"), ("fan", "hums", "clause")],
    ),
    (
        "two products of one problem",
        ["the <lamp> and the <fan> [hum]"],
        [("fan", "hum", "clause"), ("lamp", "hum", "clause")],
    ),
    ("other clause", ["i bought a <lamp>. it [flickers]"], [("lamp", "flickers", "message")]),
    ("nearest of the message", ["<fan>? no. a <lamp>. it [flickers]"], [("lamp", "flickers", "message")]),
    ("message before", ["i have a <lamp>", "it [flickers]"], [("lamp", "flickers", "neighbours")]),
    ("message after", ["it [flickers]", "the <lamp> i mean"], [("lamp", "flickers", "neighbours")]),
    ("before beats after", ["the <lamp>", "it [hums]", "a <fan>"], [("lamp", "hums", "neighbours")]),
    ("too far", ["i have a <lamp>", "hello", "it [flickers]"], []),
    (
        "a clause somewhere is enough",
        ["i have a <fan>", "it [hums]", "well", "the <lamp> [hums]"],
        [("lamp", "hums", "clause")],
    ),
    (
        "said twice, once closer",
        ["a <lamp>", "it [hums]", "that <lamp> [hums]"],
        [("lamp", "hums", "clause")],
    ),
    ("no product", ["it [flickers]"], []),
    ("no problem", ["the <lamp>"], []),
]


@pytest.mark.parametrize(("why", "lines", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_problem_pairs_with_the_nearest_product(
    why: str, lines: list[str], expected: list[tuple[str, str, str]]
) -> None:
    assert sorted(paired(*lines)) == sorted(expected)


def test_a_pair_says_where_the_two_stood_closest() -> None:
    conversation, entities = chat("a <lamp>", "it [hums]", "my <lamp> [hums]")
    [pair] = pairs(conversation, entities)
    assert (pair.nearness, pair.product_message, pair.issue_message) == (Nearness.CLAUSE, 2, 2)


def test_a_product_inside_the_words_of_the_problem_is_in_its_clause() -> None:
    message = Message("0", Sender.CUSTOMER, "lost my, well, lamp today")
    product = Mention(0, 15, 19, "lamp", PRODUCT, "test", Sender.CUSTOMER)
    issue = Mention(0, 0, 19, "lost my, well, lamp", ISSUE, "test", Sender.CUSTOMER)
    score = Score(1.0, "evidence")
    entities = [Entity(PRODUCT, "p", "p", score, (product,)), Entity(ISSUE, "i", "i", score, (issue,))]
    assert [pair.nearness for pair in pairs(Conversation("c", (message,)), entities)] == [Nearness.CLAUSE]


def test_a_long_message_takes_no_longer_a_mention() -> None:
    """Somebody who pastes the same complaint a thousand times stops nobody."""

    def seconds(count: int) -> float:
        begun = time.process_time()
        pairs(*told[count])
        return time.process_time() - begun

    told = {count: chat("<lamp> [flickers]. " * count) for count in (250, 2000)}
    short, long = (min(seconds(count) for _ in range(3)) for count in (250, 2000))
    assert long < 24 * short + 0.02
