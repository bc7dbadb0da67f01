"""Fault 31: catalogs that are endless, contradict themselves or are no catalogs are refused with the line."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exam.hostile.program import Ended, beyond, earmark
from exam.rows import Row

MOST_MEGABYTES, MOST_SECONDS = 500, 60.0


@dataclass(frozen=True, slots=True)
class Case:
    """A catalog file, and what `earmark catalog check` must say of it. `code` 0: a warning is enough."""

    name: str
    content: Callable[[], bytes]
    told: str
    code: int = 2


def _case(name: str, content: str | bytes, told: str, code: int = 2) -> Case:
    data = content if isinstance(content, bytes) else content.encode()
    return Case(name, lambda: data, told, code)


TOO_OPEN = '{"label":"PRODUCT","id":"x","pattern":[' + '{"LOWER":"a","OP":"*"},' * 14 + '{"LOWER":"a"}]}'
CASES = (
    Case("rows.csv", lambda: b"id,name\n" + b"p,Name\n" * 1_000_001, "more than 1,000,000 lines"),
    Case("rows.jsonl", lambda: b"{}\n" * 1_000_002, "more than 1,000,000 lines"),
    Case("line.csv", lambda: b"id,name\n" + b"x" * 50_000_000, "line.csv:2: error: a line of more than"),
    Case("quote.csv", lambda: b'id,name\np1,"' + b"x\n" * 200_000, "quote.csv:"),
    _case("cycle.csv", "id,name,parent\na,A1,b\nb,B1,c\nc,C1,a\n", "cycle.csv:2: error: the parents go round"),
    _case("self.csv", "id,name,parent\na,A1,a\n", "self.csv:2: error: the parents go round"),
    _case("stop.csv", "id,name,aliases\np1,Alpha,the|a\n", "stop.csv:2: warning: 'the' is a common word", 0),
    _case("two.csv", "id,name,aliases\np1,Alpha,zap\np2,Beta,zap\n", "two.csv:3: error: 'zap' stands for"),
    _case("cell.csv", "id,name\np1," + "x" * 1_000_000 + "\n", "cell.csv:2: error: "),
    _case("columns.csv", ",".join(f"c{n}" for n in range(10_000)), "columns.csv:1: error: there is no column"),
    _case("cells.csv", "id,name\n" + "x," * 10_000, "cells.csv:2: error: 10001 cells under 2 columns"),
    _case("latin.csv", "id,name\np1,Café\n".encode("latin-1"), "latin.csv:2: error: not UTF-8"),
    _case("utf16.csv", "id,name\np1,Alpha\n".encode("utf-16"), "utf16.csv:1: error: not UTF-8"),
    _case("nul.csv", b"id,name\np1,Al\0pha\n", "nul.csv:2: error: 'Al\\x00pha' holds the control character"),
    _case("packed.csv", gzip.compress(b"id,name\n" * 1_000_000), "packed.csv:1: error: not UTF-8"),
    _case("deep.jsonl", "[" * 100_000 + "\n", "deep.jsonl:1: error: not JSON"),
    _case("tokens.jsonl", TOO_OPEN, "tokens.jsonl:1: error: more than 3 tokens"),
)  # fmt: skip


def files(folder: Path) -> Iterator[str]:
    """Every case, through the command line."""
    for case in CASES:
        (folder / case.name).write_bytes(case.content())
        ended = earmark(folder, "catalog", "check", case.name)
        yield from misjudged(case, ended)


def misjudged(case: Case, ended: Ended) -> Iterator[str]:
    """Yield what a check of a catalog says or takes that it should not."""
    for line in beyond(ended, codes=(case.code,), seconds=MOST_SECONDS, megabytes=MOST_MEGABYTES):
        yield f"{case.name}: {line}"
    if case.told not in ended.out:
        yield f"{case.name}: does not say {case.told!r}"


def pipe(folder: Path) -> Iterator[str]:
    """A catalog that never ends, as a pipe: nobody can count its lines beforehand."""
    path = folder / "endless.jsonl"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    line = '{"label":"PRODUCT","id":"x","pattern":"Alpha"}'
    with subprocess.Popen(["yes", line], stdout=held) as endless:
        try:
            ended = earmark(folder, "catalog", "check", path.name)
        finally:
            endless.kill()
            os.close(held)
    yield from misjudged(Case(path.name, bytes, "more than 1,000,000 lines"), ended)


ROWS = (
    Row(31, "catalogs that are too much, or contradict themselves", "refused quickly, with the line", files),
    Row(31, "a catalog without end", "refused at 1,000,000 lines", pipe, release=True),
)
