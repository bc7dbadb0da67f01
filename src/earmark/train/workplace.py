"""Where a training writes: the pipeline's folder, and beside it what is finished until that is written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from earmark.errors import BusyError, ConfigError

_PIPELINE = frozenset({"meta.json", "tokenizer"})  # one of them is there as soon as spaCy has begun to write


def destination(out: Path, start: Path) -> Path:
    """The folder to write to, as an absolute path; it is new, empty, or holds a pipeline to write over.

    Raises:
        ConfigError: It is something else, cannot be written, or is what the training starts from.
    """
    folder = out.resolve()
    if not folder.name:
        raise ConfigError(f"{out} cannot be a pipeline's folder", hint="name a new one with --out")
    if folder == start.resolve():
        raise ConfigError(
            f"{out} is what the training starts from", hint="write to another folder with --out"
        )
    if folder.is_dir():
        _must_be_free(folder, out)
    elif folder.exists():
        raise ConfigError(f"{out} is no folder", hint="name a new one with --out")
    return folder


def _must_be_free(folder: Path, out: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    if names and not names & _PIPELINE:
        raise ConfigError(f"{out} holds something that is no pipeline", hint="name a new folder with --out")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"{out} cannot be written to", hint="name another folder with --out")


@contextmanager
def workplace(out: Path, key: str) -> Iterator[Path]:
    """The folder `OUT.work/KEY`, for this training alone; it stays when the block ends with an error.

    Raises:
        BusyError: Another training works there.
        ConfigError: The folder cannot be made.
    """
    work = out.with_name(f"{out.name}.work")
    folder = work / key
    try:
        work.mkdir(parents=True, exist_ok=True)
        with FileLock(work / "lock", timeout=0):
            folder.mkdir(exist_ok=True)
            try:
                yield folder
                shutil.rmtree(folder)
            finally:
                _tidy(folder, work)
    except Timeout:
        raise BusyError(
            f"another training writes to {out}", hint="wait for it, or name another --out"
        ) from None


def _tidy(folder: Path, work: Path) -> None:
    """Leave nothing behind that holds nothing."""
    (work / "lock").unlink(missing_ok=True)
    for empty in (folder, work):
        with suppress(OSError):
            empty.rmdir()
