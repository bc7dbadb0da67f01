"""The gate uses what is allowed and no more, and everybody waits when one is told to."""

from __future__ import annotations

import re
import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import RateLimitedError
from earmark.genesys.pacing import FIRST_GUESS, SHARE, Gate, throttle_seconds, too_long


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += max(0.0, seconds)


class Window:
    """The service's side: fixed windows of a minute, `others` requests a second by somebody else."""

    def __init__(self, time: Time, allowed: int, others: float = 0.0) -> None:
        self.time, self.allowed, self.others = time, allowed, others
        self.start, self.ours, self.rejected = time.now, 0, 0

    def request(self) -> dict[str, str]:
        elapsed = self.time.now - self.start
        if elapsed >= 60:
            self.start, self.ours, elapsed = self.time.now, 0, 0.0
        self.ours += 1
        count = self.ours + int(self.others * elapsed)
        self.rejected += count > self.allowed
        return {
            "inin-ratelimit-count": str(count),
            "inin-ratelimit-allowed": str(self.allowed),
            "inin-ratelimit-reset": str(max(0, int(60 - elapsed))),
        }


def drive(gate: Gate, service: Window, requests: int, latency: float = 0.0, lanes: int = 1) -> list[float]:
    """Send as fast as the gate lets, with up to `lanes` unanswered; returns when each left."""
    left: list[float] = []
    unanswered: deque[dict[str, str]] = deque()
    for _ in range(requests):
        gate.acquire()
        left.append(service.time.now)
        unanswered.append(service.request())
        service.time.sleep(latency / lanes)
        if len(unanswered) >= lanes:
            gate.settle(unanswered.popleft())
    return left


def busiest(moments: list[float], span: float = 60.0) -> int:
    """The most requests in any span of time."""
    most = start = 0
    for end, moment in enumerate(moments):
        while moment - moments[start] >= span:
            start += 1
        most = max(most, end - start + 1)
    return most


@settings(deadline=None, max_examples=60)
@given(
    allowed=st.integers(20, 4000),
    latency=st.floats(0, 2),
    lanes=st.integers(1, 8),
    pauses=st.lists(st.floats(0, 150), max_size=3),
)
def test_no_minute_ever_holds_more_requests_than_are_allowed(
    allowed: int, latency: float, lanes: int, pauses: list[float]
) -> None:
    """Whatever the latency and however long the gate stood idle before."""
    time = Time()
    gate, service = Gate(clock=time, sleep=time.sleep, allowed=allowed), Window(time, allowed)
    moments: list[float] = []
    for pause in [*pauses, 0.0]:
        moments += drive(gate, service, min(2 * allowed, 600), latency, lanes)
        time.sleep(pause)
    assert service.rejected == 0
    assert busiest(moments) <= allowed


@pytest.mark.parametrize("allowed", [60, 180, 300, 3000])
def test_steady_state_uses_nine_tenths_of_what_is_allowed(allowed: int) -> None:
    time = Time()
    gate, service = Gate(clock=time, sleep=time.sleep), Window(time, allowed)
    drive(gate, service, allowed)
    begun = time.now
    drive(gate, service, 5 * allowed)
    rate = 5 * allowed / ((time.now - begun) / 60)
    assert 0.9 * allowed <= rate <= allowed
    assert service.rejected == 0


def test_before_the_first_answer_the_gate_assumes_little() -> None:
    time = Time()
    gate = Gate(clock=time, sleep=time.sleep)
    moments = []
    for _ in range(400):
        gate.acquire()
        gate.settle()
        moments.append(time.now)
    assert busiest(moments) <= FIRST_GUESS


@settings(deadline=None, max_examples=30)
@given(allowed=st.integers(60, 600), share=st.floats(0, 0.8))
def test_what_others_use_is_left_to_them(allowed: int, share: float) -> None:
    """Somebody else takes a steady share of the same token's budget: no request is turned away."""
    time = Time()
    gate, service = Gate(clock=time, sleep=time.sleep), Window(time, allowed, others=share * allowed / 60)
    drive(gate, service, 2 * allowed)
    assert service.rejected <= 1 + 0.01 * allowed


