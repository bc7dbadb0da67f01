"""How much of a run its journal takes, against a sandbox that answers at full speed.

    python bench/journal.py [--quick]

Three runs (quick: one) in processes of their own; medians. `cpu` is processor time spent in the journal's
transactions and reads, beside that of the whole process: what a run would save at most if the journal cost nothing.
`busy` is the wall time in them, BEGIN to the end of COMMIT; it holds the disk, and also the turns that other
threads take at the interpreter meanwhile. `waiting` is what threads spend, added up, until a transaction is theirs.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chats import chats
from harness import FULL_SPEED, Figure, at, folder, median, publish, python, quick
from sqlalchemy.engine import Connection

from earmark.journal import Journal
from earmark.sandbox import Sandbox

METHODS = ("list_page", "listed", "intend", "settle", "postpone", "take_due", "known", "next_attempt")


@dataclass
class Stopwatch:
    """Calls and seconds by method of the journal; threads add to the same sums."""

    calls: Counter[str] = field(default_factory=Counter)
    busy: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    elapsed: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _here: threading.local = field(default_factory=threading.local)

    def wrap(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            self._here.method, begun = name, time.perf_counter()
            try:
                return method(*args, **named)
            finally:
                with self._lock:
                    self.calls[name] += 1
                    self.elapsed[name] += time.perf_counter() - begun

        return timed

    @contextmanager
    def busy_here(self) -> Iterator[None]:
        begun, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                method = getattr(self._here, "method", "other")
                self.busy[method] += time.perf_counter() - begun
                self.cpu[method] += time.thread_time() - cpu


class TimedJournal(Journal):
    """The journal, with a stopwatch around its transactions and reads."""

    watch = Stopwatch()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._write, self.watch.busy_here(), super()._transaction() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self.watch.busy_here(), super()._reading() as connection:
            yield connection


for _name in METHODS:
    setattr(TimedJournal, _name, TimedJournal.watch.wrap(_name, getattr(Journal, _name)))


def work(path: Path) -> None:
    """The main job, in this process, as the command line puts it together."""
    from earmark import flow
    from earmark.assemble import Asked, workshop
    from earmark.settings import load
    from earmark.specs import moment

    journal = TimedJournal(path, time.time)
    with workshop(load(source="genesys", journal=path), lambda _: None) as opened:
        job = opened.job(journal, Asked(since=moment("9w")))
        begun, cpu = time.perf_counter(), time.process_time()
        flow.run(job)
        spent = {"wall": time.perf_counter() - begun, "process_cpu": time.process_time() - cpu}
    journal.close()
    sums = {name: getattr(journal.watch, name) for name in ("calls", "busy", "cpu", "elapsed")}
    print(json.dumps(spent | sums))


def measure(count: int) -> dict[str, Any]:
    with folder() as place, Sandbox(chats(count), rate_limit=FULL_SPEED) as sandbox:
        done = python([__file__, "--work", "journal.db"], place, at(sandbox))
    found: dict[str, Any] = json.loads(done.output)
    return found


def main() -> None:
    rounds, count = (1, 500) if quick(__doc__) else (3, 2000)
    runs = [measure(count) for _ in range(rounds)]
    wall = median([run["wall"] for run in runs])
    busy, cpu, elapsed = (
        median([sum(run[name].values()) for run in runs]) for name in ("busy", "cpu", "elapsed")
    )
    share = median([100 * sum(run["cpu"].values()) / run["process_cpu"] for run in runs])
    whole = median([run["process_cpu"] for run in runs])
    told = f"busy {busy:.2f} s of {wall:.1f} s; threads waited {elapsed - busy:.2f} s"
    figures = [
        Figure("journal cpu", share, "% of the run's", behind=f"{cpu:.2f} s of {whole:.1f} s"),
        Figure("journal busy", 100 * busy / wall, "% of wall time", behind=told),
    ]
    figures += [each_call(name, runs) for name in METHODS if name in runs[0]["calls"]]
    figures.append(Figure("whole run", count / wall, "conversations/s", behind=f"{count} conversations"))
    publish("journal", figures, runs=runs)


def each_call(name: str, runs: list[dict[str, Any]]) -> Figure:
    cpu, busy = (
        median([1000 * run[kind].get(name, 0.0) / run["calls"][name] for run in runs])
        for kind in ("cpu", "busy")
    )
    behind = f"{runs[0]['calls'][name]} calls, {busy:.2f} ms busy each"
    return Figure(f"  {name}", cpu, "ms cpu a call", behind=behind)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(Path(sys.argv[2]))
    else:
        main()
