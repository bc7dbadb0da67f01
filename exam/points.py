"""Named points of a run: around every journal transition and every request. A process can be killed at each."""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from earmark.genesys.transport import Transport
from earmark.journal import Journal
from earmark.sandbox import routes

NOT_OF_A_RUN = {"holding", "erase"}
"""What Journal defines in public besides the transitions of runs: an erasure has a test of its own that kills it."""


def transitions() -> list[str]:
    """The methods of the journal that move a run on."""
    own = {name for name, value in vars(Journal).items() if callable(value) and not name.startswith("_")}
    return sorted(own - NOT_OF_A_RUN)


@dataclass
class Points:
    """Counts the points that are passed, in all threads, and ends the process at one of them."""

    kill_at: int | None = None
    kill_name: str = ""
    trace: Path | None = None
    cut: Path | None = None
    passed: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _here: threading.local = field(default_factory=threading.local)

    def __call__(self, name: str, log: tuple[int, int] | None = None) -> None:
        with self._lock:
            self.passed[name] += 1
            self.passed[""] += 1
            if self.trace:
                with self.trace.open("a") as file:
                    file.write(f"{name}\n")
            if self.kill_name in {"", name} and self.passed[self.kill_name] == self.kill_at:
                if self.cut and log:
                    self.cut.write_text(f"{log[0]} {log[1]}")
                os.kill(os.getpid(), signal.SIGKILL)

    def instrument(self) -> None:
        """Put the points in; for the rest of this process."""
        for name in transitions():
            setattr(Journal, name, self._named(name, getattr(Journal, name)))
        for owner, name, watch in (
            (Journal, "_transaction", self._around),
            (Transport, "exchange", self._exchange),
        ):
            setattr(owner, name, watch(getattr(owner, name)))

    def _named(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def named(*args: Any, **more: Any) -> Any:
            self._here.transition = name
            return method(*args, **more)

        return named

    def _around(
        self, transaction: Callable[[Journal], AbstractContextManager[Any]]
    ) -> Callable[[Journal], AbstractContextManager[Any]]:
        @contextmanager
        def around(journal: Journal) -> Iterator[Any]:
            name = getattr(self._here, "transition", "other")
            with journal._write:  # no other thread commits between a commit and its point
                before = _log_size(journal.path)
                with transaction(journal) as connection:
                    self(f"journal.{name}.begun")
                    yield connection
                    self(f"journal.{name}.uncommitted")
                self(f"journal.{name}.committed", (before, _log_size(journal.path)))

        return around

    def _exchange(self, exchange: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(exchange)
        def watched(transport: Transport, method: str, url: str, **more: Any) -> Any:
            route, _ = routes.find(method, urlsplit(url).path)
            self(f"request.{route.name}.leaving")
            try:
                return exchange(transport, method, url, **more)
            finally:
                self(f"request.{route.name}.over")

        return watched


def _log_size(journal: Path) -> int:
    log = Path(f"{journal}-wal")
    return log.stat().st_size if log.exists() else 0
