"""One exchange with the service over httpx: what went out, what came back, or how it failed.

Nothing is repeated here and nothing is interpreted beyond "is this a whole, well-formed answer":
`retry` decides what a failure means. `HttpxClient` is what the SDK is given as its HTTP client.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

import httpx

from earmark.errors import RefusedError
from earmark.genesys.strict_json import parse
from earmark.model import Json

REQUEST_CAP = 512_000
"""Bytes of a request body that the service accepts (`request.bytes.max`)."""

RESPONSE_CAP = 128 * 1024 * 1024
DEADLINE = 180.0
"""Seconds for a whole answer, however slowly it drips in."""

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})


class SdkRequest(Protocol):
    """What the SDK hands to its HTTP client."""

    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def query_params(self) -> Mapping[str, str]: ...
    @property
    def post_params(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> Json: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `body` is the parsed JSON; None with an empty `data` means that there was none."""

    status: int
    headers: Mapping[str, str]
    data: str = field(repr=False)
    body: Json = field(repr=False)

    @property
    def empty(self) -> bool:
        return not self.data.strip()

    @property
    def reason(self) -> str:
        return httpx.codes.get_reason_phrase(self.status)

    @property
    def correlation_id(self) -> str | None:
        return self.headers.get("inin-correlation-id")

    def getheaders(self) -> Mapping[str, str]:
        return self.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self.headers.get(name.lower(), default)


class ExchangeError(Exception):
    """An exchange that did not end in a whole 2xx answer. Its text carries no payload."""

    correlation_id: str | None = None


class NotSentError(ExchangeError):
    """No connection: the service has not seen the request."""


class NoAnswerError(ExchangeError):
    """The request left, in part or whole, and no whole answer came back."""


class MalformedError(ExchangeError):
    """A whole answer that is not the JSON that was promised."""

    def __init__(self, what: str, correlation_id: str | None = None) -> None:
        super().__init__(what)
        self.correlation_id = correlation_id


class DeclinedError(ExchangeError):
    """An answer with a status outside 2xx."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"status {answer.status}")
        self.answer = answer
        self.correlation_id = answer.correlation_id


class Transport:
    """Pooled connections with timeouts and size caps. Safe to use from many threads.

    Proxies come from the environment, as httpx reads it.
    """

    def __init__(
        self,
        *,
        max_connections: int = 8,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        deadline: float = DEADLINE,
        response_cap: int = RESPONSE_CAP,
    ) -> None:
        self._deadline = deadline
        self._cap = response_cap
        self._http = httpx.Client(
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout, pool=deadline),
            limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
            follow_redirects=False,
        )

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        stored: bool = False,
    ) -> Answer:
        """Send once and read the whole answer; `stored` files may come with any content type.

        Raises:
            ExchangeError: One of its four kinds.
            RefusedError: The request is over the service's size limit and was not sent.
        """
        if content is not None and len(content) > REQUEST_CAP:
            raise RefusedError(
                f"the request has {len(content):,} bytes, the service accepts {REQUEST_CAP:,}",
                hint="write fewer or shorter values",
            )
        status, answer_headers, raw = self._converse(method, url, headers, query, content)
        answer = _answer(status, answer_headers, raw, any_type=stored)
        if not 200 <= status < 300:
            raise DeclinedError(answer)
        return answer

    def _converse(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        content: bytes | None,
    ) -> tuple[int, dict[str, str], bytes]:
        until = time.monotonic() + self._deadline
        try:
            with self._http.stream(
                method, url, headers=dict(headers), params=query or None, content=content
            ) as response:
                found = {name.lower(): value for name, value in response.headers.items()}
                return response.status_code, found, self._drain(response, until)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise NotSentError(f"no connection ({type(error).__name__})") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise NotSentError("the address cannot be used") from None
        except httpx.HTTPError as error:
            raise NoAnswerError(f"no whole answer ({type(error).__name__})") from None

    def _drain(self, response: httpx.Response, until: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._cap:
                correlation = response.headers.get("inin-correlation-id")
                raise MalformedError(f"the answer is larger than {self._cap:,} bytes", correlation)
            if time.monotonic() > until:
                raise NoAnswerError(f"the answer was not complete after {self._deadline:.0f} seconds")
            chunks.append(chunk)
        return b"".join(chunks)

    def close(self) -> None:
        self._http.close()


def _answer(status: int, headers: dict[str, str], raw: bytes, *, any_type: bool) -> Answer:
    """Strict for a success; an error's body is taken as far as it can be read."""
    if not 200 <= status < 300:
        return Answer(status, headers, "", _lenient(raw))
    correlation = headers.get("inin-correlation-id")
    if not raw.strip():
        return Answer(status, headers, "", None)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not any_type and kind != "application/json" and not kind.endswith("+json"):
        raise MalformedError(f"the answer is {kind or 'of no stated type'} instead of JSON", correlation)
    try:
        text = raw.decode("utf-8")
        return Answer(status, headers, text, parse(text))
    except UnicodeDecodeError:
        raise MalformedError("the answer is not UTF-8", correlation) from None
    except ValueError as error:
        raise MalformedError(f"the answer is not JSON: {error}", correlation) from None


def _lenient(raw: bytes) -> Json:
    try:
        return parse(raw.decode("utf-8"))
    except ValueError:
        return None


class HttpxClient:
    """The SDK's HTTP client seam. Remembers each thread's latest answer, because the SDK hides its status."""

    def __init__(self, exchange: Callable[..., Answer]) -> None:
        self._exchange = exchange
        self._latest = threading.local()

    def request(self, http_request_options: SdkRequest) -> Answer:
        options = http_request_options
        content = _content(options)
        answer = self._exchange(
            options.method, options.url, headers=options.headers, query=options.query_params, content=content
        )
        self._latest.answer = answer
        return answer

    def take(self) -> Answer:
        answer: Answer = self._latest.answer
        del self._latest.answer
        return answer


def _content(options: SdkRequest) -> bytes | None:
    if options.method not in _BODY_METHODS:
        return None
    if "form" in options.headers.get("Content-Type", ""):
        return urlencode(dict(options.post_params)).encode()
    return json.dumps(options.body, allow_nan=False).encode()
