"""What a process under examination is asked to do, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`earmark` command lines for one process, one after the other.

    It dies by SIGKILL at the `kill_at`-th point that it passes; with `kill_name`, only passings of that point
    count. `trace` notes the points. `bug` names a planted bug, `largest_file` caps files in bytes, as a full
    disk does, and `clock` is added to the time of day (a function of the seconds since the process began).
    """

    folder: Path
    commands: tuple[tuple[str, ...], ...]
    env: Mapping[str, str] = field(default_factory=dict)
    kill_at: int | None = None
    kill_name: str = ""
    trace: bool = False
    bug: str = ""
    largest_file: int | None = None
    clock: tuple[tuple[float, float], ...] = ()
    patience: float = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the journal has it: conversations by state."""

    id: str
    status: str
    states: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that came to its end, its output, and the journal's runs then; times are epoch seconds."""

    command: tuple[str, ...]
    code: int
    out: str = field(repr=False)
    err: str = field(repr=False)
    began: float
    ended: float
    runs: tuple[Run, ...]

    @property
    def verb(self) -> str:
        return self.command[0]

    @property
    def last_line(self) -> str:
        lines = self.err.strip().splitlines()
        return lines[-1] if lines else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A process that ended: by itself, by SIGKILL (`code` −9), or hung until it was ended (`hung`).

    `cut` tells, of a process killed just after a commit, how long the journal's log was before and after it.
    `largest` is the resident memory in bytes at its end, 0 where it was killed.
    """

    code: int
    done: tuple[Done, ...]
    points: tuple[str, ...] = ()
    seconds: float = 0.0
    hung: bool = False
    largest: int = 0
    cut: tuple[int, int] | None = None

    @property
    def killed(self) -> bool:
        return self.code == -9 and not self.hung
