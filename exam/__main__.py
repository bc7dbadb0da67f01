"""The exam on the command line.

    python -m exam [--size small|release] [--out build/exam.json] [--only KIND] [--key KEY] [--jobs N]

Kinds: point, random, power, row, planted. `--key` does one task again: a seed, a row's number, a bug's name, part of
a point's name. The exit code is 1 where a promise was broken, a planted bug was missed, or a fault has no case.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from earmark import __version__
from exam import sweep
from exam.matrix import rows
from exam.planted import BUGS
from exam.results import Outcome, as_json, table
from exam.tasks import Result, Task, carry_out

RANDOM_RUNS = {"small": 300, "release": 3000}
STEP = 100
"""Tasks after which a line tells how far it is, where nobody sees a bar."""

POWER_CUTS = {"small": 20, "release": 400}


def tasks(size: str) -> tuple[list[Task], list[str]]:
    """Everything that the exam of a size consists of, and the journal's transitions that no script passes."""
    points, never = sweep.points(every=size == "release")
    found = [Task("planted", name, name) for name in BUGS]
    found += [
        Task("row", f"{row.number} {row.fault}", index)
        for index, row in enumerate(rows())
        if size == "release" or not row.release
    ]
    found += [Task("power", f"torn commit {seed}", seed) for seed in range(POWER_CUTS[size])]
    found += [Task("point", _name(point), point) for point in points]
    found += [Task("random", f"random run {seed}", seed) for seed in range(RANDOM_RUNS[size])]
    return found, never


def _name(point: sweep.Point) -> str:
    return f"{point.shape}{', its undo' if point.undo else ''}: {point.kill.name} ({point.kill.nth})"


def carried_out(todo: Sequence[Task], jobs: int) -> Iterator[Result]:
    """Results as they come; each process of the pool has a nursery of its own."""
    console = Console(stderr=True)
    columns = (
        TextColumn("exam"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    context = multiprocessing.get_context("spawn")
    seen = Progress(*columns, console=console, disable=not console.is_terminal)
    with ProcessPoolExecutor(jobs, context) as pool, seen as bar:
        shown, broken = bar.add_task("", total=len(todo)), 0
        done = as_completed([pool.submit(carry_out, task) for task in todo])
        for number, future in enumerate(done, start=1):
            result = future.result()
            broken += bool(result.violations) and result.task.kind != "planted"
            bar.update(shown, advance=1, description=f"{broken} broken" if broken else "")
            if not console.is_terminal and number % STEP == 0:
                console.print(f"{number} of {len(todo)} done, {broken} broken")
            yield result


def main() -> None:
    """Hold the exam; results on stdout and in a file."""
    asked = _arguments()
    began = time.monotonic()
    todo, never = tasks(asked.size)
    todo = [task for task in todo if asked.only in {None, task.kind} and _is_meant(task, asked.key)]
    results = sorted(carried_out(todo, asked.jobs), key=lambda result: todo.index(result.task))
    outcome = Outcome(
        asked.size,
        results,
        never,
        seconds=time.monotonic() - began,
        about={"earmark": __version__, "python": platform.python_version(), "cores": os.cpu_count() or 0},
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(as_json(outcome), indent=2) + "\n")
    Console(width=110).print(table(outcome))
    sys.exit(0 if outcome.passed or (asked.only and not outcome.broken) else 1)


def _is_meant(task: Task, key: str | None) -> bool:
    if key is None:
        return True
    if task.kind == "row":
        return task.name.split()[0] == key
    return key in task.name if task.kind == "point" else str(task.key) == key


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m exam", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--size", choices=sorted(RANDOM_RUNS), default="small")
    parser.add_argument("--out", type=Path, default=Path("build/exam.json"))
    parser.add_argument("--only", choices=("point", "random", "power", "row", "planted"))
    parser.add_argument("--key")
    parser.add_argument("--jobs", type=int, default=1 + (os.cpu_count() or 1))
    return parser.parse_args()


if __name__ == "__main__":
    main()
