"""Turns what is known of an entity into one number, and says whether that number is a probability.

- `calibrated` gives the probability of being right, as far as a calibration fits what is running.
- `evidence` takes the strongest of what the finders measured.
- `heuristic` is the contract's formula over the text alone.

The last two are uncalibrated, and what they give is called `evidence`.
"""

from __future__ import annotations

from earmark.confidence.calibrated import CalibratedScorer
from earmark.confidence.evidence import EVIDENCE, EvidenceScorer, HeuristicScorer
from earmark.errors import ConfigError
from earmark.ports import Scorer

__all__ = [
    "CALIBRATED",
    "EVIDENCE",
    "SCORERS",
    "CalibratedScorer",
    "EvidenceScorer",
    "HeuristicScorer",
    "open_scorer",
]

CALIBRATED = CalibratedScorer.name

SCORERS: dict[str, type[EvidenceScorer] | type[HeuristicScorer]] = {
    scorer.name: scorer for scorer in (EvidenceScorer, HeuristicScorer)
}


def open_scorer(name: str | None) -> Scorer:
    """The uncalibrated scorer of that name.

    Raises:
        ConfigError: There is none; the message lists those that exist.
    """
    try:
        return SCORERS[name or EVIDENCE]()
    except KeyError:
        raise ConfigError(
            f"there is no scorer {name!r}", hint=f"choose one of: {', '.join(sorted([CALIBRATED, *SCORERS]))}"
        ) from None
