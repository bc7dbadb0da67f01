"""Which statuses are asked again, how often, and what is never sent twice; one gate for all on a 429."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import (
    ConfigError,
    ConversationError,
    EarmarkError,
    GoneError,
    RateLimitedError,
    RefusedError,
    StoppedError,
    UnavailableError,
    UnknownOutcomeError,
)
from earmark.genesys.pacing import PATIENCE, Gate, http_date, retry_after, throttle_seconds
from earmark.genesys.retry import Call, Tally, missing_permissions, pause_before_repeat
from earmark.genesys.session import MOST_THROTTLES, Session
from earmark.genesys.transport import Answer, DeclinedError, MalformedError, NoAnswerError, NotSentError

Connect = Callable[..., Session]
Say = Callable[..., bytes]

CONVERSATION = "3f0c6d3e-0000-4000-8000-000000000001"
READ = Call("GET", "/api/v2/things", "read the thing", CONVERSATION, shape=dict)
LIST = Call("POST", "/api/v2/lists", "list things", shape=dict)
WRITE = Call("PUT", "/api/v2/things", "write the thing", CONVERSATION, write=True, shape=dict)
SET_UP = Call("POST", "/api/v2/schemas", "create the schema", write=True, shape=dict)

REPEATS = {408: 1, 502: 5, 503: 5, 504: 5} | dict.fromkeys((500, 501, 505, 507, 511, 520, 524, 599), 2)
IN_DOUBT = (300, 302, 303, 307, 308, 408, *(status for status in REPEATS if status >= 500))
PLAIN = (400, 402, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 423, 428, 431, 451, 499)


@pytest.mark.parametrize("status", IN_DOUBT)
@pytest.mark.parametrize("call", [WRITE, SET_UP], ids=["of a conversation", "of the set-up"])
def test_a_write_that_may_have_taken_effect_leaves_once_and_is_in_doubt(
    connect: Connect, script: Any, say: Say, call: Call, status: int
) -> None:
    """A proxy may give up on a request that the service goes on to apply."""
    script.lines = [say(status, retry_after="0.01")]
    with pytest.raises(UnknownOutcomeError):
        connect().call(call, body={"a": 1})
    assert len(script.seen) == 1


@pytest.mark.parametrize("status", PLAIN)
@pytest.mark.parametrize("call", [READ, LIST, WRITE, SET_UP], ids=["read", "list", "write", "set-up"])
def test_a_plain_refusal_is_not_asked_again(
    connect: Connect, script: Any, say: Say, call: Call, status: int
) -> None:
    script.lines = [say(status, {"code": "some.code"})]
    with pytest.raises((ConfigError, ConversationError)) as caught:
        connect().call(call, body={})
    assert not isinstance(caught.value, UnknownOutcomeError)
    assert len(script.seen) == 1


@pytest.mark.parametrize(("status", "repeats"), REPEATS.items())
def test_a_read_is_repeated_so_often_and_no_more(
    connect: Connect, script: Any, say: Say, status: int, repeats: int
) -> None:
    script.lines = [say(status)]
    session = connect()
    with pytest.raises(RefusedError):
        session.call(READ)
    assert len(script.seen) == 1 + repeats
    script.seen.clear()
    with pytest.raises(UnavailableError):
        session.call(LIST, body={})
    assert len(script.seen) == 1 + repeats


FAILURES = st.one_of(
    st.integers(300, 599).map(lambda status: DeclinedError(Answer(status, {}, "", None))),
    st.sampled_from([NoAnswerError("x"), MalformedError("x"), NotSentError("x")]),
)


@given(st.lists(FAILURES, min_size=1, max_size=40), st.booleans(), st.booleans())
def test_whatever_comes_a_call_ends_and_a_write_is_repeated_only_when_nothing_left(
    failures: list[Any], write: bool, about_one: bool
) -> None:
    call = Call("PUT", "/x", "do it", CONVERSATION if about_one else None, write=write)
    tally = Tally()
    pauses: list[tuple[Any, float]] = []

    def all_of_them() -> None:
        pauses.extend((failure, pause_before_repeat(failure, call, tally)) for failure in failures)

    if len(failures) > 16:
        with pytest.raises(EarmarkError) as caught:
            all_of_them()
        assert caught.value.hint
    else:
        with contextlib.suppress(EarmarkError):
            all_of_them()
    assert all(0 <= pause <= 60 for _, pause in pauses)
    assert not write or all(isinstance(failure, NotSentError) for failure, _ in pauses)


@given(
    st.dictionaries(
        st.sampled_from(["code", "error", "message", "messageParams", "details"]),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=40),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    ),
    st.integers(300, 599),
)
def test_an_error_body_of_any_shape_becomes_an_error_of_ours(body: Any, status: int) -> None:
    with pytest.raises(EarmarkError):
        pause_before_repeat(
            DeclinedError(Answer(status, {}, "", body)),
            WRITE if status % 2 else READ,
            Tally({"slow": 1} | FULL),
        )


FULL = {"busy": 5, "fault": 2, "malformed": 3, "connection": 5}


@pytest.mark.parametrize("text", ["a" * 3_000_000, "a:" * 1_000_000, "9" * 3_000_000, " " * 3_000_000])
def test_a_long_message_is_read_in_no_time(text: str) -> None:
    started = time.monotonic()
    answer = Answer(403, {}, "", {"message": text, "messageParams": {"permissions": text}})
    missing_permissions(answer)
    throttle_seconds({}, text[:4000])
    assert time.monotonic() - started < 0.5


# Retry-After

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def date(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1.0),
        ("59", 59.0),
        ("0.5", 0.5),
        (" 7 ", 7.0),
        ("86400", 86400.0),
        ("999999999999", 999999999999.0),
        (date(30), 30.0),
        (date(86_400), 86_400.0),
        ("0", None),
        ("0.0", None),
        ("-1", None),
        ("+5", None),
        ("", None),
        ("abc", None),
        ("1e3", None),
        ("1_000", None),
        ("nan", None),
        ("inf", None),
        ("9" * 400, None),
        ("\u0663", None),
        ("5, 5", None),
        (date(-30), None),
        (date(0), None),
        ("Mon, 02 Mar 2026", None),
        ("Mon, 99 Mar 2026 12:00:00 GMT", None),
        ("Mon, 02 Mar 99999 12:00:00 GMT", None),
        ("Mon, 02 Mar 2026 12:00:00 +999999999999", None),
    ],
)
def test_a_retry_after_in_every_form(value: str, seconds: float | None) -> None:
    """A date counts from the answer's own, so a wrong clock on this machine changes nothing."""
    assert retry_after({"retry-after": value, "date": date(0)}) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]?\d*"))
