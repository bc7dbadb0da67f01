"""From judged candidates to a calibration: split by conversation, fit, cross-validate, certify."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain

from earmark.calibrate.sample import Candidate
from earmark.confidence.calibration import Calibration, Fitted, short_hash
from earmark.confidence.certify import Certificate, Claimed, certify, sequence
from earmark.confidence.fit import FEW, fit_logistic
from earmark.confidence.logistic import Logistic
from earmark.errors import ConfigError
from earmark.evaluate.calibration import calibration
from earmark.gold import LABELS

FOLDS = 10
ENOUGH = 60
"""Conversations; from fewer only a rough fit is made."""
TO_CERTIFY = 120
"""Conversations; with fewer none are set apart for a certificate."""

Models = Mapping[str, Logistic]


@dataclass(frozen=True, slots=True)
class Goal:
    """The share of kept entities that must be right, and how sure that has to be."""

    target: float = 0.95
    assurance: float = 0.95


def calibrate(
    candidates: Sequence[Candidate],
    conversations: Mapping[str, str],
    made_for: Mapping[str, str],
    *,
    goal: Goal,
    prior: Models,
    note: str = "",
    more: Sequence[Candidate] = (),
) -> Calibration:
    """Fit on one half of the conversations (id → channel), certify on the other; the order of nothing matters.

    `prior` are the models to start from. `more` is what only the fit may use: the same conversations under another
    catalog, say, or ones that no promise should rest on. No certificate is tried where the conversations are few.

    Raises:
        ConfigError: There is nothing to fit on.
    """
    held = {each for each in conversations if len(conversations) >= TO_CERTIFY and is_held(each)}
    known = sorted(candidates, key=_place)
    learned = [each for each in known if each.conversation_id not in held]
    extra = [each for each in sorted(more, key=_place) if each.conversation_id not in held]
    size = len(conversations) - len(held)
    models = fitted([*learned, *extra], prior, size)
    if not models:
        raise ConfigError(
            "no label has both right and wrong candidates: there is nothing to calibrate on",
            hint="label more conversations",
        )
    sure = list(crossed(learned, extra, prior, size))
    tested = claims([each for each in known if each.conversation_id in held], models)
    return Calibration(
        labels=models,
        made_for=made_for,
        fitted=_fitted_on(learned, more, conversations, held, note),
        figures=_figures(sure),
        certificates={label: _certificate(label, sure, tested, goal, len(held)) for label in models},
    )


def _fitted_on(
    learned: Sequence[Candidate],
    more: Iterable[Candidate],
    conversations: Mapping[str, str],
    held: Set[str],
    note: str,
) -> Fitted:
    size = len(conversations) - len(held)
    names = {*conversations, *(each.conversation_id for each in more)}
    return Fitted(
        conversations=size,
        candidates=len(learned),
        right=sum(each.right for each in learned),
        channels=tuple(sorted({conversations[each] for each in held or conversations})),
        provisional=size < ENOUGH,
        ids=tuple(sorted(map(short_hash, names))),
        note=note,
    )


def _place(candidate: Candidate) -> tuple[str, str, str]:
    return candidate.conversation_id, candidate.label, candidate.entity_id


def is_held(conversation_id: str) -> bool:
    """Whether a conversation belongs to the half that is set apart for the certificates."""
    return _lot("certify", conversation_id) % 2 == 0


def _lot(purpose: str, conversation_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose} {conversation_id}".encode()).digest()[:4])


def fitted(candidates: Sequence[Candidate], prior: Models, conversations: int) -> dict[str, Logistic]:
    learned = FEW if conversations < ENOUGH else None
    models = {}
    for label in LABELS:
        known = [each for each in candidates if each.label == label]
        if len({each.right for each in known}) == 2:
            models[label] = fit_logistic(
                [each.values for each in known],
                [each.right for each in known],
                prior=prior.get(label),
                learned=learned,
            )
    return models


def crossed(
    learned: Sequence[Candidate], extra: Sequence[Candidate], prior: Models, conversations: int
) -> Iterable[tuple[str, Claimed]]:
    """Each candidate with the confidence that models give which never saw its conversation."""
    for fold in range(FOLDS):
        inside = [each for each in learned if _lot("fold", each.conversation_id) % FOLDS == fold]
        outside = [
            each for each in chain(learned, extra) if _lot("fold", each.conversation_id) % FOLDS != fold
        ]
        yield from claims(inside, fitted(outside, prior, conversations))


def claims(candidates: Iterable[Candidate], models: Models) -> list[tuple[str, Claimed]]:
    return [
        (each.label, Claimed(each.conversation_id, each.entity_id, _confidence(each, models), each.right))
        for each in candidates
        if each.label in models
    ]


def _confidence(candidate: Candidate, models: Models) -> float:
    return round(models[candidate.label].probability(candidate.values), 4)


def _figures(crossed: Sequence[tuple[str, Claimed]]) -> dict[str, float | None]:
    found = calibration([(claim.confidence, claim.right) for _, claim in crossed])
    known = {"ece": found.ece, "brier": found.brier, "auroc": found.auroc}
    return {name: None if value is None else round(value, 4) for name, value in known.items()}


def _certificate(
    label: str,
    crossed: Sequence[tuple[str, Claimed]],
    claims: Sequence[tuple[str, Claimed]],
    goal: Goal,
    conversations: int,
) -> Certificate:
    fitted = [claim for each, claim in crossed if each == label]
    return certify(
        [claim for each, claim in claims if each == label],
        sequence(fitted, goal.target),
        goal.target,
        goal.assurance,
        conversations=conversations,
    )
