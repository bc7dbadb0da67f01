"""What the exam consists of: tasks that can be done in any order, each in a process of its own."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from exam import sweep
from exam.disturbances import random_script
from exam.expectation import expected
from exam.invariants import violations
from exam.matrix import rows
from exam.planted import BUGS
from exam.power import torn_script
from exam.sweep import Point
from exam.trial import Kill, Script, attempted

RANDOM_TRIES = 40
"""Random runs within which a planted bug must be found."""


@dataclass(frozen=True, slots=True)
class Task:
    """A part of the exam. `key` is enough to do it again: a seed, a point, a row's index, a bug's name."""

    kind: str
    name: str
    key: int | str | Point


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a task; of a planted bug, `violations` are those that gave it away."""

    task: Task
    violations: tuple[str, ...]
    trials: int = 1
    kills: int = 0
    faults: int = 0
    seconds: float = 0.0


def carry_out(task: Task) -> Result:
    """Do a task; what is wrong with the exam itself counts as a violation, too."""
    began = time.monotonic()
    try:
        result = _DOERS[task.kind](task)
    except Exception:  # noqa: BLE001 - it must be seen in the results, not end the exam
        result = Result(task, (f"the exam failed: {traceback.format_exc(limit=-4)}",))
    return replace(result, seconds=time.monotonic() - began)


def tried(task: Task, script: Script) -> Result:
    with attempted(script) as evidence:
        found = violations(evidence, expected(script))
    return Result(task, tuple(found), kills=evidence.kills, faults=evidence.struck)


def _point(task: Task) -> Result:
    assert isinstance(task.key, Point)
    return tried(task, task.key.script)


def _random(task: Task) -> Result:
    return tried(task, random_script(int(str(task.key))))


def _torn(task: Task) -> Result:
    return tried(task, torn_script(int(str(task.key))))


def _row(task: Task) -> Result:
    row = rows()[int(str(task.key))]
    with tempfile.TemporaryDirectory(prefix="exam-") as place:
        return Result(task, tuple(row.check(Path(place))), faults=1)


def _planted(task: Task) -> Result:
    """Kill a bugged product at each point, then disturb it at random, until something gives it away."""
    trials = kills = faults = 0
    for script in _searches(str(task.key)):
        found = tried(task, script)
        trials, kills, faults = trials + 1, kills + found.kills, faults + found.faults
        if found.violations:
            return Result(task, found.violations[:3], trials, kills, faults)
    return Result(task, (), trials, kills, faults)


def _searches(bug: str) -> Iterator[Script]:
    assert bug in BUGS
    calm = sweep.SHAPES["run custom_attributes"]
    yield replace(calm, bug=bug, seed=1)
    for name in ("journal.settle.committed", "request.customattributes.put.over", "journal.intend.committed"):
        for nth in (1, 2):
            yield replace(calm, bug=bug, kills=(Kill(nth, name),), seed=nth)
    for seed in range(RANDOM_TRIES):
        yield random_script(seed, bug, "custom_attributes")


_DOERS = {"point": _point, "random": _random, "power": _torn, "row": _row, "planted": _planted}
