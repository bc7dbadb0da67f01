"""Every failure on the wire becomes the one error that says what to do, after the right number of tries."""

from __future__ import annotations

import itertools
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from earmark.errors import (
    AccessDeniedError,
    CredentialsError,
    EarmarkError,
    GarbledError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
    VersionConflictError,
)
from earmark.genesys.retry import Call, Tally, pause_before_repeat
from earmark.genesys.session import MOST_THROTTLES, OUTAGE, Credentials, Session, open_session
from earmark.genesys.transport import Answer, DeclinedError
from earmark.sandbox import Sandbox

CONVERSATION = "3f0c6d3e-0000-4000-8000-000000000001"
READ = Call("GET", "/api/v2/things", "read the thing", CONVERSATION, shape=dict)
LIST = Call("POST", "/api/v2/lists", "list things", shape=dict)
WRITE = Call("PUT", "/api/v2/things", "write the thing", CONVERSATION, write=True, shape=dict)

Connect = Callable[..., Session]
Say = Callable[..., bytes]


def error(code: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **more}


MISMATCH = "The version 3 does not match the current version 4"
PERMISSION = "You must have at least one of the following permissions assigned: [recording:recording:view]"
STATUSES: list[tuple[Call, int, Any, type[EarmarkError], int]] = [
    (READ, 400, error("bad.request"), RefusedError, 1),
    (READ, 404, error("not.found"), GoneError, 1),
    (READ, 410, None, GoneError, 1),
    (READ, 413, error("request.entity.too.large"), RefusedError, 1),
    (READ, 415, error("unsupported.media.type"), RefusedError, 1),
    (READ, 422, error("invalid.value"), RefusedError, 1),
    (READ, 301, None, RefusedError, 1),
    (READ, 408, None, RefusedError, 2),
    (READ, 500, error("internal.server.error"), RefusedError, 3),
    (READ, 502, None, RefusedError, 6),
    (READ, 503, error("service.unavailable"), RefusedError, 6),
    (READ, 504, error("request.timeout"), RefusedError, 6),
    (LIST, 500, None, UnavailableError, 3),
    (LIST, 503, None, UnavailableError, 6),
    (READ, 401, error("bad.credentials"), CredentialsError, 2),
    (READ, 403, error("missing.any.permissions", PERMISSION), AccessDeniedError, 1),
    (READ, 403, error("not.authorized"), RefusedError, 1),
    (LIST, 403, error("not.authorized"), AccessDeniedError, 1),
    (WRITE, 409, error("conflict"), VersionConflictError, 1),
    (WRITE, 412, None, VersionConflictError, 1),
    (WRITE, 400, error("bad.request", MISMATCH), VersionConflictError, 1),
    (WRITE, 400, error("bad.request"), RefusedError, 1),
    (WRITE, 422, error("invalid.value"), RefusedError, 1),
    (WRITE, 404, error("not.found"), GoneError, 1),
    (WRITE, 408, None, UnknownOutcomeError, 1),
    (WRITE, 500, None, UnknownOutcomeError, 1),
    (WRITE, 502, None, UnknownOutcomeError, 1),
    (WRITE, 503, None, UnknownOutcomeError, 1),
    (WRITE, 504, None, UnknownOutcomeError, 1),
    (WRITE, 401, None, CredentialsError, 2),
]


@pytest.mark.parametrize(
    ("call", "status", "body", "expected", "requests"),
    STATUSES,
    ids=[f"{call.method} {status} {kind.__name__}" for call, status, _, kind, _ in STATUSES],
)
def test_a_status_becomes_the_error_that_says_what_to_do(
    connect: Connect,
    script: Any,
    say: Say,
    call: Call,
    status: int,
    body: Any,
    expected: type[EarmarkError],
    requests: int,
) -> None:
    script.lines = [say(status, body, inin_correlation_id="c-9")]
    session = connect()
    with pytest.raises(expected) as caught:
        session.call(call, body={} if call is not READ else None)
    assert len(script.seen) == requests
    assert session.usage().requests == requests
    assert caught.value.hint
    if not isinstance(caught.value, CredentialsError):
        assert caught.value.ref == call.ref
        assert caught.value.correlation_id == "c-9"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (error("missing.any.permissions", PERMISSION), ["recording:recording:view"]),
        (
            error("missing.permissions", "missing the following permission(s): a:b:view, c:d:edit"),
            ["a:b:view", "c:d:edit"],
        ),
        (
            error("missing.any.permissions", "no", messageParams={"permissions": "[x:y:z]"}),
            ["x:y:z"],
        ),
        (None, []),
    ],
)
def test_a_403_names_the_permissions_and_the_operation(
    connect: Connect, script: Any, say: Say, body: Any, names: list[str]
) -> None:
    script.lines = [say(403, body)]
    with pytest.raises(AccessDeniedError, match="read the thing") as caught:
        connect().call(READ)
    assert all(name in str(caught.value) for name in names)
    assert "Roles" in str(caught.value.hint)


