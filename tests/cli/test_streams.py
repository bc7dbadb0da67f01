"""Nobody reads what is said, or there is nowhere to say it: the work is done and the exit code is that of the work."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import environment

CHATS = '{"id": "c1", "text": "the app keeps crashing"}\n{"id": "c2", "text": "it never arrived"}\n'
RUN = "run --source chats.jsonl --model none --writer files:out.jsonl --scorer evidence"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chats.jsonl").write_text(CHATS)
    return tmp_path


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A line for the shell in which EARMARK is the program."""
    line = line.replace("EARMARK", f"{sys.executable} -m earmark")
    return subprocess.run(
        ["bash", "-c", line],
        check=False,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"EARMARK {RUN} 2>&- >told; echo $? $(wc -l <out.jsonl) $(grep -c connecting told)", "0 2 0"),
        (f"EARMARK {RUN} >&- 2>&-; echo $? $(wc -l <out.jsonl)", "0 2"),
        (f"EARMARK {RUN} 2> >(true) | true; echo ${{PIPESTATUS[0]}} $(wc -l <out.jsonl)", "0 2"),
        (
            "EARMARK extract chats.jsonl --model none 2>told | true; echo ${PIPESTATUS[0]} $(grep -c Trace told)",
            "0 0",
        ),
        ("EARMARK config >/dev/full 2>told; echo $? $(grep -c Trace told)", "1 0"),
    ],
    ids=["stderr closed", "both closed", "nobody reads", "nobody reads an extract", "the disk is full"],
)
def test_a_lost_stream_does_not_stop_the_work(folder: Path, line: str, said: str) -> None:
    assert shell(folder, line).stdout.strip() == said


def test_a_terminal_that_is_gone_is_no_error(folder: Path) -> None:
    keeper, terminal = pty.openpty()
    os.close(keeper)
    command = [sys.executable, "-m", "earmark", *RUN.split()]
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        stdout=terminal,
        stderr=terminal,
        timeout=60,
        check=False,
    )
    os.close(terminal)
    assert ended.returncode == 0
    assert (folder / "out.jsonl").read_text().count("\n") == 2
