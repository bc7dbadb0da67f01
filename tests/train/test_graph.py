"""The graph against the network written out in numpy, and the way back from graph to weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.extract.tagger.tiny import HEADS, LAYERS, VOCAB, weights

from earmark.extract.tagger.encoder import Encoder, Pieces
from earmark.train.graph import build_graph, prune, read_weights

Floats = NDArray[np.float32]
TEXTS = [
    Pieces(list(row), [number % 8 for number in row])
    for row in np.random.default_rng(3).integers(4, len(VOCAB), size=(40, 17)).tolist()
]


def reference(w: dict[str, Floats], text: Pieces) -> NDArray[np.float64]:
    """BERT with shapes, as the papers have it, in double precision."""

    def linear(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        return np.asarray(x @ w[f"{name}.weight"].T.astype(float) + w[f"{name}.bias"])

    def normal(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        even = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return np.asarray(even * w[f"{name}.weight"] + w[f"{name}.bias"])

    length = len(text.ids)
    x = w["embeddings.word_embeddings.weight"][list(text.ids)].astype(float)
    x = x + w["embeddings.shape_embeddings.weight"][list(text.shapes)]
    x = (
        x
        + w["embeddings.position_embeddings.weight"][:length]
        + w["embeddings.token_type_embeddings.weight"][0]
    )
    x = normal(x, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        parts = [linear(x, f"{prefix}attention.self.{name}") for name in ("query", "key", "value")]
        query, key, value = (part.reshape(length, HEADS, -1).transpose(1, 0, 2) for part in parts)
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        attended = (scores / scores.sum(-1, keepdims=True)) @ value
        attended = attended.transpose(1, 0, 2).reshape(length, -1)
        x = normal(
            x + linear(attended, f"{prefix}attention.output.dense"), f"{prefix}attention.output.LayerNorm"
        )
        inner = linear(x, f"{prefix}intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = normal(x + linear(inner, f"{prefix}output.dense"), f"{prefix}output.LayerNorm")
    return linear(x, "head")


def emissions(graph: bytes) -> list[Floats]:
    return Encoder(graph, 5).emissions(TEXTS)


EXPECTED = np.concatenate([reference(weights(), text) for text in TEXTS])


def test_the_exact_graph_computes_the_network() -> None:
    found = np.concatenate(emissions(build_graph(weights(), heads=HEADS, quantised=False)))
    assert np.abs(found - EXPECTED).max() < 1e-4


@pytest.mark.parametrize(("bits", "off"), [(8, 0.02), (4, 0.12)])
def test_quantised_graphs_stay_close_to_it(bits: int, off: float) -> None:
    found = np.concatenate(emissions(build_graph(weights(), heads=HEADS, embedding_bits=bits)))
    assert np.abs(found - EXPECTED).mean() < off * EXPECTED.std()


def test_eight_bits_make_a_smaller_file() -> None:
    exact, quantised, four = (
        len(build_graph(weights(), heads=HEADS, quantised=q, embedding_bits=bits))
        for q, bits in ((False, 8), (True, 8), (True, 4))
    )
    assert four < quantised < exact


@pytest.mark.parametrize(("quantised", "bits"), [(False, 8), (True, 8), (True, 4)])
def test_weights_read_back_make_the_same_graph(quantised: bool, bits: int) -> None:
    graph = build_graph(weights(), heads=HEADS, quantised=quantised, embedding_bits=bits)
    back = read_weights(graph)
    assert back.keys() == weights().keys()
    assert build_graph(back, heads=HEADS, quantised=quantised, embedding_bits=bits) == graph


def test_a_text_has_the_same_numbers_in_any_company() -> None:
    graph = build_graph(weights(), heads=HEADS)
    encoder = Encoder(graph, 5, threads=2)
    together = encoder.emissions([*TEXTS, Pieces([2, 3], [0, 0]), *TEXTS[:3]])
    for text, scores in zip(TEXTS, together, strict=False):
        (alone,) = encoder.emissions([text])
        assert np.array_equal(alone, scores)


def test_pruning_drops_what_latin_text_never_needs_and_keeps_rows_in_step() -> None:
    vocab = ["[PAD]", "[unused7]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "я", "##中", "cafe", "##é", "5", "€"]
    table = np.arange(12, dtype=np.float32)[:, None].repeat(4, axis=1)
    pruned, kept = prune({"embeddings.word_embeddings.weight": table}, vocab)
    assert kept == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "cafe", "##é", "5", "€"]
    assert [vocab[int(row[0])] for row in pruned["embeddings.word_embeddings.weight"]] == kept
