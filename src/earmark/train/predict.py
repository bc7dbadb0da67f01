"""What a tagger finds, decoded as the runtime decodes it, and how right that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from earmark.extract.tagger.config import TaggerConfig
from earmark.extract.tagger.crf import Crf
from earmark.extract.tagger.spans import find_spans, spans_of
from earmark.train.batches import Batcher
from earmark.train.examples import TAGS, Example
from earmark.train.figures import Agreement
from earmark.train.fit import half_precision
from earmark.train.network import Tagger

Emissions = Sequence[NDArray[np.float32]]
Span = tuple[int, int, str]
_EXACT_ODDS, _ODDS_ANYWHERE = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def emissions(tagger: Tagger, batcher: Batcher, examples: Sequence[Example]) -> Emissions:
    """The scores [words, K] of each example; words beyond the widest batch count as outside."""
    found: dict[int, NDArray[np.float32]] = {}
    device = next(tagger.parameters()).device
    tagger.eval()
    with torch.no_grad():
        for group in batcher.in_order(examples):
            batch = batcher.batch([examples[number] for number in group]).to(device)
            with half_precision(device):
                scores = tagger(batch.pieces, batch.shapes, batch.real, batch.firsts).cpu().numpy()
            for number, row in zip(group, scores, strict=True):
                found[number] = _complete(row, len(examples[number].words))
    return [found[number] for number in range(len(examples))]


def _complete(scores: NDArray[np.float32], words: int) -> NDArray[np.float32]:
    missing = words - len(scores)
    if missing <= 0:
        return scores[:words]
    outside = np.where(np.arange(len(TAGS)) == 0, 0.0, -100.0).astype(np.float32)
    return np.vstack([scores, np.tile(outside, (missing, 1))])


def config_of(
    tagger: Tagger, calibration: Mapping[str, tuple[float, float, float]] | None = None
) -> TaggerConfig:
    """The runtime's configuration with the trained chain."""
    parts = (part.detach().double().cpu().numpy() for part in tagger.crf.scores())
    return TaggerConfig(tagger.tags, Crf(*parts), tagger.size.heads, calibration=calibration or {})


def agreement(examples: Sequence[Example], scores: Emissions, config: TaggerConfig) -> dict[str, Agreement]:
    """How well what is found agrees with people's labels, by label."""
    totals = {label: np.zeros(4, dtype=int) for label in config.labels()}
    for example, spans in zip(examples, find_spans(scores, config), strict=True):
        for label in totals:
            given = _given(example, label)
            found = [(span.start, span.end, span.label) for span in spans if span.label == label]
            totals[label] += (
                len(given),
                len(found),
                len(set(given) & set(found)),
                len(_partners(given, found)),
            )
    return {label: Agreement(*map(int, counts)) for label, counts in totals.items()}


def _given(example: Example, label: str) -> list[Span]:
    return [span for span in spans_of([TAGS[tag] for tag in example.tags]) if span[2] == label]


def _partners(given: Sequence[Span], found: Sequence[Span]) -> set[Span]:
    """What was found and shares a word with a span that people gave, one to one."""
    free = list(given)
    right = set()
    for span in found:
        partner = next((each for each in free if each[0] < span[1] and span[0] < each[1]), None)
        if partner:
            free.remove(partner)
            right.add(span)
    return right


@dataclass(frozen=True, slots=True)
class Scored:
    """Something found: the log-odds of exactly this span and of its surest word, and whether it is right.

    Right is what touches a span that people gave.
    """

    scores: tuple[float, float]
    right: bool


def scored_spans(examples: Sequence[Example], scores: Emissions, tagger: Tagger) -> dict[str, list[Scored]]:
    """Everything that is found in the examples, by label, for fitting the calibration."""
    labels = config_of(tagger).labels()
    exact, anywhere = (
        find_spans(scores, config_of(tagger, dict.fromkeys(labels, weights)))
        for weights in (_EXACT_ODDS, _ODDS_ANYWHERE)
    )
    found: dict[str, list[Scored]] = {label: [] for label in labels}
    for example, sure, likely in zip(examples, exact, anywhere, strict=True):
        for label in labels:
            found[label] += _scored(
                _given(example, label),
                [
                    ((one.start, one.end, label), (_odds(one.probability), _odds(other.probability)))
                    for one, other in zip(sure, likely, strict=True)
                    if one.label == label
                ],
            )
    return found


def _scored(given: Sequence[Span], found: Sequence[tuple[Span, tuple[float, float]]]) -> Iterator[Scored]:
    right = _partners(given, [span for span, _ in found])
    for span, odds in found:
        yield Scored(odds, span in right)


def _odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))
