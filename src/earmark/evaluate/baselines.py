"""What a confidence has to beat, on the same entities: the heuristic, the model alone, isotonic on it, the look alone.

The last two are fitted on the labelled conversations themselves, label by label and crosswise: each conversation is
judged by a fit that never saw it. That is more than the confidence in force has had, so the comparison flatters the
baselines.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from earmark.confidence.features import SURFACE, Values
from earmark.confidence.fit import fit_logistic
from earmark.confidence.heuristic import heuristic_confidence
from earmark.evaluate.calibration import Calibration, Claim, calibration
from earmark.model import Entity, Mention

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
        return own_probability(self.entity.mentions)


Guess = Callable[[Sighted], float]
Fit = Callable[[Sequence[Sighted]], Guess]


def own_probability(mentions: Iterable[Mention]) -> float | None:
    """The model's own: of the surest word, else what it gives the surest mention."""
    known = [mention.evidence.get("inside", mention.probability) for mention in mentions]
    return max((value for value in known if value is not None), default=None)


def baselines(found: Sequence[Sighted]) -> dict[str, Calibration]:
    """Each baseline by name; those that need the model's probability only where every entity has one."""
    known = {"heuristic": [(_by_look(each), each.right) for each in found]}
    if found and all(each.probability is not None for each in found):
        known["model"] = [(each.probability or 0.0, each.right) for each in found]
        known["isotonic"] = _crosswise(found, _by_label(_isotonic))
    known["surface"] = _crosswise(found, _by_label(_surface))
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


def _by_label(fit: Fit) -> Fit:
    """A fit of its own for each label."""

    def fitted(learned: Sequence[Sighted]) -> Guess:
        known: dict[str, list[Sighted]] = {}
        for each in learned:
            known.setdefault(each.entity.label, []).append(each)
        guesses = {label: fit(those) for label, those in known.items()}

        def guess(each: Sighted) -> float:
            own = guesses.get(each.entity.label)
            return own(each) if own else UNTOLD

        return guess

    return fitted


def _isotonic(learned: Sequence[Sighted]) -> Guess:
    """Rising levels; entities of the same probability are one step, however they are ordered."""
    from scipy.optimize import isotonic_regression

    outcomes: dict[float, list[bool]] = {}
    for each in learned:
        outcomes.setdefault(each.probability or 0.0, []).append(each.right)
    places = sorted(outcomes)
    shares = [sum(outcomes[place]) / len(outcomes[place]) for place in places]
    levels = isotonic_regression(shares, weights=[len(outcomes[place]) for place in places]).x.tolist()
    return lambda each: float(levels[max(0, bisect_right(places, each.probability or 0.0) - 1)])


def _surface(learned: Sequence[Sighted]) -> Guess:
    model = fit_logistic([e.values for e in learned], [e.right for e in learned], names=sorted(SURFACE))
    return lambda each: model.probability(each.values)


Baselines = Mapping[str, Calibration]
