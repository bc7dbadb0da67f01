"""What is personal in one text, and what is not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.privacy.texts import HARMLESS, PERSONAL

from earmark.model import Conversation, Message, Sender
from earmark.privacy import Kind, looks_personal, masked, personal

_PIECES = st.sampled_from(
    [text for _, text, _ in PERSONAL]
    + HARMLESS
    + [
        "account number ",
        "my name is ",
        "call ",
        "dob ",
        " at ",
        " dot ",
        "@",
        ".",
        "4111 ",
        "‹card›",
        "\u200b",
        "٤",
    ]
)
_TEXTS = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=6).map("".join))


def spans_of(*texts: str) -> list[tuple[int, str, Kind]]:
    """Message, text and kind of what is personal in messages of one customer."""
    messages = tuple(Message(str(n), Sender.CUSTOMER, text) for n, text in enumerate(texts))
    found = personal(Conversation("c", messages))
    return [
        (span.message_index, texts[span.message_index][span.start : span.end], span.kind) for span in found
    ]


@pytest.mark.parametrize(("kind", "text", "expected"), PERSONAL)
def test_exactly_what_is_personal_is_found(kind: Kind, text: str, expected: str) -> None:
    assert spans_of(text) == [(0, expected, kind)]
    assert looks_personal(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_products_codes_versions_prices_and_times_are_not_personal(text: str) -> None:
    assert masked(text) == text


def test_masking_names_the_kind_and_keeps_the_rest() -> None:
    text = "I'm at jo@example.org or 4111 1111 1111 1111, Galaxy S24 broke"
    assert masked(text) == "I'm at ‹email› or ‹card›, Galaxy S24 broke"


def test_what_overlaps_is_covered_whole() -> None:
    """The card is the account number, too: nothing of the longer one stays."""
    assert masked("account number 4111 1111 1111 1111 and 7777123") == "account number ‹card›"


def test_a_wrong_check_digit_is_no_card_and_still_too_long_to_keep() -> None:
    assert spans_of("4111 1111 1111 1112") == [(0, "4111 1111 1111 1112", Kind.NUMBER)]


@given(_TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_is_masked_once_and_for_all(text: str) -> None:
    """Never fails, and what has been masked holds nothing personal any more."""
    once = masked(text)
    assert masked(once) == once


@given(st.lists(st.tuples(st.sampled_from(list(Sender)), _TEXTS), max_size=6))
@settings(max_examples=200, deadline=None)
def test_spans_lie_in_their_messages_in_order_and_apart(said: list[tuple[Sender, str]]) -> None:
    messages = tuple(Message(str(n), sender, text) for n, (sender, text) in enumerate(said))
    found = personal(Conversation("c", messages))
    for span in found:
        assert 0 <= span.start < span.end <= len(messages[span.message_index].text)
    for one, other in pairwise(found):
        assert (one.message_index, one.end) <= (other.message_index, other.start) or (
            one.message_index < other.message_index
        )
