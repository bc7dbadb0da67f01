"""Small conversations to score, written down as text with marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from earmark.decide import Policy
from earmark.evaluate.case import Case, gold_entities
from earmark.findings import Judge
from earmark.gold import GoldSpan, Labelled
from earmark.model import Conversation, Json, Mention, Message, Score, Sender

Spans = Iterable[tuple[str, str]]
"""Texts and labels."""


def chat(*texts: str, identity: str = "c1", sender: Sender = Sender.CUSTOMER) -> Conversation:
    return Conversation(identity, tuple(Message(str(n), sender, text) for n, text in enumerate(texts)))


def labelled(conversation: Conversation, *spans: GoldSpan, source: str = "shop") -> Labelled:
    return Labelled(conversation, source, spans, f"gold.jsonl:{conversation.id}")


def gold_span(
    conversation: Conversation,
    text: str,
    label: str,
    *,
    index: int = 0,
    kind: str | None = None,
    full: tuple[int, int] | None = None,
) -> GoldSpan:
    start = conversation.messages[index].text.index(text)
    return GoldSpan(index, start, start + len(text), label, kind, *(full or (None, None)))


def mention(
    conversation: Conversation,
    text: str,
    label: str,
    *,
    index: int = 0,
    probability: float | None = None,
    canonical_id: str | None = None,
) -> Mention:
    message = conversation.messages[index]
    start = message.text.index(text)
    return Mention(
        message_index=index,
        start=start,
        end=start + len(text),
        text=text,
        label=label,
        source="model",
        sender=message.sender,
        canonical_id=canonical_id,
        probability=probability,
    )


class ByProbability:
    """As sure as the surest mention."""

    name = fingerprint = "probability"
    facts: Mapping[str, Json] = {}

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        return [_surest(group) for group in groups]


def _surest(group: Sequence[Mention]) -> Score:
    values = [mention.probability for mention in group if mention.probability is not None]
    return Score(max(values, default=None), "probability")


def case(
    gold: Labelled,
    mentions: Sequence[Mention] = (),
    *,
    threshold: float = 0.5,
    links: Mapping[tuple[str, str], str] | None = None,
) -> Case:
    """A conversation with the entities that the mentions make at a threshold."""
    judge = Judge((), ByProbability(), Policy(threshold))
    decisions = judge(gold.conversation, mentions).decisions
    return Case(gold, tuple(mentions), decisions, gold_entities(gold, judge, mentions, links or {}))


class Oracle:
    """An extractor that finds what it is told, by the text of a message, and links what it is told."""

    def __init__(self, gold: Iterable[Labelled], links: Mapping[str, str] | None = None) -> None:
        self._links = links or {}
        self._known = {
            (one.conversation.id, index): [span for span in one.spans if span.message_index == index]
            for one in gold
            for index in range(len(one.conversation.messages))
        }

    fingerprint = "0" * 64
    facts: Mapping[str, str] = {"name": "oracle"}

    def extract(self, conversations: Sequence[Conversation]) -> Iterator[tuple[Mention, ...]]:
        for conversation in conversations:
            yield tuple(self._mentions(conversation))

    def _mentions(self, conversation: Conversation) -> Iterator[Mention]:
        for index, message in enumerate(conversation.messages):
            for span in self._known.get((conversation.id, index), ()):
                text = message.text[span.start : span.end]
                yield Mention(
                    index, span.start, span.end, text, span.label, "oracle", message.sender, probability=1.0
                )
            if message.text in self._links:
                yield Mention(
                    index,
                    0,
                    len(message.text),
                    message.text,
                    "PRODUCT",
                    "catalog",
                    message.sender,
                    canonical_id=self._links[message.text],
                )
