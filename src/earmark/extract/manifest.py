"""The manifest of a model: the SHA-256 of each of its files, looked at before any of them is read.

It is the file `SHA256SUMS` in the model's folder, as `sha256sum --check` takes it. It names everything that is
loaded, and so not the card. It tells damage and mix-ups; against somebody who may change code it does not help.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from earmark.errors import ModelMissingError

MANIFEST = "SHA256SUMS"


def model_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of each file that a model is made of, by name: all but card, manifest and caches."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if "__pycache__" not in path.parts and path.suffix != ".md" and path != folder / MANIFEST:
            yield path.relative_to(folder).as_posix(), path


def sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def write_manifest(folder: Path) -> None:
    """Write the manifest of the files that are there now."""
    lines = (f"{sha256(path).hex()}  {name}\n" for name, path in model_files(folder))
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8", newline="\n")


def check_model(folder: Path) -> None:
    """See that a model's files are those that its manifest names, byte for byte.

    Raises:
        ModelMissingError: One was changed, is missing, or is not named, or there is no manifest; says which.
    """
    named = _named(folder)
    there = dict(model_files(folder))
    for name, expected in named.items():
        if name not in there:
            raise _damaged(folder, f"{name} is missing")
        if sha256(there[name]).hex() != expected:
            raise _damaged(folder, f"{name} is not the file that its manifest names")
    for name in there.keys() - named.keys():
        raise _damaged(folder, f"{name} is not named in its manifest")


def _named(folder: Path) -> dict[str, str]:
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        pairs = [line.split("  ", 1) for line in text.removesuffix("\n").split("\n")]
        return {name: expected for expected, name in pairs}
    except (OSError, ValueError):
        raise _damaged(folder, f"its manifest {MANIFEST} cannot be read") from None


def _damaged(folder: Path, reason: str) -> ModelMissingError:
    return ModelMissingError(
        f"the model in {folder} is not loaded: {reason}",
        hint="install it or train it again; a model of your own that you changed on purpose needs no "
        f"{MANIFEST}: delete that file",
    )
