"""Row 22: the clock of this machine is wrong, or jumps. Waits are what they are, windows end by the service's time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from exam.invariants import DONE_CODES
from exam.rows import Row
from exam.system.stage import Fault, Stage, staged
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
TELLS = "exam.system.circumstances:told_time"
HOUR, DAY = 3600.0, 86400.0
SLOW: Fault = {"route": "*", "kind": "slow", "seconds": 0.04}
PAUSE: Fault = {
    "route": "customattributes.put",
    "times": 1,
    "kind": "status",
    "status": 429,
    "retry_after": 1,
}
Jumps = tuple[tuple[float, float], ...]


def jumping(jumps: Jumps, folder: Path) -> Iterator[str]:
    """The run ends in its time and as it should, the 429's second is waited out, and nothing is lost."""
    with staged(folder) as stage:
        stage.strike(PAUSE, SLOW)
        done = stage.one(RUN_LINE, clock=jumps, bug=TELLS)
        seconds = done.ended - done.began
        if not 1.0 <= seconds < 15.0:
            yield f"the run takes {seconds:.1f} s"
        if done.code not in {*DONE_CODES, 75}:
            yield f"the run exits with {done.code}: {done.err.strip()[-300:]}"
        stage.calm()
        yield from _looks_no_further(stage)
        yield from stage.completed()


def wrong(off: float, folder: Path) -> Iterator[str]:
    """A clock that is off all the time: the run does its work or says what is wrong; later runs miss nothing."""
    with staged(folder) as stage:
        done = stage.one(RUN_LINE, clock=((0.0, off),), bug=TELLS)
        if done.code not in {*DONE_CODES, 2, 75}:
            yield f"the run exits with {done.code}: {done.err.strip()[-300:]}"
        said = stage.one("doctor", clock=((0.0, off),), bug=TELLS)
        if "! clock" not in said.out:
            yield "doctor does not tell that the clock is wrong"
        if done.runs:
            yield from _looks_no_further(stage)
        stage.one(RUN_LINE)
        yield from stage.differences()


def _looks_no_further(stage: Stage) -> Iterator[str]:
    """No window ends after the time of the service: the next one begins where it ended."""
    latest = stage.rows("SELECT max(until) FROM runs")[0][0]
    if latest and latest > time.time():
        yield f"the window ends {latest - time.time():,.0f} s after the service's time: what ends until then is lost"


def _until(year: int) -> float:
    return datetime(year, 1, 19, 3, 14, 7, tzinfo=UTC).timestamp() - time.time()


ROWS = (
    *(
        Row(
            22,
            f"the clock jumps {told} in the run",
            "the run takes its time; nothing is lost",
            partial(jumping, jumps),
            release=release,
        )
        for told, jumps, release in (
            ("an hour ahead", ((0.0, 0.0), (0.4, HOUR)), False),
            ("an hour back", ((0.0, 0.0), (0.4, -HOUR)), True),
            ("to and fro", ((0.0, 0.0), (0.2, HOUR), (0.4, -HOUR), (0.6, 0.0)), True),
            ("into 2038", ((0.0, 0.0), (0.4, _until(2038))), True),
        )
    ),
    *(
        Row(
            22,
            f"the clock is {told}",
            "windows end by the service's time; doctor tells",
            partial(wrong, off),
            release=release,
        )
        for told, off, release in (
            ("three days ahead", 3 * DAY, False),
            ("three days behind", -3 * DAY, True),
            ("in 2038", _until(2038), True),
            ("in 2100", _until(2100), True),
            ("in 1980", _until(1980), True),
        )
    ),
)
