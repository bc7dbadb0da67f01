"""What every test gets: an environment without anybody's settings, and small things of the field to work on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from earmark.journal import Journal


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's own reaches a test, and no test writes beside the code."""
    for name in list(os.environ):
        if name.upper().startswith(("EARMARK_", "GENESYS")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


class Clock:
    """A clock that is set by hand, in seconds since the epoch."""

    def __init__(self, now: float = 1_770_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    """An empty journal on a hand-set clock."""
    opened = Journal(tmp_path / "journal.db", clock)
    yield opened
    opened.close()
