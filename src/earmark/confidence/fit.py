"""Fits the logistic model to labelled candidates: a ridge, towards an earlier model where there is one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from earmark.confidence.features import FEATURES, Values
from earmark.confidence.logistic import Logistic, Term

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RIDGE = 3.0
NEVER_AGAINST = frozenset({"model", "model_exact", "match", "similarity", "margin", "rule"})
"""Features of which more never makes an entity less likely."""
FEW = ("model", "model_exact", "chosen", "length")
"""What is learned from a handful of conversations; the rest stays as it was."""


def fit_logistic(
    values: Sequence[Values],
    right: Sequence[bool],
    *,
    names: Collection[str] = tuple(FEATURES),
    prior: Logistic | None = None,
    learned: Collection[str] | None = None,
) -> Logistic:
    """Fit the intercept and the terms of the named features; the same candidates give the same model.

    Weights are pulled towards those of `prior`, or towards nothing. With `learned`, only those features and the
    intercept move.
    """
    import numpy as np

    known = prior.terms if prior else {}
    terms = {name: known.get(name) or _scaled([row[name] for row in values]) for name in names}
    table = np.array([_row(row, terms) for row in values]).reshape(len(values), 1 + 2 * len(terms))
    before = np.array([prior.intercept if prior else 0.0, *_weights(terms, known)])
    moves = _moving(terms, learned)
    weights = _minimised(table, np.asarray(right, dtype=float), before, _bounds(terms, before, moves))
    return _model(weights, terms)


def _scaled(present: Sequence[float | None]) -> Term:
    import numpy as np

    values = np.array([value for value in present if value is not None])
    spread = float(values.std()) if len(values) else 0.0
    centre = float(values.mean()) if len(values) else 0.0
    return Term(0.0, round(centre, 4), round(spread, 4) or 1.0)


def _row(values: Values, terms: dict[str, Term]) -> list[float]:
    """One, then for each feature its scaled value and whether it is absent."""
    row = [1.0]
    for name, term in terms.items():
        value = values[name]
        row += [0.0, 1.0] if value is None else [(value - term.centre) / term.scale, 0.0]
    return row


def _weights(terms: dict[str, Term], known: Any) -> list[float]:
    return [
        part
        for name in terms
        for part in ((known[name].weight, known[name].absent) if name in known else (0, 0))
    ]


def _moving(terms: dict[str, Term], learned: Collection[str] | None) -> list[bool]:
    free = [learned is None or name in learned for name in terms]
    return [True, *(moves for each in free for moves in (each, each))]


def _bounds(
    terms: dict[str, Term], before: Floats, moves: Sequence[bool]
) -> list[tuple[float | None, float | None]]:
    least = [None, *(low for name in terms for low in (0.0 if name in NEVER_AGAINST else None, None))]
    return [
        (low, None) if free else (float(value), float(value))
        for low, value, free in zip(least, before, moves, strict=True)
    ]


def _minimised(
    table: Floats, truth: Floats, before: Floats, bounds: Sequence[tuple[float | None, float | None]]
) -> Floats:
    import numpy as np
    from scipy.optimize import minimize

    ridge = np.full(len(before), RIDGE)
    ridge[0] = RIDGE / 100  # the share of right ones is for the data to say

    def misfit(weights: Floats) -> tuple[float, Floats]:
        odds = table @ weights
        away = weights - before
        likely = 1 / (1 + np.exp(-np.clip(odds, -40, 40)))
        loss = np.logaddexp(0, odds).sum() - truth @ odds + (ridge * away**2).sum() / 2
        return float(loss), table.T @ (likely - truth) + ridge * away

    found: Floats = minimize(
        misfit, before, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000}
    ).x
    return found


def _model(weights: Floats, terms: dict[str, Term]) -> Logistic:
    rounded = [round(float(weight), 4) for weight in weights]
    pairs = zip(rounded[1::2], rounded[2::2], strict=True)
    fitted = {
        name: Term(weight, term.centre, term.scale, absent)
        for (name, term), (weight, absent) in zip(terms.items(), pairs, strict=True)
    }
    return Logistic(rounded[0], fitted)
