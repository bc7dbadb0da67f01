"""Tidying orders and drops, and never touches a text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.model import Conversation, Message, Sender
from earmark.transcript import TRUNCATED, tidy, truncation

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

messages = st.builds(
    Message,
    id=st.sampled_from(["", "1", "2", "3", "4"]),
    sender=st.sampled_from(list(Sender)),
    text=st.sampled_from(["hello", " ", "", "it broke "]),
    sent_at=st.none() | st.integers(0, 9).map(lambda minute: NOON + timedelta(minutes=minute)),
)


def said(*turns: Message) -> list[str]:
    return [message.text for message in tidy(Conversation("c", turns)).messages]


def test_messages_come_in_the_order_in_which_they_were_sent() -> None:
    late = Message("1", Sender.AGENT, "late", NOON + timedelta(minutes=5))
    early = Message("2", Sender.CUSTOMER, "early", NOON)
    assert said(late, early) == ["early", "late"]


def test_a_message_without_a_time_stays_behind_the_one_before_it() -> None:
    first = Message("1", Sender.CUSTOMER, "first", NOON)
    untimed = Message("2", Sender.CUSTOMER, "untimed")
    last = Message("3", Sender.CUSTOMER, "last", NOON + timedelta(minutes=1))
    assert said(first, untimed, last) == ["first", "untimed", "last"]


def test_a_message_that_came_twice_is_said_once_and_silence_is_dropped() -> None:
    turn = Message("1", Sender.CUSTOMER, "once", NOON)
    assert said(turn, turn, Message("2", Sender.CUSTOMER, "  \n", NOON)) == ["once"]


@given(st.lists(messages, max_size=8))
def test_tidying_invents_nothing_and_is_stable(turns: list[Message]) -> None:
    once = tidy(Conversation("c", tuple(turns)))
    assert all(message in turns and message.text.strip() for message in once.messages)
    assert tidy(once) == once


LIMITS = {
    "a message": ((Message("", Sender.CUSTOMER, "word " * 5_000),), "19,999 characters in 1 of 1 messages"),
    "messages": (
        (Message("", Sender.CUSTOMER, "hi"),) * 5_001,
        "10,000 characters in 5,000 of 5,001 messages",
    ),
    "characters": (
        (Message("", Sender.AGENT, "x" * 20_000),) * 26,
        "500,000 characters in 25 of 26 messages",
    ),
}


@pytest.mark.parametrize(("turns", "told"), LIMITS.values(), ids=LIMITS)
def test_what_is_too_much_is_left_out_and_said_so(turns: tuple[Message, ...], told: str) -> None:
    """Texts keep their beginning, so offsets point where they did."""
    conversation = Conversation("c", turns)
    assert (truncation(conversation) or "").startswith(f"{TRUNCATED}: {told} were read")
    read = tidy(conversation).messages
    assert all(whole.text.startswith(short.text) for whole, short in zip(turns, read, strict=False))
    assert truncation(tidy(conversation)) is None


def test_a_message_is_cut_between_words() -> None:
    """Half a name would be another name: X2000 is no X200."""
    said_whole = "my X2000 " * 3_000
    (message,) = tidy(Conversation("c", (Message("", Sender.CUSTOMER, said_whole),))).messages
    assert set(message.text.split()) == {"my", "X2000"}


@given(st.lists(messages, max_size=12).map(tuple))
def test_an_ordinary_conversation_is_read_whole(turns: tuple[Message, ...]) -> None:
    assert truncation(Conversation("c", turns)) is None
