"""What a run's scorer promised, read from what it said of itself. A part that is not there is left out."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from earmark.model import Json
from earmark.report.shape import Certificate


def read(confidence: Mapping[str, Json], channels: Mapping[str, int]) -> tuple[Certificate, ...]:
    """The certificates of `RunFacts.confidence`, by label; `channels` counts the processed conversations."""
    found = confidence.get("certificates")
    if not isinstance(found, dict):
        return ()
    return tuple(
        _certificate(label, facts, channels) for label, facts in found.items() if isinstance(facts, dict)
    )


def _certificate(label: str, facts: Mapping[str, Json], channels: Mapping[str, int]) -> Certificate:
    listed = facts.get("channels")
    covered = tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
    others = sum(count for channel, count in channels.items() if channel not in covered) if covered else 0
    return Certificate(
        label=label,
        status=_text(facts.get("status")) or "none",
        target=_number(facts.get("target")),
        assurance=_number(facts.get("assurance")),
        threshold=_number(facts.get("threshold")),
        bound=_number(facts.get("bound")),
        accepted=_count(facts.get("accepted")),
        errors=_count(facts.get("errors")),
        missing_labels=_count(facts.get("missing_labels")),
        reason=_text(facts.get("reason")),
        channels=covered,
        not_covered=others,
    )


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
