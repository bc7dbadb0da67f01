"""Who may come in: client credentials, tokens with an end, and a request budget of a minute."""

from __future__ import annotations

import base64
import binascii
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from earmark.sandbox.refusals import RefusalError, TokenRefusalError, rate_exceeded

WINDOW_SECONDS = 60.0


@dataclass
class Gate:
    """Tokens and the rate window of one client. Not thread-safe: the application holds its lock."""

    client_id: str
    client_secret: str
    token_seconds: float
    rate_limit: int
    clock: Callable[[], float]
    tokens: dict[str, float] = field(default_factory=dict)
    window_start: float = field(init=False)
    used: int = 0
    throttled: int = 0
    windows: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.window_start = self.clock()

    def login(self, authorization: str, grant_type: str) -> str:
        """Return a fresh token.

        Raises:
            TokenRefusalError: 400 for an unknown client or grant, 401 for a wrong secret.
        """
        client_id, secret = _basic(authorization)
        if client_id != self.client_id:
            raise TokenRefusalError(400, "invalid_client", "client not found")
        if secret != self.client_secret:
            raise TokenRefusalError(401, "invalid_client", "authentication failed")
        if grant_type != "client_credentials":
            raise TokenRefusalError(400, "unsupported_grant_type", "grant type is not supported")
        now = self.clock()
        self.tokens = {token: end for token, end in self.tokens.items() if end > now - 3600}
        token = secrets.token_urlsafe(32)
        self.tokens[token] = now + self.token_seconds
        return token

    def check(self, authorization: str) -> None:
        """Let a known, living token pass.

        Raises:
            RefusalError: 401.
        """
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise RefusalError(
                401,
                "No authentication bearer token specified in authorization header.",
                code="authentication.required",
            )
        if token not in self.tokens:
            raise RefusalError(401)
        if self.tokens[token] <= self.clock():
            raise RefusalError(401, "The supplied credentials are expired.", code="credentials.expired")

    def count(self) -> None:
        """Count one request.

        Raises:
            RefusalError: 429, the budget of this window is used up.
        """
        now = self.clock()
        if not 0 <= now - self.window_start < WINDOW_SECONDS:
            self.windows += [self.used] if self.used else []
            self.window_start, self.used = now, 0
        self.used += 1
        if self.used > self.rate_limit:
            self.throttled += 1
            raise rate_exceeded(self.seconds_left())

    def seconds_left(self) -> int:
        return max(1, math.ceil(self.window_start + WINDOW_SECONDS - self.clock()))

    def headers(self) -> dict[str, str]:
        return {
            "inin-ratelimit-count": str(self.used),
            "inin-ratelimit-allowed": str(self.rate_limit),
            "inin-ratelimit-reset": str(self.seconds_left()),
        }


def _basic(authorization: str) -> tuple[str, str]:
    kind, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    if kind.lower() != "basic":
        decoded = ""
    client_id, _, secret = decoded.partition(":")
    return client_id, secret
