"""A tagger with two small layers and random weights: it finds much, knows nothing, and always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.extract.tagger.package import write_pipeline
from earmark.train.graph import build_graph

TAGS = ["O", "B-PRODUCT", "I-PRODUCT", "B-ISSUE", "I-ISSUE"]
NEVER = -10_000.0
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
VOCAB = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS)),
    *(".", ",", "!", "?", "'", "-", "the", "router", "my", "is", "app", "kettle", "##ing", "crash", "broken"),
]
HIDDEN, HEADS, LAYERS, INNER = 32, 4, 2, 64


def weights(seed: int = 7) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)

    def some(*shape: int, scale: float = 0.3) -> NDArray[np.float32]:
        return random.normal(scale=scale, size=shape).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": some(len(VOCAB), HIDDEN, scale=1.0),
        "embeddings.position_embeddings.weight": some(128, HIDDEN),
        "embeddings.token_type_embeddings.weight": some(2, HIDDEN),
        "embeddings.shape_embeddings.weight": some(8, HIDDEN),
        "head.weight": some(len(TAGS), HIDDEN, scale=0.6),
        "head.bias": some(len(TAGS)),
    }
    modules = {"attention.output.dense": (HIDDEN, HIDDEN), "output.dense": (HIDDEN, INNER)}
    modules |= {f"attention.self.{part}": (HIDDEN, HIDDEN) for part in ("query", "key", "value")}
    modules |= {"intermediate.dense": (INNER, HIDDEN)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for name, shape in modules.items():
            found[f"{prefix}{name}.weight"], found[f"{prefix}{name}.bias"] = some(*shape), some(shape[0])
        norms += [f"{prefix}attention.output.LayerNorm", f"{prefix}output.LayerNorm"]
    for name in norms:
        found[f"{name}.weight"], found[f"{name}.bias"] = 1 + some(HIDDEN), some(HIDDEN)
    return found


def config() -> dict[str, Any]:
    transitions = np.zeros((5, 5))
    transitions[[0, 0, 1, 2, 3, 4], [2, 4, 4, 4, 2, 2]] = NEVER
    start = [0.0, 0.0, NEVER, 0.0, NEVER]
    return {
        "tags": TAGS,
        "crf": {"start": start, "transitions": transitions.tolist(), "end": [0.0] * 5},
        "heads": HEADS,
        "max_pieces": 48,
        "context_pieces": 12,
    }


def write_tiny(folder: Path) -> Path:
    """Write the pipeline and return its folder."""
    graph = build_graph(weights(), heads=HEADS, max_pieces=48)
    write_pipeline(folder, graph, VOCAB, config(), {"name": "tiny", "version": "1.2.3"})
    return folder
