"""The interactions contract: cursors that belong to a filter, empty pages, maps that are merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

LIST = "/api/v2/interactions"
DONE = {"type": "webmessaging", "status": "completed", "limit": "2"}
SEEDS = [{"id": f"m{n}", "channel": "message", "text": "hi"} for n in range(5)] + [
    {"id": "chat", "channel": "chat", "text": "hi"},
    {"id": "voice", "channel": "voice", "text": "hi"},
    {"id": "open", "channel": "message", "text": "hi", "sandbox": {"open": True}},
]


def walk(client: httpx.Client, params: dict[str, str]) -> list[list[str]]:
    """Follow the listing; return the ids of each page."""
    pages, uri = [], f"{LIST}?{httpx.QueryParams(params)}"
    while uri:
        page = client.get(uri).json()
        pages.append([entity["id"] for entity in page["entities"]])
        uri = page["next_page_uri"]
    return pages


def cursor_of(page: httpx.Response) -> str:
    return parse_qs(urlsplit(str(page.json()["next_page_uri"])).query)["cursor"][0]


def test_an_empty_page_does_not_end_the_listing(start: Callable[..., Any]) -> None:
    _, client = start(*SEEDS)
    pages = walk(client, DONE)
    assert [len(page) for page in pages] == [2, 0, 2, 1]
    assert len({identity for page in pages for identity in page}) == 5


def test_a_listing_of_one_page_has_null_for_the_next(start: Callable[..., Any]) -> None:
    _, client = start(*SEEDS)
    page = client.get(LIST, params=DONE | {"limit": "100"}).json()
    assert len(page["entities"]) == 5
    assert page["next_page_uri"] is None


@pytest.mark.parametrize(
    ("kind", "status", "count"),
    [
        ("webchat", "completed", 1),
        ("webmessaging", "active", 1),
        ("voice", "", 1),
        ("", "", 8),
        ("fax", "", 0),
    ],
)
def test_type_and_status_filter(start: Callable[..., Any], kind: str, status: str, count: int) -> None:
    _, client = start(*SEEDS)
    assert len(client.get(LIST, params={"type": kind, "status": status}).json()["entities"]) == count


def test_an_interaction_carries_its_messages(start: Callable[..., Any]) -> None:
    messages = [{"sender": "customer", "text": "my X200"}, {"sender": "agent", "text": ""}]
    _, client = start({"id": "a", "channel": "chat", "messages": messages})
    [entity] = client.get(LIST).json()["entities"]
    assert (entity["type"], entity["status"]) == ("webchat", "completed")
    assert [(one["sender"], one["text"]) for one in entity["messages"]] == [
        ("customer", "my X200"),
        ("agent", ""),
    ]


@pytest.mark.parametrize("change", [{"type": "webchat"}, {"status": "active"}, {"cursor": "nonsense"}])
def test_a_cursor_is_good_for_its_own_filter_only(start: Callable[..., Any], change: dict[str, str]) -> None:
    _, client = start(*SEEDS)
    cursor = cursor_of(client.get(LIST, params=DONE))
    assert client.get(LIST, params=DONE | {"cursor": cursor}).status_code == 200
    assert client.get(LIST, params=DONE | {"cursor": cursor} | change).status_code == 400


@pytest.mark.parametrize("limit", ["0", "101", "many", "-1"])
def test_the_limit_is_1_to_100(start: Callable[..., Any], limit: str) -> None:
    _, client = start(*SEEDS)
    assert client.get(LIST, params={"limit": limit}).status_code == 400


def test_attributes_are_merged(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEEDS[0])
    path = f"{LIST}/{next(iter(sandbox.state.chats))}/customAttributes"
    assert client.get(path).status_code == 404
    client.patch(path, json={"custom_attributes": {"theirs": 1}})
    answer = client.patch(path, json={"custom_attributes": {"extracted_products": ["X200"]}})
    assert answer.status_code == 200
    assert client.get(path).json() == {"custom_attributes": {"theirs": 1, "extracted_products": ["X200"]}}


def test_a_gateway_may_replace_the_map(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEEDS[0], interactions_patch="replace")
    path = f"{LIST}/{next(iter(sandbox.state.chats))}/customAttributes"
    client.patch(path, json={"custom_attributes": {"theirs": 1}})
    client.patch(path, json={"custom_attributes": {"ours": 2}})
    assert client.get(path).json() == {"custom_attributes": {"ours": 2}}


@pytest.mark.parametrize("body", [{}, {"custom_attributes": []}, {"custom_attributes": None}])
def test_a_patch_needs_a_map(start: Callable[..., Any], body: dict[str, Any]) -> None:
    sandbox, client = start(SEEDS[0])
    path = f"{LIST}/{next(iter(sandbox.state.chats))}/customAttributes"
    assert client.patch(path, json=body).status_code == 400
    assert sandbox.state.writes == []


def test_an_unknown_interaction_is_not_there(start: Callable[..., Any]) -> None:
    _, client = start(SEEDS[0])
    assert client.patch(f"{LIST}/none/customAttributes", json={"custom_attributes": {}}).status_code == 404
