"""Conversations from files: JSONL, CSV and Parquet, the first two also gzipped; `-` is JSONL from stdin.

CSV and Parquet hold either one conversation a row (`id`, `text`) or one message a row (`id`, `sender`,
`text`; rows of one conversation follow each other). Parquet may also hold a list column `messages`.
What is no conversation is reported with its file and line, and the rest goes on.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from earmark.errors import InputError
from earmark.model import Fetched, Listing, Page, Rejected, Usage, Window
from earmark.sources import records

PAGE_CONVERSATIONS = 100
PAGE_CHARACTERS = 2_000_000
LONGEST_FIELD = 64 * 1024 * 1024
SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".csv", ".csv.gz", ".parquet")

Row = tuple[str, Any]
"""Where it stands ("chats.jsonl:17") and what stands there: a parsed record, or a Rejected."""


class FilesSource:
    """Reads one file, or all supported files of a folder in the order of their names."""

    resumable = False

    def __init__(self, path: str) -> None:
        self.name = f"files:{path}"
        self._paths = [path] if path == "-" else [str(found) for found in _files(Path(path))]

    def pages(self, window: Window, cursor: str | None = None) -> Iterator[Page]:
        """Pages of up to 100 conversations; the window applies to those that carry a time."""
        found = (_parsed(where, row) for where, row in itertools.chain.from_iterable(map(_rows, self._paths)))
        yield from _paged(item for item in found if isinstance(item, Rejected) or _inside(item, window))

    def fetch(self, listings: Sequence[Listing]) -> Iterator[Fetched]:
        """Nothing: the text travels with the listing."""
        yield from ()

    def usage(self) -> Usage:
        return Usage()

    def close(self) -> None:
        """Files are closed as soon as they are read."""


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(child for child in path.iterdir() if child.name.endswith(SUFFIXES))
        if not found:
            raise InputError(f"{path} holds no conversations file", hint=f"supported: {', '.join(SUFFIXES)}")
        return found
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    if not path.name.endswith(SUFFIXES):
        raise InputError(f"{path.name} is of no kind that is read", hint=f"supported: {', '.join(SUFFIXES)}")
    return [path]


def _parsed(where: str, row: Any) -> Listing | Rejected:
    if isinstance(row, Rejected):
        return row
    try:
        return records.listing(row)
    except records.BadRecordError as error:
        return Rejected(where, str(error))


def _inside(listing: Listing, window: Window) -> bool:
    moment = listing.ended_at or listing.started_at
    return moment is None or window.contains(moment)


def _paged(found: Iterable[Listing | Rejected]) -> Iterator[Page]:
    listings: list[Listing] = []
    rejected: list[Rejected] = []
    characters = 0
    for item in found:
        if isinstance(item, Rejected):
            rejected.append(item)
        else:
            listings.append(item)
            characters += sum(len(m.text) for m in item.conversation.messages) if item.conversation else 0
        if len(listings) + len(rejected) >= PAGE_CONVERSATIONS or characters >= PAGE_CHARACTERS:
            yield Page(tuple(listings), rejected=tuple(rejected))
            listings, rejected, characters = [], [], 0
    yield Page(tuple(listings), rejected=tuple(rejected))


def _rows(path: str) -> Iterator[Row]:
    label = "stdin" if path == "-" else Path(path).name
    try:
        if path.endswith(".parquet"):
            yield from _grouped(_parquet_rows(path, label))
        elif path.endswith((".csv", ".csv.gz")):
            yield from _grouped(_csv_rows(path, label))
        else:
            yield from _json_rows(path, label)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield (
            f"{label}:end",
            Rejected(f"{label}:end", f"the compressed file is damaged ({type(error).__name__})"),
        )
    except OSError as error:
        raise InputError(f"{label} cannot be read: {error.strerror or error}") from error


def _opened(path: str) -> IO[bytes]:
    if path == "-":
        return sys.stdin.buffer
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.endswith(".gz") else Path(path).open("rb")


def _json_rows(path: str, label: str) -> Iterator[Row]:
    with _opened(path) as lines:
        for number, line in enumerate(lines, 1):
            where = f"{label}:{number}"
            if not line.strip():
                continue
            try:
                yield where, json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError:
                yield where, Rejected(where, "not UTF-8")
            except (ValueError, RecursionError):
                yield where, Rejected(where, "not JSON")


def _csv_rows(path: str, label: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_FIELD)
    with _opened(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") as text:
        reader = csv.DictReader(text, strict=True)
        _check_columns(reader.fieldnames or (), label)
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                where = f"{label}:{reader.line_num}"
                yield where, Rejected(where, f"not CSV ({error})")
                continue
            if row is None:
                return
            yield f"{label}:{reader.line_num}", _checked_row(row, f"{label}:{reader.line_num}")


def _checked_row(row: Mapping[Any, Any], where: str) -> Any:
    if None in row:
        return Rejected(where, "more fields than columns")
    if any(isinstance(value, str) and not _is_text(value) for value in row.values()):
        return Rejected(where, "not UTF-8")
    return row


def _is_text(value: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in value)


def _check_columns(columns: Iterable[str], label: str) -> None:
    present = set(columns)
    if not present & {"id", "conversation_id"} or not present & {"text", "messages"}:
        raise InputError(f"{label} needs the columns id and text", hint="name them in the first line")


def _parquet_rows(path: str, label: str) -> Iterator[Row]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as table:
            _check_columns(table.schema_arrow.names, label)
            number = 0
            for batch in table.iter_batches(batch_size=256):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{label}:{number}", row
    except pyarrow.ArrowException as error:
        raise InputError(f"{label} is no readable Parquet file ({type(error).__name__})") from None


def _grouped(rows: Iterator[Row]) -> Iterator[Row]:
    """Join consecutive message rows of one conversation; rows that are whole conversations pass through."""
    for _, group in itertools.groupby(rows, key=_group_key):
        members = list(group)
        where, first = members[0]
        if (
            isinstance(first, Rejected)
            or first.get("messages") is not None
            or not first.get("id", first.get("conversation_id"))
        ):
            yield from members
        else:
            yield where, dict(first) | {"messages": [row for _, row in members]}


def _group_key(item: Row) -> Any:
    where, row = item
    return where if isinstance(row, Rejected) else _row_id(row) or where


def _row_id(row: Mapping[str, Any]) -> Any:
    return row.get("id", row.get("conversation_id")) or None
