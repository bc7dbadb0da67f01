"""However long and hostile a text is, the work grows with its length and no faster."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from earmark.model import Conversation, Message, Sender
from earmark.privacy import masked, personal

_CHARACTERS = 10_000
_UNITS = [
    *(
        "1",
        "1 ",
        "4 ",
        "4111 ",
        "\u200b",
        "1\u200b",
        "1\u0301",
        "@",
        "a@",
        "a.",
        "1.",
        "1.2.3.4 ",
        "1:",
        "(1",
        " ",
        "1   ",
    ),
    *(
        "my name is ",
        "My name is Aa. ",
        "account number ",
        "account number 12 ",
        "order no 1 and ",
        "dob is ",
        "1 Aaa ",
    ),
    *(
        "http://",
        "?token=",
        " at a dot ",
        "555 0123 ",
        "212-555-0123, ",
        "GB12",
        "GB12 WEST 1234 ",
        "eyJ-",
        "pin is a",
        "1&nbsp;",
        "1</b><b>",
        "1 5th ",
        "G\n",
        "order-id",
    ),
]


def _fastest(work: Callable[[], object]) -> float:
    """The least of five, in seconds of this process alone, without looking for garbage that others left."""
    taken = []
    gc.disable()
    try:
        for _ in range(5):
            begun = time.process_time()
            work()
            taken.append(time.process_time() - begun)
    finally:
        gc.enable()
    return min(taken)


@pytest.mark.parametrize("unit", _UNITS)
def test_twice_the_text_is_about_twice_the_work(unit: str) -> None:
    start, count = "call my account number name ", _CHARACTERS // len(unit)
    short, long = (
        _fastest(lambda: masked(start + unit * count)),
        _fastest(lambda: masked(start + unit * 2 * count)),
    )
    assert long < 3.2 * short + 0.005


@pytest.mark.parametrize("text", ["1", "4111 1111", "my name is Aa", "my account number is 1234", "jo@"])
def test_twice_the_messages_are_about_twice_the_work(text: str) -> None:
    def conversation(count: int) -> Conversation:
        return Conversation("c", (Message("", Sender.CUSTOMER, text),) * count)

    short, long = (
        _fastest(lambda: personal(conversation(500))),
        _fastest(lambda: personal(conversation(1000))),
    )
    assert long < 3.2 * short + 0.005


def test_libraries_are_loaded_only_when_a_number_asks_for_them() -> None:
    script = (
        "import sys; from earmark.privacy import masked; masked('my Galaxy S24 has error 98');"
        "assert not {'phonenumbers', 'stdnum'} & set(sys.modules); masked('+44 20 7946 0958');"
        "assert 'phonenumbers' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
