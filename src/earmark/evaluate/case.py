"""One conversation: what people marked, what a pipeline found, and what was decided about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from earmark.decide import entities, identity
from earmark.findings import Judge
from earmark.gold import GoldSpan, Labelled
from earmark.model import Conversation, Decision, Entity, Json, Mention, Score
from earmark.naming import normal_form

Form = tuple[str, str]
"""A label and the normal form of a text."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that is scored of one conversation. `entities` are those that people marked."""

    gold: Labelled
    mentions: tuple[Mention, ...]
    decisions: tuple[Decision, ...]
    entities: tuple[Entity, ...]


def form(label: str, text: str) -> Form:
    return label, normal_form(text)


def span_text(conversation: Conversation, span: GoldSpan) -> str:
    return conversation.messages[span.message_index].text[span.start : span.end]


def named_by(mentions: Iterable[Mention]) -> dict[Form, str]:
    """How the pipeline identifies each form that it found: the commonest identity where it has several."""
    identities: dict[Form, Counter[str]] = defaultdict(Counter)
    for mention in mentions:
        identities[form(mention.label, mention.text)][identity(mention)] += 1
    return {key: min(known, key=lambda each: (-known[each], each)) for key, known in identities.items()}


class _Unscored:
    """What people marked needs no confidence."""

    name = fingerprint = "gold"
    facts: Mapping[str, Json] = {}

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        del conversation
        return [Score(None, "gold") for _ in groups]


def gold_entities(
    gold: Labelled, judge: Judge, mentions: Sequence[Mention], links: Mapping[tuple[str, str], str]
) -> tuple[Entity, ...]:
    """The entities that people marked, grouped and filtered as found ones are.

    A gold span is what the pipeline calls mentions of that form in this conversation; else what `links` (label
    and text → id) has for it; else what the linkers call such a text.
    """
    known = named_by(judge.read(gold.conversation, mentions))

    def identified(span: GoldSpan) -> str | None:
        text = span_text(gold.conversation, span)
        return known.get(form(span.label, text)) or links.get((span.label, text))

    marked = [_as_mention(gold.conversation, span, identified(span)) for span in gold.spans]
    return entities(gold.conversation, judge.read(gold.conversation, marked), _Unscored())


def _as_mention(conversation: Conversation, span: GoldSpan, canonical_id: str | None) -> Mention:
    return Mention(
        message_index=span.message_index,
        start=span.start,
        end=span.end,
        text=span_text(conversation, span),
        label=span.label,
        source="gold",
        sender=conversation.messages[span.message_index].sender,
        canonical_id=canonical_id,
    )


def touching(found: Sequence[Entity], gold: Sequence[Entity]) -> list[list[int]]:
    """For each found entity the gold ones of its label with a mention that overlaps one of its own.

    One of the same identity comes first.
    """
    places: dict[tuple[int, str], list[tuple[int, int, int]]] = defaultdict(list)
    for number, entity in enumerate(gold):
        for mention in entity.mentions:
            places[mention.message_index, entity.label].append((mention.start, mention.end, number))
    return [_touched(entity, gold, places) for entity in found]


def _touched(
    entity: Entity, gold: Sequence[Entity], places: Mapping[tuple[int, str], list[tuple[int, int, int]]]
) -> list[int]:
    touched = {
        number
        for mention in entity.mentions
        for start, end, number in places.get((mention.message_index, entity.label), ())
        if start < mention.end and mention.start < end
    }
    return sorted(touched, key=lambda number: (gold[number].canonical_id != entity.canonical_id, number))
