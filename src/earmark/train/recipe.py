"""How a model is trained, as data: every choice that changes the result."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from earmark.errors import ConfigError
from earmark.train.augment import Noise


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training.

    `learning_rate` is the encoder's, at its highest; head and chain learn `head_factor` and `chain_factor`
    times as fast, the word embeddings only if `learn_words`. `batch_pieces` is the size of a step.
    `cross_entropy` weighs the tags' own loss beside the chain's, with `label_smoothing`. The weights of the
    runs with each of the `seeds` are averaged. Training stops when `patience` epochs bring nothing on the
    development set.
    """

    epochs: int = 4
    learning_rate: float = 1.5e-4
    head_factor: float = 3.0
    chain_factor: float = 30.0
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    learn_words: bool = False
    batch_pieces: int = 1024
    cross_entropy: float = 0.2
    label_smoothing: float = 0.02
    patience: int = 2
    seeds: tuple[int, ...] = (1,)
    noise: Noise = field(default_factory=Noise)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_recipe(path: Path) -> Recipe:
    """Read a TOML file; what it leaves out keeps its default.

    Raises:
        ConfigError: The file cannot be read, or holds a setting that is unknown or of the wrong kind.
    """
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
        known = TypeAdapter(Recipe).dump_python(Recipe())
        unknown = sorted(values.keys() - known.keys())
        if unknown:
            raise ConfigError(f"{path}: there is no setting {unknown[0]!r} in a training recipe")
        return TypeAdapter(Recipe).validate_python(values)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {where}: {first['msg']}") from None
