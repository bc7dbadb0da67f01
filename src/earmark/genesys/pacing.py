"""One gate for all threads: spends the request budget evenly and pauses everybody when told to.

The service counts requests in windows of a minute and says after each one how many it has seen
(`inin-ratelimit-count`), how many it takes (`-allowed`) and how many seconds the window lasts
(`-reset`). The gate aims at 95 % of that, so a steady run is never turned away.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from earmark.errors import RateLimitedError

WINDOW = 60.0
FIRST_GUESS = 180
SHARE = 0.95
BURST = 0.03
"""Part of the limit that may be caught up at once; with SHARE it stays under the whole."""

GLIMPSE = 10.0
"""Seconds of a window over which other users of the token are averaged, at least."""

LONGEST_NAP = 2.0
"""Seconds after which a waiting thread looks again: what is left may have changed."""

PATIENCE = 180.0
"""Longest pause, in seconds, that a run sits out."""

LONGEST_WINDOW = 3600
"""Seconds of a window of the service that are believed."""

LONGEST_NAMED = 100 * 365 * 86_400.0
"""Longest pause, in seconds, whose end still has a date."""

_jitter = random.SystemRandom().uniform
_SECONDS_IN_TEXT = re.compile(r"\[?([0-9]{1,9}(?:\.[0-9]{1,9})?)\]?\s{0,9}seconds?", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")


class Gate:
    """Callers `acquire` before each request and `settle` after it, whatever came of it."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        allowed: int = FIRST_GUESS,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._allowed = allowed
        self._next = clock()
        self._paused_until = clock()
        self._window_end = clock()
        self._count = 0
        self._in_flight = 0
        self._counted_at = clock()
        self._answered = 0
        self._mark = (clock(), 0)  # when this window was first heard of, and its count then
        self._waited = 0.0
        self._napping_until = clock()

    @property
    def allowed(self) -> int:
        """Requests a minute, as last told."""
        return self._allowed

    @property
    def waited_seconds(self) -> float:
        """Time in which at least one thread was held back."""
        return self._waited

    def acquire(self) -> None:
        """Block until a request may leave.

        Raises:
            RateLimitedError: The service wants a longer pause than PATIENCE.
        """
        while True:
            with self._lock:
                now = self._clock()
                delay = self._delay(now)
                if delay <= 0:
                    self._take(now)
                    return
                if delay > PATIENCE:
                    raise too_long(delay)
                nap = min(delay, LONGEST_NAP)
                self._waited += max(0.0, now + nap - max(now, self._napping_until))
                self._napping_until = max(self._napping_until, now + nap)
            self._sleep(nap)

    def settle(self, headers: Mapping[str, str] | None = None) -> None:
        """Account for an answer; `headers` with lower-case names, None when there was no answer."""
        with self._lock:
            self._in_flight -= 1
            if headers:
                count, allowed, reset = _whole(headers, "count"), _whole(headers, "allowed"), _reset(headers)
                if count is not None and allowed and reset is not None:
                    self._learn(count, allowed, reset)

    def pause(self, seconds: float) -> None:
        """Hold everybody back for `seconds`, counted from now.

        Raises:
            RateLimitedError: That is longer than PATIENCE.
        """
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)
        if seconds > PATIENCE:
            raise too_long(seconds)

    def _delay(self, now: float) -> float:
        return max(self._next, self._paused_until, self._exhausted_until(now)) - now

    def _exhausted_until(self, now: float) -> float:
        return self._window_end if now < self._window_end and self._left() < 1 else now

    def _left(self) -> float:
        """What this window still has for us, if the token's other users go on as they do."""
        since, count = self._mark
        by_others = self._count - count - self._answered - self._in_flight
        rate = max(0, by_others) / max(self._counted_at - since, GLIMPSE)
        return self._allowed - self._count - self._in_flight - rate * (self._window_end - self._counted_at)

    def _take(self, now: float) -> None:
        interval = WINDOW / (SHARE * self._allowed)
        if now < self._window_end:
            interval = max(interval, (self._window_end - now) / (SHARE * self._left()))
        spare = (max(1, int(BURST * self._allowed)) - 1) * interval
        self._next = max(self._next, now - spare) + interval
        self._in_flight += 1

    def _learn(self, count: int, allowed: int, reset: int) -> None:
        """Answers may arrive out of order: within one window the highest count is the latest."""
        now = self._clock()
        end = now + reset + 1  # the header counts whole seconds
        if now >= self._window_end or end > self._window_end + 2:
            self._count, self._window_end = count, end
            self._mark, self._answered, self._counted_at = (now, count), 0, now
        elif end > self._window_end - 3:
            if count >= self._count:
                self._count, self._counted_at = count, now
            self._answered += 1
        if allowed > self._allowed:
            self._next = min(self._next, now)
        self._allowed = allowed


def throttle_seconds(headers: Mapping[str, str], message: str, *, scale: float = 1.0) -> float:
    """How long a 429 asks everybody to wait.

    `Retry-After` (seconds or an HTTP date) counts as it stands. Without a usable one: the longest of the
    window's reset, the seconds in the message and 3, times `scale`. A little jitter comes on top.
    """
    told = retry_after(headers)
    if told is None:
        in_text = _SECONDS_IN_TEXT.search(message)
        hints = [3.0, float(_reset(headers) or 0), float(in_text.group(1)) if in_text else 0.0]
        return max(hints) * scale * _jitter(1.0, 1.1)
    return told + _jitter(0.0, 0.5) * scale


def too_long(seconds: float) -> RateLimitedError:
    now = datetime.now(UTC).astimezone()
    resume = now + timedelta(seconds=min(seconds, LONGEST_NAMED))
    when = f"{resume:%H:%M}" if resume.date() == now.date() else f"{resume:%Y-%m-%d %H:%M}"
    return RateLimitedError(
        f"the service asks for a pause of {seconds / 60:,.0f} minutes",
        wait_seconds=seconds,
        hint=f"resume after {when}",
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a `Retry-After` that is a positive number or a date to come, else None.

    A date is compared with the answer's own, so that a wrong clock here changes nothing.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value) or None
    if (then := http_date(value)) is None:
        return None
    seconds = (then - (http_date(headers.get("date", "")) or datetime.now(UTC))).total_seconds()
    return seconds if seconds > 0 else None


def http_date(value: str) -> datetime | None:
    """A date of a header as aware UTC; None when it is none."""
    try:
        found = parsedate_to_datetime(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _reset(headers: Mapping[str, str]) -> int | None:
    seconds = _whole(headers, "reset")
    return None if seconds is None or seconds > LONGEST_WINDOW else seconds


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(f"inin-ratelimit-{name}", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
