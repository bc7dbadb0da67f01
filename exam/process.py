"""Processes under examination: forked from one that has loaded everything, each with a command line of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from exam.order import Done, Ended, Order, Run

JOURNAL = Path(".earmark/journal.db")
_POINTS, _CUT, _DONE, _MEMORY = "points.txt", "cut.txt", "done.jsonl", "memory.txt"


def nursery() -> ForkServerContext:
    """A context whose processes start loaded. One a process of the exam."""
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1", "COLUMNS": "100"}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["exam.preload"])
    return context


def carry_out(order: Order) -> Ended:
    """Let a process do what is ordered, and tell what became of it."""
    process = begin(order)
    return finish(order, process)


def begin(order: Order) -> ForkServerProcess:
    """Start the process; its output goes to files of the order's folder."""
    for name in (_POINTS, _CUT, _DONE, _MEMORY):
        (order.folder / name).unlink(missing_ok=True)
    process = nursery().Process(target=_live, args=(order,))
    process.start()
    return process


def finish(order: Order, process: ForkServerProcess) -> Ended:
    """Wait for the end; a process that outlives the order's patience is ended and counts as hung."""
    began = time.monotonic()
    process.join(order.patience)
    hung = process.is_alive()
    if hung:
        process.kill()
        process.join()
    folder = order.folder
    return Ended(
        code=process.exitcode if process.exitcode is not None else 0,
        done=tuple(_done(folder)),
        points=tuple(_lines(folder / _POINTS)),
        seconds=time.monotonic() - began,
        hung=hung,
        largest=int((_lines(folder / _MEMORY) or ["0"])[0]),
        cut=_cut(folder / _CUT),
    )


def runs(journal: Path) -> tuple[Run, ...]:
    """What the journal says of its runs, oldest first, read without the product."""
    if not journal.exists():
        return ()
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone():
            return ()
        counted = database.execute("SELECT run_id, state, count(*) FROM items GROUP BY 1, 2").fetchall()
        rows = database.execute("SELECT id, status FROM runs ORDER BY started_at, rowid").fetchall()
    return tuple(
        Run(name, status, {state: n for run_id, state, n in counted if run_id == name})
        for name, status in rows
    )


def _live(order: Order) -> None:
    """The process itself."""
    from exam.planted import plant
    from exam.points import Points

    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.env)
    trace = Path(_POINTS) if order.trace else None
    points = Points(order.kill_at, order.kill_name, trace and trace.resolve(), Path(_CUT).resolve())
    points.instrument()
    if order.bug:
        plant(order.bug)
    if order.clock:
        _set_clock(order.clock)
    if order.largest_file is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.largest_file, order.largest_file))
    for number, command in enumerate(order.commands):
        _command(number, command)
    Path(_MEMORY).write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def _command(number: int, command: tuple[str, ...]) -> None:
    from earmark.cli import main

    out, err = (Path(f"{os.getpid()}-{number}.{end}").resolve() for end in ("out", "err"))
    for path, stream in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(opened, stream)
        os.close(opened)
    sys.argv = ["earmark", *command]
    began, code = _now(), 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - shown as the interpreter would show it
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    done = {
        "command": command,
        "code": code,
        "began": began,
        "ended": _now(),
        "out": out.name,
        "err": err.name,
    }
    done["runs"] = [asdict(run) for run in runs(JOURNAL)]
    with Path(_DONE).open("a") as file:
        file.write(json.dumps(done) + "\n")


def _done(folder: Path) -> list[Done]:
    found = []
    for line in _lines(folder / _DONE):
        told = json.loads(line)
        out, err = ((folder / told.pop(name)).read_text(errors="replace") for name in ("out", "err"))
        listed = tuple(Run(**run) for run in told.pop("runs"))
        found.append(Done(**told | {"command": tuple(told["command"])}, out=out, err=err, runs=listed))
    return found


def _cut(path: Path) -> tuple[int, int] | None:
    told = path.read_text().split() if path.exists() else []
    return (int(told[0]), int(told[1])) if len(told) == 2 else None


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _now() -> float:
    """The time of day, whatever was done to the clock of the process."""
    return time.clock_gettime(time.CLOCK_REALTIME)


def _set_clock(jumps: tuple[tuple[float, float], ...]) -> None:
    """From so many seconds on, the time of day is off by so much."""
    began, true = time.monotonic(), time.time

    def told() -> float:
        lived = time.monotonic() - began
        return true() + next((off for since, off in reversed(jumps) if lived >= since), 0.0)

    time.time = told


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the developer's own but the path to programs."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "100"} | dict(more)
