"""From emissions to spans with a probability: the best path of the chain, and what all other paths say of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from earmark.extract.tagger.config import DEFAULT_CALIBRATION, OUTSIDE, TaggerConfig, goes_on, label_of
from earmark.extract.tagger.crf import Floats, Lattice, decode_all

_STACK = 256  # texts that are decoded together
_LONGEST_SEARCHED = 12  # words; a longer stretch of doubt is taken whole
_SUREST = 20.0  # log-odds; beyond, rounding errors speak


@dataclass(frozen=True, slots=True)
class Found:
    """Words [start, end) of a text with their label and its probability.

    `exact` is the chain's own probability of this very span. An `unsure` one is not on the best path.
    """

    start: int
    end: int
    label: str
    probability: float
    exact: float = 0.0
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text holds: its spans, and how probable each label is at each word, [words, labels in order]."""

    spans: tuple[Found, ...]
    inside: Floats


def find_spans(emissions: Sequence[NDArray[np.float32]], config: TaggerConfig) -> list[list[Found]]:
    """The spans of the best path of each text, emissions [words, K]; no text depends on the others."""
    read = read_texts(emissions, config, least=1.1)
    return [list(reading.spans) if reading else [] for reading in read]


def read_texts(
    emissions: Sequence[NDArray[np.float32]], config: TaggerConfig, *, least: float
) -> list[Reading | None]:
    """The spans of each text, and what is beside the best path where a word's label is at least so probable.

    None for a text of which there is nothing to tell.
    """
    read: list[Reading | None] = [None] * len(emissions)
    order = sorted((n for n, scores in enumerate(emissions) if len(scores)), key=lambda n: len(emissions[n]))
    for first in range(0, len(order), _STACK):
        chosen = order[first : first + _STACK]
        stack, lengths = _stack([emissions[n] for n in chosen])
        paths = decode_all(stack, lengths, config.crf)
        telling = [
            text
            for text, path in enumerate(paths)
            if least <= 1 or any(tag != config.outside for tag in path)
        ]
        if telling:
            kept = [lengths[text] for text in telling]
            lattice = Lattice(stack[: max(kept), telling], kept, config.crf)
            for place, text in enumerate(telling):
                read[chosen[text]] = _reading(lattice, place, paths[text], config, least)
    return read


def _stack(emissions: Sequence[NDArray[np.float32]]) -> tuple[Floats, list[int]]:
    lengths = [len(scores) for scores in emissions]
    stack = np.zeros((max(lengths), len(emissions), emissions[0].shape[1]))
    for text, scores in enumerate(emissions):
        stack[: len(scores), text] = scores
    return stack, lengths


def _reading(
    lattice: Lattice, text: int, path: Sequence[int], config: TaggerConfig, least: float
) -> Reading | None:
    marginals = lattice.marginals(text)
    labels = config.labels()
    inside = np.stack([marginals[:, config.carries(label)].sum(axis=1) for label in labels], axis=1)
    chosen = list(spans_of([config.tags[tag] for tag in path]))
    free = np.ones(len(path), dtype=bool)
    for start, end, _ in chosen:
        free[start:end] = False
    doubtful = [
        (*_likeliest(lattice, text, first, last, label, config), label)
        for number, label in enumerate(labels)
        for first, last in _runs(free & (inside[:, number] >= least))
    ]
    if not chosen and not doubtful:
        return None
    spans = [_judged(lattice, text, span, inside, config) for span in chosen]
    kept = [span for span in spans if span.probability >= config.threshold.get(span.label, 0.0)]
    unsure = [replace(_judged(lattice, text, span, inside, config), unsure=True) for span in doubtful]
    return Reading((*kept, *unsure), inside)


def _runs(marked: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield [first, last) of each run of marked words."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _likeliest(
    lattice: Lattice, text: int, first: int, last: int, label: str, config: TaggerConfig
) -> tuple[int, int]:
    """The likeliest span of a label within words [first, last); all of them where they are many."""
    if last - first > _LONGEST_SEARCHED:
        return first, last
    spans = [(start, end) for start in range(first, last) for end in range(start + 1, last + 1)]
    return max(spans, key=lambda span: (_exact(lattice, text, (*span, label), config), -span[0], span[1]))


def _exact(lattice: Lattice, text: int, span: tuple[int, int, str], config: TaggerConfig) -> float:
    start, end, label = span
    tags = config.spelled(label, end - start)
    return lattice.span_log_probability(text, start, tags, config.stops(label))


def _judged(
    lattice: Lattice, text: int, span: tuple[int, int, str], inside: Floats, config: TaggerConfig
) -> Found:
    start, end, label = span
    exact = math.exp(_exact(lattice, text, span, config))
    anywhere = float(inside[start:end, config.labels().index(label)].max())
    probability = _calibrated(_odds(exact), _odds(anywhere), label, config)
    return Found(start, end, label, probability, exact)


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
