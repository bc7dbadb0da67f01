"""From emissions to spans: how tags are read, what probabilities mean, and what a threshold drops."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.extract.tagger.tiny import config as plain_config

from earmark.extract.tagger.config import TaggerConfig
from earmark.extract.tagger.crf import marginals
from earmark.extract.tagger.spans import Found, find_spans, read_texts, spans_of

CONFIG = TaggerConfig.of(plain_config())

READ = [
    ("", []),
    ("O O", []),
    ("B-P", [(0, 1, "P")]),
    ("O B-P I-P O", [(1, 3, "P")]),
    ("B-P B-P", [(0, 1, "P"), (1, 2, "P")]),
    ("B-P I-P B-Q I-Q", [(0, 2, "P"), (2, 4, "Q")]),
    ("B-P I-Q", [(0, 1, "P"), (1, 2, "Q")]),
    ("O I-P I-P", [(1, 3, "P")]),
    ("S-P O B-Q I-Q E-Q", [(0, 1, "P"), (2, 5, "Q")]),
    ("S-P S-P", [(0, 1, "P"), (1, 2, "P")]),
    ("B-P E-P B-P E-P", [(0, 2, "P"), (2, 4, "P")]),
]


@pytest.mark.parametrize(("tags", "expected"), READ, ids=[tags for tags, _ in READ])
def test_tags_are_read_as_spans(tags: str, expected: list[tuple[int, int, str]]) -> None:
    assert list(spans_of(tags.split())) == expected


def scores(words: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(scale=3, size=(words, 5)).astype(np.float32)


def test_the_probability_is_that_of_the_surest_word_unless_calibrated() -> None:
    emissions = scores(12)
    chances = marginals(emissions, CONFIG.crf)
    (found,) = find_spans([emissions], CONFIG)
    assert found
    for span in found:
        expected = chances[span.start : span.end][:, CONFIG.carries(span.label)].sum(axis=1).max()
        assert span.probability == pytest.approx(expected)


def test_calibration_combines_both_log_odds() -> None:
    emissions = scores(12)
    exact = replace(CONFIG, calibration={"PRODUCT": (0.0, 1.0, 0.0), "ISSUE": (0.0, 1.0, 0.0)})
    fixed = replace(CONFIG, calibration={"PRODUCT": (0.5, 0.0, 0.0), "ISSUE": (-800.0, 0.0, 0.0)})
    (anywhere,), (whole,), (constant,) = (find_spans([emissions], c) for c in (CONFIG, exact, fixed))
    assert [(s.start, s.end) for s in whole] == [(s.start, s.end) for s in anywhere]
    assert all(
        one.probability <= other.probability + 1e-9 for one, other in zip(whole, anywhere, strict=True)
    )
    for span in constant:
        assert span.probability == pytest.approx(1 / (1 + math.exp(-0.5)) if span.label == "PRODUCT" else 0)


def test_spans_below_their_labels_threshold_are_dropped() -> None:
    emissions = [scores(40, seed) for seed in range(5)]
    strict = replace(CONFIG, threshold={"PRODUCT": 0.9})
    for everything, kept in zip(find_spans(emissions, CONFIG), find_spans(emissions, strict), strict=True):
        assert kept == [s for s in everything if s.label == "ISSUE" or s.probability >= 0.9]


def test_what_is_found_does_not_depend_on_the_other_texts() -> None:
    texts = [scores(words, words) for words in (3, 0, 50, 1, 7, 7, 120, 2)] * 80
    assert find_spans(texts, CONFIG) == [find_spans([text], CONFIG)[0] for text in texts]


def test_certainty_is_a_finite_probability() -> None:
    emissions = np.full((3, 5), -500.0, np.float32)
    emissions[:, 0] = 500.0
    emissions[1, 1], emissions[1, 0] = 500.0, -500.0
    ((found,),) = find_spans([emissions], CONFIG)
    assert (found.start, found.end, found.label) == (1, 2, "PRODUCT")
    assert 0.999 < found.probability < 1


def doubted(emissions: NDArray[np.float32], least: float) -> list[Found]:
    (reading,) = read_texts([emissions], CONFIG, least=least)
    return [span for span in reading.spans if span.unsure] if reading else []


@pytest.mark.parametrize("seed", range(8))
def test_what_is_beside_the_best_path_is_told_apart_and_touches_nothing_of_it(seed: int) -> None:
    emissions = scores(30, seed)
    (reading,) = read_texts([emissions], CONFIG, least=0.02)
    assert reading is not None
    chosen = [span for span in reading.spans if not span.unsure]
    assert chosen == find_spans([emissions], CONFIG)[0]
    for span in doubted(emissions, 0.02):
        assert all(span.end <= other.start or other.end <= span.start for other in chosen)
        inside = reading.inside[span.start : span.end, CONFIG.labels().index(span.label)]
        assert inside.min() >= 0.02


def test_the_lower_the_bar_the_more_is_doubted() -> None:
    counts = [sum(len(doubted(scores(40, seed), least)) for seed in range(10)) for least in (0.5, 0.2, 0.02)]
    assert counts[0] < counts[1] < counts[2]
    assert doubted(scores(40), 1.1) == []


def test_a_doubted_span_is_the_likeliest_of_its_words() -> None:
    """Two words that may be one span, on a path of words outside."""
    emissions = np.zeros((4, 5), np.float32)
    emissions[:, 0] = 6.0
    emissions[1, [0, 1]], emissions[2, [0, 2]] = [3.5, 2.0], [3.5, 4.9]
    (span,) = [found for found in doubted(emissions, 0.1) if found.label == "PRODUCT"]
    assert (span.start, span.end) == (1, 3)
    assert 0 < span.exact < 0.5


@pytest.mark.parametrize("words", [1, 2, 5])
def test_every_tagging_scheme_spells_a_span(words: int) -> None:
    both = replace(CONFIG, tags=("O", "B-P", "I-P", "E-P", "S-P"))
    for config, label in ((CONFIG, "PRODUCT"), (both, "P")):
        spelled = [config.tags[tag] for tag in config.spelled(label, words)]
        assert list(spans_of(spelled)) == [(0, words, label)]
