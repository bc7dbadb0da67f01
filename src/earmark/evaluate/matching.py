"""Who belongs to whom: pairs, each item in one at most, as many as there can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol


class Placed(Protocol):
    """A labelled piece of one message: characters [start, end)."""

    @property
    def message_index(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def label(self) -> str: ...


def overlap(one: Placed, other: Placed) -> float:
    """Shared characters over all characters of the two: 0 apart, 1 the same."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return max(0, shared) / (max(one.end, other.end) - min(one.start, other.start))


def exact(one: Placed, other: Placed) -> float:
    """1 for the same characters, else 0."""
    return float((one.start, one.end) == (other.start, other.end))


def pair_spans(
    gold: Sequence[Placed],
    found: Sequence[Placed],
    likeness: Callable[[Placed, Placed], float],
    *,
    across_labels: bool = False,
) -> dict[int, int]:
    """Pair spans of one message and label that are alike at all; gold position → found position."""

    def place(span: Placed) -> tuple[int, str]:
        return span.message_index, "" if across_labels else span.label

    there = defaultdict(list)
    for number, span in enumerate(found):
        there[place(span)].append(number)
    edges = []
    for span in gold:
        likely = {number: likeness(span, found[number]) for number in there[place(span)]}
        edges.append(sorted((n for n in likely if likely[n] > 0), key=lambda n: -likely[n]))
    return matching(edges)


def matching(edges: Sequence[Sequence[int]]) -> dict[int, int]:
    """A maximum matching: `edges[i]` are the partners that i may have, dearest first; i → its partner.

    Who has a partner keeps one when later ones are served: the first k of the list get as many partners as
    they could get without the others.
    """
    partner: dict[int, int] = {}
    holder: dict[int, int] = {}
    for newcomer in range(len(edges)):
        asked_by: dict[int, int] = {}
        queue = [newcomer]
        free = _search(queue, edges, holder, asked_by)
        while free is not None:
            one = asked_by[free]
            before = partner.get(one)
            partner[one], holder[free] = free, one
            free = before
    return partner


def _search(
    queue: list[int], edges: Sequence[Sequence[int]], holder: dict[int, int], asked_by: dict[int, int]
) -> int | None:
    """A partner that is free, or becomes free when the holders on the way to it move on."""
    for one in queue:
        for other in edges[one]:
            if other not in asked_by:
                asked_by[other] = one
                if other not in holder:
                    return other
                queue.append(holder[other])
    return None
