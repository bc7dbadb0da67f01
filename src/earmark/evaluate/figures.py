"""Counts become precision, recall and F1, with intervals over conversations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 1_000
SEED = 20_260_101
CONFIDENCE = 0.95

Interval = tuple[float, float]


class Cell(NamedTuple):
    """Which count: of a view ("exact") of a label in a part ("source") that has a value ("abcd")."""

    part: str
    value: str
    label: str
    view: str


class Counts(NamedTuple):
    """Right, invented, missed."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate in [0, 1] with its 95 % interval; both None where the rate is not defined (0 of 0)."""

    value: float | None
    interval: Interval | None


UNDEFINED = Rate(None, None)


@dataclass(frozen=True, slots=True)
class Figures:
    """One block of figures."""

    counts: Counts
    precision: Rate
    recall: Rate
    f1: Rate


def figures(rows: Sequence[Mapping[Cell, Counts]], cells: Iterable[Cell] = ()) -> dict[Cell, Figures]:
    """Sum the counts of all conversations, one row each, and resample the rows for the intervals.

    Every cell of a row has an entry, and so have `cells`. The same rows in the same order give the same
    intervals. A resample in which a rate is not defined has no say in its interval.
    """
    import numpy as np

    columns = {
        cell: number for number, cell in enumerate(dict.fromkeys([*cells, *(c for r in rows for c in r)]))
    }
    table = np.zeros((len(rows), len(columns), 3))
    for position, row in enumerate(rows):
        for cell, counts in row.items():
            table[position, columns[cell]] = counts
    values = _rates(table.sum(axis=0))
    bounds = _bounds(table)
    return {
        cell: Figures(
            Counts(*(int(count) for count in table[:, number].sum(axis=0))),
            *(_rate(values[number, kind], bounds[:, number, kind]) for kind in range(3)),
        )
        for cell, number in columns.items()
    }


def _rate(value: float, bounds: Floats) -> Rate:
    if isnan(value):
        return UNDEFINED
    return Rate(float(value), (float(bounds[0]), float(bounds[1])))


def _rates(counts: Floats) -> Any:
    """(…, 3) counts → (…, 3) precision, recall, F1; NaN where 0 of 0."""
    import numpy as np

    tp, fp, fn = np.moveaxis(counts, -1, 0)
    with np.errstate(invalid="ignore"):
        return np.stack([tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)], axis=-1)


def _bounds(table: Floats) -> Any:
    """The percentile bootstrap: (2, cells, 3) bounds over resampled conversations."""
    import numpy as np

    size, cells, _ = table.shape
    if not size or not cells:
        return np.full((2, cells, 3), np.nan)
    drawn = np.random.default_rng(SEED).integers(size, size=(RESAMPLES, size))
    drawn += size * np.arange(RESAMPLES)[:, None]
    times = np.bincount(drawn.ravel(), minlength=RESAMPLES * size).reshape(RESAMPLES, size)
    resampled = times.astype(float) @ table.reshape(size, cells * 3)
    ordered = np.sort(_rates(resampled.reshape(RESAMPLES, cells, 3)), axis=0)  # NaN goes to the end
    return _percentiles(ordered)


def _percentiles(ordered: Floats) -> Any:
    """The outer percentiles of each sorted column, of what stands before the NaN."""
    import numpy as np

    defined = (~np.isnan(ordered)).sum(axis=0)
    tail = (1 - CONFIDENCE) / 2
    bounds = []
    for share, nearest in ((tail, np.floor), (1 - tail, np.ceil)):
        place = nearest(share * np.maximum(defined - 1, 0)).astype(int)
        bounds.append(np.take_along_axis(ordered, place[None], axis=0)[0])
    return np.stack(bounds)
