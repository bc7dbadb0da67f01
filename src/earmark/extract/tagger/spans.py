"""From emissions to spans with a probability: the best path of the chain, and what all other paths say of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.extract.tagger.config import DEFAULT_CALIBRATION, OUTSIDE, TaggerConfig, goes_on, label_of
from earmark.extract.tagger.crf import Floats, Lattice, decode_all

_STACK = 256  # texts that are decoded together
_SUREST = 20.0  # log-odds; beyond, rounding errors speak


@dataclass(frozen=True, slots=True)
class Found:
    """Words [start, end) of a text with their label and its probability."""

    start: int
    end: int
    label: str
    probability: float


def find_spans(emissions: Sequence[NDArray[np.float32]], config: TaggerConfig) -> list[list[Found]]:
    """The spans of each text, emissions [words, K]; what is found does not depend on the other texts."""
    found: list[list[Found]] = [[] for _ in emissions]
    order = sorted((n for n, scores in enumerate(emissions) if len(scores)), key=lambda n: len(emissions[n]))
    for first in range(0, len(order), _STACK):
        chosen = order[first : first + _STACK]
        paths = decode_all(*_stack([emissions[n] for n in chosen]), config.crf)
        telling = [(n, path) for n, path in zip(chosen, paths, strict=True) if _tells(path, config)]
        if telling:
            lattice = Lattice(*_stack([emissions[n] for n, _ in telling]), config.crf)
            for text, (n, path) in enumerate(telling):
                found[n] = list(_judged(lattice, text, path, config))
    return found


def _stack(emissions: Sequence[NDArray[np.float32]]) -> tuple[Floats, list[int]]:
    lengths = [len(scores) for scores in emissions]
    stack = np.zeros((max(lengths), len(emissions), emissions[0].shape[1]))
    for text, scores in enumerate(emissions):
        stack[: len(scores), text] = scores
    return stack, lengths


def _tells(path: Sequence[int], config: TaggerConfig) -> bool:
    return any(config.tags[tag] != OUTSIDE for tag in path)


def _judged(lattice: Lattice, text: int, path: Sequence[int], config: TaggerConfig) -> Iterator[Found]:
    marginals = lattice.marginals(text)
    for start, end, label in spans_of([config.tags[tag] for tag in path]):
        exact = lattice.span_log_probability(text, start, path[start:end], config.stops(label))
        anywhere = float(marginals[start:end, config.carries(label)].sum(axis=1).max())
        probability = _calibrated(_odds(math.exp(exact)), _odds(anywhere), label, config)
        if probability >= config.threshold.get(label, 0.0):
            yield Found(start, end, label, probability)


def _odds(probability: float) -> float:
    """The logarithm of the odds, kept within what can be told apart."""
    rest = 1.0 - probability
    if probability <= 0.0 or rest <= 0.0:
        return math.copysign(_SUREST, probability - 0.5)
    return max(-_SUREST, min(_SUREST, math.log(probability / rest)))


def _calibrated(exact: float, anywhere: float, label: str, config: TaggerConfig) -> float:
    a, b, c = config.calibration.get(label, DEFAULT_CALIBRATION)
    return 1.0 / (1.0 + math.exp(-max(-500.0, a + b * exact + c * anywhere)))


def spans_of(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, label) of the spans that tags such as B-X, I-X, O describe, BIO and BIOES alike."""
    start = 0
    before = OUTSIDE
    for word, tag in enumerate([*tags, OUTSIDE]):
        if goes_on(tag) and label_of(tag) == label_of(before):
            before = tag
            continue
        if before != OUTSIDE:
            yield start, word, label_of(before)
        start, before = word, tag
