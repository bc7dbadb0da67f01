"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def drafted(path: Path) -> Iterator[IO[bytes]]:
    """A file to fill beside `path`; it takes its place, and is on disk, when the block ends well.

    What was at `path` stays until then, and for good where the block fails.

    Raises:
        OSError: The folder or its disk does not take the file.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
