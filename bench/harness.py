"""What the benchmarks share: the real program in a process of its own, and figures beside their targets."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from earmark.cli.sandbox import environment
from earmark.sandbox import Sandbox

RESULTS = Path(__file__).parents[1] / "build" / "bench"
FULL_SPEED = 1_000_000
"""A rate limit that no run reaches."""

UNCOUNTED = ("token", "storage.")
"""Routes that cost nothing of the request budget."""

_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and what it is to be: at most `most`, or at least `least`."""

    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    behind: str = ""

    @property
    def target(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:g}"
        return "" if self.least is None else f"≥ {self.least:g}"

    @property
    def verdict(self) -> str:
        if not self.target:
            return ""
        met = self.value <= self.most if self.most is not None else self.value >= (self.least or 0)
        return "met" if met else "MISSED"


@dataclass(frozen=True, slots=True)
class Done:
    """A process that has ended: seconds it took, and the most memory it held, in MB."""

    seconds: float
    peak_mb: float
    output: str


def quick(description: str | None) -> bool:
    """Whether the script is to be quick; explains itself for --help."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="smaller and fewer runs, coarser figures")
    return bool(parser.parse_args().quick)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="earmark-bench-") as name:
        yield Path(name)


def at(sandbox: Sandbox, **settings: object) -> dict[str, str]:
    """The environment that points Earmark at a sandbox, and settings by name."""
    chosen = {"pace": 0.02} | settings
    return environment(sandbox) | {f"EARMARK_{name.upper()}": str(value) for name, value in chosen.items()}


@contextmanager
def started(
    command: Sequence[str], place: Path, variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a folder without settings of its own; ended with the block if it has not."""
    ours = ("EARMARK_", "GENESYS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with (place / "out").open("wb") as out, (place / "err").open("wb") as err:
        process = subprocess.Popen(command, cwd=place, env={**kept, **variables}, stdout=out, stderr=err)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def python(arguments: Sequence[str], place: Path, variables: Mapping[str, str]) -> Done:
    """Run Python to its end; what it prints on stdout is kept."""
    begun, peak = time.perf_counter(), 0.0
    with started([sys.executable, *arguments], place, variables) as process:
        while process.poll() is None:
            peak = max(peak, _peak_mb(process.pid))
            time.sleep(_LOOK_SECONDS)
    if process.returncode:
        told = (place / "err").read_text(errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}:\n{told}")
    return Done(time.perf_counter() - begun, peak, (place / "out").read_text())


def earmark(arguments: Sequence[str], place: Path, variables: Mapping[str, str] | None = None) -> Done:
    """Run the command line to its end."""
    return python(["-m", "earmark", *arguments], place, variables or {})


def _peak_mb(pid: int) -> float:
    """The high-water mark of the process itself; `getrusage` would count its parent before the exec, too."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    held = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(held[0]) / 1024 if held else 0.0


def counted(sandbox: Sandbox) -> dict[str, int]:
    """Requests that the sandbox has counted against the budget so far, by route."""
    found = sandbox.stats()["requests"]
    return {name: count for name, count in found.items() if count and not name.startswith(UNCOUNTED)}


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def publish(name: str, figures: Sequence[Figure], **details: Any) -> None:
    """Print the figures and write them, with whatever is behind them, to build/bench/NAME.json."""
    table = Table("figure", "measured", "target", "", "behind it", box=None, pad_edge=False)
    for figure in figures:
        value = f"{figure.value:,.3f}".rstrip("0").rstrip(".")
        table.add_row(
            figure.name, f"{value} {figure.unit}".strip(), figure.target, figure.verdict, figure.behind
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    RESULTS.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "machine": platform.machine()}
    rows = [asdict(figure) | {"verdict": figure.verdict} for figure in figures]
    content = {"bench": name, "machine": machine, "figures": rows, "details": details}
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"→ {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
