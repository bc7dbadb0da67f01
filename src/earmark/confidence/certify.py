"""A threshold with a guarantee: fixed-sequence tests with one-sided Clopper–Pearson bounds.

The thresholds to test are fixed before the labels are looked at, from the strictest down. Each is tested on one
kept candidate a conversation, because candidates of one conversation err together. Testing stops at the first
failure, and the last threshold that passed is certified: the chance that its true precision is below the target
is at most one minus the assurance, however bad the confidence is, for conversations like those that were labelled.

The precision is that of a kept entity drawn by lot from a conversation drawn by lot: each conversation counts alike,
whether it has one kept entity or ten.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STRICTEST, LOOSEST, STEP = 0.99, 0.30, 0.01
_MOST_LABELS = 100_000


@dataclass(frozen=True, slots=True)
class Claimed:
    """A labelled candidate: its conversation, its id there, the confidence it was given, whether it is right."""

    conversation_id: str
    entity_id: str
    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """A threshold that was tested: how many items it let through, how many were wrong, the bound on its precision."""

    threshold: float
    accepted: int
    errors: int
    bound: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """The outcome for one label. `threshold` is None where nothing could be certified.

    `reached` is the test that counts: of the certified threshold, else the one with the best bound. `missing` is
    how many more labelled conversations with a kept entity would do if the share of errors stays; None where none is
    missing, or where no number would do.
    """

    target: float
    assurance: float
    threshold: float | None
    reached: Trial | None
    missing: int | None
    tests: tuple[Trial, ...]
    conversations: int


def lower_bound(accepted: int, errors: int, assurance: float) -> float:
    """The one-sided Clopper–Pearson lower bound on a precision."""
    from scipy.stats import beta

    right = accepted - errors
    return float(beta.ppf(1 - assurance, right, errors + 1)) if right else 0.0


def sequence(fitted: Sequence[Claimed], target: float, seed: str = "") -> tuple[float, ...]:
    """The thresholds to test, told from the candidates of the fit alone, which no test will see again.

    The first is the one that stands out most clearly above the target there, among those that let anything
    through; the looser ones follow.
    """
    drawn = _shuffled(fitted, seed)
    steps = round((STRICTEST - LOOSEST) / STEP)
    listed = [round(STRICTEST - step * STEP, 2) for step in range(steps + 1)]
    clear = {threshold: _clearness(_outcomes(drawn, threshold), target) for threshold in listed}
    first = max(listed, key=lambda threshold: (clear[threshold], threshold))
    return tuple(threshold for threshold in listed if threshold <= first)


def _clearness(outcomes: Sequence[bool], target: float) -> float:
    """How many standard errors, roughly, a precision lies above the target."""
    if not outcomes:
        return -math.inf
    likely = (sum(outcomes) + 1) / (len(outcomes) + 2)
    return math.sqrt(len(outcomes)) * (likely - target)


def certify(
    claims: Sequence[Claimed],
    thresholds: Sequence[float],
    target: float,
    assurance: float,
    *,
    conversations: int,
    seed: str = "",
) -> Certificate:
    """Test the thresholds in their order on labelled candidates that the fit never saw.

    `conversations` counts all that were labelled for it, those without a candidate too.
    """
    drawn = _shuffled(claims, seed)
    tests: list[Trial] = []
    for threshold in thresholds:
        tests.append(_test(drawn, threshold, assurance))
        if tests[-1].bound < target:
            break
    passed = [test for test in tests if test.bound >= target]
    reached = passed[-1] if passed else max(tests, key=lambda test: test.bound, default=None)
    return Certificate(
        target,
        assurance,
        passed[-1].threshold if passed else None,
        reached,
        None if passed else _missing(reached, target, assurance),
        tuple(tests),
        conversations,
    )


def _shuffled(claims: Sequence[Claimed], seed: str) -> Mapping[str, list[Claimed]]:
    """The candidates of each conversation in an order that depends on nothing but their names."""
    known: dict[str, list[Claimed]] = defaultdict(list)
    for claim in claims:
        known[claim.conversation_id].append(claim)
    return {
        conversation: sorted(each, key=lambda claim: _lot(claim, seed))
        for conversation, each in known.items()
    }


def _lot(claim: Claimed, seed: str) -> bytes:
    name = f"{seed}\n{claim.conversation_id}\n{claim.entity_id}"
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def _test(drawn: Mapping[str, list[Claimed]], threshold: float, assurance: float) -> Trial:
    outcomes = _outcomes(drawn, threshold)
    accepted, errors = len(outcomes), len(outcomes) - sum(outcomes)
    return Trial(threshold, accepted, errors, lower_bound(accepted, errors, assurance))


def _outcomes(drawn: Mapping[str, list[Claimed]], threshold: float) -> list[bool]:
    """Whether the kept candidate of each conversation is right; where several are kept, one is drawn by lot."""
    kept = [next((c for c in claims if c.confidence >= threshold), None) for claims in drawn.values()]
    return [claim.right for claim in kept if claim is not None]


def _missing(reached: Trial | None, target: float, assurance: float) -> int | None:
    """How many more kept items would be enough if errors stay as frequent."""
    share = reached.errors / reached.accepted if reached and reached.accepted else 0.0
    have = reached.accepted if reached else 0
    if 1 - share <= target:
        return None

    def enough(size: int) -> bool:
        return lower_bound(size, math.ceil(share * size), assurance) >= target

    low, high = have, max(have, 1)
    while not enough(high):
        low, high = high, high * 2
        if high > _MOST_LABELS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high - have
