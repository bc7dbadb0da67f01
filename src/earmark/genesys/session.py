"""A session with one region: the one road on which requests leave, paced, retried and counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from earmark.errors import EarmarkError, GoneError, RefusedError, UnavailableError
from earmark.genesys import region, sdk
from earmark.genesys.pacing import Gate, throttle_seconds, too_long
from earmark.genesys.retry import Call, KeepsFailingError, Tally, error_text, pause_before_repeat
from earmark.genesys.token import Credentials, Token
from earmark.genesys.transport import (
    DEADLINE,
    Answer,
    DeclinedError,
    ExchangeError,
    HttpxClient,
    NotSentError,
    Transport,
)
from earmark.model import Json, Usage

if TYPE_CHECKING:
    from PureCloudPlatformClientV2 import ApiClient

__all__ = ["Credentials", "Session", "open_session"]

MOST_THROTTLES = 10
"""429s that one request sits out before the run is to come back later."""

OUTAGE = 5
"""Conversations in a row that keep failing before the service itself is taken to be down."""


class Session:
    """Calls on one region for one OAuth client. Safe to use from many threads; made by `open_session`."""

    def __init__(
        self,
        client: ApiClient,
        transport: Transport,
        token: Token,
        gate: Gate,
        hosts: region.Hosts,
        *,
        lanes: int = 8,
        sleep: Callable[[float], None] = time.sleep,
        retry_pause: float = 1.0,
    ) -> None:
        self.hosts = hosts
        self.gate = gate
        self.latest_headers: Mapping[str, str] = {}
        self._client = client
        self._transport = transport
        self._token = token
        self._sleep = sleep
        self._retry_pause = retry_pause
        self._lock = threading.Lock()
        # What has passed the gate leaves at once: nobody waits behind it for a connection, into a pause.
        self._lanes = threading.BoundedSemaphore(lanes)
        self._requests = self._retries = self._throttled = 0
        self._failed_in_a_row = 0

    def call(self, call: Call, *, query: Mapping[str, str] | None = None, body: Json = None) -> Answer:
        """Send a request until it is answered for good.

        Raises:
            EarmarkError: By the table in `retry`.
        """
        tally, throttles, renewed = Tally(), 0, False
        while True:
            bearer = self._token.bearer()
            try:
                with self._lanes:
                    answer = self._attempt(call, bearer, query, body)
                self._note_success()
                return answer
            except ExchangeError as failure:
                match failure:
                    case DeclinedError(answer=Answer(status=429) as answer):
                        throttles += 1
                        self._sit_out(answer, throttles)
                    case DeclinedError(answer=Answer(status=401)) if not renewed:
                        renewed = True
                        self._token.renew(bearer)
                    case _:
                        self._wait_or_give_up(failure, call, tally)
            with self._lock:
                self._retries += 1

    def download(self, url: str, ref: str) -> Json:
        """Read a stored file by its pre-signed address: no token travels, no API budget is spent.

        Raises:
            GoneError: The address has run out or the file is gone.
            EarmarkError: By the table in `retry`.
        """
        if not url.startswith("https://") and not url.startswith(f"{self.hosts.api}/"):
            raise RefusedError("the service names a download address that is not https", ref=ref)
        call = Call("GET", url, "download the stored text", ref=ref)
        tally = Tally()
        while True:
            try:
                with self._lanes:
                    body = self._transport.exchange("GET", url, headers={}, stored=True).body
                self._note_success()
                return body
            except RefusedError as error:
                error.ref = ref
                raise
            except DeclinedError as failure:
                if failure.answer.status in {401, 403, 404, 410}:
                    raise GoneError("the download address has run out", ref=ref) from None
                self._wait_or_give_up(failure, call, tally)
            except ExchangeError as failure:
                self._wait_or_give_up(failure, call, tally)

    def now(self) -> datetime:
        """The time of the service, whatever this machine's clock says; logs in where that has not been done."""
        return datetime.now(UTC) + self._token.ahead()

    def wait(self, seconds: float) -> None:
        """Pause between polls; scaled like the retries."""
        self._sleep(seconds * self._retry_pause)

    def usage(self) -> Usage:
        """Requests that reached the wire, token requests and downloads of stored files apart."""
        with self._lock:
            return Usage(self._requests, self._retries, self._throttled, self.gate.waited_seconds)

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _attempt(self, call: Call, bearer: str, query: Mapping[str, str] | None, body: Json) -> Answer:
        self.gate.acquire()
        headers: Mapping[str, str] | None = None
        sent = True
        try:
            answer = sdk.call(self._client, call.method, call.path, bearer, query, body)
            headers = self.latest_headers = answer.headers
            call.check(answer)
            return answer
        except DeclinedError as failure:
            headers = self.latest_headers = failure.answer.headers
            raise
        except NotSentError:
            sent = False
            raise
        except RefusedError as error:  # too large, or to no address: it stayed here
            sent = False
            error.ref = call.ref
            raise
        finally:
            self.gate.settle(headers)
            with self._lock:
                self._requests += sent

    def _sit_out(self, answer: Answer, throttles: int) -> None:
        """Make every thread wait as long as a 429 asks for."""
        with self._lock:
            self._throttled += 1
        seconds = throttle_seconds(answer.headers, error_text(answer), scale=self._retry_pause)
        if throttles > MOST_THROTTLES:
            raise too_long(seconds)
        self.gate.pause(seconds)

    def _wait_or_give_up(self, failure: ExchangeError, call: Call, tally: Tally) -> None:
        try:
            pause = pause_before_repeat(failure, call, tally)
        except KeepsFailingError as error:
            if self._note_failure() >= OUTAGE:
                raise UnavailableError(
                    f"the service failed for {OUTAGE} conversations in a row",
                    hint="run the same command again later",
                    correlation_id=error.correlation_id,
                ) from None
            raise error from None
        except EarmarkError as error:
            raise error from None
        self.wait(pause)

    def _note_success(self) -> None:
        with self._lock:
            self._failed_in_a_row = 0

    def _note_failure(self) -> int:
        with self._lock:
            self._failed_in_a_row += 1
            return self._failed_in_a_row


def open_session(
    credentials: Credentials,
    *,
    max_connections: int = 8,
    retry_pause: float = 1.0,
    connect_timeout: float = 5.0,
    read_timeout: float = 30.0,
    deadline: float = DEADLINE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Session:
    """Import the SDK and connect it to the credentials' region; the token is fetched with the first call.

    `retry_pause` scales every pause that Earmark chooses itself: a test passes 0.01.

    Raises:
        ConfigError: The region is unknown.
    """
    hosts = region.hosts(credentials.region)
    transport = Transport(
        max_connections=max_connections,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        deadline=deadline,
    )
    token = Token(transport, hosts.login, credentials, clock=clock, pause=sleep, retry_pause=retry_pause)
    client = sdk.api_client(hosts.api, HttpxClient(transport.exchange))
    gate = Gate(clock=clock, sleep=sleep)
    return Session(
        client, transport, token, gate, hosts, lanes=max_connections, sleep=sleep, retry_pause=retry_pause
    )
