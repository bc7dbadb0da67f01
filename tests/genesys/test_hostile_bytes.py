"""Bytes that no HTTP server would send: each ends in a typed failure, in bounded time and memory."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from earmark.errors import EarmarkError, GarbledError, RefusedError, UnknownOutcomeError
from earmark.genesys.inflate import STEP, inflate
from earmark.genesys.retry import Call
from earmark.genesys.session import Credentials, Session, open_session
from earmark.genesys.transport import DeclinedError, ExchangeError, MalformedError, NoAnswerError, Transport

Play = Callable[[socket.socket, threading.Event], None]

CONVERSATION = "3f0c6d3e-0000-4000-8000-000000000001"
READ = Call("GET", "/api/v2/things", "read the thing", CONVERSATION, shape=dict)
WRITE = Call("PUT", "/api/v2/things", "write the thing", CONVERSATION, write=True, shape=dict)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TOKEN = b'{"access_token": "t", "expires_in": 86399}'


def whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Raw:
    """Reads whole requests and lets `play` answer each API request, then breaks the connection or goes on."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.requests = 0
        self.done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self.done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        try:
            while not self.done.is_set():
                connection = self._listener.accept()[0]
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()
        except OSError:
            return

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with connection, connection.makefile("rb") as stream:
            try:
                while first := stream.readline():
                    length = 0
                    while line := stream.readline().strip():
                        name, _, value = line.lower().partition(b":")
                        length = int(value) if name == b"content-length" else length
                    stream.read(length)
                    if b"/oauth/" in first:
                        connection.sendall(whole(TOKEN))
                        continue
                    self.requests += 1
                    self.play(connection, self.done)
            except OSError:
                return


@pytest.fixture
def serve() -> Iterator[Callable[[Play | bytes], Raw]]:
    with ExitStack() as stack:

        def begin(play: Play | bytes) -> Raw:
            server = Raw(say(play) if isinstance(play, bytes) else play)
            stack.callback(server.close)
            return server

        yield begin


