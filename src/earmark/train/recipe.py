"""How a model is trained, as data: every choice that changes the result."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from earmark.errors import ConfigError
from earmark.train.augment import Noise, Share

Count = Annotated[int, Field(ge=1)]
Factor = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training.

    `learning_rate` is the encoder's, at its highest; head and chain learn `head_factor` and `chain_factor`
    times as fast, the word embeddings only if `learn_words`. `batch_pieces` is the size of a step.
    `cross_entropy` weighs the tags' own loss beside the chain's, with `label_smoothing`. The weights of the
    runs with each of the `seeds` are averaged. Training stops when `patience` epochs bring nothing on the
    development set.
    """

    epochs: Count = 4
    learning_rate: Factor = 1.5e-4
    head_factor: Factor = 3.0
    chain_factor: Factor = 30.0
    warm_up: Share = 0.1
    weight_decay: Factor = 0.01
    dropout: Share = 0.1
    learn_words: bool = False
    batch_pieces: Count = 1024
    cross_entropy: Factor = 0.2
    label_smoothing: Share = 0.02
    patience: Count = 2
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (1,)
    noise: Noise = field(default_factory=Noise)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


GENTLE = Recipe(learning_rate=5e-5, head_factor=1.0, chain_factor=3.0)
"""For going on from a model that already knows its labels: a few labels must not undo what many taught."""


def read_recipe(path: Path) -> Recipe:
    """Read a TOML file; what it leaves out keeps its default.

    Raises:
        ConfigError: The file cannot be read, or holds a setting that is unknown, of the wrong kind or too far.
    """
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
        unknown = next(_unknown(values, Recipe().as_dict()), None)
        if unknown:
            raise ConfigError(f"{path}: there is no setting {unknown!r} in a training recipe")
        return TypeAdapter(Recipe).validate_python(values)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {where}: {first['msg']}") from None


def _unknown(values: Mapping[str, Any], known: Mapping[str, Any], where: str = "") -> Iterator[str]:
    for name, value in sorted(values.items()):
        if name not in known:
            yield f"{where}{name}"
        elif isinstance(value, dict) and isinstance(known[name], dict):
            yield from _unknown(value, known[name], f"{where}{name}.")
