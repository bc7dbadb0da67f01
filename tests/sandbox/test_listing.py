"""Analytics: intervals, filters, pages, jobs and their cursors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

DETAILS = "/api/v2/analytics/conversations/details"
WEEK = "2026-02-02T00:00:00.000Z/2026-02-09T00:00:00.000Z"
ALWAYS = "2020-01-01T00:00:00.000Z/2030-01-01T00:00:00.000Z"


def at(name: str, when: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "channel": "message", "started_at": when, "text": "hi"} | more


WEEKLY = [at(f"c{day}", f"2026-02-0{day}T10:00:00Z") for day in range(2, 9)]


def query(client: httpx.Client, **body: Any) -> Any:
    return client.post(f"{DETAILS}/query", json={"interval": WEEK} | body)


def tags(answer: httpx.Response) -> list[str]:
    return [shown["externalTag"] for shown in answer.json().get("conversations", [])]


def test_pages_are_cut_and_the_one_past_the_end_has_no_list(start: Callable[..., Any]) -> None:
    _, client = start(*WEEKLY)
    pages = [query(client, paging={"pageSize": 3, "pageNumber": number}) for number in (1, 2, 3, 4)]
    assert [tags(page) for page in pages] == [["c2", "c3", "c4"], ["c5", "c6", "c7"], ["c8"], []]
    assert all(page.json()["totalHits"] == 7 for page in pages)
    assert "conversations" not in pages[3].json()


def test_an_interval_covers_whole_days(start: Callable[..., Any]) -> None:
    """What started on a day that the interval touches is listed, at whatever hour."""
    _, client = start(*WEEKLY)
    assert tags(query(client, interval="2026-02-03T23:00:00Z/2026-02-04T00:00:01Z")) == ["c3", "c4"]
    assert tags(query(client, interval="2026-02-03T23:00:00Z/2026-02-04T00:00:00Z")) == ["c3"]


def test_the_order_can_be_turned(start: Callable[..., Any]) -> None:
    _, client = start(*WEEKLY)
    assert tags(query(client, order="desc", orderBy="conversationEnd"))[:2] == ["c8", "c7"]


@pytest.mark.parametrize(
    "body",
    [
        {"paging": {"pageSize": 101}},
        {"paging": {"pageSize": 0}},
        {"paging": {"pageNumber": 0}},
        {"paging": {"pageSize": "many"}},
        {"paging": []},
        {"paging": {"pageSize": 100, "pageNumber": 101}},
        {"interval": "2026-02-01T00:00:00Z/2026-02-08T00:00:01Z"},
        {"interval": "2026-02-02T00:00:00Z/2026-02-01T00:00:00Z"},
        {"interval": "2026-02-01/2026-02-02"},
        {"interval": "yesterday"},
        {"interval": None},
        {"segmentFilters": {}},
        {"segmentFilters": ["x"]},
        {"segmentFilters": [{"type": "xor", "predicates": []}]},
        {"segmentFilters": [{"type": "and", "predicates": [{"dimension": "purpose", "operator": "like"}]}]},
    ],
)
def test_a_query_out_of_bounds_is_a_bad_request(start: Callable[..., Any], body: dict[str, Any]) -> None:
    _, client = start(*WEEKLY)
    assert query(client, **body).status_code == 400


def dimension(name: str, value: str | None = None, operator: str = "matches") -> dict[str, Any]:
    return {"type": "dimension", "dimension": name, "operator": operator, "value": value}


MIXED = [
    at("chat", "2026-02-02T10:00:00Z", channel="chat"),
    at("message", "2026-02-03T10:00:00Z"),
    at("voice", "2026-02-04T10:00:00Z", channel="voice"),
    at("open", "2026-02-05T10:00:00Z", sandbox={"open": True}),
    at(
        "moved",
        "2026-02-06T10:00:00Z",
        sandbox={"queues": ["A", "B"], "transfer_at": 1},
        messages=[{"text": "x"}] * 3,
    ),
]


@pytest.mark.parametrize(
    ("level", "filters", "expected"),
    [
        (
            "conversation",
            [{"predicates": [dimension("conversationEnd", operator="exists")]}],
            "chat message voice moved",
        ),
        ("conversation", [{"predicates": [dimension("conversationEnd", operator="notExists")]}], "open"),
        ("conversation", [{"predicates": [dimension("originatingDirection", "outbound")]}], ""),
        ("conversation", [{"predicates": [dimension("externalTag", "voice")]}], "voice"),
        ("conversation", [{"predicates": [dimension("mediaType", "chat")]}], ""),
        ("conversation", [{"predicates": [dimension("mediaType", operator="notExists")]}], ""),
        ("segment", [{"predicates": [dimension("mediaType", "chat")]}], "chat"),
        ("segment", [{"predicates": [dimension("conversationEnd", operator="exists")]}], ""),
        (
            "segment",
            [
                {
                    "type": "or",
                    "predicates": [dimension("mediaType", "chat"), dimension("messageType", "webmessaging")],
                }
            ],
            "chat message open moved",
        ),
        (
            "segment",
            [
                {
                    "type": "and",
                    "predicates": [
                        dimension("mediaType", "message"),
                        dimension("disconnectType", "transfer"),
                    ],
                }
            ],
            "moved",
        ),
        (
            "segment",
            [
                {"predicates": [dimension("mediaType", "chat")]},
                {"predicates": [dimension("mediaType", "message")]},
            ],
            "",
        ),
        (
            "segment",
            [
                {
                    "type": "or",
                    "clauses": [
                        {"predicates": [dimension("mediaType", "voice"), dimension("purpose", "customer")]},
                        {
                            "predicates": [
                                dimension("mediaType", "voice"),
                                dimension("messageType", operator="exists"),
                            ]
                        },
                    ],
                }
            ],
            "voice",
        ),
    ],
)
def test_filters_mean_what_they_say(
    start: Callable[..., Any], level: str, filters: list[dict[str, Any]], expected: str
) -> None:
    _, client = start(*MIXED)
    assert tags(query(client, **{f"{level}Filters": filters})) == expected.split()


def test_one_and_several_conversations_can_be_asked_for(start: Callable[..., Any]) -> None:
    sandbox, client = start(*WEEKLY)
    first, second, *_ = sandbox.state.chats
    one = client.get(f"/api/v2/analytics/conversations/{first}/details").json()
    assert one["conversationId"] == first
    several = client.get(DETAILS, params={"id": f"{first},{second},unknown"}).json()["conversations"]
    assert [shown["conversationId"] for shown in several] == [first, second]
    assert client.get(DETAILS).status_code == 400


def test_a_deleted_conversation_is_listed_no_more(start: Callable[..., Any]) -> None:
    sandbox, client = start(*WEEKLY)
    assert "c4" in tags(query(client))
    sandbox.delete_conversation("c4")
    assert tags(query(client)) == ["c2", "c3", "c5", "c6", "c7", "c8"]


def submit(client: httpx.Client, **body: Any) -> str:
    answer = client.post(f"{DETAILS}/jobs", json={"interval": ALWAYS} | body)
    assert answer.status_code == 202
    return f"{DETAILS}/jobs/{answer.json()['jobId']}"


def finished(client: httpx.Client, **body: Any) -> str:
    job = submit(client, **body)
    while client.get(job).json()["state"] != "FULFILLED":
        pass
    return job


def results(client: httpx.Client, job: str, cursor: str | None = None, size: int = 3) -> httpx.Response:
    return client.get(f"{job}/results", params={"pageSize": size} | ({"cursor": cursor} if cursor else {}))


def test_a_job_goes_through_its_states_and_can_be_cancelled(start: Callable[..., Any]) -> None:
    _, client = start(*WEEKLY)
    job = submit(client)
    assert results(client, job).status_code == 400
    assert [client.get(job).json()["state"] for _ in range(4)] == [
        "QUEUED",
        "PENDING",
        "FULFILLED",
        "FULFILLED",
    ]
    assert client.delete(job).status_code == 204
    assert client.get(job).status_code == 404


def test_cursors_lead_through_all_pages(start: Callable[..., Any]) -> None:
    _, client = start(*WEEKLY)
    job = finished(client)
    seen, cursor = [], None
    for _ in range(3):
        page = results(client, job, cursor)
        seen += tags(page)
        cursor = page.json().get("cursor")
    assert seen == ["c2", "c3", "c4", "c5", "c6", "c7", "c8"]
    assert cursor is None


def test_a_cursor_may_be_repeated_until_the_next_one_is_used(start: Callable[..., Any]) -> None:
    _, client = start(*WEEKLY)
    job = finished(client)
    first = results(client, job).json()["cursor"]
    second = results(client, job, first).json()["cursor"]
    assert tags(results(client, job, first)) == ["c5", "c6", "c7"]
    assert tags(results(client, job, second)) == ["c8"]
    assert results(client, job, first).status_code == 400


def test_a_foreign_or_mangled_cursor_is_a_bad_request(start: Callable[..., Any]) -> None:
    _, client = start(*WEEKLY)
    one, other = finished(client), finished(client)
    cursor = results(client, one).json()["cursor"]
    for wrong in (cursor[:-4], cursor.lower(), "x", "€"):
        assert results(client, one, wrong).status_code == 400
    assert results(client, other, cursor).status_code == 400


def test_a_job_sees_attributes_and_activity_but_nothing_younger_than_the_lake(
    start: Callable[..., Any], clock: Any
) -> None:
    """A conversation that began before the interval counts when it was still going on."""
    overnight = at("night", "2026-02-07T23:59:30Z", sandbox={"attributes": {"crm": "7"}})
    _, client = start(*WEEKLY, overnight, clock=clock, data_lag=22 * 86_400)
    sunday = "2026-02-08T00:00:00Z/2026-02-09T00:00:00Z"
    assert tags(results(client, finished(client, interval=sunday))) == ["night"]
    same_day = finished(client, interval=sunday, startOfDayIntervalMatching=True)
    assert tags(results(client, same_day)) == []
    shown = results(client, finished(client, interval=sunday)).json()["conversations"][0]
    assert shown["participants"][0]["attributes"] == {"crm": "7"}
    until = client.get(f"{DETAILS}/jobs/availability").json()["dataAvailabilityDate"]
    assert until == "2026-02-08T09:00:00.000Z"


def test_the_synchronous_query_shows_no_attributes(start: Callable[..., Any]) -> None:
    _, client = start(at("c", "2026-02-03T10:00:00Z", sandbox={"attributes": {"crm": "7"}}))
    assert "attributes" not in query(client).text
