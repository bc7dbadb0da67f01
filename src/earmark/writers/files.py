"""Attributes into a JSONL file: one `{"id", "attributes"}` a line, one line a conversation, in order of id.

While a run is under way changed lines are appended; `close` rewrites the file in order. A file that was
cut off in the middle of a line is read up to the last whole one.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from earmark.drafts import drafted
from earmark.errors import BusyError, GarbledError, OutputError
from earmark.model import Change, Field, Listing, Record, Usage

SUFFIXES = (".jsonl", ".ndjson")


class FilesWriter:
    """Keeps an index of where each conversation's latest line begins; values stay on disk."""

    deletes_keys = True

    def __init__(self, path: Path, keys: Mapping[str, str]) -> None:
        """`keys` maps labels to attribute names."""
        self.name = f"files:{path}"
        self.target = f"files:{path.resolve()}"
        self._path = path
        self._keys = keys
        self._lock = threading.Lock()
        self._starts: dict[str, int] = {}
        self._untidy = False
        self._file: IO[bytes] | None = None

    def prepare(self) -> Mapping[str, Field]:
        """Check that the file can be written, and index what it holds already."""
        if not self._path.name.endswith(SUFFIXES):
            raise OutputError(f"{self._path.name} is of no kind that is written", hint="name a .jsonl file")
        self._open()
        return {label: Field(label, key) for label, key in self._keys.items()}

    def _open(self) -> IO[bytes]:
        if self._file is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
            except OSError as error:
                raise self._unwritable(error) from error
            try:
                self._claim(file)
                self._index(file)
            except BaseException:
                file.close()
                raise
            self._file = file
        return self._file

    def _claim(self, file: IO[bytes]) -> None:
        """Keep other runs out of this file until it is closed, however this process ends."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(
                f"another run is writing {self._path}", hint="wait for it, or name another file"
            ) from error

    def _index(self, file: IO[bytes]) -> None:
        start, previous = 0, ""
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                file.truncate(start)
                break
            conversation_id = self._id_of(line, number)
            self._untidy |= conversation_id <= previous
            previous = conversation_id
            self._starts[conversation_id] = start
            start += len(line)

    def _id_of(self, line: bytes, number: int) -> str:
        try:
            return str(json.loads(line)["id"])
        except (ValueError, KeyError, TypeError):
            raise OutputError(
                f"{self._path}:{number} is not a line of ours, and it would be lost",
                hint="correct it, or name another file",
            ) from None

    def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
        return {listing.id: self.read(listing) for listing in listings}

    def read(self, listing: Listing) -> Record:
        with self._lock:
            line = self._line(listing.id)
        values = line.get("attributes") if line else None
        return Record(listing.id, exists=line is not None, values=values or {})

    def _line(self, conversation_id: str) -> dict[str, Any] | None:
        start = self._starts.get(conversation_id)
        if start is None:
            return None
        file = self._open()
        file.seek(start)
        line = json.loads(file.readline())
        if not isinstance(line, dict):
            raise GarbledError("its line in the output file is no object", ref=conversation_id)
        return None if line.get("removed") else line

    def apply(self, change: Change) -> Record:
        """Append the conversation's new line and wait until it is on disk."""
        with self._lock:
            line = self._line(change.conversation_id) or {"id": change.conversation_id}
            old = line.get("attributes") or {}
            values = {key: value for key, value in old.items() if key not in change.before} | dict(
                change.after
            )
            line["attributes"] = values
            if change.removes_record:
                line = {"id": change.conversation_id, "removed": True}
            self._append(change.conversation_id, line)
        return Record(change.conversation_id, exists=not change.removes_record, values=values)

    def _append(self, conversation_id: str, line: Mapping[str, Any]) -> None:
        file = self._open()
        try:
            start = file.seek(0, os.SEEK_END)
            file.write(
                json.dumps(line, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace") + b"\n"
            )
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error
        self._starts[conversation_id] = start
        self._untidy = True

    def usage(self) -> Usage:
        return Usage()

    def close(self) -> None:
        with self._lock:
            if self._file is None:
                return
            if self._untidy:
                self._rewrite(self._file)
            self._file.close()
            self._file = None
            self._starts.clear()
            self._untidy = False

    def _rewrite(self, file: IO[bytes]) -> None:
        try:
            with drafted(self._path) as tidy:
                for conversation_id in sorted(self._starts):
                    file.seek(self._starts[conversation_id])
                    line = file.readline()
                    if not json.loads(line).get("removed"):
                        tidy.write(line)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._path} cannot be written: {error.strerror}",
            hint="make it writable, or make room on its disk, then `earmark resume`",
        )
