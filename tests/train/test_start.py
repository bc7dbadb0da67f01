"""What can be started from, and what is told of anything else. Needs the training extra."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed: `make test-train`")

from safetensors.torch import save_file  # noqa: E402

from earmark.errors import ConfigError  # noqa: E402
from earmark.train.examples import TAGS  # noqa: E402
from earmark.train.network import Size, Tagger  # noqa: E402
from earmark.train.start import read_start, tagger_from  # noqa: E402

VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "my", "router", "##s", "\u2028")
QUERY = "encoder.layer.0.attention.self.query.weight"


def encoder_weights(positions: int = 128) -> dict[str, Any]:
    size = Size(len(VOCABULARY), hidden=8, layers=1, heads=2, inner=16, positions=positions, types=2)
    state = Tagger(size, TAGS, 0.0).state_dict()
    return {name: values for name, values in state.items() if name.split(".")[0] in ("embeddings", "encoder")}


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """A checkpoint of a very small encoder."""
    save_file(encoder_weights(), tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    (tmp_path / "config.json").write_text('{"num_attention_heads": 2}')
    return tmp_path


def test_a_checkpoint_under_the_names_of_a_whole_bert_is_the_same_start(bert: Path) -> None:
    plain = read_start(bert)
    named = {
        f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): values
        for name, values in plain.weights.items()
    }
    save_file(named, bert / "model.safetensors")
    whole = read_start(bert)
    assert whole.weights.keys() == plain.weights.keys()
    assert torch.equal(tagger_from(whole, TAGS, 0.0).state_dict()[QUERY], plain.weights[QUERY])
    assert whole.sha256 != plain.sha256


def damage_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"no weights")


def shorten_positions(folder: Path) -> None:
    save_file(encoder_weights(positions=64), folder / "model.safetensors")


def take_the_words_away(folder: Path) -> None:
    weights = encoder_weights()
    del weights["embeddings.word_embeddings.weight"]
    save_file(weights, folder / "model.safetensors")


def config(content: object) -> Callable[[Path], object]:
    return lambda folder: (folder / "config.json").write_text(json.dumps(content))


def vocabulary(*pieces: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (damage_weights, "no complete BERT checkpoint"),
        (config([]), "no complete BERT checkpoint"),
        (config({"num_attention_heads": None}), "no complete BERT checkpoint"),
        (config({"num_attention_heads": 3}), "3 attention heads"),
        (config({"num_attention_heads": 0}), "0 attention heads"),
        (vocabulary(*VOCABULARY[:-1]), "7 pieces in its vocabulary"),
        (vocabulary(*map(str, range(8))), r"lacks \[CLS\]"),
        (shorten_positions, "128 are needed"),
        (take_the_words_away, "no embeddings.word_embeddings.weight"),
    ],
)
def test_a_checkpoint_that_does_not_hold_together_is_refused(
    bert: Path, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(bert)
    with pytest.raises(ConfigError, match=told):
        read_start(bert)


def test_a_part_of_the_encoder_that_is_missing_is_not_silently_learned_afresh(bert: Path) -> None:
    weights = encoder_weights()
    del weights[QUERY]
    save_file(weights, bert / "model.safetensors")
    with pytest.raises(ConfigError, match="query"):
        tagger_from(read_start(bert), TAGS, 0.0)
