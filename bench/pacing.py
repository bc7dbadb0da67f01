"""How much of the allowed request rate a run uses once it is under way, and whether it is ever turned away.

    python bench/pacing.py [--quick]

The sandbox allows 3,000 requests a minute, counted in windows of a minute as the service does; the run takes the
recordings route. In full, at least two whole windows are watched; quickly, 30 seconds. The rate between two looks is
taken from what the sandbox counted. Watching begins 10 seconds after the first request.
"""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass
from subprocess import Popen

from chats import chats
from harness import Figure, at, counted, folder, publish, quick, started

from earmark.sandbox import Sandbox

RATE_LIMIT = 3000
WARM_UP_SECONDS = 10.0
QUICK_SECONDS = 30.0
LOOK_SECONDS = 0.5
FULL_WINDOWS = 2


@dataclass(frozen=True, slots=True)
class Look:
    """What the sandbox had counted at a moment."""

    at: float
    requests: int


def look(sandbox: Sandbox) -> Look:
    return Look(time.monotonic(), sum(counted(sandbox).values()))


def watch(sandbox: Sandbox, process: Popen[bytes], *, is_quick: bool) -> tuple[Look, Look]:
    """The first look after the warm-up and the last one."""
    while not counted(sandbox):
        pause(process)
    warm = time.monotonic() + WARM_UP_SECONDS
    while time.monotonic() < warm:
        pause(process)
    first = last = look(sandbox)
    while not (last.at - first.at >= QUICK_SECONDS if is_quick else len(whole(sandbox)) >= FULL_WINDOWS):
        pause(process)
        last = look(sandbox)
    return first, last


def whole(sandbox: Sandbox) -> list[int]:
    """Requests in each window between the first, in which the run began, and the one that is open."""
    windows: list[int] = sandbox.stats()["windows"][1:-1]
    return windows


def pause(process: Popen[bytes]) -> None:
    if process.poll() is not None:
        raise SystemExit(f"the run ended too early, with {process.returncode}")
    time.sleep(LOOK_SECONDS)


def main() -> None:
    is_quick = quick(__doc__)
    with folder() as place, Sandbox(chats(6000), rate_limit=RATE_LIMIT) as sandbox:
        command = [sys.executable, "-m", "earmark", "run", "--source", "genesys", "--since", "9w"]
        with started([*command, "--journal", "journal.db"], place, at(sandbox)) as process:
            first, last = watch(sandbox, process, is_quick=is_quick)
            windows, throttled = whole(sandbox), sandbox.stats()["throttled"]
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    seconds = last.at - first.at
    rate = 60 * (last.requests - first.requests) / seconds
    watched = f"{rate:,.0f} a minute over {seconds:.0f} s"
    figures = [Figure("rate used", 100 * rate / RATE_LIMIT, "% of allowed", least=90, behind=watched)]
    if windows:
        told = f"{', '.join(map(str, windows))} requests in whole windows"
        figures.append(
            Figure("least window", 100 * min(windows) / RATE_LIMIT, "% of allowed", least=90, behind=told)
        )
    figures.append(Figure("turned away (429)", throttled, most=0))
    publish("pacing", figures, rate_limit=RATE_LIMIT, windows=windows, seconds=seconds)


if __name__ == "__main__":
    main()
