"""What httpx leaves open about a connection: a deadline for the whole exchange, and whose answer it is.

httpx bounds each silence, and a trickle never falls silent. It also takes what a connection was sent beyond
one answer for the next one.
"""

from __future__ import annotations

import math
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx


class Deadline(threading.local):
    """When the exchange of the current thread must be over, on the monotonic clock."""

    until = math.inf

    def begin(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds

    def bound(self, timeout: float | None) -> float:
        """The shorter of `timeout` and what is left.

        Raises:
            TimeoutError: Nothing is left.
        """
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if timeout is None else min(timeout, left)


def impose(deadline: Deadline, client: httpx.Client) -> None:
    """Let every connection of `client` obey `deadline`; httpx has no public place to say so."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool
            pool._network_backend = _Backend(pool._network_backend, deadline)


def answers_its_request(response: httpx.Response) -> bool:
    """Whether anything was read for it after the request had left."""
    stream = response.extensions.get("network_stream")
    return not isinstance(stream, _Stream) or stream.has_read


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        timeout = self._deadline.bound(timeout)
        try:
            stream = self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        except (ValueError, OverflowError):  # a name that cannot be looked up, a port that cannot exist
            raise httpcore.UnsupportedProtocol("there can be no such host") from None
        return _Stream(stream, self._deadline)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline
        self.has_read = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.has_read = True
        return self._inner.read(max_bytes, self._deadline.bound(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.has_read = False
        self._inner.write(buffer, self._deadline.bound(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = self._deadline.bound(timeout)
        try:
            stream = self._inner.start_tls(ssl_context, server_hostname, timeout)
        except ValueError:
            raise httpcore.UnsupportedProtocol("there can be no such host") from None
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
