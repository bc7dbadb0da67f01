"""Which problem belongs to which product: the two were said close to each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from earmark.model import ISSUE, PRODUCT, Conversation, Entity, Mention, Nearness, Pair

_CLOSEST = {nearness: rank for rank, nearness in enumerate(Nearness)}


def pairs(conversation: Conversation, entities: Iterable[Entity]) -> tuple[Pair, ...]:
    """Every product and issue that were said close to each other, once, with where they were closest."""
    del conversation
    found = list(entities)
    products = [entity for entity in found if entity.label == PRODUCT]
    issues = [entity for entity in found if entity.label == ISSUE]
    best = (_best(one, other) for one, other in product(products, issues))
    return tuple(pair for pair in best if pair is not None)


def _best(one: Entity, other: Entity) -> Pair | None:
    return min(_pairs(one, other), key=lambda pair: _CLOSEST[pair.nearness], default=None)


def _pairs(one: Entity, other: Entity) -> Iterator[Pair]:
    for named, problem in product(one.mentions, other.mentions):
        nearness = _nearness(named, problem)
        if nearness is not None:
            yield Pair(
                one.canonical_id, other.canonical_id, nearness, named.message_index, problem.message_index
            )


def _nearness(named: Mention, problem: Mention) -> Nearness | None:
    apart = abs(named.message_index - problem.message_index)
    return None if apart > 1 else Nearness.NEIGHBOURS if apart else Nearness.MESSAGE
