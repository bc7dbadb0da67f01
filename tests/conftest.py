"""What every test gets: an environment without anybody's settings, and small things of the field to work on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from earmark.journal import Journal
from earmark.sandbox import Sandbox

# A busy machine is no failure, and a change is judged by the same examples wherever it is judged.
settings.register_profile("earmark", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("earmark")


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


Cli = Callable[..., subprocess.CompletedProcess[str]]


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of the developer's own but the path to Python."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"} | dict(more or {})


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run `earmark` with arguments; `env` adds variables, `stdin` is its input."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "earmark", *arguments],
            cwd=tmp_path,
            env=environment(tmp_path, env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with the built-in chats and a generous rate limit."""
    with Sandbox(rate_limit=60_000) as opened:
        yield opened


def pointed_at(sandbox: Sandbox) -> dict[str, str]:
    """The variables that point Earmark at a sandbox, with short pauses."""
    return {
        "GENESYSCLOUD_REGION": sandbox.url,
        "GENESYSCLOUD_OAUTHCLIENT_ID": sandbox.client_id,
        "GENESYSCLOUD_OAUTHCLIENT_SECRET": sandbox.client_secret,
        "EARMARK_PACE": "0.02",
    }
