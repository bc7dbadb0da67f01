"""What a confidence has to beat, on the same entities: the heuristic, the model alone, isotonic on it, the look alone.

The last two are fitted on the labelled conversations themselves, crosswise: each conversation is judged by a fit that
never saw it. That is more than the confidence in force has had, so the comparison flatters the baselines.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from earmark.confidence.features import SURFACE, Values
from earmark.confidence.fit import fit_logistic
from earmark.confidence.heuristic import heuristic_confidence
from earmark.confidence.logistic import probability_of
from earmark.evaluate.calibration import Calibration, Claim, calibration
from earmark.model import Entity

FOLDS = 5
UNTOLD = 0.5  # where a fit has nothing to go by


@dataclass(frozen=True, slots=True)
class Sighted:
    """An entity that was given a confidence: what is known of it, and whether it is right."""

    conversation_id: str
    entity: Entity
    values: Values
    right: bool

    @property
    def claim(self) -> Claim:
        """Its confidence, and whether it is right."""
        return self.entity.score.value or 0.0, self.right

    @property
    def probability(self) -> float | None:
        """The model's own: of its surest word, else what it gives its surest mention."""
        odds = self.values.get("model")
        known = [m.probability for m in self.entity.mentions if m.probability is not None]
        return max(known, default=None) if odds is None else probability_of(odds)


Fit = Callable[[Sequence[Sighted]], Callable[[Sighted], float]]


def baselines(found: Sequence[Sighted]) -> dict[str, Calibration]:
    """Each baseline by name; those that need the model's probability only where every entity has one."""
    known = {"heuristic": [(_by_look(each), each.right) for each in found]}
    if found and all(each.probability is not None for each in found):
        known["model"] = [(each.probability or 0.0, each.right) for each in found]
        known["isotonic"] = _crosswise(found, _isotonic)
    known["surface"] = _crosswise(found, _surface)
    return {name: calibration(claims) for name, claims in known.items()}


def _by_look(each: Sighted) -> float:
    return max(heuristic_confidence(mention.text) for mention in each.entity.mentions)


def _crosswise(found: Sequence[Sighted], fit: Fit) -> list[Claim]:
    folds = [_fold(each.conversation_id) for each in found]
    claims: list[Claim] = []
    for number in sorted(set(folds)):
        inside = [each for each, fold in zip(found, folds, strict=True) if fold == number]
        judge = fit([each for each, fold in zip(found, folds, strict=True) if fold != number])
        claims += [(judge(each), each.right) for each in inside]
    return claims


def _fold(conversation_id: str) -> int:
    return int.from_bytes(hashlib.sha256(conversation_id.encode()).digest()[:4]) % FOLDS


def _isotonic(learned: Sequence[Sighted]) -> Callable[[Sighted], float]:
    from scipy.optimize import isotonic_regression

    ordered = sorted(learned, key=lambda each: each.probability or 0.0)
    if not ordered:
        return lambda _each: UNTOLD
    places = [each.probability or 0.0 for each in ordered]
    levels = isotonic_regression([float(each.right) for each in ordered]).x.tolist()
    return lambda each: float(levels[max(0, bisect_right(places, each.probability or 0.0) - 1)])


def _surface(learned: Sequence[Sighted]) -> Callable[[Sighted], float]:
    by_label: dict[str, list[Sighted]] = {}
    for each in learned:
        by_label.setdefault(each.entity.label, []).append(each)
    models = {
        label: fit_logistic([e.values for e in known], [e.right for e in known], names=sorted(SURFACE))
        for label, known in by_label.items()
    }

    def judge(each: Sighted) -> float:
        model = models.get(each.entity.label)
        return model.probability(each.values) if model else UNTOLD

    return judge


Baselines = Mapping[str, Calibration]
