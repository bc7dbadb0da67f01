"""Canaries in bodies, tokens, secrets and addresses show in no error, no traceback and no log at any level."""

from __future__ import annotations

import contextlib
import gzip
import inspect
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from earmark.errors import EarmarkError, UnknownOutcomeError
from earmark.genesys.retry import Call
from earmark.genesys.session import Session
from earmark.genesys.transport import ExchangeError, NotSentError, Transport

Connect = Callable[..., Session]
Say = Callable[..., bytes]

CONVERSATION = "3f0c6d3e-0000-4000-8000-000000000001"
READ = Call("GET", "/api/v2/things", "read the thing", CONVERSATION, shape=dict)
WRITE = Call("PUT", "/api/v2/things", "write the thing", CONVERSATION, write=True, shape=dict)
TEXT, CURSOR, SIGNATURE = "chat-text-canary", "cursor-canary", "signature-canary"
LOGGERS = ("httpx", "httpcore", "urllib3", "PureCloudPlatformClientV2", "h11", "asyncio", "")


class Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        shown = logging.Formatter("%(name)s %(message)s").format(record)
        self.heard.append(f"{shown} {record.args!r} {record.msg!r}")


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Hears everything, whatever level or propagation somebody has set."""
    found = Listener()
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in LOGGERS]
    for logger, _ in before:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(found)
    yield found
    for logger, level in before:
        logger.setLevel(level)
        logger.removeHandler(found)


def shown(error: BaseException) -> str:
    """All that a handler of errors could print."""
    printed = "".join(traceback.format_exception(error))
    own = [repr(error), str(error), repr(vars(error)), repr(pickle.loads(pickle.dumps(error)).__dict__)]
    return "\n".join([printed, *own])


def answers(say: Say) -> list[bytes | str]:
    """Every sort of bad answer, each full of what must not show."""
    body = {"code": "x.y", "message": TEXT, "details": [{"errorCode": TEXT, "fieldName": f"{TEXT} !"}]}
    location = f"https://elsewhere.example/x?cursor={CURSOR}"
    statuses = (302, 400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 503, 524)
    found: list[bytes | str] = [
        say(status, body, location=location, inin_correlation_id=f"{TEXT} {CURSOR}") for status in statuses
    ]
    found += [
        say(200, raw=raw)
        for raw in (
            f'{{"a": "{TEXT}'.encode(),
            f'{{"{TEXT}": 1, "{TEXT}": 2}}'.encode(),
            f'["{TEXT}"]'.encode(),
            TEXT.encode() + b"\xff",
            f"\ufeff{TEXT}".encode(),
        )
    ]
    found.append(say(200, raw=f"<p>{TEXT}".encode(), content_type=f"text/{TEXT} x"))
    found.append(say(200, raw=gzip.compress(TEXT.encode())[:-4], content_encoding="gzip"))
    found.append(f"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{TEXT}".encode())
    found.append(f"HTTP/1.1 200 OK\r\n{TEXT} {TEXT}\r\nContent-Length: 0\r\n\r\n".encode())
    found.append(f"{TEXT}\r\nContent-Length: 0\r\n\r\n".encode())
    return found


def test_no_error_and_no_log_shows_what_travelled(
    connect: Connect, script: Any, say: Say, canaries: tuple[str, ...], listener: Listener
) -> None:
    seen: list[str] = []
    session = connect()
    for line in answers(say):
        script.lines = [line]
        for call in (READ, WRITE):
            with pytest.raises(EarmarkError) as caught:
                session.call(call, query={"cursor": CURSOR}, body={"text": TEXT} if call.write else None)
            seen.append(shown(caught.value))
        with contextlib.suppress(EarmarkError):  # a list is a good file
            session.download(f"{script.url}/file?sig={SIGNATURE}", CONVERSATION)
    assert any("httpx" in each for each in listener.heard), "nothing was logged, so nothing is proved"
    assert any("httpcore" in each for each in listener.heard), "nothing was logged, so nothing is proved"
    for canary in (*canaries, TEXT, CURSOR, SIGNATURE):
        assert not [each for each in seen if canary in each], canary
        assert not [each for each in listener.heard if canary in each], canary


def test_a_good_answer_is_not_logged_either(
    connect: Connect, script: Any, say: Say, canaries: tuple[str, ...], listener: Listener
) -> None:
    script.lines = [say(200, {"text": TEXT}, x_next=f"/x?cursor={CURSOR}")]
    session = connect()
    session.call(READ, query={"cursor": CURSOR})
    session.call(WRITE, body={"text": TEXT})
    session.download(f"{script.url}/file?sig={SIGNATURE}", CONVERSATION)
    assert any("/api/v2/things" in each for each in listener.heard)
    for canary in (*canaries, TEXT, CURSOR, SIGNATURE):
        assert not [each for each in listener.heard if canary in each], canary


def test_a_login_that_fails_shows_neither_secret_nor_token(
    connect: Connect, script: Any, say: Say, canaries: tuple[str, ...], listener: Listener
) -> None:
    secret, token = canaries
    bodies: list[Any] = [
        (400, {"error": "invalid_client", "description": secret}),
        (401, {"error": f"{secret} !", "error_description": token}),
        (200, {"access_token": f"{token}\n"}),
        (200, {"access_token": [token]}),
        (302, {"access_token": token}),
        (429, {"message": token}),
    ]
    seen = []
    for status, body in bodies:
        script.logins = [say(status, body, retry_after="600")] * 10
        with pytest.raises(EarmarkError) as caught:
            connect().call(READ)
        seen.append(shown(caught.value))
    for canary in canaries:
        assert not [each for each in [*seen, *listener.heard] if canary in each], canary


# every exception of the layers below


def http_errors() -> list[Exception]:
    """One of each exception that httpx exports."""
    request = httpx.Request("GET", f"https://x/?cursor={CURSOR}")
    found: list[Exception] = []
    for name in httpx.__all__:
        kind = getattr(httpx, name)
        if not (inspect.isclass(kind) and issubclass(kind, Exception)):
            continue
        if issubclass(kind, httpx.HTTPStatusError):
            found.append(kind(TEXT, request=request, response=httpx.Response(500, text=TEXT)))
        elif issubclass(kind, httpx.RequestError):
            found.append(kind(TEXT, request=request))
        elif kind in {httpx.ResponseNotRead, httpx.RequestNotRead, httpx.StreamConsumed, httpx.StreamClosed}:
            found.append(kind())
        else:
            found.append(kind(TEXT))
    return found


BELOW: list[Exception] = [
    *http_errors(),
    OSError(TEXT),
    ConnectionResetError(TEXT),
    TimeoutError(TEXT),
    ValueError(TEXT),
    UnicodeDecodeError("utf-8", TEXT.encode(), 0, 1, TEXT),
    OverflowError(TEXT),
    RuntimeError(TEXT),
    RecursionError(TEXT),
]
UNSENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}


@pytest.mark.parametrize("error", BELOW, ids=[type(each).__name__ for each in BELOW])
def test_every_exception_of_the_layers_below_becomes_one_of_ours(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """In doubt for a write, unless it is certain that nothing left; its own text is not shown."""
    session = connect()
    sent: list[str] = []

    def fail(*_: Any, **__: Any) -> Any:
        sent.append("")
        raise error

    session._token.bearer()
    monkeypatch.setattr(httpx.Client, "send", fail)
    with pytest.raises(EarmarkError) as caught:
        session.call(WRITE, body={"text": TEXT})
    certain = type(error).__name__ in UNSENT
    assert isinstance(caught.value, UnknownOutcomeError) != certain
    assert certain or len(sent) == 1
    assert not [canary for canary in (TEXT, CURSOR) if canary in shown(caught.value)]


def test_there_are_exceptions_to_walk() -> None:
    assert len(http_errors()) >= 25


def test_an_error_of_the_transport_shows_nothing_either(script: Any, say: Say) -> None:
    transport = Transport(read_timeout=0.3)
    bearer = {"Authorization": "-".join(("Bearer", "canary"))}
    seen: list[str] = []
    for line in answers(say):
        script.lines = [line]
        try:
            transport.exchange("GET", f"{script.url}/x?cursor={CURSOR}", headers=bearer)
        except ExchangeError as error:
            seen.append(shown_of_exchange(error))
    transport.close()
    assert len(seen) >= 20
    assert not [each for each in seen if TEXT in each or CURSOR in each or "Bearer-canary" in each]


def test_a_refused_connection_shows_no_address(connect: Connect) -> None:
    transport = Transport(connect_timeout=0.2)
    with pytest.raises(NotSentError) as caught:
        transport.exchange("GET", f"http://127.0.0.1:9/x?cursor={CURSOR}", headers={})
    transport.close()
    assert CURSOR not in shown_of_exchange(caught.value)


def shown_of_exchange(error: ExchangeError) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)
