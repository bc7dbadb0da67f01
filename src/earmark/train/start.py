"""Where training starts from: a BERT checkpoint, or a pipeline that Earmark trained before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from earmark.errors import ConfigError
from earmark.extract.tagger.folder import read_folder
from earmark.extract.tagger.wordpiece import WordPiece
from earmark.train.graph import read_weights
from earmark.train.network import Size, Tagger

_POSITIONS = 128  # pieces of a window
_OURS = frozenset({"embeddings.shape_embeddings.weight"})


@dataclass(frozen=True, slots=True)
class Start:
    """Weights under BERT's names, the vocabulary in the order of ids, and where they come from.

    `sha256` is that of the file with the weights. `calibration` is what a pipeline brings along.
    """

    weights: Mapping[str, Tensor]
    vocabulary: tuple[str, ...]
    heads: int
    name: str
    sha256: str
    calibration: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


def read_start(folder: Path) -> Start:
    """Read `model.safetensors`, `vocab.txt` and `config.json`, or a pipeline folder with our component.

    Raises:
        ConfigError: The folder holds neither, or its parts do not belong together.
    """
    folder = folder.resolve()
    for file, read in ((folder / "model.safetensors", _checkpoint), (_graph(folder), _pipeline)):
        if file.is_file():
            start = read(folder)
            _check(start)
            return start
    raise ConfigError(
        f"{folder} is nothing to start training from",
        hint="give a folder with model.safetensors, vocab.txt and config.json of an uncased BERT, "
        "or a pipeline that `earmark train` wrote",
    )


def _graph(folder: Path) -> Path:
    return folder / "earmark_spans" / "model.onnx"


def _checkpoint(folder: Path) -> Start:
    try:
        weights = load_file(folder / "model.safetensors")
        vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
        heads = int(json.loads((folder / "config.json").read_bytes())["num_attention_heads"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ConfigError(f"{folder} is no complete BERT checkpoint ({type(error).__name__})") from None
    named = {_plain(name): values for name, values in weights.items()}
    return Start(named, tuple(vocabulary), heads, folder.name, _sha256(folder / "model.safetensors"))


def _plain(name: str) -> str:
    """A weight's name without the prefix of a whole BERT, and as it is called today."""
    renamed = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    return renamed.removeprefix("bert.")


def _pipeline(folder: Path) -> Start:
    content = read_folder(folder / "earmark_spans")
    weights = {name: torch.from_numpy(values.copy()) for name, values in read_weights(content.graph).items()}
    crf = content.config.crf
    for name in ("start", "transitions", "end"):
        weights[f"crf.{name}"] = torch.tensor(getattr(crf, name), dtype=torch.float32).clamp(min=-50.0)
    config, hash_ = content.config, _sha256(_graph(folder))
    return Start(weights, content.vocabulary, config.heads, folder.name, hash_, config.calibration)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(start: Start) -> None:
    """Find out before the first step what would fail, or silently be learned afresh, later."""
    try:
        size = Size.of(start.weights, start.heads)
        WordPiece(start.vocabulary)
    except KeyError as error:
        raise ConfigError(f"{start.name} is no BERT encoder: it has no {error.args[0]}") from None
    except ValueError as error:
        raise ConfigError(f"{start.name} cannot be started from: {error}") from None
    if len(start.vocabulary) != size.vocabulary:
        raise ConfigError(
            f"{start.name}: {len(start.vocabulary):,} pieces in its vocabulary, but vectors for {size.vocabulary:,}"
        )
    if start.heads < 1 or size.hidden % start.heads:
        raise ConfigError(
            f"{start.name}: {start.heads} attention heads do not share {size.hidden} numbers evenly"
        )
    if size.positions < _POSITIONS:
        raise ConfigError(f"{start.name} reads {size.positions} pieces at once; {_POSITIONS} are needed")


def tagger_from(start: Start, tags: tuple[str, ...], dropout: float) -> Tagger:
    """A network with the starting weights; what they lack (head, shapes, chain) begins afresh.

    Raises:
        ConfigError: The encoder is not complete.
    """
    tagger = Tagger(Size.of(start.weights, start.heads), tags, dropout)
    wanted = tagger.state_dict()
    fitting = {
        name: values
        for name, values in start.weights.items()
        if name in wanted and wanted[name].shape == values.shape
    }
    for name in sorted(wanted.keys() - fitting.keys()):
        if name.startswith(("embeddings.", "encoder.")) and name not in _OURS:
            raise ConfigError(f"{start.name} is no BERT encoder: {name} is missing, or of another size")
    tagger.load_state_dict(fitting, strict=False)
    return tagger
