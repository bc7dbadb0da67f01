"""Labelled messages become words and tags exactly as the runtime will see the words."""

from __future__ import annotations

import pytest

from earmark.gold import GoldSpan, Labelled
from earmark.model import ISSUE, PRODUCT, Conversation, Message, Sender
from earmark.train.examples import LONGEST, TAGS, examples

TABLE = [
    ("my router died", [(3, 9, PRODUCT), (10, 14, ISSUE)], "O B-PRODUCT B-ISSUE"),
    (
        "the Hub 2 won't start",
        [(4, 9, PRODUCT), (10, 21, ISSUE)],
        "O B-PRODUCT I-PRODUCT B-ISSUE I-ISSUE I-ISSUE",
    ),
    ("all fine, thanks", [], "O O O O"),
    ("two  gaps\nhere", [(11, 15, ISSUE)], "O O B-ISSUE"),
    ("the\u200b Kettle\u2122 leaks", [(5, 11, PRODUCT), (13, 18, ISSUE)], "O B-PRODUCT B-ISSUE"),
    ("phone phone", [(0, 5, PRODUCT), (6, 11, PRODUCT)], "B-PRODUCT B-PRODUCT"),
    ("ipad's cracked", [(0, 4, PRODUCT), (7, 14, ISSUE)], "B-PRODUCT O B-ISSUE"),
]


def labelled(
    text: str, spans: list[tuple[int, int, str]], sender: Sender = Sender.CUSTOMER, identity: str = "c1"
) -> Labelled:
    conversation = Conversation(identity, (Message("0", sender, text),), "webchat")
    return Labelled(conversation, "test", tuple(GoldSpan(0, *span) for span in spans), "here:1")


@pytest.mark.parametrize(("text", "spans", "tags"), TABLE)
def test_every_word_gets_the_tag_of_the_span_that_it_touches(
    text: str, spans: list[tuple[int, int, str]], tags: str
) -> None:
    (example,) = examples([labelled(text, spans)])
    assert " ".join(TAGS[tag] for tag in example.tags) == tags


def test_a_long_message_is_cut_between_spans_and_loses_no_word() -> None:
    filler = "so " * (LONGEST - 1)
    text = f"{filler}blank screen again"
    (first, second) = examples([labelled(text, [(len(filler), len(filler) + 12, ISSUE)])])
    assert first.words + second.words == tuple(text.split())
    assert [TAGS[tag] for tag in second.tags] == ["B-ISSUE", "I-ISSUE", "O"]


def test_a_span_longer_than_a_part_begins_anew_in_the_next() -> None:
    text = " ".join(f"w{number}" for number in range(2 * LONGEST + 5))
    parts = examples([labelled(text, [(0, len(text), ISSUE)])])
    assert [len(part.words) for part in parts] == [LONGEST, LONGEST, 5]
    assert all([TAGS[tag] for tag in part.tags[:2]] == ["B-ISSUE", "I-ISSUE"] for part in parts)


def test_system_messages_teach_nothing() -> None:
    assert examples([labelled("queue is full", [], Sender.SYSTEM)]) == []


def test_the_same_message_with_the_same_labels_is_learned_from_once() -> None:
    twice = [labelled("it died", [(3, 7, ISSUE)], identity=name) for name in ("a", "b")]
    other = labelled("it died", [], identity="c")
    assert len(examples([*twice, other])) == 2
