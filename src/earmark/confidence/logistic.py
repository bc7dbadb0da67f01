"""A logistic model over features: small, readable, and every probability explained by what each feature adds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from earmark.confidence.features import Values

START = "start"
"""The part of an explanation that every entity of a label begins with."""


@dataclass(frozen=True, slots=True)
class Term:
    """What one feature adds to the log-odds: `weight` for each `scale` above `centre`, `absent` where it is unknown."""

    weight: float
    centre: float = 0.0
    scale: float = 1.0
    absent: float = 0.0

    def adds(self, value: float | None) -> float:
        return self.absent if value is None else self.weight * (value - self.centre) / self.scale


@dataclass(frozen=True, slots=True)
class Logistic:
    """The probability of being right for one label: the intercept and a term a feature."""

    intercept: float
    terms: Mapping[str, Term]

    def parts(self, values: Values) -> dict[str, float]:
        """What each feature adds to the log-odds; together they are the log-odds."""
        return {START: self.intercept} | {
            name: term.adds(values.get(name)) for name, term in self.terms.items()
        }

    def probability(self, values: Values) -> float:
        return probability_of(sum(self.parts(values).values()))


def probability_of(odds: float) -> float:
    """The probability of log-odds, without overflow."""
    if odds >= 0:
        return 1.0 / (1.0 + math.exp(-odds))
    return math.exp(odds) / (1.0 + math.exp(odds))
