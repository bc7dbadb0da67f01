"""The interactions contract, reading: section 2, item by item."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from earmark.errors import ConfigError, UnavailableError
from earmark.genesys.session import Credentials, Session, open_session
from earmark.model import Listing, Ready, Sender, Unreadable, Window
from earmark.sandbox import FaultPlan, Sandbox
from earmark.sources.interactions import InteractionsSource

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def seed(name: str, day: int = 1, **more: Any) -> dict[str, Any]:
    messages = [{"sender": "customer", "text": f"{name} is broken"}, {"sender": "agent", "text": "oh"}]
    started = (NOW - timedelta(days=day)).isoformat()
    return {"id": name, "channel": "chat", "started_at": started, "messages": messages} | more


@pytest.fixture
def open_on() -> Iterator[Callable[[str], Session]]:
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(
            open_session(Credentials(url, Sandbox.client_id, Sandbox.client_secret), retry_pause=0.0005)
        )


@pytest.fixture
def sandbox() -> Iterator[Callable[..., Sandbox]]:
    with ExitStack() as stack:

        def begin(*seeds: dict[str, Any], faults: list[dict[str, Any]] | None = None) -> Sandbox:
            plan = FaultPlan.load({"rules": faults or []})
            return stack.enter_context(
                Sandbox(
                    list(seeds), faults=plan, today=date(2026, 3, 2), clock=NOW.timestamp, rate_limit=10**6
                )
            )

        yield begin


class Gateway(BaseHTTPRequestHandler):
    """Answers `pages` by cursor, and remembers what it was asked for."""

    pages: ClassVar[dict[str | None, tuple[int, Any]]] = {}
    asked: ClassVar[list[str]] = []
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, {"access_token": "t", "expires_in": 600})

    def do_GET(self) -> None:
        query = urlsplit(self.path).query
        self.asked.append(query)
        raw = next((part[7:] for part in query.split("&") if part.startswith("cursor=")), None)
        status, body = self.pages.get(raw, (400, {"code": "bad.request"}))
        self.answer(status, body)

    def answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[str]:
    Gateway.pages, Gateway.asked = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        server.daemon_threads = True
        runner = threading.Thread(target=server.serve_forever, args=(0.02,))
        runner.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        runner.join()


def page(*names: str, following: str | None = None) -> tuple[int, Any]:
    entities = [{"id": name, "messages": [{"text": f"{name} broke"}]} for name in names]
    return 200, {"entities": entities, "next_page_uri": following}


def names(source: InteractionsSource, window: Window | None = None, cursor: str | None = None) -> list[str]:
    return [each.id for found in source.pages(window or Window(), cursor) for each in found.listings]


def test_interactions_come_with_their_text_and_cost_one_request_a_page(
    sandbox: Callable[..., Sandbox], open_on: Callable[[str], Session]
) -> None:
    on = sandbox(*(seed(f"router {n}") for n in range(25)))
    source = InteractionsSource(open_on(on.url), limit=10)
    listings = [each for found in source.pages(Window()) for each in found.listings]
    assert len({each.id for each in listings}) == 25
    results = list(source.fetch(listings))
    assert all(isinstance(each, Ready) for each in results)
    first = listings[0].conversation
    assert first is not None
    assert [m.sender for m in first.messages] == [Sender.CUSTOMER, Sender.AGENT]
    assert first.messages[0].text.endswith("is broken")
    assert source.usage().requests == 4  # an empty page with a cursor is among them
    assert source.resumable is False


def test_type_and_status_are_asked_for(
    sandbox: Callable[..., Sandbox], open_on: Callable[[str], Session]
) -> None:
    on = sandbox(seed("chat"), seed("message", channel="message"), seed("open", sandbox={"open": True}))
    session = open_on(on.url)
    assert len(names(InteractionsSource(session))) == 1
    assert len(names(InteractionsSource(session, type="webmessaging"))) == 1
    assert len(names(InteractionsSource(session, status="active"))) == 1


def test_the_window_is_kept_where_an_end_is_known(
    sandbox: Callable[..., Sandbox], open_on: Callable[[str], Session]
) -> None:
    on = sandbox(seed("new"), seed("old", day=9))
    source = InteractionsSource(open_on(on.url))
    assert len(names(source)) == 2
    assert len(names(source, Window(since=NOW - timedelta(days=3)))) == 1
    assert len(names(source, Window(until=NOW - timedelta(days=3)))) == 1


@pytest.mark.parametrize(
    ("address", "cursor"),
    [
        ("/api/v2/interactions?type=webchat&cursor=abc", "abc"),
        ("https://gateway.example/api/v2/interactions?cursor=abc&limit=5", "abc"),
        ("?cursor=a%2Bb%2Fc%3D%3D", "a%2Bb%2Fc%3D%3D"),
        ("?cursor=a+b", "a%2Bb"),
        ("?cursor=100%2525", "100%2525"),
        ("?cursor=%C3%A4", "%C3%A4"),
    ],
)
def test_a_cursor_is_decoded_once_and_arrives_as_it_was_meant(
    gateway: str, open_on: Callable[[str], Session], address: str, cursor: str
) -> None:
    Gateway.pages = {None: page("a", following=address), cursor: page("b")}
    assert names(InteractionsSource(open_on(gateway))) == ["a", "b"]


@pytest.mark.parametrize("end", [None, "", "/api/v2/interactions?limit=5", "?cursor="])
def test_an_address_without_a_cursor_is_the_end(
    gateway: str, open_on: Callable[[str], Session], end: str | None
) -> None:
    Gateway.pages = {None: page("a", following=end)}
    assert names(InteractionsSource(open_on(gateway))) == ["a"]


def test_a_page_without_entities_but_with_a_cursor_goes_on(
    gateway: str, open_on: Callable[[str], Session]
) -> None:
    Gateway.pages = {None: page(following="?cursor=1"), "1": page(following="?cursor=2"), "2": page("a")}
    assert names(InteractionsSource(open_on(gateway))) == ["a"]


def test_a_refused_cursor_restarts_the_listing_once(gateway: str, open_on: Callable[[str], Session]) -> None:
    """What was listed before comes again (the flow drops repeats); refused twice, the service is to blame."""
    Gateway.pages = {None: page("a", following="?cursor=gone")}
    source = InteractionsSource(open_on(gateway))
    found: list[str] = []

    def collect() -> None:
        for each in source.pages(Window()):
            found.extend(listing.id for listing in each.listings)

    with pytest.raises(UnavailableError, match="failed twice"):
        collect()
    assert found == ["a", "a"]
    assert len(Gateway.asked) == 4


def test_a_cursor_that_repeats_is_detected(gateway: str, open_on: Callable[[str], Session]) -> None:
    Gateway.pages = {None: page("a", following="?cursor=1"), "1": page("b", following="?cursor=1")}
    with pytest.raises(UnavailableError, match="same cursor"):
        names(InteractionsSource(open_on(gateway)))
    assert len(Gateway.asked) == 2


def test_a_cursor_is_never_used_for_other_filters(gateway: str, open_on: Callable[[str], Session]) -> None:
    Gateway.pages = {None: page("a", following="?cursor=1"), "1": page("b")}
    session = open_on(gateway)
    cursor = next(iter(InteractionsSource(session).pages(Window()))).cursor
    assert names(InteractionsSource(session), cursor=cursor) == ["b"]
    assert names(InteractionsSource(session, type="webmessaging"), cursor=cursor) == ["a", "b"]
    assert names(InteractionsSource(session, status="active"), cursor=cursor) == ["a", "b"]
    assert names(InteractionsSource(session), cursor="what is this") == ["a", "b"]


def test_entities_that_are_none_are_rejected_and_the_rest_is_kept(
    gateway: str, open_on: Callable[[str], Session]
) -> None:
    entities = [{"id": "a", "messages": []}, 7, {"messages": []}, {"id": "b", "messages": "?"}, {"id": "c"}]
    Gateway.pages = {None: (200, {"entities": entities, "next_page_uri": None})}
    (found,) = InteractionsSource(open_on(gateway)).pages(Window())
    assert [each.id for each in found.listings] == ["a", "c"]
    assert [each.where for each in found.rejected][2] == "b"
    assert len(found.rejected) == 3


@pytest.mark.parametrize(
    "body", [{}, {"entities": None}, {"entities": {}}, {"entities": [], "next_page_uri": 3}]
)
def test_a_page_of_another_shape_is_not_the_end(
    gateway: str, open_on: Callable[[str], Session], body: Any
) -> None:
    Gateway.pages = {None: (200, body)}
    with pytest.raises(UnavailableError):
        names(InteractionsSource(open_on(gateway)))


def test_a_listing_without_its_text_cannot_be_fetched(
    gateway: str, open_on: Callable[[str], Session]
) -> None:
    (result,) = InteractionsSource(open_on(gateway)).fetch([Listing("a")])
    assert isinstance(result, Unreadable)


def test_a_page_size_of_nothing_is_refused(gateway: str, open_on: Callable[[str], Session]) -> None:
    with pytest.raises(ConfigError):
        InteractionsSource(open_on(gateway), limit=0)