@pytest.mark.parametrize("trouble", ["reset", "close", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
def test_a_read_that_breaks_off_is_repeated_and_a_write_is_not(
    connect: Connect, script: Any, say: Say, trouble: bytes | str
) -> None:
    script.lines = [trouble, trouble, say(200, {"a": 1})]
    session = connect()
    assert session.call(READ).body == {"a": 1}
    assert session.usage().retries == 2
    script.lines = [trouble, say(200, {})]
    script.seen.clear()
    with pytest.raises(UnknownOutcomeError):
        session.call(WRITE, body={"a": 1})
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    ("header", "least", "most"), [("7", 7, 7), ("3600", 60, 60), ("abc", 0, 1), ("", 0, 1)]
)
def test_a_busy_service_is_given_the_time_it_asks_for(header: str, least: float, most: float) -> None:
    failure = DeclinedError(Answer(503, {"retry-after": header}, "", None))
    assert least <= pause_before_repeat(failure, READ, Tally()) <= most


def test_a_write_that_was_never_sent_is_repeated(connect: Connect, script: Any, say: Say) -> None:
    """A refused connection leaves no doubt, so it needs no reading back."""
    from earmark.genesys.transport import NotSentError

    session = connect()
    real, failures = session._client.get_http_client()._exchange, itertools.count()

    def flaky(*args: Any, **options: Any) -> Any:
        if next(failures) < 3:
            raise NotSentError("no connection")
        return real(*args, **options)

    session._client.get_http_client()._exchange = flaky
    script.lines = [say(200, {"id": "x"})]
    assert session.call(WRITE, body={}).body == {"id": "x"}
    assert len(script.seen) == 1
    assert session.usage().requests == 1


def test_nobody_there_is_unavailable_and_says_so() -> None:
    session = open_session(Credentials("http://127.0.0.1:9", "id", "secret"), retry_pause=0.001)
    with session, pytest.raises(UnavailableError, match="no connection"):
        session.call(READ)


@pytest.mark.parametrize("raw", [b"<html>", b"[]", b"null", b'{"a": NaN}', b"", b'"text"'])
def test_a_wrong_shape_is_never_taken_for_nothing(
    connect: Connect, script: Any, say: Say, raw: bytes
) -> None:
    script.lines = [say(200, raw=raw)]
    session = connect()
    with pytest.raises(GarbledError):
        session.call(READ)
    assert len(script.seen) == 4
    with pytest.raises(UnavailableError):
        session.call(LIST, body={})
    script.seen.clear()
    with pytest.raises(UnknownOutcomeError):
        session.call(WRITE, body={})
    assert len(script.seen) == 1


def test_a_wrong_shape_that_passes_is_read_again(connect: Connect, script: Any, say: Say) -> None:
    script.lines = [say(200, raw=b"<html>"), say(200, [1]), say(200, {"right": True})]
    assert connect().call(READ).body == {"right": True}


def test_one_conversation_that_keeps_failing_is_no_outage_and_many_are(
    connect: Connect, script: Any, say: Say
) -> None:
    script.lines = [say(500)]
    session = connect()
    for _ in range(OUTAGE - 1):
        with pytest.raises(RefusedError):
            session.call(READ)
    script.lines = [say(200, {})]
    session.call(READ)
    script.lines = [say(500)]
    for _ in range(OUTAGE - 1):
        with pytest.raises(RefusedError):
            session.call(READ)
    with pytest.raises(UnavailableError, match="in a row"):
        session.call(READ)


# 429


def test_a_429_is_waited_out_and_counted_even_for_writes(connect: Connect, script: Any, say: Say) -> None:
    body = error("too.many.requests.retry.after", "Retry the request in [1] seconds")
    script.lines = [say(429, body), say(429, body), say(200, {})]
    session = connect()
    session.call(WRITE, body={})
    assert session.usage().throttled == 2
    assert len(script.seen) == 3


def test_retry_after_is_obeyed_by_all_threads(connect: Connect, script: Any, say: Say) -> None:
    script.lines = [say(429, retry_after="0.4"), say(200, {})]
    session = connect()
    session._token.bearer()
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: session.call(READ), range(4)))
    assert time.monotonic() - started >= 0.4
    assert session.usage().throttled == 1


@pytest.mark.parametrize("retry_after", ["600", "86400"])
def test_a_pause_of_more_than_three_minutes_is_not_sat_out(
    connect: Connect, script: Any, say: Say, retry_after: str
) -> None:
    script.lines = [say(429, retry_after=retry_after)]
    with pytest.raises(RateLimitedError, match="pause") as caught:
        connect().call(READ)
    assert caught.value.wait_seconds >= float(retry_after)
    assert len(script.seen) == 1


def test_429s_without_end_are_not_sat_out_for_ever(connect: Connect, script: Any, say: Say) -> None:
    script.lines = [say(429)]
    with pytest.raises(RateLimitedError):
        connect().call(READ)
    assert len(script.seen) == MOST_THROTTLES + 1


# secrets, headers, the SDK