def test_no_header_breaks_the_reading_of_times(value: str) -> None:
    http_date(value)
    seconds = throttle_seconds({"retry-after": value, "inin-ratelimit-reset": value}, value)
    assert 0 < seconds < float("inf")


@pytest.mark.parametrize("reset", ["999999999", "3601", "-5", "soon", "1e9"])
def test_a_reset_beyond_belief_neither_stops_the_run_nor_slows_it(reset: str) -> None:
    assert throttle_seconds({"inin-ratelimit-reset": reset}, "") < 4
    slept: list[float] = []
    gate = Gate(clock=lambda: sum(slept), sleep=slept.append)
    for _ in range(3):
        gate.acquire()
        gate.settle(
            {
                "inin-ratelimit-count": "180",
                "inin-ratelimit-allowed": "180",
                "inin-ratelimit-reset": reset,
            }
        )
    assert sum(slept) < 2


# 429: one gate for all


def test_a_429_without_any_hint_is_waited_out_for_three_seconds_by_all() -> None:
    assert 3 <= throttle_seconds({}, "") <= 3.3


@pytest.mark.parametrize("told", ["86400", "181", date(7 * 86_400)])
def test_a_long_pause_stops_every_thread_and_says_when_to_resume(
    connect: Connect, script: Any, say: Say, told: str
) -> None:
    script.lines = [say(429, retry_after=told, date=date(0))]
    session = connect(max_connections=4)

    def attempt(_: int) -> EarmarkError:
        with pytest.raises(RateLimitedError) as caught:
            session.call(READ)
        return caught.value

    with ThreadPoolExecutor(4) as pool:
        errors = list(pool.map(attempt, range(12)))
    assert all("resume after" in str(error.hint) for error in errors)
    assert len(script.seen) <= 4  # those that were on their way


def test_nobody_sends_while_all_are_told_to_wait(connect: Connect, script: Any, say: Say) -> None:
    """More threads than connections, writers among them: what has passed the gate never waits behind it."""
    arrived: list[float] = []
    paused = threading.Event()
    told = [0.0]
    lock = threading.Lock()
    login, pause = script.next, 0.5

    def answer(request: Any) -> Any:
        if request.target == "/oauth/token":
            return login(request)
        with lock:
            arrived.append(time.monotonic())
            number = len(arrived)
        time.sleep(0.05)  # so that others queue for a connection
        if number == 6:
            told[0] = time.monotonic()
            paused.set()
            return say(429, retry_after=str(pause))
        return say(200, {})

    script.next = answer
    session = connect(max_connections=2)
    with ThreadPoolExecutor(16) as pool:
        list(
            pool.map(lambda n: session.call(WRITE if n % 2 else READ, body={} if n % 2 else None), range(32))
        )
    assert paused.is_set()
    assert len(arrived) == 33
    too_early = [moment - told[0] for moment in arrived if told[0] + 0.06 < moment < told[0] + pause]
    assert too_early == []
    assert session.usage().throttled == 1


@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
def test_one_request_sits_out_so_many_429s_and_no_more(
    connect: Connect, script: Any, say: Say, call: Call
) -> None:
    script.lines = [say(429, retry_after="0.001")]
    session = connect()
    with pytest.raises(RateLimitedError):
        session.call(call, body=None if call is READ else {})
    assert len(script.seen) == MOST_THROTTLES + 1
    assert session.gate.waited_seconds <= PATIENCE


# downloads and the end of a session


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_download_address_that_no_longer_holds_is_gone_and_ends_nothing_else(
    connect: Connect, script: Any, say: Say, status: int
) -> None:
    script.lines = [say(status)]
    with pytest.raises(GoneError):
        connect().download(f"{script.url}/file", CONVERSATION)


def test_a_storage_that_is_throttled_is_asked_again(connect: Connect, script: Any, say: Say) -> None:
    script.lines = [say(429), say(429), say(200, raw=b"[1]")]
    assert connect().download(f"{script.url}/file", CONVERSATION) == [1]


def test_a_download_address_that_is_none_fails_for_its_conversation(connect: Connect) -> None:
    with pytest.raises(RefusedError) as caught:
        connect().download("https://a:99999/x", CONVERSATION)
    assert caught.value.ref == CONVERSATION


def test_a_closed_session_stops_who_still_calls(connect: Connect, script: Any) -> None:
    """Not a failure of the service: nobody retries against a closed door."""
    session = connect()
    session.call(LIST, body={})
    session.close()
    with pytest.raises(StoppedError):
        session.call(LIST, body={})
    assert len(script.seen) == 1
