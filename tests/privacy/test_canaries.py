"""Nothing personal reaches what is decided: names, ids and forms go to attributes, the journal and reports."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from tests.privacy.scorers import Sure
from tests.privacy.texts import PERSONAL

from earmark.decide import Policy
from earmark.findings import Judge
from earmark.model import ISSUE, PRODUCT, Conversation, Mention, Message, Sender


def _judged(conversation: Conversation, mentions: list[Mention]) -> str:
    findings = Judge((), Sure(), Policy(0.0))(conversation, mentions)
    return json.dumps(asdict(findings), ensure_ascii=False, default=str)


def _mention(conversation: Conversation, place: int, start: int, end: int, label: str) -> Mention:
    message = conversation.messages[place]
    return Mention(place, start, end, message.text[start:end], label, "model", message.sender)


@pytest.mark.parametrize(("text", "canary"), [(text, canary) for _, text, canary in PERSONAL])
def test_a_mention_that_holds_a_canary_or_part_of_it_is_dropped(text: str, canary: str) -> None:
    conversation = Conversation("c", (Message("0", Sender.CUSTOMER, f"Galaxy S24 {text}"),))
    start = conversation.messages[0].text.index(canary)
    half = start + (len(canary) + 1) // 2
    mentions = [
        _mention(conversation, 0, 0, 10, PRODUCT),
        _mention(conversation, 0, start, start + len(canary), PRODUCT),
        _mention(conversation, 0, 0, len(conversation.messages[0].text), ISSUE),
        _mention(conversation, 0, start, half, PRODUCT),
    ]
    judged = _judged(conversation, mentions)
    assert "galaxy s24" in judged
    assert canary not in judged
    assert canary.casefold() not in judged.casefold()
    assert len(json.loads(judged)["decisions"]) == 1


def test_a_canary_that_is_split_over_messages_is_dropped_piece_by_piece() -> None:
    texts = ["router and 4111 1111", "1111 1111"]
    conversation = Conversation("c", tuple(Message(str(n), Sender.CUSTOMER, t) for n, t in enumerate(texts)))
    mentions = [
        _mention(conversation, 0, 0, 6, PRODUCT),
        _mention(conversation, 0, 0, len(texts[0]), ISSUE),
        _mention(conversation, 1, 0, len(texts[1]), PRODUCT),
    ]
    judged = _judged(conversation, mentions)
    assert "router" in judged
    assert "1111" not in judged


def test_a_name_that_looks_personal_is_dropped_wherever_it_comes_from() -> None:
    conversation = Conversation("c", (Message("0", Sender.CUSTOMER, "my card"),))
    mention = Mention(0, 3, 7, "card", PRODUCT, "model", Sender.CUSTOMER, name="4111 1111 1111 1111")
    assert "1111" not in _judged(conversation, [mention])
