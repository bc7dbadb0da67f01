"""What the database's failures mean to the user: one of our errors, without statement text and values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from earmark.errors import BusyError, EarmarkError, JournalError

AFRESH = "keep the file, and start a new journal with --journal: what is already written is read back from the service"
_READ_ONLY = ("it is read-only", "make the file and its folder writable, or copy it to a place that is")
_DAMAGED = ("it is damaged", f"restore it from a backup; or {AFRESH}")
_MEANINGS = {
    "READONLY": _READ_ONLY,
    "PERM": _READ_ONLY,
    "FULL": ("the disk is full", "free some space, then `earmark resume`"),
    "IOERR": ("the disk failed or is full", "check the disk and its free space, then `earmark resume`"),
    "CANTOPEN": ("it cannot be opened", "check the path, its folder and their permissions"),
    "NOTADB": ("it is not a database", "pass another --journal; attributes already written stay as they are"),
    "CORRUPT": _DAMAGED,
    "ERROR": ("its tables are not those of a journal", _DAMAGED[1]),
    "TOOBIG": ("a value is too large for it", "leave the conversation out, and report this"),
    "NOMEM": ("there is no memory left", "free some memory, then `earmark resume`"),
    "PROTOCOL": ("its locks do not work", "keep it on a local disk: pass another --journal"),
    "NOLFS": ("the disk takes no larger file", "pass another --journal"),
}
_BUSY = {"BUSY", "LOCKED"}
_UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError)
"""What comes of values that are not what a journal holds."""


@contextmanager
def naming_failures(path: Path) -> Iterator[None]:
    """Turn failures of the database, and values that it cannot hold, into JournalError or BusyError."""
    try:
        yield
    except DBAPIError as error:
        raise _named(path, error) from None
    except (SQLAlchemyError, *_UNREADABLE) as error:
        raise _unreadable(path, type(error).__name__) from None


def _named(path: Path, error: DBAPIError) -> EarmarkError:
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    kind = name.removeprefix("SQLITE_").partition("_")[0]
    if kind in _BUSY:
        return BusyError(
            f"the journal {path} is locked by another program", hint="try again when it has finished"
        )
    if kind not in _MEANINGS:
        return _unreadable(path, name or type(error.orig).__name__)
    return _unusable(path, *_MEANINGS[kind])


def damaged(path: Path) -> JournalError:
    """The error for a file that is not whole."""
    return _unusable(path, *_DAMAGED)


def _unusable(path: Path, what: str, hint: str) -> JournalError:
    return JournalError(f"the journal {path} cannot be used: {what}", hint=hint)


def _unreadable(path: Path, kind: str) -> JournalError:
    what = f"it holds, or was given, a value that does not fit ({kind})"
    return _unusable(path, what, _DAMAGED[1])
