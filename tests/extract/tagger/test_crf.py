"""The CRF against all paths written out: best path, probabilities of tags and spans, and independence of company."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.extract.tagger.crf import Crf, Lattice, decode, decode_all, marginals, span_log_probability

NEVER = -10_000.0
OUTSIDE, BEGIN, INSIDE = range(3)
STOPS = np.array([True, True, False])  # anything but I ends a span


def chain(seed: int = 0) -> Crf:
    """O, B, I with random scores; I neither starts a text nor follows O."""
    random = np.random.default_rng(seed)
    start, transitions, end = random.normal(size=3), random.normal(size=(3, 3)), random.normal(size=3)
    start[INSIDE] = transitions[OUTSIDE, INSIDE] = NEVER
    return Crf.of(start.tolist(), transitions.tolist(), end.tolist())


def emitted(words: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(scale=2.0, size=(words, 3))


def paths(emissions: NDArray[np.float64], crf: Crf) -> Iterator[tuple[tuple[int, ...], float]]:
    for path in itertools.product(range(3), repeat=len(emissions)):
        score = crf.start[path[0]] + crf.end[path[-1]]
        score += sum(emissions[word, tag] for word, tag in enumerate(path))
        score += sum(crf.transitions[move] for move in itertools.pairwise(path))
        yield path, float(score)


@pytest.mark.parametrize("words", [1, 2, 5, 7])
@pytest.mark.parametrize("seed", range(4))
def test_the_decoded_path_is_the_best_of_all(words: int, seed: int) -> None:
    emissions, crf = emitted(words, seed), chain(seed)
    best, _ = max(paths(emissions, crf), key=lambda item: item[1])
    assert tuple(decode(emissions, crf)) == best


@pytest.mark.parametrize("words", [1, 2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_marginals_are_sums_over_all_paths(words: int, seed: int) -> None:
    emissions, crf = emitted(words, seed), chain(seed)
    expected = np.zeros((words, 3))
    for path, score in paths(emissions, crf):
        expected[np.arange(words), path] += math.exp(score)
    found = marginals(emissions, crf)
    assert np.allclose(found, expected / expected[0].sum())
    assert np.allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize(("start", "length"), [(0, 1), (0, 5), (1, 2), (2, 3), (4, 1)])
def test_a_spans_probability_is_that_of_all_paths_with_exactly_it(start: int, length: int) -> None:
    emissions, crf = emitted(5, 3), chain(3)
    tags = (BEGIN, *[INSIDE] * (length - 1))
    end = start + length
    among = total = 0.0
    for path, score in paths(emissions, crf):
        total += math.exp(score)
        if path[start:end] == tags and (end == 5 or path[end] != INSIDE):
            among += math.exp(score)
    assert math.exp(span_log_probability(emissions, crf, start, tags, STOPS)) == pytest.approx(among / total)


def test_a_text_gets_the_same_numbers_alone_and_in_company() -> None:
    crf = chain(1)
    texts = [emitted(words, words) for words in (9, 1, 4, 30, 2, 9)]
    lengths = [len(text) for text in texts]
    stack = np.zeros((max(lengths), len(texts), 3))
    for number, text in enumerate(texts):
        stack[: len(text), number] = text
    lattice = Lattice(stack, lengths, crf)
    assert decode_all(stack, lengths, crf) == [decode(text, crf) for text in texts]
    for number, text in enumerate(texts):
        assert np.array_equal(lattice.marginals(number), marginals(text, crf))
        alone = span_log_probability(text, crf, 0, [BEGIN], STOPS)
        assert lattice.span_log_probability(number, 0, [BEGIN], STOPS) == alone


def test_scores_far_apart_stay_finite() -> None:
    emissions = np.array([[0.0, 900.0, 0.0], [900.0, -900.0, 900.0], [5_000.0, 0.0, -5_000.0]])
    found = marginals(emissions, chain())
    assert np.isfinite(found).all()
    assert np.allclose(found.sum(axis=1), 1)


def test_no_words_have_no_tags() -> None:
    assert decode(np.zeros((0, 3)), chain()) == []
