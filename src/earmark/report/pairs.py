"""Counting which product and which issue were said close to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set

from earmark.model import ISSUE, PRODUCT, Nearness, PairRow
from earmark.report.census import Census
from earmark.report.shape import PairStats
from earmark.report.tally import Ledger

_CLOSEST_FIRST = {nearness: rank for rank, nearness in enumerate(Nearness)}
_NOWHERE: Set[int] = frozenset()


def count(
    rows: Iterable[PairRow], census: Census, ledger: Ledger, min_count: int = 1
) -> tuple[PairStats, ...]:
    """Pairs of at least `min_count` conversations, the commonest first.

    A pair counts where both were kept, once a conversation, at its closest.
    """
    closest: dict[tuple[str, str], dict[int, Nearness]] = {}
    for row in rows:
        number = census.numbers.get(row.conversation_id, -1)
        if number in _kept(ledger, PRODUCT, row.product_id) and number in _kept(ledger, ISSUE, row.issue_id):
            where = closest.setdefault((row.product_id, row.issue_id), {})
            where[number] = min(where.get(number, row.nearness), row.nearness, key=_CLOSEST_FIRST.__getitem__)
    stats = (_pair(key, where) for key, where in closest.items() if len(where) >= min_count)
    return tuple(sorted(stats, key=lambda pair: (-pair.conversations, pair.product_id, pair.issue_id)))


def _kept(ledger: Ledger, label: str, canonical_id: str) -> Set[int]:
    """The numbers of the conversations in which it was kept."""
    tally = ledger.kept.get((label, canonical_id))
    return tally.conversations if tally else _NOWHERE


def _pair(key: tuple[str, str], where: dict[int, Nearness]) -> PairStats:
    counts = Counter(where.values())
    return PairStats(*key, len(where), {nearness: counts[nearness] for nearness in Nearness})
