"""Where a listing stands: what is still to be listed, as an opaque text that survives a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

from earmark.errors import ConfigError
from earmark.genesys.shape import count, items, mapping, moment, stamp, text
from earmark.genesys.strict_json import parse
from earmark.model import Json

_VERSION = 1
DAY = timedelta(days=1)
JOB_SPAN = timedelta(days=93)
_INSTANT = timedelta(milliseconds=1)


class Way(StrEnum):
    """How a span is listed: by query, by job, or by a job because a query cannot show all of it."""

    QUERY = "query"
    JOB = "job"
    OVERFULL = "overfull"


@dataclass(frozen=True, slots=True)
class Span:
    """An interval that one query (page by page) or one job lists."""

    way: Way
    start: datetime
    end: datetime

    @property
    def interval(self) -> str:
        return f"{stamp(self.start)}/{stamp(self.end)}"

    def halves(self) -> tuple[Span, Span]:
        middle = self.start + (self.end - self.start) / 2
        return replace(self, end=middle), replace(self, start=middle)


@dataclass(frozen=True, slots=True)
class Place:
    """Spans that remain; the first is at `page` (query) or at `after` in `job`.

    Only conversations that ended in [since, until) count, whatever the spans bring up.
    """

    since: datetime
    until: datetime
    spans: tuple[Span, ...]
    page: int = 1
    job: str | None = None
    after: str | None = None

    def next_span(self) -> Self:
        return replace(self, spans=self.spans[1:], page=1, job=None, after=None)

    def by_job(self) -> Self:
        return replace(self, spans=(replace(self.spans[0], way=Way.OVERFULL), *self.spans[1:]), page=1)

    def split(self) -> Self:
        return replace(self, spans=(*self.spans[0].halves(), *self.spans[1:]), page=1)

    def to_cursor(self) -> str | None:
        """None when nothing remains."""
        if not self.spans:
            return None
        return json.dumps(
            {
                "v": _VERSION,
                "since": stamp(self.since),
                "until": stamp(self.until),
                "spans": [[span.way, stamp(span.start), stamp(span.end)] for span in self.spans],
                "page": self.page,
                "job": self.job,
                "after": self.after,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_cursor(cls, cursor: str) -> Self:
        """Read what `to_cursor` wrote.

        Raises:
            ConfigError: It is something else.
        """
        try:
            saved = mapping(parse(cursor))
            if saved.get("v") != _VERSION:
                raise ValueError("version")
            page = count(saved["page"])
            return cls(
                since=_time(saved["since"]),
                until=_time(saved["until"]),
                spans=tuple(_span(items(each)) for each in items(saved["spans"])),
                page=page or 1,
                job=text(saved["job"]) or None,
                after=text(saved["after"]) or None,
            )
        except (ValueError, KeyError, IndexError):
            raise ConfigError(
                "the saved place in the listing cannot be read", hint="start a new run over the same window"
            ) from None


def query_days(start: datetime, end: datetime) -> Iterator[Span]:
    """Whole UTC days: the service matches days, and an interval that touches the next lists it too."""
    day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        yield Span(Way.QUERY, day, min(day + DAY - _INSTANT, end))
        day += DAY


def job_spans(start: datetime, end: datetime) -> Iterator[Span]:
    while start < end:
        stop = min(start + JOB_SPAN, end)
        yield Span(Way.JOB, start, stop)
        start = stop


def _span(saved: list[Json]) -> Span:
    return Span(Way(text(saved[0])), _time(saved[1]), _time(saved[2]))


def _time(value: Json) -> datetime:
    found = moment(value)
    if found is None:
        raise ValueError("time")
    return found
