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
