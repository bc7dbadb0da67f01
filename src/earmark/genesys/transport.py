"""One exchange with the service over httpx: what went out, what came back, or how it failed.

Nothing is repeated here and nothing is interpreted beyond "is this a whole, well-formed answer":
`retry` decides what a failure means. `HttpxClient` is what the SDK is given as its HTTP client.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Protocol
from urllib.parse import urlencode

import httpx

from earmark.errors import RefusedError, StoppedError
from earmark.genesys import discretion
from earmark.genesys.deadline import Deadline, answers_its_request, impose
from earmark.genesys.inflate import inflate
from earmark.genesys.strict_json import parse
from earmark.model import Json

REQUEST_CAP = 512_000
"""Bytes of a request body that the service accepts (`request.bytes.max`)."""

RESPONSE_CAP = 128 * 1024 * 1024
"""Bytes of an answer, decompressed."""

ERROR_CAP = 64 * 1024
"""Bytes of an error's body; of a longer one the status and the headers count alone."""

DEADLINE = 180.0
"""Seconds for a whole exchange, however slowly it drips."""

_BELOW = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict)  # its others are RuntimeErrors
_PRINTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,80}")
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
        return _correlation_id(self.headers)

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
    """Pooled connections with timeouts, one deadline and size caps. Safe to use from many threads.

    Proxies come from the environment, as httpx reads it. Cookies are not kept.
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
        discretion.install()
        self._seconds = deadline
        self._deadline = Deadline()
        self._cap = response_cap
        self._http = httpx.Client(
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout, pool=deadline),
            limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
            headers={"Accept-Encoding": "gzip"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
        )
        impose(self._deadline, self._http)

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
            RefusedError: The request is over the service's size limit, or its address is none: it was not sent.
            StoppedError: The transport was closed meanwhile.
        """
        if content is not None and len(content) > REQUEST_CAP:
            raise RefusedError(
                f"the request has {len(content):,} bytes, the service accepts {REQUEST_CAP:,}",
                hint="write fewer or shorter values",
            )
        if self._http.is_closed:
            raise StoppedError("the session with the service was closed", hint="run the same command again")
        try:
            request = self._http.build_request(
                method, url, headers=dict(headers), params=query or None, content=content
            )
        except (httpx.InvalidURL, UnicodeError):
            raise _no_address() from None
        if (request.url.port or 0) > 65_535:
            raise _no_address()
        answer = _answer(*self._converse(request), any_type=stored)
        if answer.status >= 300:
            raise DeclinedError(answer)
        return answer

    def close(self) -> None:
        self._http.close()

    def _converse(self, request: httpx.Request) -> tuple[int, dict[str, str], bytes]:
        self._deadline.begin(self._seconds)
        try:
            response = self._http.send(request, stream=True)
            with contextlib.closing(response):
                if not answers_its_request(response):
                    raise NoAnswerError("the connection was out of step")
                found = {name.lower(): value for name, value in response.headers.items()}
                return response.status_code, found, self._body(response, found)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise NotSentError(f"no connection ({type(error).__name__})") from None
        except httpx.UnsupportedProtocol:
            raise _no_address() from None
        except TimeoutError:
            raise NoAnswerError(f"the answer was not complete after {self._seconds:.0f} seconds") from None
        except (*_BELOW, OSError, ValueError, ArithmeticError, RuntimeError) as error:
            raise NoAnswerError(f"no whole answer ({type(error).__name__})") from None

    def _body(self, response: httpx.Response, headers: Mapping[str, str]) -> bytes:
        """The whole body, decompressed; none where an error's cannot be read."""
        failed = response.status_code >= 300
        pieces = inflate(response.iter_raw(), headers.get("content-encoding", "").strip().lower())
        try:
            return _joined(pieces, ERROR_CAP if failed else self._cap)
        except ValueError as error:
            if failed:
                return b""
            raise MalformedError(str(error), _correlation_id(headers)) from None


def _joined(pieces: Iterable[bytes], cap: int) -> bytes:
    found: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > cap:
            raise ValueError(f"the answer is larger than {cap:,} bytes")
        found.append(piece)
    return b"".join(found)


def _no_address() -> RefusedError:
    return RefusedError("the address cannot be used", hint="run again; if it persists, report it")


def _correlation_id(headers: Mapping[str, str]) -> str | None:
    told = headers.get("inin-correlation-id", "")
    return told if _PRINTABLE_ID.fullmatch(told) else None


def _answer(status: int, headers: dict[str, str], raw: bytes, *, any_type: bool) -> Answer:
    """Strict for a success; an error's body is taken as far as it can be read."""
    if 300 <= status < 600:
        return Answer(status, headers, "", _lenient(raw))
    correlation = _correlation_id(headers)
    if not 200 <= status <= 205:
        raise MalformedError(f"status {status} does not answer the request", correlation)
    if not raw.strip():
        return Answer(status, headers, "", None)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not any_type and kind != "application/json" and not kind.endswith("+json"):
        stated = kind if _MEDIA_TYPE.fullmatch(kind) else "of no stated type"
        raise MalformedError(f"the answer is {stated} instead of JSON", correlation)
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