def test_no_secret_shows_in_any_error_or_repr(
    connect: Connect, script: Any, say: Say, canaries: tuple[str, ...]
) -> None:
    text = "chat-text-canary"
    shown = [repr(Credentials(script.url, "client-7", canaries[0]))]
    lines: list[bytes | str] = [
        say(status, error("x.y", text)) for status in (400, 401, 403, 404, 409, 422, 429, 500, 503)
    ]
    lines += [say(200, raw=f'"{text}'.encode()), "reset"]
    for line in lines:
        script.lines = [line]
        session = connect()
        for call in (READ, LIST, WRITE):
            with pytest.raises(EarmarkError) as caught:
                session.call(call, body={"text": text} if call is not READ else None)
            shown += [
                "".join(traceback.format_exception(caught.value)),
                repr(caught.value),
                str(caught.value.hint),
            ]
    script.logins = [say(401, {"error": "invalid_client", "description": canaries[0]})]
    with pytest.raises(EarmarkError) as caught:
        connect().call(READ)
    shown.append("".join(traceback.format_exception(caught.value)))
    for canary in (*canaries, text):
        assert not any(canary in each for each in shown), canary


def test_what_is_sent_is_what_the_sdk_sends(connect: Connect, script: Any) -> None:
    connect().call(WRITE, query={"a": "1 2+3", "b": "ä/&"}, body={"x": ["ü", 1, None]})
    (seen,) = script.seen
    assert seen.target == "/api/v2/things?a=1+2%2B3&b=%C3%A4%2F%26"
    assert seen.headers["purecloud-sdk"]
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"] == "PureCloud SDK/python"
    assert seen.body == b'{"x": ["\\u00fc", 1, null]}'


def test_the_sdks_own_login_and_methods_work_over_our_client(connect: Connect, script: Any, say: Say) -> None:
    """The seam is whole: form bodies, its own headers, models parsed from our answers."""
    from PureCloudPlatformClientV2 import TokensApi

    client = connect()._client
    client.get_client_credentials_token("client-7", "other")
    assert client.access_token == "t0k3n-canary-1"
    script.lines = [say(200, {"organization": {"name": "Org"}})]
    assert TokensApi(client).get_tokens_me().organization.name == "Org"
    assert script.seen[-1].headers["authorization"] == "Bearer t0k3n-canary-1"


def test_a_request_that_is_too_large_is_not_sent(connect: Connect, script: Any) -> None:
    with pytest.raises(RefusedError, match="512,000") as caught:
        connect().call(WRITE, body={"x": "y" * 600_000})
    assert caught.value.ref == CONVERSATION
    assert script.seen == []


def test_a_download_carries_no_token_and_costs_no_budget(connect: Connect, script: Any, say: Say) -> None:
    script.lines = [say(503), say(200, raw=b"[1]", content_type="application/octet-stream")]
    session = connect()
    assert session.download(f"{script.url}/file?sig=1", CONVERSATION) == [1]
    assert all("authorization" not in request.headers for request in script.seen)
    assert session.usage().requests == 0


@pytest.mark.parametrize("url", ["http://other.example/f", "file:///etc/passwd", "", "ftp://x"])
def test_a_download_goes_over_https_only(connect: Connect, url: str) -> None:
    with pytest.raises(RefusedError):
        connect().download(url, CONVERSATION)


def test_files_that_fail_among_files_that_arrive_are_no_outage(
    connect: Connect, script: Any, say: Say
) -> None:
    session = connect()
    for _ in range(OUTAGE + 1):
        script.lines = [say(500)]
        with pytest.raises(RefusedError):
            session.download(f"{script.url}/lost", CONVERSATION)
        script.lines = [say(200, raw=b"[1]")]
        assert session.download(f"{script.url}/file", CONVERSATION) == [1]


def test_a_download_address_that_ran_out_is_gone(connect: Connect, script: Any, say: Say) -> None:
    script.lines = [say(403, raw=b"<Error/>", content_type="application/xml")]
    with pytest.raises(GoneError):
        connect().download(f"{script.url}/file", CONVERSATION)


def test_importing_the_sdk_leaves_home_threads_and_configuration_alone(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its import reads a file in the home that may redirect every request, and watches it by threads."""
    import subprocess
    import sys

    folder = tmp_path / ".genesyscloudpython"
    folder.mkdir()
    (folder / "config").write_text("[general]\nhost = https://elsewhere.example\n[gateway]\nhost = evil\n")
    code = (
        "import os, threading\n"
        "from earmark.genesys.session import Credentials, open_session\n"
        "s = open_session(Credentials('eu_west_1', 'i', 's'))\n"
        "print(os.environ['HOME'], threading.active_count(), s._client.host, s._client.gateway_configuration)\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == [str(tmp_path), "1", "https://api.mypurecloud.ie", "None"]


@pytest.mark.parametrize("days", [-3, 3])
def test_the_time_is_the_services_whatever_the_clock_here_says(days: int) -> None:
    """A window that ended by a wrong clock would skip conversations for good."""
    theirs = time.time() + days * 86_400
    with Sandbox([], clock=lambda: theirs) as sandbox:
        credentials = Credentials(sandbox.url, sandbox.client_id, sandbox.client_secret)
        with open_session(credentials) as session:
            assert abs(session.now().timestamp() - theirs) < 5
