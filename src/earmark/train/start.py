"""Where training starts from: a BERT checkpoint, or a pipeline that Earmark trained before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from earmark.errors import ConfigError
from earmark.extract.tagger.folder import read_folder
from earmark.train.graph import read_weights
from earmark.train.network import Size, Tagger

_HEADS_OF_384 = 12


@dataclass(frozen=True, slots=True)
class Start:
    """Weights under BERT's names, the vocabulary in the order of ids, and where they come from."""

    weights: Mapping[str, Tensor]
    vocabulary: tuple[str, ...]
    heads: int
    name: str


def read_start(folder: Path) -> Start:
    """Read `model.safetensors`, `vocab.txt` and `config.json`, or a pipeline folder with our component.

    Raises:
        ConfigError: The folder holds neither.
    """
    if (folder / "model.safetensors").is_file():
        return _checkpoint(folder)
    if (folder / "earmark_spans" / "model.onnx").is_file():
        return _pipeline(folder)
    raise ConfigError(
        f"{folder} is nothing to start training from",
        hint="give a folder with model.safetensors, vocab.txt and config.json of an uncased BERT, "
        "or a pipeline that `earmark train` wrote",
    )


def _checkpoint(folder: Path) -> Start:
    try:
        weights = load_file(folder / "model.safetensors")
        vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        heads = json.loads((folder / "config.json").read_bytes())["num_attention_heads"]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"{folder} is no complete BERT checkpoint ({type(error).__name__})") from None
    return Start(weights, tuple(vocabulary), heads, folder.name)


def _pipeline(folder: Path) -> Start:
    content = read_folder(folder / "earmark_spans")
    weights = {name: torch.from_numpy(values.copy()) for name, values in read_weights(content.graph).items()}
    crf = content.config.crf
    for name in ("start", "transitions", "end"):
        weights[f"crf.{name}"] = torch.tensor(getattr(crf, name), dtype=torch.float32).clamp(min=-50.0)
    return Start(weights, content.vocabulary, content.config.heads, folder.name)


def tagger_from(start: Start, tags: tuple[str, ...], dropout: float) -> Tagger:
    """A network with the starting weights; what they lack (head, shapes, chain) begins afresh.

    Raises:
        ConfigError: The checkpoint is no BERT encoder.
    """
    try:
        tagger = Tagger(Size.of(start.weights, start.heads), tags, dropout)
    except KeyError as error:
        raise ConfigError(f"{start.name} is no BERT encoder: it has no {error.args[0]}") from None
    wanted = tagger.state_dict()
    fitting = {
        name: values
        for name, values in start.weights.items()
        if name in wanted and wanted[name].shape == values.shape
    }
    tagger.load_state_dict(fitting, strict=False)
    return tagger