def test_a_window_that_others_used_up_is_waited_out() -> None:
    time = Time()
    gate = Gate(clock=time, sleep=time.sleep)
    gate.acquire()
    gate.settle(
        {"inin-ratelimit-count": "300", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "40"}
    )
    before = time.now
    gate.acquire()
    assert time.now - before >= 40


def test_answers_of_an_old_window_do_not_slow_the_new_one() -> None:
    time = Time()
    gate = Gate(clock=time, sleep=time.sleep, allowed=300)
    gate.acquire()
    gate.settle({"inin-ratelimit-count": "1", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "60"})
    gate.acquire()
    gate.settle({"inin-ratelimit-count": "299", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "1"})
    before = time.now
    gate.acquire()
    assert time.now - before < 60 / (SHARE * 300) + 0.01


@pytest.mark.parametrize("value", ["", "-1", "abc", "1e3", "99999999999", "٣"])
def test_senseless_headers_are_ignored(value: str) -> None:
    time = Time()
    gate = Gate(clock=time, sleep=time.sleep)
    gate.acquire()
    gate.settle({f"inin-ratelimit-{name}": value for name in ("count", "allowed", "reset")})
    assert gate.allowed == FIRST_GUESS


def test_one_pause_holds_every_thread() -> None:
    time = Time()
    gate = Gate(clock=time, sleep=time.sleep)
    gate.pause(30)
    left: list[float] = []

    def worker() -> None:
        gate.acquire()
        left.append(time.now)

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(left) == 6
    assert min(left) >= 1030
    assert gate.waited_seconds <= time.now - 1000 + 1


def test_a_pause_of_more_than_three_minutes_ends_the_run_for_everybody() -> None:
    time = Time()
    gate = Gate(clock=time, sleep=time.sleep)
    with pytest.raises(RateLimitedError) as caught:
        gate.pause(600)
    assert caught.value.wait_seconds == 600
    assert "resume after" in str(caught.value.hint)
    with pytest.raises(RateLimitedError):
        gate.acquire()


@pytest.mark.parametrize("seconds", [86_400.0, 1e15])
def test_a_pause_beyond_today_names_the_day(seconds: float) -> None:
    hint = str(too_long(seconds).hint)
    assert re.search(r"resume after \d{4}-\d\d-\d\d \d\d:\d\d", hint), hint


@pytest.mark.parametrize(("ahead", "least", "most"), [(20, 15, 21), (-100, 3, 3.3)])
def test_a_date_to_come_is_waited_for_and_one_that_has_passed_is_not(
    ahead: float, least: float, most: float
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    assert least <= throttle_seconds({"retry-after": date}, "") <= most


@pytest.mark.parametrize(
    ("headers", "message", "least", "most"),
    [
        ({"retry-after": "1"}, "", 1, 1.5),
        ({"retry-after": "59", "inin-ratelimit-reset": "2"}, "", 59, 59.5),
        ({"retry-after": "86400"}, "", 86400, 86401),
        ({"retry-after": "0"}, "", 3, 3.3),
        ({"retry-after": "-5"}, "", 3, 3.3),
        ({"retry-after": "abc"}, "", 3, 3.3),
        ({"retry-after": "nan"}, "", 3, 3.3),
        ({"retry-after": "inf"}, "", 3, 3.3),
        ({}, "", 3, 3.3),
        ({"inin-ratelimit-reset": "42"}, "", 42, 46.3),
        ({}, "Retry the request in [17] seconds", 17, 18.8),
        ({"inin-ratelimit-reset": "9"}, "exceeded the maximum [300] requests within [60] seconds", 60, 66.1),
    ],
)
def test_a_429_is_waited_out_as_it_asks(
    headers: dict[str, str], message: str, least: float, most: float
) -> None:
    assert least <= throttle_seconds(headers, message) <= most
