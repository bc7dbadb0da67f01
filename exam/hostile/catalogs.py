"""Fault 31: catalogs that are endless, contradict themselves or are no catalogs are refused with the line."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from exam.hostile.program import Ended, beyond, earmark
from exam.rows import Row

MOST_MEGABYTES, MOST_SECONDS = 500, 60.0


TOO_OPEN = '{"label":"PRODUCT","id":"x","pattern":[' + '{"LOWER":"a","OP":"*"},' * 14 + '{"LOWER":"a"}]}'
CASES: Mapping[str, tuple[str | bytes, str]] = {
    "rows.csv": (
        "id,name\n" + "p,Name\n" * 1_000_001,
        "rows.csv: error: the catalog has more than 1,000,000 lines",
    ),
    "rows.jsonl": ("{}\n" * 1_000_002, "rows.jsonl: error: the catalog has more than 1,000,000 lines"),
    "line.csv": (
        "id,name\n" + "x" * 50_000_000,
        "line.csv:2: error: a line of more than 1,048,576 characters",
    ),
    "quote.csv": ('id,name\nq1,"' + "x\n" * 200_000, "quote.csv:"),
    "cycle.csv": ("id,name,parent\nc1,Elm,c2\nc2,Ash,c1\n", "cycle.csv:2: error: the parents go round"),
    "self.csv": ("id,name,parent\ns1,Oak,s1\n", "self.csv:2: error: the parents go round in a cycle"),
    "stop.csv": ("id,name,aliases\nt1,Fir,the|a\n", "stop.csv:2: warning: 'the' is a common word"),
    "two.csv": ("id,name,aliases\nt2,Yew,zap\nt3,Box,zap\n", "two.csv:3: error: 'zap' stands for 't2'"),
    "cell.csv": ("id,name\ne1," + "x" * 1_000_000 + "\n", "cell.csv:2: error: "),
    "wide.csv": ("id,name,family\ne2,Bay," + "x" * 100_001 + "\n", "wide.csv:2: error: the family has more"),
    "columns.csv": (",".join(f"c{n}" for n in range(10_000)), "columns.csv:1: error: there is no column id"),
    "cells.csv": ("id,name\n" + "x," * 10_000, "cells.csv:2: error: 10001 cells under 2 columns"),
    "latin.csv": ("id,name\nl1,Café\n".encode("latin-1"), "latin.csv:2: error: not UTF-8 text"),
    "utf16.csv": ("id,name\nl2,Fig\n".encode("utf-16"), "utf16.csv:1: error: not UTF-8 text"),
    "nul.csv": ("id,name\nn1,Al\0der\n", "nul.csv:2: error: 'Al\\x00der' holds the control character U+0000"),
    "packed.csv": (gzip.compress(b"id,name\n" * 1_000_000), "packed.csv:1: error: not UTF-8 text"),
    "deep.jsonl": ("[" * 100_000 + "\n", "deep.jsonl:1: error: not JSON"),
    "open.jsonl": (TOO_OPEN, "open.jsonl:1: error: more than 3 tokens"),
}
"""File → what it holds, and what `earmark catalog check` must say of it."""


def files(folder: Path) -> Iterator[str]:
    """Every case, through the command line."""
    for name, (content, _) in CASES.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    ended = earmark(folder, "catalog", "check", *CASES)
    yield from misjudged(ended, [told for _, told in CASES.values()])


def misjudged(ended: Ended, told: Iterable[str]) -> Iterator[str]:
    """Yield what a check of catalogs takes that it should not, and does not say that it should."""
    yield from beyond(ended, codes=(2,), seconds=MOST_SECONDS, megabytes=MOST_MEGABYTES)
    for words in told:
        if words not in ended.out:
            yield f"does not say {words!r}"


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
    yield from misjudged(ended, ["more than 1,000,000 lines"])


ROWS = (
    Row(31, "catalogs that are too much, or contradict themselves", "refused quickly, with the line", files),
    Row(31, "a catalog without end", "refused at 1,000,000 lines", pipe, release=True),
)
