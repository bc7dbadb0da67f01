"""Our output may be closed from the start, or lose its reader: a pipe into `head`, a terminal that is gone.

Neither stops the work, and the exit code stays what the work came to.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_LOST = {errno.EPIPE, errno.EIO}


class _Outlet(io.FileIO):
    """A stream of ours; once nobody can read it any more, what goes there is dropped."""

    lost = False

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in _LOST or stat.S_ISREG(os.fstat(self.fileno()).st_mode):
                raise
        self.lost = True
        discard(self.fileno())
        return memoryview(data).nbytes


def make_lasting() -> None:
    """Let stdout and stderr outlive their readers; streams that somebody else has put there are left alone."""
    _take_numbers()
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None or stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _lasting(number, stream))


def unread() -> bool:
    """Whether the reader of stdout has gone: a verb that only prints may stop."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return isinstance(raw, _Outlet) and raw.lost


def _lasting(number: int, stream: TextIO | None) -> TextIO:
    if stream is not None:
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Outlet(number, "w", closefd=False)),
        encoding="utf-8" if stream is None else stream.encoding,
        errors=None if stream is None else stream.errors,
        line_buffering=number == 2 or os.isatty(number),
    )


def _take_numbers() -> None:
    """The journal or a connection must not get the number of a stream that was closed from the start."""
    while (taken := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(taken)


def discard(stream: int) -> None:
    """Point a stream elsewhere, or the interpreter complains at its end of what is left in it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream)
    os.close(nowhere)
