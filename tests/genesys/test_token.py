"""One login serves all threads, is renewed in time, and says what is wrong when it fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from earmark.errors import ConfigError, CredentialsError, EarmarkError, MissingSettingError, UnavailableError
from earmark.genesys.retry import Call
from earmark.genesys.session import Credentials, Session, open_session

READ = Call("GET", "/api/v2/things", "read the thing", shape=dict)

Connect = Callable[..., Session]
Say = Callable[..., bytes]


def test_many_threads_share_one_login(connect: Connect, script: Any) -> None:
    session = connect()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: session.call(READ), range(24)))
    assert script.tokens == 1


def test_a_token_that_is_refused_is_renewed_once_for_all_threads(
    connect: Connect, script: Any, say: Say
) -> None:
    """The service forgets the first token while eight threads use it."""
    ready = threading.Barrier(8)

    def by_token(request: Any) -> bytes:
        if request.target == "/oauth/token":
            said: bytes = original(request)
            return said
        return say(200, {}) if request.headers["authorization"].endswith("-2") else say(401)

    original, script.next = script.next, by_token
    session = connect()

    def work(_: int) -> None:
        ready.wait(5)
        session.call(READ)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert script.tokens == 2


def test_a_token_is_renewed_before_it_ends(script: Any, say: Say) -> None:
    now = [0.0]
    credentials = Credentials(script.url, "id", "secret")
    script.logins = [say(200, {"access_token": f"t{n}", "expires_in": 1000}) for n in range(3)]
    with open_session(credentials, clock=lambda: now[0], sleep=lambda _: None) as session:
        for moment in (0, 800, 901, 1700, 1802):
            now[0] = moment
            session.call(READ)
    assert [request.headers["authorization"][-2:] for request in script.seen] == [
        "t0",
        "t0",
        "t1",
        "t1",
        "t2",
    ]


def test_a_short_lived_token_is_still_used(script: Any, say: Say) -> None:
    now = [0.0]
    script.logins = [say(200, {"access_token": f"t{n}", "expires_in": 4}) for n in range(3)]
    with open_session(
        Credentials(script.url, "id", "s"), clock=lambda: now[0], sleep=lambda _: None
    ) as session:
        for moment in (0, 1.5, 2.5):
            now[0] = moment
            session.call(READ)
    assert script.tokens == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ((400, {"error": "invalid_client", "description": "client not found"}), CredentialsError),
        ((401, {"error": "invalid_client"}), CredentialsError),
        ((200, {}), UnavailableError),
        ((200, {"access_token": None}), UnavailableError),
        ((200, {"access_token": "a\nb"}), UnavailableError),
        ((200, {"access_token": "a b"}), UnavailableError),
        ((200, {"access_token": " a"}), UnavailableError),
        ((200, {"access_token": "a\u007f"}), UnavailableError),
        ((200, {"access_token": "t\u00f6ken"}), UnavailableError),
        ((200, {"access_token": "\ud83d"}), UnavailableError),
        ((200, {"access_token": ""}), UnavailableError),
        ((200, {"access_token": 7}), UnavailableError),
        ((200, None), UnavailableError),
        ((302, None), CredentialsError),
        ((403, None), CredentialsError),
        ((404, None), CredentialsError),
        ((409, None), CredentialsError),
        ((410, None), CredentialsError),
        ((422, None), CredentialsError),
        ((503, None), UnavailableError),
        ((524, None), UnavailableError),
        ((200, [1]), UnavailableError),
        ((500, None), UnavailableError),
    ],
)
def test_a_login_that_fails_says_what_is_wrong(
    connect: Connect, script: Any, say: Say, line: tuple[int, Any], expected: type[EarmarkError]
) -> None:
    script.logins = [say(*line)] * 10
    with pytest.raises(expected) as caught:
        connect().call(READ)
    assert caught.value.hint
    assert script.seen == []


@pytest.mark.parametrize("line", ["reset", "close", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{}"])
def test_a_login_that_breaks_off_is_repeated_and_then_unavailable(
    connect: Connect, script: Any, say: Say, line: bytes | str
) -> None:
    script.logins = [line, line, say(200, {"access_token": "t"})]
    connect().call(READ)
    assert script.tokens == 3
    script.logins = [line] * 10
    with pytest.raises(UnavailableError):
        connect().call(READ)
    assert script.tokens == 3 + 6


def test_a_log_in_page_is_not_a_token(connect: Connect, script: Any, say: Say) -> None:
    script.logins = [say(200, raw=b"<html>", content_type="text/html")] * 10
    with pytest.raises(UnavailableError):
        connect().call(READ)
    assert script.seen == []


@pytest.mark.parametrize(
    ("told", "renewed_after"),
    [
        (1000, 900),
        ("1000", 900),
        (1000.5, 900.45),
        (0, 77_760),
        (-5, 77_760),
        (None, 77_760),
        (True, 77_760),
        ("soon", 77_760),
        ("-5", 77_760),
        ("1e3", 77_760),
        ([1000], 77_760),
        (2**62, 2**62 * 0.9),
    ],
)
def test_a_life_of_any_shape_is_a_life(script: Any, say: Say, told: Any, renewed_after: float) -> None:
    now = [0.0]
    script.logins = [say(200, {"access_token": f"t{n}", "expires_in": told}) for n in range(2)]
    with open_session(
        Credentials(script.url, "id", "s"), clock=lambda: now[0], sleep=lambda _: None
    ) as session:
        for now[0] in (0.0, renewed_after * 0.99, renewed_after * 1.01):
            session.call(READ)
    assert [request.headers["authorization"][-2:] for request in script.seen] == ["t0", "t0", "t1"]


def test_a_token_that_is_refused_for_ever_ends_every_thread(connect: Connect, script: Any, say: Say) -> None:
    """Each request is sent twice at most, and no thread logs in more than once."""
    script.lines = [say(401)]
    session = connect()
    ready = threading.Barrier(8)

    def work(_: int) -> None:
        ready.wait(5)
        with pytest.raises(CredentialsError):
            session.call(READ)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(script.seen) == 16
    assert script.tokens <= 9


def test_a_renewal_that_is_throttled_holds_all_threads_and_asks_once(
    connect: Connect, script: Any, say: Say
) -> None:
    script.logins = [
        say(200, {"access_token": "old"}),
        say(429, retry_after="0.05"),
        say(200, {"access_token": "new"}),
    ]
    script.lines = [say(200, {})]
    session = connect()
    session.call(READ)

    def by_token(request: Any) -> Any:
        if request.target == "/oauth/token":
            return original(request)
        return say(200, {}) if request.headers["authorization"].endswith("new") else say(401)

    original, script.next = script.next, by_token
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: session.call(READ), range(8)))
    assert script.tokens == 3


def test_a_throttled_login_waits(connect: Connect, script: Any, say: Say) -> None:
    script.logins = [say(429, retry_after="0.01"), say(200, {"access_token": "t", "expires_in": 60})]
    connect().call(READ)
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    ("client_id", "secret", "expected"),
    [("", "x", MissingSettingError), ("x", "", MissingSettingError), ("x", "sécret", CredentialsError)],
)
def test_credentials_that_cannot_work_are_refused_at_once(
    client_id: str, secret: str, expected: type[ConfigError]
) -> None:
    with pytest.raises(expected) as caught:
        Credentials("us_east_1", client_id, secret)
    assert "sécret" not in str(caught.value)
