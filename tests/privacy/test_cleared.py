"""What might be personal data is no mention."""

from __future__ import annotations

import pytest

from earmark.model import PRODUCT, Conversation, Mention, Message, Sender
from earmark.privacy import cleared, looks_personal


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
