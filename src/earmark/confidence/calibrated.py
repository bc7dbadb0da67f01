"""The calibrated scorer: a probability of being right, and what it is worth under what is running."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from earmark.confidence.calibration import MODEL, Calibration
from earmark.confidence.certify import Certificate
from earmark.confidence.evidence import EvidenceScorer
from earmark.confidence.features import features
from earmark.confidence.logistic import START, probability_of
from earmark.errors import ConfigError
from earmark.model import Conversation, Json, Mention, Score

PROBABILITY = "probability"
OTHERS, SLIGHT = "others", 0.1
"""Log-odds that move a probability by 2.5 points at most are explained together."""
IN_FORCE, VOID, NOT_REACHED, UNTRIED = "in force", "void", "not reached", "none"


class CalibratedScorer:
    """Scores with a calibration. `running` names what is running, by hash, as the calibration names what it is for.

    Labels that it was not fitted for get `evidence`, and never a probability.
    """

    name = "calibrated"

    def __init__(self, calibration: Calibration, running: Mapping[str, str]) -> None:
        """Take a calibration for what is running.

        Raises:
            ConfigError: It was made for another model; names both by hash.
        """
        made, now = calibration.made_for.get(MODEL, ""), running.get(MODEL, "")
        if made != now:
            raise ConfigError(
                f"the calibration was made for the model {_shortened(made)}, and {_shortened(now)} is running",
                hint="make one for this model with `earmark calibrate`, or choose --scorer evidence",
            )
        self.calibration = calibration
        self._running = running
        self._plain = EvidenceScorer()

    @cached_property
    def fingerprint(self) -> str:
        return f"calibrated/{self.calibration.hash}"

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        if not groups:
            return []
        plain = self._plain.score(conversation, groups)
        known = features(conversation, groups)
        return [
            self._score(group[0].label, values) or evidence
            for group, values, evidence in zip(groups, known, plain, strict=True)
        ]

    def _score(self, label: str, values: Mapping[str, float | None]) -> Score | None:
        model = self.calibration.labels.get(label)
        if model is None:
            return None
        parts = model.parts(values)
        return Score(round(probability_of(sum(parts.values())), 4), PROBABILITY, _telling(parts))

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """What is different from what the certificates were made for; what either does not tell, is."""
        made, now = self.calibration.made_for, self._running
        return tuple(sorted(name for name in {*made, *now} if made.get(name) != now.get(name)))

    @cached_property
    def facts(self) -> Mapping[str, Json]:
        """As `earmark doctor` and the report show them."""
        made = self.calibration
        certificates: dict[str, Json] = {
            label: self._claim(each) for label, each in made.certificates.items()
        }
        recommended: dict[str, Json] = {
            label: each.threshold
            for label, each in made.certificates.items()
            if each.threshold is not None and not self.changed
        }
        fitted = made.fitted
        about: dict[str, Json] = {
            **made.figures,
            "hash": made.hash,
            "fitted_on": {"conversations": fitted.conversations, "candidates": fitted.candidates},
            "provisional": fitted.provisional,
            "note": fitted.note,
        }
        return {
            "scorer": self.name,
            "kind": PROBABILITY,
            "calibration": about,
            "certificates": certificates,
            "recommended": recommended,
        }

    def _claim(self, certificate: Certificate) -> Json:
        tried = certificate.conversations > 0
        reached = certificate.reached if tried else None
        claim: dict[str, Any] = {
            "status": self._status(certificate),
            "reason": self._reason(certificate),
            "target": certificate.target,
            "assurance": certificate.assurance,
            "threshold": certificate.threshold,
            "bound": reached and round(reached.bound, 4),
            "accepted": reached and reached.accepted,
            "errors": reached and reached.errors,
            "missing_labels": certificate.missing if tried else None,
            "channels": list(self.calibration.fitted.channels),
        }
        return claim

    def _status(self, certificate: Certificate) -> str:
        if not certificate.conversations:
            return UNTRIED
        if certificate.threshold is None:
            return NOT_REACHED
        return VOID if self.changed else IN_FORCE

    def _reason(self, certificate: Certificate) -> str:
        if not certificate.conversations:
            return "too few labelled conversations to set any apart for it"
        return f"changed since: {', '.join(self.changed)}" if self.changed else ""


def _telling(parts: Mapping[str, float]) -> dict[str, float]:
    """The parts that move a probability visibly; the slight ones as one sum."""
    known = {name: round(part, 3) for name, part in parts.items() if abs(part) >= SLIGHT or name == START}
    others = round(sum(parts.values()) - sum(known.values()), 3)
    return known | {OTHERS: others} if others else known


def _shortened(value: str) -> str:
    return value[:12] if value else "none"
