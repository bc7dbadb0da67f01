"""The client-credentials token: fetched once for all threads, renewed ahead of its end."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from earmark.errors import CredentialsError, MissingSettingError, UnavailableError
from earmark.genesys.pacing import http_date, throttle_seconds, too_long
from earmark.genesys.retry import (
    Call,
    Tally,
    credentials_refused,
    error_code,
    error_text,
    pause_before_repeat,
)
from earmark.genesys.shape import mapping
from earmark.genesys.transport import Answer, DeclinedError, ExchangeError, Transport
from earmark.model import Json

DEFAULT_LIFE = 86_400.0
_TOKEN_CALL = Call("POST", "/oauth/token", "log in", shape=dict)
_LONGEST_THROTTLE = 180.0
_VISIBLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An OAuth client and the region it belongs to (see `region.hosts`)."""

    region: str
    client_id: str
    client_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what the service could not accept.

        Raises:
            MissingSettingError: An empty id or secret.
            CredentialsError: Characters that basic authentication cannot carry.
        """
        if not (self.client_id and self.client_secret):
            raise MissingSettingError(
                "the client id or the client secret is missing",
                hint="set GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET "
                "(or GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET)",
            )
        if not (self.client_id + self.client_secret).isascii():
            raise CredentialsError(
                "the client id or the client secret has a character outside ASCII",
                hint="copy both again from the OAuth client",
            )


class Token:
    """Hands out a bearer that is good for a while yet."""

    def __init__(
        self,
        transport: Transport,
        login: str,
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        retry_pause: float = 1.0,
    ) -> None:
        self._transport = transport
        self._url = f"{login}/oauth/token"
        self._headers = _headers(credentials)
        self._clock = clock
        self._pause = pause
        self._retry_pause = retry_pause
        self._lock = threading.Lock()
        self._bearer = ""
        self._renew_at = clock()
        self._ahead = timedelta()

    def bearer(self) -> str:
        with self._lock:
            if not self._bearer or self._clock() >= self._renew_at:
                self._fetch()
            return self._bearer

    def ahead(self) -> timedelta:
        """How far the service's clock is ahead of this machine's, as its latest login tells."""
        self.bearer()
        return self._ahead

    def renew(self, refused: str) -> None:
        """Replace a bearer that the service refused, unless another thread has already done so."""
        with self._lock:
            if self._bearer == refused:
                self._fetch()

    def _fetch(self) -> None:
        answer = self._ask()
        told, body = http_date(answer.headers.get("date", "")), mapping(answer.body)
        token = body.get("access_token")
        if not isinstance(token, str) or not _VISIBLE.fullmatch(token):
            raise UnavailableError(
                "the login answers without a token", hint="check the region, then run the same command again"
            )
        seconds = _life(body.get("expires_in"))
        self._bearer = token
        self._ahead = told - datetime.now(UTC) if told else timedelta()
        # A tenth of the life, at least a minute, but never so much that a short life is no life.
        self._renew_at = self._clock() + seconds - min(max(60.0, seconds / 10), seconds / 2)

    def _ask(self) -> Answer:
        tally = Tally()
        throttled = 0.0
        while True:
            try:
                answer = self._transport.exchange(
                    "POST", self._url, headers=self._headers, content=b"grant_type=client_credentials"
                )
                _TOKEN_CALL.check(answer)
                return answer
            except ExchangeError as failure:
                if isinstance(failure, DeclinedError) and failure.answer.status == 429:
                    wait = _throttle(failure.answer, self._retry_pause)
                    throttled += wait
                    if throttled > _LONGEST_THROTTLE:
                        raise too_long(throttled) from None
                else:
                    wait = _pause_or_refuse(failure, tally) * self._retry_pause
                self._pause(wait)


def _throttle(answer: Answer, scale: float) -> float:
    return throttle_seconds(answer.headers, error_text(answer), scale=scale)


def _pause_or_refuse(failure: ExchangeError, tally: Tally) -> float:
    if isinstance(failure, DeclinedError) and failure.answer.status < 500 and failure.answer.status != 408:
        code = error_code(failure.answer)
        raise credentials_refused(f"status {failure.answer.status}" + (f", {code}" if code else ""))
    return pause_before_repeat(failure, _TOKEN_CALL, tally)


def _life(told: Json) -> float:
    """Seconds of `expires_in`, which some gateways send as text; a day where it says nothing usable."""
    match told:
        case bool():
            return DEFAULT_LIFE
        case int() | float() if told > 0:
            return float(told)
        case str() if re.fullmatch(r"[1-9][0-9]{0,8}", told):
            return float(told)
    return DEFAULT_LIFE


def _headers(credentials: Credentials) -> Mapping[str, str]:
    pair = f"{credentials.client_id}:{credentials.client_secret}".encode("ascii")
    return {
        "Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
