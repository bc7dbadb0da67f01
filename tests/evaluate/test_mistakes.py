"""The list of errors: each has one kind, in text order, with both spans marked."""

from __future__ import annotations

import pytest
from tests.evaluate.cases import case, chat, gold_span, labelled, mention

from earmark.evaluate.mistakes import in_text_order, mark
from earmark.gold import GoldSpan
from earmark.model import ISSUE, PRODUCT, Mention, Sender

TALK = chat("my hub 2 lost the connection", "is the lid on? the box is open")


def test_each_kind_of_error() -> None:
    gold = labelled(
        TALK,
        gold_span(TALK, "hub 2", PRODUCT),
        gold_span(TALK, "lost the connection", ISSUE),
        gold_span(TALK, "lid", PRODUCT, index=1),
        gold_span(TALK, "open", ISSUE, index=1),
    )
    found = [
        mention(TALK, "hub 2", PRODUCT),
        mention(TALK, "lost", ISSUE),
        mention(TALK, "the lid", ISSUE, index=1),
        mention(TALK, "box", PRODUCT, index=1),
    ]
    listed = in_text_order(case(gold, found))
    assert [(m.kind, m.label, m.message, m.marked) for m in listed] == [
        ("wrong_extent", ISSUE, 0, "my hub 2 {[lost] the connection}"),
        ("wrong_label", PRODUCT, 1, "is [the {lid}] on? the box is open"),
        ("invented", PRODUCT, 1, "is the lid on? the [box] is open"),
        ("missed", ISSUE, 1, "is the lid on? the box is {open}"),
    ]
    assert {(m.where, m.conversation, m.sender) for m in listed} == {("gold.jsonl:c1", "c1", "customer")}


def test_what_is_right_is_no_error() -> None:
    gold = labelled(TALK, gold_span(TALK, "hub 2", PRODUCT))
    assert in_text_order(case(gold, [mention(TALK, "hub 2", PRODUCT)])) == []


def test_one_prediction_over_two_is_cut_wrongly_once_and_misses_one() -> None:
    gold = labelled(TALK, gold_span(TALK, "lost", ISSUE), gold_span(TALK, "connection", ISSUE))
    listed = in_text_order(case(gold, [mention(TALK, "lost the connection", ISSUE)]))
    assert sorted(m.kind for m in listed) == ["missed", "wrong_extent"]


@pytest.mark.parametrize(
    ("gold", "found", "marked"),
    [
        ((2, 4), (2, 4), "ab{[cd]}ef"),
        ((1, 5), (2, 4), "a{b[cd]e}f"),
        ((2, 4), (1, 5), "a[b{cd}e]f"),
        ((1, 3), (2, 5), "a{b[c}de]f"),
        ((0, 2), (2, 6), "{ab}[cdef]"),
        ((0, 6), None, "{abcdef}"),
        (None, (5, 6), "abcde[f]"),
    ],
)
def test_marks(gold: tuple[int, int] | None, found: tuple[int, int] | None, marked: str) -> None:
    span = GoldSpan(0, *gold, PRODUCT) if gold else None
    other = Mention(0, *found, "", PRODUCT, "model", Sender.CUSTOMER) if found else None
    assert mark("abcdef", span, other) == marked


def test_far_text_is_left_out_and_lines_are_joined() -> None:
    text = "x" * 100 + "\n\nab\n" + "y" * 100
    assert mark(text, GoldSpan(0, 102, 104, PRODUCT), None) == f"…{'x' * 58} {{ab}} {'y' * 59}…"
