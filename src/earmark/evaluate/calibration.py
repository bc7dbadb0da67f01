"""Whether numbers between 0 and 1 are what they claim: expected calibration error, Brier score, AUROC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

BINS = 10

Claim = tuple[float, bool]
"""A number that was given, and whether what it was given for is right."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims in [low, high); the last bin holds 1 as well. Without claims there is no mean and no share."""

    low: float
    high: float
    count: int
    mean: float | None
    share_right: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """`ece` is the mean distance, claim by claim, between a bin's mean claim and its share of right ones.

    `brier` is the mean squared error, `auroc` the chance that a right one stands above a wrong one; None
    where there are no claims, or none that are right, or none that are wrong.
    """

    count: int
    ece: float | None
    brier: float | None
    auroc: float | None
    bins: tuple[Bin, ...]


def calibration(claims: Sequence[Claim]) -> Calibration:
    bins = _bins(claims)
    off = [
        b.count * abs(b.mean - b.share_right)
        for b in bins
        if b.mean is not None and b.share_right is not None
    ]
    squares = [(claim - right) ** 2 for claim, right in claims]
    return Calibration(
        count=len(claims),
        ece=sum(off) / len(claims) if claims else None,
        brier=sum(squares) / len(claims) if claims else None,
        auroc=_auroc(claims),
        bins=bins,
    )


def _bins(claims: Iterable[Claim]) -> tuple[Bin, ...]:
    members: list[list[Claim]] = [[] for _ in range(BINS)]
    for claim in claims:
        members[min(int(claim[0] * BINS), BINS - 1)].append(claim)
    return tuple(_bin(number, inside) for number, inside in enumerate(members))


def _bin(number: int, claims: Sequence[Claim]) -> Bin:
    low, high, count = number / BINS, (number + 1) / BINS, len(claims)
    if not claims:
        return Bin(low, high, 0, None, None)
    return Bin(low, high, count, sum(c for c, _ in claims) / count, sum(r for _, r in claims) / count)


def _auroc(claims: Sequence[Claim]) -> float | None:
    """Each right one earns a point for a wrong one below it and half a point for one at its side."""
    points, wrong_below, rights = 0.0, 0, 0
    for _, tied in groupby(sorted(claims), key=lambda claim: claim[0]):
        outcomes = [right for _, right in tied]
        right, wrong = sum(outcomes), len(outcomes) - sum(outcomes)
        points += right * (wrong_below + wrong / 2)
        wrong_below += wrong
        rights += right
    return points / (rights * wrong_below) if rights and wrong_below else None
