"""What is different in an examined process: time that runs faster, shorter timeouts, planted bugs.

It is told by environment variables, because a process is given nothing else before it begins.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from exam.planted import plant

ALTER = "exam.network.altered:alter"
_SPEED, _CONNECT, _READ, _DEADLINE, _BUG = (
    f"EXAM_{name}" for name in ("SPEED", "CONNECT", "READ", "DEADLINE", "BUG")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """`speed`: seconds that pass in one; timeouts and deadline in true seconds; `bug` is one of `exam.planted`."""

    speed: float = 1.0
    connect: float = 5.0
    read: float = 30.0
    deadline: float = 180.0
    bug: str = ""

    @property
    def variables(self) -> Mapping[str, str]:
        return {
            _SPEED: str(self.speed),
            _CONNECT: str(self.connect),
            _READ: str(self.read),
            _DEADLINE: str(self.deadline),
            _BUG: self.bug,
        }


AS_IT_IS = Alteration()


class Hurried:
    """The clock of an organisation in which `speed` seconds pass in one."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._began, self._since = time.time(), time.monotonic()

    def __call__(self) -> float:
        return self._began + (time.monotonic() - self._since) * self.speed

    def true(self, at: float) -> float:
        """The time of day at which this clock showed `at`."""
        return self._began + (at - self._began) / self.speed


def alter() -> None:
    """Make this process as its environment says."""
    from earmark.assemble import Workshop
    from earmark.genesys import session
    from earmark.genesys.transport import Transport

    speed = float(os.environ[_SPEED])
    pause, monotonic = Workshop.pause, time.monotonic

    def shortened(workshop: Workshop, seconds: float) -> None:
        pause(workshop, seconds / speed)

    _set(Workshop, "pause", shortened)
    _default(session.open_session, "clock", lambda: monotonic() * speed)
    _default(session.open_session, "connect_timeout", float(os.environ[_CONNECT]))
    _default(session.open_session, "read_timeout", float(os.environ[_READ]))
    _default(Transport.__init__, "deadline", float(os.environ[_DEADLINE]))
    if os.environ[_BUG]:
        plant(os.environ[_BUG])


def _default(function: object, name: str, value: object) -> None:
    """Give a keyword-only parameter another default."""
    defaults = function.__kwdefaults__  # type: ignore[attr-defined]
    if name not in defaults:
        raise LookupError(f"{function!r} has no parameter {name}")
    defaults[name] = value


def _set(holder: object, name: str, value: object) -> None:
    setattr(holder, name, value)
