"""Fault 30: whatever texts, names, ids and files hold, it is text wherever it comes out."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from earmark.sandbox import Sandbox
from exam.hostile import world
from exam.hostile.looks import missing_text, unsafe_page, unsafe_table, unsafe_terminal
from exam.organisation import pointed_at
from exam.rows import Row

LOOSE = ("--catalog", "catalog.csv", "--model", "none", "--threshold", "0", "--review", "0")
REPORTS = ("r.html", "r.json", "r.csv", "r.pairs.csv")
EXPORTS = ("e.csv", "e.parquet", "e.jsonl")
Runs = Callable[..., tuple[int, str]]


def from_files(folder: Path) -> Iterator[str]:
    """Files in, files out: run, report, show, runs, exports, undo, all before a terminal."""
    home = folder / "deep" / "home"
    home.mkdir(parents=True)
    world.write_catalog(home / "catalog.csv")
    world.write_chats(home / "chats")
    reports = [part for name in REPORTS for part in ("--report", name)]
    ends = ("--source", "files:chats", "--writer", "files:out.jsonl")
    first = next(world.conversations())["id"]
    commands: list[tuple[tuple[str, ...], int]] = [
        (("run", *ends, *LOOSE, *reports), 3),
        (("run", *ends, *LOOSE, "--json"), 3),
        (("plan", *ends, *LOOSE), 3),
        (("show", first), 0),
        (("show", first, "--json"), 0),
        (("show", f"{world.ODD_FILE}:1"), 0),
        (("show", "no\x1b[31msuch"), 1),
        (("runs",), 0),
        (("runs", "--json"), 0),
        (("report",), 0),
        (("catalog", "suggest", "--min-conversations", "1", "--csv"), 0),
        (("extract", "chats", *LOOSE, "--all"), 3),
        *((("extract", "chats", *LOOSE, "--all", "--output", name), 3) for name in EXPORTS),
    ]
    yield from _told(home, commands)
    yield from _written(home)
    yield from _told(home, [(("undo", _first_run(home)), 0)])
    if (home / "out.jsonl").read_text():
        yield "undo leaves attributes behind"
    yield from outside(folder, home)


def through_the_service(folder: Path) -> Iterator[str]:
    """The same through Genesys Cloud: attributes hold the names as data, and undo takes them back."""
    world.write_catalog(folder / "catalog.csv")
    seeds = [each | {"channel": "message", "id": f"c{n}"} for n, each in enumerate(world.conversations())]
    with Sandbox(seeds, rate_limit=60_000) as sandbox:
        env = {**pointed_at(sandbox), "EARMARK_PACE": "0.02"}
        ends = ("--source", "genesys", "--since", "10w", "--report", "r.html")
        yield from _told(folder, [(("run", *ends, *LOOSE), 0)], env)
        held = json.dumps(sandbox.snapshot()["custom_attributes"], ensure_ascii=False)
        yield from _page(folder / "r.html")
        for name in sorted(world.names()):
            if json.dumps(name, ensure_ascii=False) not in held:
                yield f"no attribute holds {name!a} as it is"
        yield from _told(folder, [(("undo",), 0)], env)
        left = sandbox.snapshot()["custom_attributes"]
    if any(record["customAttributes"] for records in left.values() for record in records.values()):
        yield "undo leaves attributes behind"


def outside(folder: Path, home: Path) -> Iterator[str]:
    """What was written anywhere but in the program's own folder."""
    for path in sorted(folder.rglob("*")):
        if path not in {home, *home.parents} and home not in path.parents:
            yield f"{path.relative_to(folder)} was written outside of the folder"
    strange = [path.name for path in home.iterdir() if "escape" in path.name]
    if strange:
        yield f"{strange[0]} is named by data"


def _told(
    home: Path, commands: list[tuple[tuple[str, ...], int]], env: Mapping[str, str] | None = None
) -> Iterator[str]:
    for command, expected in commands:
        code, shown = before_a_terminal(home, *command, env=env)
        about = " ".join(map(ascii, command[:2]))
        if code != expected or "Traceback" in shown:
            yield f"{about}: exit code {code}, not {expected}: {shown[-200:]!a}"
        yield from (f"{about}: {line}" for line in unsafe_terminal(shown))


def before_a_terminal(home: Path, *command: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `earmark` with both outputs on a terminal that knows no colours; its code and what was shown."""
    about = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb"} | dict(
        env or {}
    )
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "earmark", *command]
    process = subprocess.Popen(
        arguments,
        cwd=home,
        env=about | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    parts: list[bytes] = []
    with suppress(OSError):  # the terminal is gone once the program has ended
        while part := os.read(ours, 65_536):
            parts.append(part)
    os.close(ours)
    return process.wait(), b"".join(parts).decode("utf-8", "surrogateescape")


def _first_run(home: Path) -> str:
    _, shown = before_a_terminal(home, "runs", "--json")
    runs = json.loads(shown)["runs"]
    return str(next(run["id"] for run in reversed(runs)))


def _written(home: Path) -> Iterator[str]:
    for name in ("r.csv", "r.pairs.csv", "e.csv"):
        with (home / name).open(encoding="utf-8", newline="") as file:
            yield from (f"{name}: {line}" for line in unsafe_table(file.read()))
    yield from _page(home / "r.html")
    found = {one["name"] for one in json.loads((home / "r.json").read_text())["entities"]}
    if not found >= world.names():
        yield f"r.json lacks {sorted(world.names() - found)!a}"
    yield from _exports(home)


def _exports(home: Path) -> Iterator[str]:
    """JSON lines and Parquet are for programs: they hold what was said, where it was said."""
    import pyarrow.parquet as pq

    said = {each["id"]: [m["text"] for m in each["messages"]] for each in world.conversations()}
    for row in pq.read_table(home / "e.parquet").to_pylist():
        if said[row["id"]][row["message"]][row["start"] : row["end"]] != row["text"]:
            yield f"e.parquet: {row['text']!a} is not what was said there"
    lines = (home / "e.jsonl").read_text().splitlines()
    if [json.loads(line)["id"] for line in lines] != list(said):
        yield "e.jsonl does not have one line a conversation"


def _page(path: Path) -> Iterator[str]:
    html = path.read_text()
    yield from (f"{path.name}: {line}" for line in unsafe_page(html))
    yield from missing_text(html, "{{7*7}} kestrel", "${7*7} marmot", "<img src=x onerror=alert(1)> alpaca")


ROWS = (
    Row(30, "hostile texts and names, from files to files", "text everywhere", from_files),
    Row(30, "hostile texts and names, through the service", "text everywhere", through_the_service),
)
