"""Tidying orders and drops, and never touches a text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from earmark.model import Conversation, Message, Sender
from earmark.transcript import tidy

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
