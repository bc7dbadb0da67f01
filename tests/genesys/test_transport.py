"""An exchange ends in a whole, well-formed answer or in one of four failures; nothing is guessed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from earmark.errors import RefusedError
from earmark.genesys.strict_json import parse
from earmark.genesys.transport import (
    DeclinedError,
    MalformedError,
    NoAnswerError,
    NotSentError,
    Transport,
)


@pytest.fixture
def transport() -> Iterator[Transport]:
    found = Transport(connect_timeout=1, read_timeout=0.2, deadline=0.6, response_cap=50_000)
    yield found
    found.close()


def get(transport: Transport, script: Any) -> Any:
    return transport.exchange("GET", f"{script.url}/x", headers={})


BAD_BODIES = {
    "truncated JSON of the right length": b'{"conversations": [{"conv',
    "HTML": b"<html>Log in</html>",
    "NaN": b'{"a": NaN}',
    "an infinity": b'{"a": -Infinity}',
    "a number out of range": b'{"a": 1e999}',
    "a number too long to read": b'{"a": ' + b"9" * 5000 + b"}",
    "a repeated key": b'{"a": 1, "a": 2}',
    "invalid UTF-8": b'{"a": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "two documents": b"{} {}",
    "a bottomless list": b"[" * 40_000,
    "more than the cap": b'"' + b"x" * 60_000 + b'"',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_whole_answer_that_is_not_strict_json_is_malformed(
    transport: Transport, script: Any, say: Callable[..., bytes], body: bytes
) -> None:
    script.lines = [say(raw=body, inin_correlation_id="c-1")]
    with pytest.raises(MalformedError) as caught:
        get(transport, script)
    assert caught.value.correlation_id == "c-1"


def test_only_json_is_taken_for_json(transport: Transport, script: Any, say: Callable[..., bytes]) -> None:
    """A log-in page or a proxy's text with status 200 is not an answer, even where it would parse."""
    for kind in ("text/html", "text/plain", ""):
        script.lines = [say(raw=b"{}", content_type=kind)]
        with pytest.raises(MalformedError):
            get(transport, script)
    script.lines = [say(raw=b"{}", content_type="application/problem+json; charset=utf-8")]
    assert get(transport, script).body == {}


def test_stored_files_may_have_any_type(transport: Transport, script: Any, say: Callable[..., bytes]) -> None:
    script.lines = [say(raw=b"[1]", content_type="binary/octet-stream")]
    assert transport.exchange("GET", script.url, headers={}, stored=True).body == [1]


def test_no_body_is_told_from_null(transport: Transport, script: Any, say: Callable[..., bytes]) -> None:
    script.lines = [say(202), say(200, raw=b"null")]
    nothing, null = get(transport, script), get(transport, script)
    assert (nothing.empty, nothing.body) == (True, None)
    assert (null.empty, null.body) == (False, None)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504])
def test_a_status_outside_2xx_is_declined_and_keeps_body_headers_and_correlation_id(
    transport: Transport, script: Any, say: Callable[..., bytes], status: int
) -> None:
    script.lines = [say(status, {"code": "x"}, inin_correlation_id="c-2", retry_after="7")]
    with pytest.raises(DeclinedError) as caught:
        get(transport, script)
    answer = caught.value.answer
    assert (answer.status, answer.body, answer.correlation_id) == (status, {"code": "x"}, "c-2")
    assert answer.getheader("Retry-After") == "7"


def test_an_error_page_that_is_not_json_still_has_a_status(
    transport: Transport, script: Any, say: Callable[..., bytes]
) -> None:
    script.lines = [say(502, raw=b"<html>", content_type="text/html")]
    with pytest.raises(DeclinedError) as caught:
        get(transport, script)
    assert caught.value.answer.body is None


@pytest.mark.parametrize(
    "line", ["reset", "close", "silence", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"]
)
def test_an_answer_that_does_not_arrive_whole_is_no_answer(
    transport: Transport, script: Any, line: bytes | str
) -> None:
    script.lines = [line]
    with pytest.raises(NoAnswerError):
        get(transport, script)


def test_an_answer_that_drips_ends_at_the_deadline(script: Any) -> None:
    """Each drop comes within the read timeout, so only the deadline can end it."""
    import socketserver

    class Drip(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
            try:
                while not script.done.wait(0.05):
                    self.connection.sendall(b" ")
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip) as server:
        server.daemon_threads = True
        runner = threading.Thread(target=server.serve_forever, args=(0.02,))
        runner.start()
        dripping = Transport(read_timeout=0.4, deadline=0.3)
        with pytest.raises(NoAnswerError, match=r"whole|complete"):
            dripping.exchange("GET", f"http://127.0.0.1:{server.server_address[1]}/", headers={})
        dripping.close()
        script.done.set()
        server.shutdown()
        runner.join()


def test_a_refused_connection_is_known_not_to_have_been_used(transport: Transport, script: Any) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(NotSentError):
        transport.exchange("PUT", f"http://127.0.0.1:{port}/", headers={}, content=b"{}")


def test_a_request_over_the_size_limit_is_refused_before_it_leaves(transport: Transport, script: Any) -> None:
    with pytest.raises(RefusedError, match="512,000"):
        transport.exchange("PUT", script.url, headers={}, content=b"x" * 512_001)
    assert script.seen == []
    transport.exchange("PUT", script.url, headers={}, content=b"x" * 512_000)
    assert len(script.seen) == 1


def test_redirects_are_not_followed(transport: Transport, script: Any, say: Callable[..., bytes]) -> None:
    """Following one would carry the token elsewhere."""
    script.lines = [say(302, location=f"{script.url}/elsewhere"), say(200, {})]
    with pytest.raises(DeclinedError):
        get(transport, script)
    assert len(script.seen) == 1


def test_a_proxy_of_the_environment_is_used(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", script.url)
    proxied = Transport()
    assert proxied.exchange("GET", "http://service.example/x", headers={}).body == {}
    assert script.seen[0].target == "http://service.example/x"
    proxied.close()


def test_strict_json_reads_what_is_valid() -> None:
    assert parse('{"a": [1, -2.5, "\\ud83d", null, true], "b": {}}') == {
        "a": [1, -2.5, "\ud83d", None, True],
        "b": {},
    }
