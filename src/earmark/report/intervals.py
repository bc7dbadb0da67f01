"""Intervals for proportions, at 95 % unless told otherwise.

Wilson's score interval for one proportion; Newcombe's hybrid of two of them for a difference (Statistics
in Medicine 17, 1998, methods 3 and 10). Both behave at 0 %, at 100 % and for small counts.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from earmark.report.shape import Share

ERROR = 0.05
Z = NormalDist().inv_cdf(1 - ERROR / 2)


def z_among(comparisons: int) -> float:
    """The z at which all of so many comparisons together err with 5 % (Bonferroni)."""
    return NormalDist().inv_cdf(1 - ERROR / (2 * max(1, comparisons)))


def wilson(count: int, total: int, z: float = Z) -> Share:
    """The share of `count` in `total`; without a total nothing is known: 0 in [0, 1]."""
    if total == 0:
        return Share(0.0, 0.0, 1.0)
    share = count / total
    centre = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    low = 0.0 if count == 0 else (centre - spread) / scale
    high = 1.0 if count == total else (centre + spread) / scale
    return Share(share, low, high)


def difference(later: Share, earlier: Share) -> Share:
    """The change from `earlier` to `later`, −1 to 1."""
    change = later.value - earlier.value
    down = sqrt((later.value - later.low) ** 2 + (earlier.high - earlier.value) ** 2)
    up = sqrt((later.high - later.value) ** 2 + (earlier.value - earlier.low) ** 2)
    return Share(change, max(-1.0, change - down), min(1.0, change + up))
