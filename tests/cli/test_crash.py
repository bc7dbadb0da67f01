"""Killed anywhere and started again, a run ends where an undisturbed one ends, and writes nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Cli, environment, pointed_at

from earmark.sandbox import FaultPlan, Sandbox

DEADLINE = 60.0


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Until something happened, the process ended, or the deadline passed."""
    end = time.monotonic() + DEADLINE
    while not happened() and process.poll() is None:
        assert time.monotonic() < end, "it never came so far"
        time.sleep(0.002)


def started(folder: Path, arguments: list[str], env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "earmark", *arguments],
        cwd=folder,
        env=environment(folder, env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_when(
    process: subprocess.Popen[str], happened: Callable[[], bool], how: int = signal.SIGKILL
) -> tuple[str, str]:
    wait_for(happened, process)
    if process.poll() is None:
        os.kill(process.pid, how)
    return process.communicate(timeout=DEADLINE)


def attributes(sandbox: Sandbox) -> dict[str, Any]:
    """All stored attributes; a record without any, as an undo leaves it, is left out."""
    held = sandbox.snapshot()
    records = {
        conversation: {name: record for name, record in of.items() if record["customAttributes"]}
        for conversation, of in held["custom_attributes"].items()
    }
    return held | {"custom_attributes": {each: of for each, of in records.items() if of}}


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    path = tmp_path / "chats.jsonl"
    lines: list[dict[str, Any]] = [
        {"id": f"c{n:04}", "text": f"the app keeps crashing with error {n}, item {n} never arrived"}
        for n in range(1500)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_file_run_that_is_killed_ends_as_if_undisturbed(cli: Cli, chats: Path, tmp_path: Path) -> None:
    calm = cli("run", "--source", str(chats), "--writer", "files:calm.jsonl", "--journal", "calm.db")
    assert calm.returncode == 0, calm.stderr
    out = tmp_path / "out.jsonl"
    arguments = ["run", "--source", str(chats), "--writer", "files:out.jsonl"]
    for lines in (1, 300, 900):
        process = started(tmp_path, arguments)
        kill_when(process, lambda least=lines: out.exists() and out.read_bytes().count(b"\n") >= least)  # type: ignore[misc]
        arguments = ["resume"]
    done = cli("resume")
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == (tmp_path / "calm.jsonl").read_bytes()


def test_a_genesys_run_that_is_killed_ends_as_if_undisturbed_and_doubles_nothing(
    cli: Cli, sandbox: Sandbox, tmp_path: Path
) -> None:
    with Sandbox(rate_limit=60_000) as calm:
        undisturbed = cli(
            "run", "--source", "genesys", "--since", "9w", "--journal", "calm.db", env=pointed_at(calm)
        )
        expected = calm.snapshot()
    assert undisturbed.returncode in {0, 3}, undisturbed.stderr
    foreign = attributes(sandbox)
    arguments = ["run", "--source", "genesys", "--since", "9w"]
    for writes in (1, 25, 60):
        process = started(tmp_path, arguments, pointed_at(sandbox))
        kill_when(process, lambda least=writes: len(sandbox.state.writes) >= least)  # type: ignore[misc]
        arguments = ["resume"]
    done = cli("resume", env=pointed_at(sandbox))
    assert done.returncode == undisturbed.returncode, done.stderr
    assert sandbox.snapshot() == expected
    per_conversation = Counter(write.conversation for write in sandbox.state.writes)
    repeated = {name: count for name, count in per_conversation.items() if count > 1}
    assert len(repeated) <= 3 * 8, "only what was in flight at a kill may be sent again"
    undone = cli("undo", env=pointed_at(sandbox))
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert attributes(sandbox) == foreign


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_lets_the_run_finish_what_is_in_flight_and_says_how_to_go_on(
    cli: Cli, chats: Path, tmp_path: Path, how: int, code: int
) -> None:
    out = tmp_path / "out.jsonl"
    process = started(tmp_path, ["run", "--source", str(chats), "--writer", "files:out.jsonl"])
    _, told = kill_when(process, lambda: out.exists() and out.read_bytes().count(b"\n") >= 10, how)
    assert process.returncode == code
    assert "earmark resume" in told
    assert "Traceback" not in told
    assert cli("resume").returncode == 0
    assert len(out.read_text().splitlines()) == 1500


@pytest.mark.parametrize("route", ["token", "recordings"])
def test_a_signal_ends_a_wait_for_the_service(cli: Cli, tmp_path: Path, route: str) -> None:
    throttled = {"route": route, "fault": {"kind": "status", "status": 429, "retry_after": 120}}
    with Sandbox(faults=FaultPlan.load({"rules": [throttled]}), rate_limit=60_000) as sandbox:
        process = started(tmp_path, ["run", "--source", "genesys", "--since", "9w"], pointed_at(sandbox))
        began = time.monotonic()
        _, told = kill_when(process, lambda: bool(sandbox.state.faults), signal.SIGINT)
    assert process.returncode == 130, told
    assert time.monotonic() - began < DEADLINE
    assert "Traceback" not in told
    assert ("earmark resume" in told) == (route == "recordings")


def test_two_runs_at_once_are_refused(cli: Cli, chats: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    process = started(tmp_path, ["run", "--source", str(chats), "--writer", "files:out.jsonl"])
    wait_for(lambda: out.exists() and bool(out.read_bytes()), process)
    second = cli("run", "--source", str(chats), "--writer", "files:other.jsonl")
    process.communicate(timeout=DEADLINE)
    assert second.returncode == 75
    assert "another run is using the journal" in second.stderr
