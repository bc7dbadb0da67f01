"""Every named point of a run, of its undo and of a rethreshold: killed at each, resumed, checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from exam.points import transitions
from exam.trial import RUN, Kill, Script, attempted

NEVER = Kill(10**9)
RETHRESHOLD = ("rethreshold", "--threshold", "0.95")
SHAPES = {
    "run custom_attributes": Script(workers=1),
    "run participant_data": Script(writer="participant_data", workers=1),
    "run interactions": Script(writer="interactions", workers=1),
    "resume": Script(kills=(Kill(1, "journal.intend.committed"),), workers=1),
    "rethreshold": Script(before=(RUN,), job=RETHRESHOLD, workers=1),
}
"""What is disturbed: the sitting after the shape's own kills, and the undo after it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A passing of a named point in the disturbed sitting of a shape, or of its undo."""

    shape: str
    kill: Kill
    undo: bool = False

    @property
    def script(self) -> Script:
        shape = SHAPES[self.shape]
        if self.undo:
            return replace(shape, undo_kills=(self.kill,))
        return replace(shape, kills=(*shape.kills, self.kill))


def points(*, every: bool) -> tuple[list[Point], list[str]]:
    """The points to be killed at, `every` passing of each or its first; and what no shape passes."""
    found: list[Point] = []
    passed: set[str] = set()
    for shape, script in SHAPES.items():
        never = replace(script, kills=(*script.kills, NEVER), undo_kills=(NEVER,), trace=True)
        with attempted(never) as evidence:
            disturbed = evidence.sittings[bool(script.before) + len(script.kills)]
            for undo, trace in ((False, disturbed.points), (True, evidence.undos[0].points)):
                passed |= set(trace)
                found += [Point(shape, kill, undo) for kill in _kills(trace, every=every)]
    wanted = {f"journal.{name}.committed" for name in transitions()}
    return found, sorted(wanted - passed)


def _kills(trace: Sequence[str], *, every: bool) -> Iterator[Kill]:
    passings: defaultdict[str, int] = defaultdict(int)
    for name in trace:
        passings[name] += 1
    for name, times in passings.items():
        for nth in range(1, times + 1) if every else (1,):
            yield Kill(nth, name)
