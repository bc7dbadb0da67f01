"""What is personal only across messages: split numbers, answers, and names that come up again."""

from __future__ import annotations

import pytest

from earmark.model import Conversation, Message, Sender
from earmark.privacy import Kind, personal

C, A, B = Sender.CUSTOMER, Sender.AGENT, Sender.BOT
Said = list[tuple[Sender, str]]


def found_in(said: Said) -> list[tuple[int, str, Kind]]:
    """Message, text and kind of what is personal."""
    messages = tuple(Message(str(n), sender, text) for n, (sender, text) in enumerate(said))
    spans = personal(Conversation("c", messages))
    return [(s.message_index, messages[s.message_index].text[s.start : s.end], s.kind) for s in spans]


SPLIT: list[tuple[Kind, Said, list[str]]] = [
    (Kind.CARD, [(C, "4111 1111"), (C, "1111 1111")], ["4111 1111", "1111 1111"]),
    (
        Kind.CARD,
        [(C, "my card is 4111"), (C, "1111"), (C, "1111"), (C, "1111 it was")],
        ["4111", "1111", "1111", "1111"],
    ),
    (
        Kind.CARD,
        [(C, "it's 4111 1111"), (A, "go on"), (A, "I'm listening"), (C, "ok"), (C, "then 1111 1111")],
        ["4111 1111", "1111 1111"],
    ),
    (
        Kind.CARD,
        [(C, "４１１１\u200b1111"), (A, "yes?"), (C, "١١١١ 1111")],
        ["４１１１\u200b1111", "١١١١ 1111"],
    ),
    (Kind.CARD, [(C, digit) for digit in "4111111111111111"], list("4111111111111111")),
    (Kind.IBAN, [(C, "GB82 WEST 1234"), (C, "5698 7654 32")], ["GB82 WEST 1234", "5698 7654 32"]),
    (Kind.PHONE, [(C, "you can call 020 7946"), (C, "0958")], ["020 7946", "0958"]),
    (Kind.ID, [(C, "my account number is 7712"), (C, "3345")], ["7712", "3345"]),
    (Kind.EMAIL, [(C, "jo.smith@"), (A, "yes?"), (C, "example.org")], ["jo.smith@", "example.org"]),
    (Kind.EMAIL, [(C, "jo.smith"), (C, "@example.org")], ["jo.smith", "@example.org"]),
]


@pytest.mark.parametrize(("kind", "said", "pieces"), SPLIT)
def test_pieces_of_one_sender_are_put_together(kind: Kind, said: Said, pieces: list[str]) -> None:
    assert [text for _, text, found in found_in(said) if found == kind] == pieces


@pytest.mark.parametrize(
    "said",
    [
        [(C, "4111 1111"), (A, "1111 1111")],  # two people
        [(C, "4111 1111"), *[(A, "and?")] * 4, (C, "1111 1111")],  # too far apart
        [(C, "iPhone 15"), (C, "2 of them"), (C, "since 2024")],
        [(C, "only 2 gb left"), (C, "35 minutes"), (C, "error 1603")],
        [(C, "thanks a lot"), (C, "@AppleSupport")],
    ],
)
def test_what_does_not_belong_together_is_left_alone(said: Said) -> None:
    assert found_in(said) == []


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        ("What is your order number?", "it's 771 234", (Kind.ID, "771 234")),
        ("Could I have the account id?", "XASS9FV3NR", (Kind.ID, "XASS9FV3NR")),
        ("And your phone number?", "9123 4567", (Kind.PHONE, "9123 4567")),
        ("May I have your full name?", "It's Priya Nair.", (Kind.NAME, "Priya Nair")),
        ("Your date of birth, please", "3 May 1980", (Kind.BIRTH, "3 May 1980")),
    ],
)
def test_an_answer_is_read_by_its_question(asked: str, answer: str, expected: tuple[Kind, str]) -> None:
    assert [(kind, text) for _, text, kind in found_in([(A, asked), (C, answer)])] == [expected]
    assert found_in([(A, "What is it about?"), (C, answer)]) == []


def test_a_name_that_was_introduced_is_found_again() -> None:
    said = [(C, "my name is Priya"), (A, "Hello Priya"), (C, "it's Priya's iPad")]
    assert [(place, text) for place, text, _ in found_in(said)] == [(0, "Priya"), (1, "Priya"), (2, "Priya")]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("my account number is 7712-0934", "7712-0934"),
        ("my password is hunter2", "hunter2"),
        ("booking ref QX7Z2P9", "QX7Z2P9"),
        ("call me on 9123 4567", "9123 4567"),
    ],
)
def test_a_number_that_was_told_is_found_again(said: str, number: str) -> None:
    """Nobody says again what it is, and whoever repeats it may be another one, many messages later."""
    later = [(A, "one moment"), (A, "still looking"), (A, "thanks"), (A, f"{number} is locked, I see")]
    assert [(place, text) for place, text, _ in found_in([(C, said), *later])] == [(0, number), (4, number)]
    assert found_in([(A, f"{number} is locked, I see")]) == []


def test_the_last_digits_of_a_card_make_no_product_personal() -> None:
    """Four digits may be a product's, too."""
    assert [p for p, *_ in found_in([(C, "card ending in 4090"), (C, "paid for the RTX 4090")])] == [0]


def test_what_a_bot_calls_itself_is_not_looked_for() -> None:
    said = [(B, "My name is Alexa"), (C, "my Alexa is offline")]
    assert [place for place, _, _ in found_in(said)] == [0]
