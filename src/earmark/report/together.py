"""Which issues come with which products, as the page shows it: a heat map, and the commonest pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from earmark.model import ISSUE, PRODUCT, Nearness
from earmark.report.count import MATRIX_SIDE
from earmark.report.shape import Matrix, PairStats, Report
from earmark.report.shown import Names

SHADES = 6
PAIRS = 10
CLOSE = (
    "Conversations in which both were raised and said close to each other: in one clause, in one message, or in "
    "messages that follow each other. The stronger the colour, the more."
)
ANYWHERE = (
    "Conversations in which both occur, however far apart; none that were said close to each other are listed. "
    "The stronger the colour, the more."
)
HOW_CLOSE = {
    Nearness.CLAUSE: "in one clause",
    Nearness.MESSAGE: "in one message",
    Nearness.NEIGHBOURS: "in neighbouring messages",
}


def together(report: Report, names: Names) -> dict[str, Any] | None:
    """The heat map of pairs; of mere occurrence together where the run has no pairs, and it says so."""
    matrix = _of_pairs(report.pairs) if report.pairs else report.matrix
    most = max((cell for row in matrix.cells for cell in row), default=0)
    if not most:
        return None
    near = {(pair.product_id, pair.issue_id): _evidence(pair) for pair in report.pairs}
    return {
        "about": CLOSE if report.pairs else ANYWHERE,
        "issues": [names[ISSUE, key] for key, _ in matrix.issues],
        "rows": [
            {
                "name": names[PRODUCT, product],
                "cells": [
                    {"count": cell, "shade": _shade(cell, most), "evidence": near.get((product, issue), "")}
                    for (issue, _), cell in zip(matrix.issues, row, strict=True)
                ],
            }
            for (product, _), row in zip(matrix.products, matrix.cells, strict=True)
        ],
        "pairs": list(_commonest(report, names)),
    }


def _of_pairs(pairs: tuple[PairStats, ...]) -> Matrix:
    """The products and issues of the commonest pairs, among equals those in most of them."""
    products: Counter[str] = Counter()
    issues: Counter[str] = Counter()
    for pair in pairs:
        products[pair.product_id] += pair.conversations
        issues[pair.issue_id] += pair.conversations
    rows: set[str] = set()
    columns: set[str] = set()
    for pair in sorted(pairs, key=lambda p: (-p.conversations, -products[p.product_id] - issues[p.issue_id])):
        if _has_room(rows, pair.product_id) and _has_room(columns, pair.issue_id):
            rows.add(pair.product_id)
            columns.add(pair.issue_id)
    counts = {(pair.product_id, pair.issue_id): pair.conversations for pair in pairs}
    down = [(key, count) for key, count in products.most_common() if key in rows]
    across = [(key, count) for key, count in issues.most_common() if key in columns]
    cells = tuple(tuple(counts.get((row, column), 0) for column, _ in across) for row, _ in down)
    return Matrix(tuple(down), tuple(across), cells)


def _has_room(side: set[str], key: str) -> bool:
    return key in side or len(side) < MATRIX_SIDE


def _shade(cell: int, most: int) -> int:
    """0 for nothing, else 1 to SHADES."""
    return -(-cell * SHADES // most)


def _evidence(pair: PairStats) -> str:
    return ", ".join(f"{count:,} {HOW_CLOSE[nearness]}" for nearness, count in pair.nearness.items() if count)


def _commonest(report: Report, names: Names) -> Iterator[dict[str, Any]]:
    for pair in report.pairs[:PAIRS]:
        most = report.pairs[0].conversations
        yield {
            "product": names[PRODUCT, pair.product_id],
            "issue": names[ISSUE, pair.issue_id],
            "conversations": f"{pair.conversations:,}",
            "evidence": _evidence(pair),
            "bars": list(_bars(pair, most)),
        }


def _bars(pair: PairStats, most: int) -> Iterator[dict[str, Any]]:
    """Parts of one bar, closest first: where each starts and how wide it is, in percent of the longest bar."""
    start = 0
    for nearness, count in pair.nearness.items():
        if count:
            place = {"x": round(100 * start / most, 2), "width": round(100 * count / most, 2)}
            yield {"nearness": nearness.value, **place}
        start += count
