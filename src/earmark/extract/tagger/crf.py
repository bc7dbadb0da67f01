"""A linear-chain CRF over the words of many texts at once: the best path, and how sure the model is of it.

Emissions of several texts are stacked as [words, texts, tags] and padded at the end; `lengths` says how
many words each text has. Everything is computed in double precision and in an order that does not depend on
what else is in the stack, so a text gets the same numbers alone and in company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Crf:
    """Scores of starting with a tag [K], of a tag after another [K from, K to], and of ending with one [K]."""

    start: Floats
    transitions: Floats
    end: Floats

    @classmethod
    def of(cls, start: Sequence[float], transitions: Sequence[Sequence[float]], end: Sequence[float]) -> Crf:
        """Take plain numbers; a move that must not happen has a large negative one, such as -10,000."""
        arrays = [np.asarray(values, dtype=np.float64) for values in (start, transitions, end)]
        return cls(*arrays)


def decode(emissions: NDArray[np.floating], crf: Crf) -> list[int]:
    """The best sequence of tags for one text, emissions [n, K]; Viterbi."""
    (path,) = decode_all(_alone(emissions), [len(emissions)], crf)
    return path


def decode_all(emissions: Floats, lengths: Sequence[int], crf: Crf) -> list[list[int]]:
    """The best sequence of each text in a stack [n, texts, K], each as long as its text."""
    words, texts, _ = emissions.shape
    ends = np.asarray(lengths)
    if not words:
        return [[] for _ in range(texts)]
    score = crf.start + emissions[0]
    came_from: list[Ints] = []
    for word in range(1, words):
        moves = score.T[:, :, None] + crf.transitions[:, None, :]
        came_from.append(moves.argmax(axis=0))
        score = np.where((word < ends)[:, None], moves.max(axis=0) + emissions[word], score)
    last = (score + crf.end).argmax(axis=1)
    return [_walk_back(came_from, text, int(last[text]), length) for text, length in enumerate(lengths)]


def _walk_back(came_from: Sequence[Ints], text: int, tag: int, length: int) -> list[int]:
    path = [tag] if length else []
    for word in range(length - 2, -1, -1):
        tag = int(came_from[word][text, tag])
        path.append(tag)
    return path[::-1]


def marginals(emissions: NDArray[np.floating], crf: Crf) -> Floats:
    """How probable each tag is at each word of one text: [n, K], rows sum to one."""
    return Lattice(_alone(emissions), [len(emissions)], crf).marginals(0)


def span_log_probability(
    emissions: NDArray[np.floating], crf: Crf, start: int, tags: Sequence[int], stops: NDArray[np.bool_]
) -> float:
    """As `Lattice.span_log_probability`, for one text with emissions [n, K]."""
    lattice = Lattice(_alone(emissions), [len(emissions)], crf)
    return lattice.span_log_probability(0, start, tags, stops)


class Lattice:
    """Forward and backward scores of a stack of texts."""

    def __init__(self, emissions: Floats, lengths: Sequence[int], crf: Crf) -> None:
        """Take emissions [n, texts, K] and the number of words of each text, at least one."""
        self._emissions = emissions
        self._lengths = lengths
        self._crf = crf
        ends = np.asarray(lengths)
        self._forward = self._run_forward(ends)
        self._backward = self._run_backward(ends)
        final = self._forward[ends - 1, np.arange(len(ends))] + crf.end
        self._total = _log_sum(final.T)

    def _run_forward(self, ends: Ints) -> Floats:
        scores = np.empty_like(self._emissions)
        scores[0] = self._crf.start + self._emissions[0]
        for word in range(1, len(scores)):
            moves = scores[word - 1].T[:, :, None] + self._crf.transitions[:, None, :]
            arrived = _log_sum(moves) + self._emissions[word]
            scores[word] = np.where((word < ends)[:, None], arrived, scores[word - 1])
        return scores

    def _run_backward(self, ends: Ints) -> Floats:
        scores = np.empty_like(self._emissions)
        scores[-1] = self._crf.end
        onwards = np.ascontiguousarray(self._crf.transitions.T)
        for word in range(len(scores) - 2, -1, -1):
            after = scores[word + 1] + self._emissions[word + 1]
            moves = after.T[:, :, None] + onwards[:, None, :]
            scores[word] = np.where((word + 1 < ends)[:, None], _log_sum(moves), self._crf.end)
        return scores

    def marginals(self, text: int) -> Floats:
        """How probable each tag is at each word of a text: [n, K], rows sum to one."""
        length = self._lengths[text]
        together = self._forward[:length, text] + self._backward[:length, text]
        probabilities: Floats = np.exp(together - self._total[text])
        return probabilities

    def span_log_probability(
        self, text: int, start: int, tags: Sequence[int], stops: NDArray[np.bool_]
    ) -> float:
        """The log-probability that words [start, start + len(tags)) have exactly these tags and no more.

        `stops` [K] tells which tags may stand on the next word without carrying the span on.
        """
        score = float(self._forward[start, text, tags[0]])
        for word, (before, tag) in enumerate(pairwise(tags), start=start + 1):
            score += float(self._crf.transitions[before, tag] + self._emissions[word, text, tag])
        end = start + len(tags)
        if end == self._lengths[text]:
            score += float(self._crf.end[tags[-1]])
        else:
            after = self._crf.transitions[tags[-1]] + self._emissions[end, text] + self._backward[end, text]
            score += float(_log_sum(after[stops]))
        return min(0.0, score - float(self._total[text]))


def _alone(emissions: NDArray[np.floating]) -> Floats:
    stack: Floats = np.ascontiguousarray(emissions, dtype=np.float64)[:, None, :]
    return stack


def _log_sum(scores: Floats) -> Floats:
    """Add up over the first axis, the outermost: so the order of addition never depends on the others."""
    scores = np.ascontiguousarray(scores)
    highest = scores.max(axis=0)
    total: Floats = highest + np.log(np.exp(scores - highest).sum(axis=0))
    return total
