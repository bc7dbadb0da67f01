"""A sandbox on a fixed day, and clients that are logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from earmark.sandbox import Sandbox, default_conversations

TODAY = date(2026, 3, 2)


@dataclass
class FakeClock:
    """Epoch seconds that move when told to."""

    now: float = field(default_factory=lambda: datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp())

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def seeds() -> list[dict[str, Any]]:
    return default_conversations()


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[Sandbox, httpx.Client]]]:
    """Start a sandbox with options; return it and a client that carries a token."""
    with ExitStack() as stack:

        def begin(*seeds: dict[str, Any], **options: Any) -> tuple[Sandbox, httpx.Client]:
            options.setdefault("today", TODAY)
            options.setdefault("rate_limit", 100_000)
            sandbox = stack.enter_context(Sandbox(list(seeds) or None, **options))
            client = stack.enter_context(httpx.Client(base_url=sandbox.url, timeout=10, verify=False))
            answer = client.post(
                "/oauth/token",
                data={"grant_type": "client_credentials"},
                auth=(sandbox.client_id, sandbox.client_secret),
            )
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            return sandbox, client

        yield begin
