"""What might be personal data is no mention."""

from __future__ import annotations

import pytest

from earmark.model import PRODUCT, Conversation, Mention, Message, Sender
from earmark.privacy import cleared, looks_personal

LISTED, AS_PATTERN = {"match": 1.0}, {"match": 0.85}


def by_catalog(text: str, said: str, evidence: dict[str, float], name: str = "Widget") -> bool:
    """Whether a catalog's mention of `said` in `text` stays."""
    start = text.index(said)
    end = start + len(said)
    mention = Mention(0, start, end, said, PRODUCT, "catalog", Sender.CUSTOMER, "w", name, evidence=evidence)
    return bool(cleared(Conversation("c", (Message("0", Sender.CUSTOMER, text),)), [mention]))


@pytest.mark.parametrize(
    "text",
    [
        "jo@example.org",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "+44 1632 960 000",
        "4111\u200b111111111111",
    ],
)
def test_what_may_be_personal_never_becomes_an_entity(text: str) -> None:
    assert looks_personal(text)
    mention = Mention(0, 0, len(text), text, PRODUCT, "model", Sender.CUSTOMER)
    assert cleared(Conversation("c", (Message("0", Sender.CUSTOMER, text),)), [mention]) == ()


@pytest.mark.parametrize(
    "text", ["error 98", "Galaxy S24", "0x80070643", "charged 7 times", "Windows 11 24H2"]
)
def test_model_numbers_and_error_codes_are_not_personal(text: str) -> None:
    assert not looks_personal(text)


@pytest.mark.parametrize("said", ["Filter 551209377", "4006381333931", "212-555-0100"])
def test_what_the_catalog_lists_so_is_a_product_whatever_its_number_looks_like(said: str) -> None:
    assert by_catalog(f"my {said} broke", said, LISTED)


def test_an_entry_keeps_its_own_name_whatever_that_looks_like() -> None:
    assert by_catalog("my widgets broke", "widgets", {"match": 0.9}, name="Widget 551209377")


@pytest.mark.parametrize(
    ("text", "said", "evidence"),
    [
        ("my 551209377 broke", "551209377", AS_PATTERN),  # any number fits a pattern
        ("card 4111 1111 1111 1111", "4111", LISTED),  # a piece of something longer
        ("my name is Alexa Brown", "Alexa", LISTED),
        ("order number 8831002", "8831002", LISTED),  # said to be somebody's
        ("jo@example.org", "example", LISTED),
    ],
)
def test_a_catalog_name_is_no_way_around(text: str, said: str, evidence: dict[str, float]) -> None:
    assert not by_catalog(text, said, evidence)
