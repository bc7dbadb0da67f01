"""Row 26: people and terminals. A signal drains the run, a second ends it at once; a lost reader changes nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from exam.invariants import DONE_CODES
from exam.order import Ended, Order
from exam.process import JOURNAL, runs
from exam.rows import Row
from exam.system.stage import Fault, Stage, ended_badly, staged
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
DRAINED = 10.0
AT_ONCE = 2.0
DEADLINE = 20.0
SLOW: Fault = {"route": "*", "kind": "slow", "seconds": 0.05}


@dataclass(frozen=True, slots=True)
class Moment:
    """When a signal comes: once `requests` were answered, under faults that make the run last."""

    told: str
    faults: tuple[Fault, ...]
    requests: int


def _at(requests: int) -> Moment:
    return Moment(f"after {requests} requests", (SLOW,), requests)


PAUSE = Moment(
    "in a 429's pause",
    ({"route": "recordings", "after": 2, "kind": "status", "status": 429, "retry_after": 60},),
    7,
)
SILENCE = Moment("in a slow answer", ({"route": "customattributes.put", "kind": "slow", "seconds": 2.0},), 15)


def once(number: int, moment: Moment, whole: bool, folder: Path) -> Iterator[str]:
    """What is in flight is finished, the exit code names the signal, and a resume completes."""
    with staged(folder) as stage:
        ended, seconds = _signalled(stage, moment, [number], RUN_LINE)
        yield from _drained(ended, seconds, number)
        stage.calm()
        yield from stage.concluded() if whole else stage.completed()


def twice(number: int, moment: Moment, folder: Path) -> Iterator[str]:
    """The second one ends the process where it is."""
    with staged(folder) as stage:
        ended, seconds = _signalled(stage, moment, [number, number], RUN_LINE)
        if {ended.code, *(done.code for done in ended.done)} - {0, 128 + number, -number}:
            yield f"two signals end with {ended.code}, {[done.code for done in ended.done]}"
        if seconds > AT_ONCE:
            yield f"two signals take {seconds:.1f} s"
        stage.calm()
        yield from stage.completed()


def in_undo(number: int, folder: Path) -> Iterator[str]:
    """An undo drains as well, and another one takes back the rest."""
    with staged(folder, share=0.0) as stage:
        stage.one(RUN_LINE)
        before = sum(stage.requests.values())
        moment = Moment("", (SLOW,), before + 8)
        ended, seconds = _signalled(stage, moment, [number], "undo")
        yield from _drained(ended, seconds, number)
        stage.calm()
        yield from ended_badly(stage.one("undo"), 0)
        yield from (f"{each} still holds {held}" for each, held in stage.values.items() if any(held.values()))


def _signalled(stage: Stage, moment: Moment, numbers: list[int], line: str) -> tuple[Ended, float]:
    """How a process ends that gets signals, and how long after the first of them."""
    stage.strike(*moment.faults)
    order, process = stage.begin(line)
    _wait(lambda: sum(stage.requests.values()) >= moment.requests, process)
    began = time.monotonic()
    for number in numbers:
        _send(process, number)
        time.sleep(0.1)
    ended = stage.end(order, process)
    return ended, time.monotonic() - began


def _send(process: ForkServerProcess, number: int) -> None:
    if process.is_alive() and process.pid:
        os.kill(process.pid, number)


def _wait(happened: Callable[[], bool], process: ForkServerProcess) -> None:
    end = time.monotonic() + DEADLINE
    while not happened() and process.is_alive() and time.monotonic() < end:
        time.sleep(0.005)


def _drained(ended: Ended, seconds: float, number: int) -> Iterator[str]:
    if seconds > DRAINED:
        yield f"it takes {seconds:.1f} s to drain"
    if not ended.done:
        if ended.code != -number:  # a signal that comes before there is anything to drain
            yield f"the process ends with {ended.code}, hung: {ended.hung}"
        return
    yield from ended_badly(ended.done[0], 128 + number, "earmark ")


def without(circumstance: str, codes: dict[str, int], folder: Path) -> Iterator[str]:
    """Nobody reads a stream of ours: the work is done, the exit code is the same, and there is no traceback."""
    with staged(folder, share=0.0) as stage:
        for line, code in codes.items():
            done = stage.one(line, bug=f"exam.system.circumstances:{circumstance}")
            yield from (told for told in ended_badly(done, code))
        latest = runs(stage.folder / JOURNAL)
        if not latest or latest[-1].status != "finished":
            yield f"the run was not finished: {latest}"
        elif any(any(held.values()) for held in stage.values.values()):
            yield "the undo did not take everything back"
        elif {write.action for write in stage.writes} == set():
            yield "nothing was written"


def hung_up(folder: Path) -> Iterator[str]:
    """The terminal goes away in the middle of the run: it hangs up, and stderr can no longer be written to."""
    with staged(folder) as stage:
        stage.strike(SLOW)
        order, process = _in_terminal(stage)
        ended = stage.end(order, process)
        if ended.hung or ended.code not in {0, -signal.SIGHUP}:
            yield f"without its terminal the process ends with {ended.code}, hung: {ended.hung}"
        for done in ended.done:
            if done.code not in {*DONE_CODES, 128 + signal.SIGHUP}:
                yield f"without its terminal the run exits with {done.code}"
        stage.calm()
        yield from stage.completed()


def _in_terminal(stage: Stage) -> tuple[Order, ForkServerProcess]:
    """A run on a terminal of its own, which is closed once the run is under way."""
    order, process = stage.begin(RUN_LINE, bug="exam.system.circumstances:closing_terminal")
    return order, process


_DRAINS = "drains in 10 s, exit 128 + signal; a resume completes"
_TERM, _INT, _HUP = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
_ALL_SAME = {RUN_LINE: 3, "report": 0, "undo": 0}

ROWS = (
    *(
        Row(
            26,
            f"{number.name} {moment.told}",
            _DRAINS,
            partial(once, number, moment, moment.requests == 12),
            release=(number, moment.requests) not in {(_TERM, 12), (_INT, 7), (_TERM, 15)},
        )
        for number in (_TERM, _INT, _HUP)
        for moment in (PAUSE, SILENCE, *map(_at, (1, 4, 8, 12, 18, 22)))
    ),
    *(
        Row(
            26,
            f"{number.name} twice {moment.told}",
            "ends at once; a resume completes",
            partial(twice, number, moment),
            release=number is _INT or moment is SILENCE,
        )
        for number in (_TERM, _INT)
        for moment in (PAUSE, SILENCE)
    ),
    *(
        Row(26, f"{number.name} in an undo", _DRAINS, partial(in_undo, number), release=number is _INT)
        for number in (_TERM, _INT)
    ),
    Row(
        26,
        "the reader of stdout is gone",
        "as if it were there",
        partial(without, "unread_stdout", _ALL_SAME),
    ),
    Row(
        26,
        "the reader of stderr is gone",
        "as if it were there",
        partial(without, "unread_stderr", _ALL_SAME),
    ),
    Row(
        26,
        "stdout and stderr are closed",
        "as if they were there",
        partial(without, "closed_streams", _ALL_SAME),
        release=True,
    ),
    Row(26, "the terminal is gone", "drains or ends; a resume completes", hung_up),
)
