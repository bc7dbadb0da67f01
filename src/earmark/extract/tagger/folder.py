"""The tagger on disk: `config.json`, `vocab.txt` and `model.onnx` in one folder, and as one run of bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.errors import ModelMissingError
from earmark.extract.tagger.config import TaggerConfig

FILES = CONFIG, VOCABULARY, GRAPH = "config.json", "vocab.txt", "model.onnx"


@dataclass(frozen=True, slots=True)
class TaggerFiles:
    """Everything that a tagger is made of. `vocabulary` holds the pieces in the order of their ids."""

    config: TaggerConfig
    vocabulary: tuple[str, ...]
    graph: bytes

    def as_parts(self) -> dict[str, bytes]:
        """File name → content; the configuration names the hashes of the others."""
        parts = {
            VOCABULARY: "".join(f"{piece}\n" for piece in self.vocabulary).encode(),
            GRAPH: self.graph,
        }
        config = self.config.as_dict() | {"sha256": _hashes(parts)}
        return {CONFIG: (json.dumps(config, indent=1) + "\n").encode(), **parts}

    @classmethod
    def of_parts(cls, parts: Mapping[str, bytes], where: str) -> TaggerFiles:
        """Put the files together again.

        Raises:
            ModelMissingError: They are damaged, or do not belong together.
        """
        try:
            values: dict[str, Any] = json.loads(parts[CONFIG])
            config = TaggerConfig.of(values)
            hashes = dict(values.get("sha256", {}))
            vocabulary = tuple(parts[VOCABULARY].decode().split("\n")[:-1])
        except (ValueError, AttributeError, TypeError) as error:
            raise _damaged(where, str(error)) from None
        for name, found in _hashes(parts).items():
            if found != hashes.get(name):
                raise _damaged(where, f"{name} is not the one that {CONFIG} names")
        return cls(config, vocabulary, parts[GRAPH])


def _hashes(parts: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(parts[name]).hexdigest() for name in (VOCABULARY, GRAPH)}


def write_folder(folder: Path, files: TaggerFiles) -> None:
    """Write the three files; the folder is created."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.as_parts().items():
        (folder / name).write_bytes(content)


def read_folder(folder: Path) -> TaggerFiles:
    """Read and check the three files.

    Raises:
        ModelMissingError: One is missing or damaged.
    """
    try:
        parts = {name: (folder / name).read_bytes() for name in FILES}
    except OSError as error:
        missing = Path(error.filename or "").name
        raise _damaged(str(folder), f"{missing}: {error.strerror or 'cannot be read'}") from None
    return TaggerFiles.of_parts(parts, str(folder))


def _damaged(where: str, reason: str) -> ModelMissingError:
    return ModelMissingError(
        f"the model in {where} cannot be used: {reason}",
        hint="install the package that it came with again, or train it again",
    )
