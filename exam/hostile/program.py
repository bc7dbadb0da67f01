"""The program in a process of its own: what it said, how it ended, what it took."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How `earmark` ended; `largest` is its peak of memory in bytes, `seconds` the wall clock."""

    code: int
    out: str
    err: str
    seconds: float
    largest: int


def earmark(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run it in a folder, with nothing of the environment but what is given here; no terminal is there."""
    about = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"} | dict(env or {})
    began = time.monotonic()
    with (folder / "stdout").open("w+b") as out, (folder / "stderr").open("w+b") as err:
        command = [sys.executable, "-m", "earmark", *arguments]
        process = subprocess.Popen(
            command, cwd=folder, env=about, stdout=out, stderr=err, stdin=subprocess.DEVNULL
        )
        largest = _followed(process, began + PATIENCE)
    said, complained = (
        (folder / name).read_text("utf-8", "backslashreplace") for name in ("stdout", "stderr")
    )
    return Ended(process.returncode, said, complained, time.monotonic() - began, largest)


def _followed(process: subprocess.Popen[bytes], until: float) -> int:
    """Wait for the end; the peak of memory in bytes as the kernel last told it.

    What `wait4` tells will not do: it starts with the memory of the process that forked this one.
    """
    largest = 0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        if time.monotonic() > until:
            process.kill()
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text() if status.exists() else "")
        largest = max(largest, int(peak[1]) * 1024 if peak else 0)
        time.sleep(0.02)
    return largest


def beyond(ended: Ended, *, codes: tuple[int, ...], seconds: float, megabytes: int) -> Iterator[str]:
    """Yield where an end lies beyond what is allowed, or shows a traceback."""
    if ended.code not in codes:
        yield f"exit code {ended.code}, not {' or '.join(map(str, codes))}"
    if ended.seconds > seconds:
        yield f"{ended.seconds:.1f} s, and {seconds:g} s are allowed"
    if ended.largest > megabytes << 20:
        yield f"{ended.largest >> 20} MB, and {megabytes} MB are allowed"
    if "Traceback" in ended.err:
        yield "a traceback"
