"""A loopback service that answers by a script, byte by byte where it must, and sessions on it."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from earmark.genesys.session import Credentials, Session, open_session

SECRET = "s3cr3t-canary-of-the-client"
TOKEN = "t0k3n-canary"
BUDGET = {"count": "1", "allowed": "600000", "reset": "60"}  # so that tests are not paced


def reply(status: int = 200, body: Any = None, *, raw: bytes | None = None, **headers: str) -> bytes:
    """A whole HTTP response; header names with underscores for dashes."""
    content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
    limits = {f"inin_ratelimit_{name}": value for name, value in BUDGET.items()}
    fields = {"content_type": "application/json"} | limits | headers
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """What the service says, in turn; the last line is said again and again.

    A line is a response, `reset` (the connection breaks), `close` (without a word) or `silence`.
    """

    lines: list[bytes | str] = field(default_factory=lambda: [reply(200, {})])
    logins: list[bytes | str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    tokens: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    done: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def next(self, request: Seen) -> bytes | str:
        with self.lock:
            if request.target == "/oauth/token":
                self.tokens += 1
                fresh = reply(200, {"access_token": f"{TOKEN}-{self.tokens}", "expires_in": 86399})
                return self.logins.pop(0) if self.logins else fresh
            self.seen.append(request)
            return self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]


class Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        try:
            while (request := self._read()) is not None:
                if not self._say(self.server.script.next(request)):
                    return
        except OSError:
            return

    def _read(self) -> Seen | None:
        first = self.rfile.readline().decode().split()
        if not first:
            return None
        headers: dict[str, str] = {}
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Seen(first[0], first[1], headers, self.rfile.read(int(headers.get("content-length", "0"))))

    def _say(self, line: bytes | str) -> bool:
        if line == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if line == "silence":
            self.server.script.done.wait(5)
            return False
        if isinstance(line, str):
            return False
        self.connection.sendall(line)
        length = int(line.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        return len(line.partition(b"\r\n\r\n")[2]) == length


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script


@pytest.fixture
def script() -> Iterator[Script]:
    """A service on loopback; set `lines` before the first request."""
    found = Script()
    with Server(found) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        runner = threading.Thread(target=server.serve_forever, args=(0.02,))
        runner.start()
        try:
            yield found
        finally:
            found.done.set()
            server.shutdown()
            runner.join()


@pytest.fixture
def connect(script: Script) -> Iterator[Callable[..., Session]]:
    """Open a session on the scripted service with pauses a thousandth as long."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Session:
            credentials = Credentials(script.url, "client-7", SECRET)
            session = stack.enter_context(open_session(credentials, **{"retry_pause": 0.001} | options))
            session.gate.acquire()
            session.gate.settle({f"inin-ratelimit-{name}": value for name, value in BUDGET.items()})
            return session

        yield begin


@pytest.fixture
def say() -> Callable[..., bytes]:
    return reply


@pytest.fixture
def canaries() -> tuple[str, ...]:
    """What must never show in an error, a log or a repr."""
    return (SECRET, TOKEN)
