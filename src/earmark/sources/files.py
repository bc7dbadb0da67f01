"""Conversations from files: JSONL, CSV and Parquet, the first two also gzipped; `-` is JSONL from stdin.

CSV and Parquet hold either one conversation a row (`id`, `text`) or one message a row (`id`, `sender`,
`text`; rows of one conversation follow each other). Parquet may also hold a list column `messages`.
What is no conversation is reported with its file and line, and the rest goes on; so is what is too much of one.
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
from earmark.transcript import CONVERSATION_MESSAGES, TRUNCATED

PAGE_CONVERSATIONS = 100
PAGE_CHARACTERS = 2_000_000
LONGEST_RECORD = 16 << 20
"""Bytes of one line, one cell or one Parquet row; what is longer is refused."""
LONGEST_SKIPPED = 256 << 20
"""Bytes of a line that are read to find its end; where it goes on, the rest of the file is left out."""
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
        rows = itertools.chain.from_iterable(map(_rows, self._paths))
        found = (_parsed(where, row) for where, row in rows)
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
    with _opened(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_RECORD + 1), b""), 1):
            where = f"{label}:{number}"
            if len(line) > LONGEST_RECORD:
                yield where, Rejected(where, _too_long("line"))
                if not _skips_line(file):
                    yield (
                        f"{label}:rest",
                        Rejected(f"{label}:rest", "the line never ends; the rest was not read"),
                    )
                    return
                continue
            if not line.strip():
                continue
            try:
                yield where, json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError:
                yield where, Rejected(where, "not UTF-8")
            except (ValueError, RecursionError):
                yield where, Rejected(where, "not JSON")


def _too_long(what: str) -> str:
    return f"a {what} of more than {LONGEST_RECORD >> 20} MiB"


def _skips_line(file: IO[bytes]) -> bool:
    """Read on to the end of a line; False where that is too far away."""
    skipped = 0
    while skipped <= LONGEST_SKIPPED:
        piece = file.readline(LONGEST_RECORD)
        skipped += len(piece)
        if not piece or piece.endswith(b"\n"):
            return True
    return False


def _csv_rows(path: str, label: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_RECORD)
    with _opened(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") as text:
        reader = csv.DictReader(_csv_lines(text), strict=True)
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


def _csv_lines(text: IO[str]) -> Iterator[str]:
    while line := text.readline(LONGEST_RECORD + 1):
        if len(line) > LONGEST_RECORD:
            raise csv.Error(f"{_too_long('line')}; the rest of the file was not read")
        yield line


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
                for row in (batch.slice(position, 1) for position in range(batch.num_rows)):
                    number += 1
                    where = f"{label}:{number}"
                    too_long = row.nbytes > LONGEST_RECORD
                    yield where, Rejected(where, _too_long("row")) if too_long else row.to_pylist()[0]
    except pyarrow.ArrowException as error:
        raise InputError(f"{label} is no readable Parquet file ({type(error).__name__})") from None


def _grouped(rows: Iterator[Row]) -> Iterator[Row]:
    """Join consecutive message rows of one conversation; rows that are whole conversations pass through.

    However many rows a conversation has, no more are held than are read of it.
    """
    for _, group in itertools.groupby(rows, key=_group_key):
        yield from _joined(group)


def _joined(group: Iterator[Row]) -> Iterator[Row]:
    where, first = next(group)
    if (
        isinstance(first, Rejected)
        or first.get("messages") is not None
        or not first.get("id", first.get("conversation_id"))
    ):
        yield where, first
        yield from group
        return
    members = [first, *(row for _, row in itertools.islice(group, CONVERSATION_MESSAGES - 1))]
    yield where, dict(first) | {"messages": members}
    left_out = sum(1 for _ in group)
    if left_out:
        reason = f"{TRUNCATED}: {left_out:,} rows more of conversation {_row_id(first)} were not read"
        yield f"{where}:rows", Rejected(f"{where}:rows", reason)


def _group_key(item: Row) -> Any:
    where, row = item
    return where if isinstance(row, Rejected) else _row_id(row) or where


def _row_id(row: Mapping[str, Any]) -> Any:
    return row.get("id", row.get("conversation_id")) or None
