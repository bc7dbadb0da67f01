"""The command line as users run it: a process of its own in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from earmark.sandbox import Sandbox

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
