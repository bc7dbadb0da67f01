"""The weeks of a report's period, and the two that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from earmark.model import Window
from earmark.report.intervals import difference, wilson
from earmark.report.shape import Trend, Week

MAX_WEEKS = 260
"""The latest five years. A stray date in 1970 must not make a report of three thousand weeks."""


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day that a report covers."""

    first: date
    last: date


def monday_of(moment: datetime) -> date:
    return _monday(_number(moment.date()))


def covered(window: Window, first_seen: date | None, last_seen: date | None, today: date) -> Days | None:
    """The days of the window as far as it is past; an open end reaches as far as there are conversations."""
    if first_seen is None or last_seen is None:
        return None
    first, last = first_seen, last_seen
    if window.since:
        first = window.since.date()
    if window.until:
        last = min(_day_before(window.until), max(today, last_seen))
    return Days(first, max(first, last))


def lay_out(days: Days | None, counts: Mapping[date, int]) -> tuple[Week, ...]:
    """Every week from the first to the last, also those without conversations.

    The window is about when conversations ended, so one may have started in a week before it.
    """
    if days is None or not counts:
        return ()
    last = max(_number(days.last), *map(_number, counts))
    first = min(_number(days.first), *map(_number, counts))
    numbers = range(max(first, last - MAX_WEEKS + 1), last + 1)
    return tuple(
        Week(_monday(number), counts.get(_monday(number), 0), _is_full(number, days)) for number in numbers
    )


def _number(day: date) -> int:
    """Weeks since 0001-01-01, which was a Monday."""
    return (day.toordinal() - 1) // 7


def _monday(number: int) -> date:
    return date.fromordinal(number * 7 + 1)


def _is_full(number: int, days: Days) -> bool:
    monday = number * 7 + 1
    return days.first.toordinal() <= monday and monday + 6 <= days.last.toordinal()


def _day_before(end: datetime) -> date:
    """The last day that an exclusive end leaves."""
    whole_day = end.time() == time.min
    return date.fromordinal(max(1, end.toordinal() - whole_day))


def last_two_full(weeks: Sequence[Week]) -> tuple[int, int] | None:
    """Positions of the last full week and of the one right before it, as (previous, last)."""
    full = [position for position, week in enumerate(weeks) if week.full]
    return (full[-2], full[-1]) if len(full) > 1 else None


def trend(
    counts: Sequence[int], weeks: Sequence[Week], pair: tuple[int, int] | None, z: float
) -> Trend | None:
    """How an entity moved between the two weeks; None unless both had conversations.

    `z` is how far a change has to go to be called one, see `intervals.z_among`.
    """
    if pair is None or not all(weeks[position].conversations for position in pair):
        return None
    previous, last = (counts[position] for position in pair)
    all_previous, all_last = (weeks[position].conversations for position in pair)
    sure = difference(wilson(last, all_last, z), wilson(previous, all_previous, z))
    direction = "up" if sure.low > 0 else "down" if sure.high < 0 else "steady"
    return Trend(
        last, previous, difference(wilson(last, all_last), wilson(previous, all_previous)), direction
    )
