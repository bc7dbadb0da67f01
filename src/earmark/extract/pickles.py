"""Finds pickles among a model's files: reading one runs whatever its author wrote into it."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePath

from earmark.errors import ModelMissingError
from earmark.extract.manifest import model_files

_NAMES = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".pt", ".pth"})
_ARCHIVE = b"PK\x03\x04"
_FIRST_BYTES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))  # no msgpack begins like this
"""What pickles of today begin with; older ones begin with anything, and are known by their names alone."""


def refuse_pickles(folder: Path) -> None:
    """See that no file of a model is a pickle, nor an archive with one in it (as PyTorch saves them).

    Raises:
        ModelMissingError: One is; says which.
    """
    for name, path in model_files(folder):
        if _is_pickle(path):
            raise ModelMissingError(
                f"the model in {folder} is not loaded: {name} is a pickle, which can run any code",
                hint="use a model that holds none: spaCy and Earmark write theirs as msgpack, JSON and ONNX",
            )


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        begins = file.read(len(_ARCHIVE))
    named = path.suffix.lower() in _NAMES
    return named or begins.startswith(_FIRST_BYTES) or (begins == _ARCHIVE and _holds_pickle(path))


def _holds_pickle(archive: Path) -> bool:
    try:
        with zipfile.ZipFile(archive) as opened:
            return any(PurePath(name).suffix.lower() in _NAMES for name in opened.namelist())
    except zipfile.BadZipFile:
        return False
