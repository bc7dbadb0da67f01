"""From which confidence on an entity is kept or left for review, and what a run remembers of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earmark.decide import Policy
from earmark.errors import ConfigError
from earmark.model import ISSUE, PRODUCT, Json
from earmark.settings import Settings

THRESHOLD = 0.7  # where neither the user nor the scorer knows better


def options(settings: Settings, policy: Policy, limit: int | None) -> dict[str, Any]:
    """What a resumed run takes over from the one that began it: every cut spelled out, and no secret."""
    kept = settings.model_dump(mode="json", exclude={"client_id", "client_secret", "journal"})
    spelled = {
        "threshold": policy.threshold,
        "thresholds": dict(policy.per_label),
        "review": policy.review,
        "reviews": dict(policy.review_per_label),
    }
    return kept | spelled | {"limit": limit}


def policy(settings: Settings, scorer: Mapping[str, Json]) -> Policy:
    """The cuts in force, spelled out for every label; `scorer` is what the scorer says of itself.

    Raises:
        ConfigError: A cut is told for a label that nothing has.
    """
    labels = {PRODUCT, ISSUE, *(settings.label_map or {}).values()}
    _refuse_unknown(labels, {"threshold": settings.thresholds, "review cut": settings.reviews})
    told, ordered = settings.threshold, sorted(labels)
    thresholds = {label: _recommended(scorer, label) if told is None else told for label in ordered}
    reviews = dict.fromkeys(ordered, settings.review)
    return Policy(
        THRESHOLD if told is None else told,
        thresholds | settings.thresholds,
        settings.review,
        reviews | settings.reviews,
    )


def _recommended(scorer: Mapping[str, Json], label: str) -> float:
    """The threshold that a scorer recommends for a label, if it does."""
    told = scorer.get("recommended")
    cut = told.get(label) if isinstance(told, dict) else None
    return float(cut) if isinstance(cut, int | float) else THRESHOLD


def _refuse_unknown(labels: set[str], told: Mapping[str, Mapping[str, float]]) -> None:
    for what, cuts in told.items():
        if unknown := sorted(cuts.keys() - labels):
            raise ConfigError(
                f"a {what} is told for {', '.join(unknown)}, and nothing has that label",
                hint=f"the labels are {', '.join(sorted(labels))}; `label_map` can add others",
            )
