"""Reading catalog files: every line becomes an entry or a problem with its line number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from earmark.catalog.csv_file import BadLineError, read_csv
from earmark.catalog.entry import Entry, Problem
from earmark.catalog.kinship import kinship_problems
from earmark.catalog.patterns_file import read_patterns

MOST_ROWS = 1_000_000
LONGEST_LINE = 1 << 20
_BLOCK = 1 << 20


def load_catalogs(paths: Sequence[Path]) -> tuple[Entry, ...]:
    """Read all files as one catalog.

    Raises:
        CatalogError: A file cannot be read, is empty, or has a bad line; an id occurs twice; parents are unknown
            or go round in a cycle.
    """
    entries: dict[str, Entry] = {}
    for item in read_catalogs(paths):
        if isinstance(item, Problem):
            raise item.error()
        entries[item.id] = item
    return tuple(entries.values())


def read_catalogs(paths: Sequence[Path]) -> Iterator[Entry | Problem]:
    """Everything that is good, each id once, and everything that is wrong, in the order of the files."""
    entries: dict[str, Entry] = {}
    for path in paths:
        empty = True
        for item in _read_file(path):
            empty = False
            if isinstance(item, Entry) and item.id in entries:
                yield _used_twice(item, entries[item.id])
                continue
            if isinstance(item, Entry):
                entries[item.id] = item
            yield item
        if empty:
            yield Problem(str(path), "the catalog holds no entries", "add at least one, or leave it out")
    yield from kinship_problems(entries)


def _used_twice(entry: Entry, known: Entry) -> Problem:
    return Problem(
        entry.where,
        f"the id {entry.id!r} is already used in {known.where}",
        "give every entry an id of its own; other spellings go into the aliases column",
    )


def _read_file(path: Path) -> Iterator[Entry | Problem]:
    read = read_patterns if path.name.endswith((".jsonl", ".json")) else read_csv
    lines = _Lines(path)
    try:
        if path.is_file() and _has_more_lines(path, MOST_ROWS + 1):  # and the header
            yield _too_many().at(str(path))
            return
        for _, item in read(path.name, lines):
            yield item
    except BadLineError as error:
        yield error.at(f"{path.name}:{lines.number}")
    except OSError as error:
        yield Problem(str(path), error.strerror or "cannot be read", "check the path and its permissions")


class _Lines:
    """The lines of a file, which may be a pipe that never ends; `number` is that of the last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        """Yield each line with its end.

        Raises:
            BadLineError: There are too many, or one is too long, or not UTF-8.
        """
        with self._path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            while line := file.readline(LONGEST_LINE + 1):
                self.number += 1
                if self.number > MOST_ROWS + 1:
                    raise _too_many()
                if len(line) > LONGEST_LINE:
                    raise BadLineError(
                        f"a line of more than {LONGEST_LINE:,} characters", "put one entry on a line"
                    )
                if any("\udc80" <= character <= "\udcff" for character in line):
                    raise BadLineError("not UTF-8 text", "save it as UTF-8")
                yield line


def _too_many() -> BadLineError:
    return BadLineError(
        f"the catalog has more than {MOST_ROWS:,} lines",
        "keep what customers speak of: products and variants rather than every stock item",
    )


def _has_more_lines(path: Path, most: int) -> bool:
    """Count line ends without reading the file into memory; stops as soon as there are too many."""
    lines = 0
    with path.open("rb") as file:
        while lines <= most and (block := file.read(_BLOCK)):
            lines += block.count(b"\n")
    return lines > most
