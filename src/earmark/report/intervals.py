"""Intervals for proportions, both at 95 %.

Wilson's score interval for one proportion; Newcombe's hybrid of two of them for a difference (Statistics
in Medicine 17, 1998, methods 3 and 10). Both behave at 0 %, at 100 % and for small counts.
"""

from __future__ import annotations

from math import sqrt

from earmark.report.shape import Share

Z = 1.959963984540054


def wilson(count: int, total: int) -> Share:
    """The share of `count` in `total`; without a total nothing is known: 0 in [0, 1]."""
    if total == 0:
        return Share(0.0, 0.0, 1.0)
    share = count / total
    centre = share + Z * Z / (2 * total)
    spread = Z * sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    scale = 1 + Z * Z / total
    low = 0.0 if count == 0 else (centre - spread) / scale
    high = 1.0 if count == total else (centre + spread) / scale
    return Share(share, low, high)


def difference(later: Share, earlier: Share) -> Share:
    """The change from `earlier` to `later`, −1 to 1."""
    change = later.value - earlier.value
    down = sqrt((later.value - later.low) ** 2 + (earlier.high - earlier.value) ** 2)
    up = sqrt((later.high - later.value) ** 2 + (earlier.value - earlier.low) ** 2)
    return Share(change, max(-1.0, change - down), min(1.0, change + up))
