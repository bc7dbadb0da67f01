"""The report's entities and its pairs as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from earmark.model import ISSUE, PRODUCT, Nearness
from earmark.report.names import unique_names
from earmark.report.shape import ASIDE, Apart, EntityStats, Report
from earmark.spreadsheet import guarded

Cell = str | int | float

COLUMNS = (
    "label",
    "id",
    "name",
    "conversations",
    "mentions",
    "share",
    "share_low",
    "share_high",
    "previous_week",
    "last_week",
    "trend",
    "forms",
    "resolved",
    "review",
    *(assertion.value for assertion in ASIDE),
)
PAIR_COLUMNS = (
    "product_id",
    "product",
    "issue_id",
    "issue",
    "conversations",
    *(nearness.value for nearness in Nearness),
)


def to_csv(report: Report) -> str:
    """One row an entity, commonest first, CRLF line ends. Shares are fractions of 1.

    What was found and never raised comes last: it was kept in 0 conversations. A text that a spreadsheet could
    take for a formula gets a leading single quote. `forms` joins the surface forms with " | ", commonest first.
    """
    apart = {(one.label, one.id): one for one in report.apart}
    listed = {(entity.label, entity.id) for entity in report.entities}
    rows = [
        (*_raised(entity), *_not_raised(apart.get((entity.label, entity.id)))) for entity in report.entities
    ]
    others = [(*_only_apart(one), *_not_raised(one)) for key, one in apart.items() if key not in listed]
    return _table(COLUMNS, rows + others)


def pairs_to_csv(report: Report) -> str:
    """One row a product and issue that were said close to each other, commonest first, as `to_csv`."""
    names = unique_names(report.entities)
    return _table(
        PAIR_COLUMNS,
        (
            (
                guarded(pair.product_id),
                guarded(names[PRODUCT, pair.product_id]),
                guarded(pair.issue_id),
                guarded(names[ISSUE, pair.issue_id]),
                pair.conversations,
                *pair.nearness.values(),
            )
            for pair in report.pairs
        ),
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(columns)
    writer.writerows(rows)
    return lines.getvalue()


def _raised(entity: EntityStats) -> Iterator[Cell]:
    yield guarded(entity.label)
    yield guarded(entity.id)
    yield guarded(entity.name)
    yield entity.conversations
    yield entity.mentions
    yield round(entity.share.value, 6)
    yield round(entity.share.low, 6)
    yield round(entity.share.high, 6)
    yield "" if entity.trend is None else entity.trend.previous
    yield "" if entity.trend is None else entity.trend.last
    yield "" if entity.trend is None else entity.trend.direction
    yield guarded(" | ".join(form for form, _ in entity.forms))
    yield entity.resolved


def _only_apart(one: Apart) -> Iterator[Cell]:
    """As `_raised`, where it was raised too rarely to be listed, or never."""
    yield guarded(one.label)
    yield guarded(one.id)
    yield guarded(one.name)
    yield one.kept
    yield from [""] * (COLUMNS.index("review") - 4)


def _not_raised(one: Apart | None) -> Iterator[int]:
    yield one.review if one else 0
    yield from (one.aside[assertion] if one else 0 for assertion in ASIDE)
