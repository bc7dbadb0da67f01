"""Which problem belongs to which product: the two were said close to each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from earmark.context.clauses import Break, Words, read
from earmark.model import ISSUE, PRODUCT, Conversation, Entity, Mention, Nearness, Pair

_RANK = {nearness: rank for rank, nearness in enumerate(Nearness)}
_NEIGHBOURS = 8  # on each side of a problem: what stands behind so many other products is no nearest one


@dataclass(frozen=True, slots=True)
class _Link:
    """A product and an issue at one place each; `apart` counts the characters between them."""

    product: Entity
    issue: Entity
    named: Mention
    problem: Mention
    nearness: Nearness
    apart: int

    @property
    def order(self) -> tuple[int, int, int, int]:
        return _RANK[self.nearness], self.apart, self.problem.message_index, self.named.message_index


def pairs(conversation: Conversation, entities: Iterable[Entity]) -> tuple[Pair, ...]:
    """The products that each problem was said of, with where they stood closest; ordered by issue, then product.

    Each mention of a problem looks for its product in its own clause ("the lamp flickers", "scratches on the lamp",
    and a name inside the words of the problem), where that has none in its message, and where that has none in the
    messages next to it. It takes the product that stands nearest, before it when two are as near, and what "and" or
    "or" joins to that one ("the lamp and the fan hum"). Next to its message it takes the last
    product of the message before, else the first of the message after. A problem that has a product in the clause
    of any of its mentions has only such products. Mentions that are `unsure` pair like others.
    """
    found = list(entities)
    products = _by_message(entity for entity in found if entity.label == PRODUCT)
    text = cache(lambda index: read(conversation.messages[index].text))
    best: dict[tuple[str, str], _Link] = {}
    for issue in (entity for entity in found if entity.label == ISSUE):
        links = [link for problem in issue.mentions for link in _links(issue, problem, products, text)]
        for link in _closest(links):
            best[issue.canonical_id, link.product.canonical_id] = link
    return tuple(_pair(best[key]) for key in sorted(best))


def _by_message(products: Iterable[Entity]) -> dict[int, list[tuple[Mention, Entity]]]:
    """The mentions of products by message, in text order."""
    named: dict[int, list[tuple[Mention, Entity]]] = {}
    for entity in products:
        for mention in entity.mentions:
            named.setdefault(mention.message_index, []).append((mention, entity))
    for mentions in named.values():
        mentions.sort(key=lambda one: (one[0].start, one[0].end, one[1].canonical_id))
    return named


def _links(
    issue: Entity,
    problem: Mention,
    products: Mapping[int, Sequence[tuple[Mention, Entity]]],
    text: Callable[[int], Words],
) -> Iterator[_Link]:
    """The products of one mention of a problem, from the closest place that has any."""
    here = _around(problem, products.get(problem.message_index, ()))
    if not here:
        yield from _beside(issue, problem, products)
        return
    words = text(problem.message_index)
    same = [one for one in here if _same_clause(words, one[0], problem)]
    nearness = Nearness.CLAUSE if same else Nearness.MESSAGE
    nearest = min(same or here, key=lambda one: (_gap(one[0], problem), one[0].start > problem.start))
    for mention, entity in here:
        if mention is nearest[0] or _joined(words, mention, nearest[0]):
            yield _Link(entity, issue, mention, problem, nearness, _gap(mention, problem))


def _around(problem: Mention, named: Sequence[tuple[Mention, Entity]]) -> Sequence[tuple[Mention, Entity]]:
    """The products of its message that may be its own, so that a very long one takes no longer a mention."""
    place = bisect_left(named, problem.start, key=lambda one: one[0].start)
    return named[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS]


def _beside(
    issue: Entity, problem: Mention, products: Mapping[int, Sequence[tuple[Mention, Entity]]]
) -> Iterator[_Link]:
    """The product of a neighbouring message: the last one of the message before, else the first of the next."""
    before = products.get(problem.message_index - 1, ())
    after = products.get(problem.message_index + 1, ())
    for mention, entity in [*before[-1:], *after[:1]][:1]:
        yield _Link(entity, issue, mention, problem, Nearness.NEIGHBOURS, 0)


def _same_clause(words: Words, one: Mention, other: Mention) -> bool:
    first, second = sorted((words.range_of(one.start, one.end), words.range_of(other.start, other.end)))
    return first[1] > second[0] or not words.closed(first[1], second[0], Break.LINK)


def _gap(one: Mention, other: Mention) -> int:
    return max(0, one.start - other.end, other.start - one.end)


def _joined(words: Words, mention: Mention, nearest: Mention) -> bool:
    """Whether "and" alone stands between two products: they share the problem."""
    first, second = sorted((mention, nearest), key=lambda one: one.start)
    between = words.words[
        words.range_of(first.start, first.end)[1] : words.range_of(second.start, second.end)[0]
    ]
    return (
        bool(between)
        and between[0] in {"and", "or", "plus"}
        and set(between[1:]) <= {"the", "my", "our", "a"}
    )


def _closest(links: Sequence[_Link]) -> Iterator[_Link]:
    """One link a product, the closest; where a clause names one, those of other places do not count."""
    least = min((_RANK[link.nearness] for link in links), default=0)
    seen: set[str] = set()
    for link in sorted(links, key=lambda link: link.order):
        counts = least > 0 or link.nearness is Nearness.CLAUSE
        if counts and link.product.canonical_id not in seen:
            seen.add(link.product.canonical_id)
            yield link


def _pair(link: _Link) -> Pair:
    return Pair(
        link.product.canonical_id,
        link.issue.canonical_id,
        link.nearness,
        link.named.message_index,
        link.problem.message_index,
    )
