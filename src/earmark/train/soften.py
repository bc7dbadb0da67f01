"""Makes the tagger's two scores of a span into an honest probability: a logistic regression for each label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Weights = tuple[float, float, float]
_STEPS, _RIDGE, _SMALL = 50, 1.0, 1e-8


def fit_logistic(scores: Sequence[tuple[float, float]], right: Sequence[bool]) -> Weights:
    """Fit (a, b, c) of sigmoid(a + b·exact + c·any) by Newton's method.

    A ridge of one pulls b towards 0 and c towards 1, which is the tagger's own word for it; with few or
    one-sided examples that pull decides.
    """
    features = np.column_stack([np.ones(len(scores)), np.asarray(scores, dtype=float).reshape(-1, 2)])
    truth = np.asarray(right, dtype=float)
    prior = np.array([0.0, 0.0, 1.0])

    def misfit(weights: NDArray[np.float64]) -> float:
        odds = features @ weights
        wrong = np.logaddexp(0, odds) - truth * odds
        return float(wrong.sum() + _RIDGE / 2 * ((weights - prior) ** 2).sum())

    weights = prior
    for _ in range(_STEPS):
        likely = _sigmoid(features @ weights)
        slope = features.T @ (truth - likely) - _RIDGE * (weights - prior)
        curve = (features * (likely * (1 - likely))[:, None]).T @ features + _RIDGE * np.eye(3)
        step = np.linalg.solve(curve, slope)
        while misfit(weights + step) > misfit(weights) and np.abs(step).max() > _SMALL:
            step = step / 2
        weights = weights + step
        if np.abs(step).max() <= _SMALL:
            break
    a, b, c = map(float, weights)
    return a, b, c


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return result
