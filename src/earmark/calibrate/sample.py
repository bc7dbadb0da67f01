"""Runs a pipeline over labelled conversations and judges every candidate entity, the unit that is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from earmark import context
from earmark.confidence.features import Values, features
from earmark.decide import entities
from earmark.evaluate.baselines import own_probability
from earmark.evaluate.case import gold_entities, touching
from earmark.evaluate.matching import matching
from earmark.findings import Judge
from earmark.gold import LABELS, Labelled
from earmark.model import Conversation, Entity, Json, Mention, Score
from earmark.ports import Extractor, Linker

BATCH_CONVERSATIONS = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate entity of a labelled conversation: what is known of it, and whether people marked it.

    `probability` is the model's own, `look` its surface form; both only serve comparison.
    """

    conversation_id: str
    label: str
    entity_id: str
    values: Values
    right: bool
    probability: float | None
    look: str


class _ByPlace:
    """Numbers the groups of mentions, and puts those first that the model is surest of."""

    name = fingerprint = "by place"
    facts: Mapping[str, Json] = {}

    def __init__(self) -> None:
        self.known: list[Values] = []

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        self.known = features(conversation, groups)
        return [Score(None, "place", {"number": float(number)}) for number in range(len(groups))]


def sample(
    extractor: Extractor,
    judge: Judge,
    gold: Sequence[Labelled],
    watch: Callable[[int], None] = lambda _count: None,
) -> list[Candidate]:
    """Every candidate in the conversations; `watch` is told how many conversations were done."""
    candidates: list[Candidate] = []
    for start in range(0, len(gold), BATCH_CONVERSATIONS):
        batch = gold[start : start + BATCH_CONVERSATIONS]
        found = extractor.extract([labelled.conversation for labelled in batch])
        for labelled, mentions in zip(batch, found, strict=True):
            candidates += _candidates(judge, labelled, mentions)
        watch(len(batch))
    return candidates


def _candidates(judge: Judge, labelled: Labelled, mentions: tuple[Mention, ...]) -> Iterator[Candidate]:
    places = _ByPlace()
    read = [mention for mention in judge.read(labelled.conversation, mentions) if mention.label in LABELS]
    found = sorted(entities(labelled.conversation, read, places), key=_doubt)
    right = set(matching(touching(found, gold_entities(labelled, judge, mentions, {}))))
    for number, entity in enumerate(found):
        yield Candidate(
            labelled.conversation.id,
            entity.label,
            entity.canonical_id,
            places.known[int(entity.score.parts["number"])],
            number in right,
            own_probability(entity.mentions),
            max((mention.text for mention in entity.mentions), key=len),
        )


def _doubt(entity: Entity) -> tuple[float, str, str]:
    surest = max(mention.evidence.get("inside", 1.0) for mention in entity.mentions)
    return -surest, entity.label, entity.canonical_id


def running(extractor: Extractor, linkers: Iterable[Linker]) -> dict[str, str]:
    """What a calibration depends on, by hash.

    Model, catalog, rules and what they are for, whose messages are read, which labels are taken for ours, who names
    what is found, and the cues that tell what is said of it.
    """
    facts = extractor.facts
    named = json.dumps([linker.fingerprint for linker in linkers])
    return {
        "model": facts.get("model", ""),
        "model_hash": facts.get("model_hash", ""),
        "catalog": facts.get("catalog_hash", ""),
        "rules": facts.get("rules_hash", ""),
        "reading": facts.get("reading_hash", ""),
        "names": hashlib.sha256(named.encode()).hexdigest(),
        "cues": context.fingerprint(),
    }
