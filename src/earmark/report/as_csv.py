"""The report's entities as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from earmark.report.shape import EntityStats, Report
from earmark.spreadsheet import guarded

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
)


def to_csv(report: Report) -> str:
    """One row an entity, commonest first, CRLF line ends. Shares are fractions of 1.

    A text that a spreadsheet could take for a formula gets a leading single quote. `forms` joins the
    surface forms with " | ", commonest first.
    """
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    writer.writerows(tuple(_cells(entity)) for entity in report.entities)
    return lines.getvalue()


def _cells(entity: EntityStats) -> Iterator[str | int | float]:
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