def say(data: bytes) -> Play:
    """Send and hang up."""

    def play(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return play


def reset(data: bytes) -> Play:
    """Send and break the connection, so that what follows is lost."""

    def play(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionError

    return play


def drip(start: bytes, drop: bytes) -> Play:
    """A drop every hundredth of a second, for ever."""

    def play(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(start)
        while not done.wait(0.01):
            connection.sendall(drop)

    return play


def silence(connection: socket.socket, done: threading.Event) -> None:
    done.wait(3)


def exchange(server: Raw, **options: Any) -> Any:
    transport = Transport(**{"connect_timeout": 1, "read_timeout": 0.3, "deadline": 0.5} | options)
    try:
        return transport.exchange("GET", f"{server.url}/x", headers={})
    finally:
        transport.close()


def opened(server: Raw) -> Session:
    session = open_session(
        Credentials(server.url, "id", "secret"), retry_pause=0.0, read_timeout=0.2, deadline=0.3
    )
    session.gate.acquire()  # and learn at once that nothing has to be paced
    told = {"count": "1", "allowed": "600000", "reset": "60"}
    session.gate.settle({f"inin-ratelimit-{name}": value for name, value in told.items()})
    return session


BROKEN: dict[str, Play | bytes] = {
    "nothing at all": b"",
    "a reset before the answer": reset(b""),
    "a reset in the headers": reset(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "a reset in the body": reset(OK + b'Content-Length: 50\r\n\r\n{"a": 1'),
    "a body that ends early": OK + b'Content-Length: 50\r\n\r\n{"a": 1}',
    "a chunk of garbled length": OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
    "a chunk of negative length": OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "chunks without an end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "a chunk without its line end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a negative length": OK + b"Content-Length: -2\r\n\r\n{}",
    "an endless length": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
    "another encoding of transfer": OK + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of letters": b"HTTP/1.1 2xx OK\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "the second version": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" * 4,
    "a header without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
    "a header that never ends": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    "headers without an end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000,
    "a change of protocol": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "NUL bytes": b"\x00" * 1000,
    "silence": silence,
    "headers that drip": drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "endless early hints": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a body that drips": drip(OK + b"Content-Length: 9999\r\n\r\n", b" "),
    "chunks that drip": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.mark.parametrize("play", BROKEN.values(), ids=BROKEN.keys())
def test_what_does_not_arrive_whole_is_no_answer_within_the_deadline(serve: Any, play: Play | bytes) -> None:
    started = time.monotonic()
    with pytest.raises(NoAnswerError) as caught:
        exchange(serve(play))
    assert time.monotonic() - started < 1.5
    assert caught.value.__suppress_context__


GARBLED: dict[str, bytes] = {
    "status 206": whole(b"{}", status="206 Partial Content"),
    "status 299": whole(b"{}", status="299 X"),
    "status 600": whole(b"{}", status="600 X"),
    "status 999": whole(b"{}", status="999 X"),
    "truncated JSON": whole(b'{"results": [{"id'),
    "an HTML page": whole(b"<html>Log in</html>"),
    "gzip that is none": whole(b"{}", "Content-Encoding: gzip"),
    "gzip cut off": whole(gzip.compress(b'{"a": 1}')[:-5], "Content-Encoding: gzip"),
    "gzip with more behind it": whole(gzip.compress(b"{}") + b"{}", "Content-Encoding: gzip"),
    "gzip with a wrong checksum": whole(gzip.compress(b"{}")[:-8] + b"x" * 8, "Content-Encoding: gzip"),
    "gzip in gzip": whole(gzip.compress(gzip.compress(b"{}")), "Content-Encoding: gzip, gzip"),
    "brotli": whole(b"\x0b\x01\x80{}\x03", "Content-Encoding: br"),
}


@pytest.mark.parametrize("data", GARBLED.values(), ids=GARBLED.keys())
def test_a_whole_answer_that_is_not_what_was_asked_for_is_malformed(serve: Any, data: bytes) -> None:
    with pytest.raises(MalformedError):
        exchange(serve(data))


@pytest.mark.parametrize("play", [*BROKEN.values(), *GARBLED.values()], ids=[*BROKEN, *GARBLED])
def test_a_write_whose_answer_is_broken_leaves_once_and_is_in_doubt(serve: Any, play: Play | bytes) -> None:
    server = serve(play)
    with opened(server) as session, pytest.raises(UnknownOutcomeError) as caught:
        session.call(WRITE, body={"a": 1})
    assert server.requests == 1
    assert caught.value.ref == CONVERSATION


@pytest.mark.parametrize(
    ("name", "requests", "expected"),
    [
        ("a reset before the answer", 6, RefusedError),
        ("a body that ends early", 6, RefusedError),
        ("a chunk of garbled length", 6, RefusedError),
        ("truncated JSON", 4, GarbledError),
        ("gzip cut off", 4, GarbledError),
        ("status 206", 4, GarbledError),
    ],
)
def test_a_read_whose_answer_is_broken_is_repeated_so_often_and_no_more(
    serve: Any, name: str, requests: int, expected: type[EarmarkError]
) -> None:
    server = serve((BROKEN | GARBLED)[name])
    with opened(server) as session, pytest.raises(expected):
        session.call(READ)
    assert server.requests == requests


def test_interim_answers_are_passed_over(serve: Any) -> None:
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    assert exchange(serve(hints + whole(b'{"a": 1}'))).body == {"a": 1}


def test_an_answer_nobody_asked_for_is_never_taken_for_the_next_one(serve: Any) -> None:
    """Two answers to one request: the next request of the connection must get its own."""
    numbers = itertools.count()

    def twice(connection: socket.socket, done: threading.Event) -> None:
        number = next(numbers)
        connection.sendall(whole(json.dumps({"of": number}).encode()) + whole(b'{"of": "nobody"}'))

    server = serve(twice)
    transport = Transport(read_timeout=1)
    bodies = []
    for _ in range(3):
        try:
            bodies.append(transport.exchange("GET", server.url, headers={}).body)
        except ExchangeError:
            continue
    transport.close()
    assert {"of": "nobody"} not in bodies


# compression


def test_a_compressed_answer_is_read(serve: Any) -> None:
    body = json.dumps({"a": ["x" * 100] * 5000}).encode()
    server = serve(whole(gzip.compress(body), "Content-Encoding: gzip"))
    assert exchange(server).body == json.loads(body)


def test_a_bomb_is_refused_without_the_memory_it_asks_for(serve: Any) -> None:
    """A quarter of a gigabyte of blanks in a quarter of a megabyte, against a cap of a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = bytes(1024 * 1024)
    packed = b"".join(packer.compress(blanks) for _ in range(256)) + packer.flush()
    server = serve(whole(packed, "Content-Encoding: gzip"))
    tracemalloc.start()
    with pytest.raises(MalformedError, match="larger than"):
        exchange(server, response_cap=1_000_000, deadline=5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP, STEP + 1, 5 * STEP])
@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_what_was_compressed_comes_out_whole_in_small_pieces(size: int, chunk: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    packed = gzip.compress(content[:size])
    chunks = [packed[start : start + chunk] for start in range(0, len(packed), chunk)]
    pieces = list(inflate(chunks, "gzip"))
    assert b"".join(pieces) == content[:size]
    assert max(map(len, pieces)) <= STEP


def test_no_body_is_no_body_whatever_its_encoding() -> None:
    assert list(inflate([], "gzip")) == []


# size caps and errors


def test_a_body_at_the_cap_is_read_and_one_byte_more_is_not(serve: Any) -> None:
    body = b'"' + b"x" * 998 + b'"'
    assert exchange(serve(whole(body)), response_cap=1000).body == "x" * 998
    with pytest.raises(MalformedError, match="larger than"):
        exchange(serve(whole(body)), response_cap=999)


@pytest.mark.parametrize("body", [b"x" * 10_000_000, b"\xff", b'{"code": NaN}', b"[" * 50_000])
def test_an_error_counts_by_its_status_whatever_its_body(serve: Any, body: bytes) -> None:
    with pytest.raises(DeclinedError) as caught:
        exchange(serve(whole(body, "Retry-After: 7", status="429 X")), deadline=5)
    assert (caught.value.answer.status, caught.value.answer.body) == (429, None)
    assert caught.value.answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("told", ["\x1b[31mred", "a b", "x" * 500, "token\u00e9"])
def test_what_is_shown_of_headers_is_plain(serve: Any, told: str) -> None:
    """A correlation id and a content type come from outside and end in error messages."""
    header = f"inin-correlation-id: {told}"
    with pytest.raises(DeclinedError) as caught:
        exchange(serve(whole(b"{}", header, status="500 X")))
    assert caught.value.correlation_id is None
    page = f"HTTP/1.1 200 OK\r\nContent-Type: text/{told}\r\nContent-Length: 2\r\n\r\n{{}}"
    with pytest.raises(MalformedError) as malformed:
        exchange(serve(page.encode("latin-1")))
    assert told not in str(malformed.value)


def test_no_cookie_is_kept(serve: Any) -> None:
    """Nothing of one exchange shows in the next."""
    transport = Transport()
    server = serve(whole(b"{}", "Set-Cookie: a=b; Path=/"))
    transport.exchange("GET", server.url, headers={})
    assert not list(transport._http.cookies.jar)
    transport.close()


ADDRESSES = [
    "https://127.0.0.1:99999/x",
    "https://a..b/x",
    "https://" + "a" * 70 + ".example/x",
    "https://.example/x",
    "https://[::1/x",
    "https://x/\ud83d",
    "https://x/\x00",
    "https://x/" + "y" * 70_000,
    "https://",
    "ftp://x/y",
    "//x",
    "",
]


@pytest.mark.parametrize("url", ADDRESSES, ids=range(len(ADDRESSES)))
def test_an_address_that_is_none_is_refused_and_nothing_leaves(url: str) -> None:
    transport = Transport(connect_timeout=0.2)
    with pytest.raises(RefusedError, match="address"):
        transport.exchange("GET", url, headers={})
    transport.close()


def test_a_cursor_that_cannot_be_sent_is_refused(serve: Any) -> None:
    """Half a character is legal JSON and no address can carry it."""
    server = serve(whole(b"{}"))
    transport = Transport()
    with pytest.raises(RefusedError):
        transport.exchange("GET", server.url, headers={}, query={"cursor": "\ud83d"})
    transport.close()
    assert server.requests == 0
