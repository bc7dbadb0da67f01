"""HTTP/1.1 over loopback sockets: requests in, replies out, and the ways in which a reply can go wrong.

Written on sockets rather than on `http.server` because a fault plan resets connections, announces bodies
that never come and lets them drip.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from json import dumps, loads
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from earmark.sandbox.refusals import RefusalError

LONGEST_LINE = 65_536
LARGEST_BODY = 64 * 1024 * 1024
PHRASES = {status.value: status.phrase for status in HTTPStatus}
T = TypeVar("T")


class NotHttpError(Exception):
    """The bytes on the connection are no HTTP request that can be read."""


@dataclass
class Request:
    """One request as it arrived; `params` are the parts of the path that the route names.

    `twist` is the fault that a paging handler works into its answer.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    params: dict[str, str] = field(default_factory=dict)
    twist: str = ""
    client: str = ""

    @cached_property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def json(self) -> Any:
        """Return the body, which must not be null.

        Raises:
            RefusalError: 400, it is missing or no JSON.
        """
        try:
            value = loads(self.body)
        except (ValueError, RecursionError):
            raise RefusalError(400) from None
        if value is None:
            raise RefusalError(400)
        return value

    def json_object(self) -> dict[str, Any]:
        value = self.json()
        if not isinstance(value, dict):
            raise RefusalError(400)
        return value

    def json_list(self) -> list[Any]:
        value = self.json()
        if not isinstance(value, list):
            raise RefusalError(400)
        return value

    def number(self, name: str, default: int, *, most: int) -> int:
        """Return a query parameter between 1 and `most`.

        Raises:
            RefusalError: 400, it is no such number.
        """
        text = self.query.get(name, str(default))
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise RefusalError(
                400, f"Value [{text}] is not valid for [{name}]: 1 to {most}", code="invalid.value"
            )
        return int(text)


@dataclass
class Reply:
    """An answer and how it travels.

    `reset` closes the connection with an RST instead of sending, `silent` closes it without a word after
    `delay` seconds, `drip` is the pause in seconds before every sixteenth of the body, `announced` the
    Content-Length when it is not that of the body. `by_proxy`: the service has not seen the request.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    announced: int | None = None
    reset: bool = False
    silent: bool = False
    by_proxy: bool = False

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Reply:
        # ASCII escapes carry what UTF-8 cannot (half of a surrogate pair).
        return cls(status, dumps(value, separators=(",", ":")).encode("ascii"))

    def head(self) -> bytes:
        length = len(self.body) if self.announced is None else self.announced
        lines = [f"HTTP/1.1 {self.status} {PHRASES.get(self.status, 'Unknown')}"]
        if self.body:
            lines.append(f"Content-Type: {self.content_type}")
        lines += [f"Content-Length: {length}", *(f"{name}: {value}" for name, value in self.headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def read_request(stream: BinaryIO) -> Request | None:
    """Read one request; None at the end of the connection.

    Raises:
        NotHttpError: What arrives cannot be read.
    """
    line = stream.readline(LONGEST_LINE)
    if not line.strip():
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise NotHttpError
    headers = _read_headers(stream)
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal() or int(length) > LARGEST_BODY:
        raise NotHttpError
    return Request(words[0], words[1], headers, stream.read(int(length)))


def _read_headers(stream: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    while (line := stream.readline(LONGEST_LINE)).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def member(body: dict[str, Any], name: str, kind: type[T], default: T) -> T:
    """Return a member of a request body, the default where it is absent or null.

    Raises:
        RefusalError: 400, it has another type.
    """
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise RefusalError(
            400, f"Value [{value}] is not valid for field type [{name}].", code="invalid.value"
        )
    return value


def segments(path: str) -> list[str]:
    return [unquote(part) for part in path.strip("/").split("/")]


class Server(socketserver.ThreadingTCPServer):
    """Answers on 127.0.0.1, a thread a connection; `stop` ends all of them."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, answer: Callable[[Request], Reply]) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.answer = answer
        self.stopping = threading.Event()
        self.connections: dict[socket.socket, threading.Thread] = {}
        self._runner = threading.Thread(target=self.serve_forever, args=(0.05,), name="sandbox", daemon=True)
        self._runner.start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self._runner.join()
        for connection, thread in list(self.connections.items()):
            _hang_up(connection)
            thread.join(timeout=5)
        self.server_close()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError:  # it is gone already
        return


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections[self.connection] = threading.current_thread()

    def finish(self) -> None:
        self.server.connections.pop(self.connection, None)
        try:
            super().finish()
        except OSError:  # the peer left first
            return

    def handle(self) -> None:
        try:
            while not self.server.stopping.is_set() and self._serve_one():
                pass
        except NotHttpError:
            self.connection.sendall(Reply(400, headers={"Connection": "close"}).head())
        except OSError:  # the peer left first
            return

    def _serve_one(self) -> bool:
        """Answer the next request; False when the connection is to end."""
        request = read_request(cast("BinaryIO", self.rfile))
        if request is None:
            return False
        reply = self.server.answer(request)
        self.server.stopping.wait(reply.delay)
        if reply.reset:
            self._reset()
            return False
        if reply.silent:
            return False
        self._send(reply, with_body=request.method != "HEAD")
        return reply.announced is None and request.headers.get("connection", "").lower() != "close"

    def _send(self, reply: Reply, *, with_body: bool) -> None:
        body = reply.body if with_body else b""
        if not reply.drip:
            self.connection.sendall(reply.head() + body)
            return
        self.connection.sendall(reply.head())
        step = max(1, len(body) // 16)
        for start in range(0, len(body), step):
            self.server.stopping.wait(reply.drip)
            self.connection.sendall(body[start : start + step])

    def _reset(self) -> None:
        """Close so that the peer sees a reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.connections.pop(self.connection, None)
        os.close(self.connection.detach())
