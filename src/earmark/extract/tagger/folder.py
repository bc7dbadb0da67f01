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
        """File name → content; the configuration names the graph's hash."""
        config = self.config.as_dict() | {"sha256": hashlib.sha256(self.graph).hexdigest()}
        return {
            CONFIG: (json.dumps(config, indent=1) + "\n").encode(),
            VOCABULARY: "".join(f"{piece}\n" for piece in self.vocabulary).encode(),
            GRAPH: self.graph,
        }

    @classmethod
    def of_parts(cls, parts: Mapping[str, bytes], where: str) -> TaggerFiles:
        """Put the files together again.

        Raises:
            ModelMissingError: They are damaged, or do not belong together.
        """
        graph = parts[GRAPH]
        try:
            values: dict[str, Any] = json.loads(parts[CONFIG])
            config = TaggerConfig.of(values)
            vocabulary = tuple(parts[VOCABULARY].decode().split("\n")[:-1])
        except (ValueError, AttributeError) as error:
            raise _damaged(where, str(error)) from None
        if hashlib.sha256(graph).hexdigest() != values.get("sha256"):
            raise _damaged(where, f"{GRAPH} is not the one that {CONFIG} names")
        return cls(config, vocabulary, graph)


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
