"""Right answers made slightly wrong, and conversations that come while the sandbox runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from earmark.sandbox import FaultPlan

CHAT = "0c2f0d5e-6a6b-4f0e-9d57-0c6f3a6b1a11"
SEED = {"id": CHAT, "channel": "message", "text": "hi"}
MANY = [SEED | {"id": f"c{n}", "started_at": f"2026-02-0{n}T10:00:00Z"} for n in range(1, 8)]
RECORDINGS = f"/api/v2/conversations/{CHAT}/recordings"
DETAILS = "/api/v2/analytics/conversations/details"
WEEK = {"interval": "2026-02-01T00:00:00Z/2026-02-08T00:00:00Z"}


def only(route: str, **fault: Any) -> FaultPlan:
    return FaultPlan.load({"rules": [{"route": route, "fault": fault}]})


def tags(client: httpx.Client, page: int = 1) -> list[Any]:
    body = WEEK | {"paging": {"pageSize": 3, "pageNumber": page}}
    answer = client.post(f"{DETAILS}/query", json=body).json()
    return [one and one.get("externalTag") for one in answer.get("conversations", [])]


@pytest.mark.parametrize(
    ("kind", "sign"),
    [("bom", b"\xef\xbb\xbf["), ("nan", b"NaN,"), ("huge", b"1e400,"), ("twice", b'"id": null')],
)
def test_a_disguised_answer_is_the_right_one_for_a_lenient_reader(
    start: Callable[..., Any], kind: str, sign: bytes
) -> None:
    """Each disguise is in the bytes, and Python's own parser sees no difference but a repeated or odd member."""
    _, client = start(SEED, faults=only("recordings", kind=kind))
    content = client.get(RECORDINGS).content
    assert sign in content
    assert any(isinstance(one, dict) for one in json.loads(content.decode("utf-8-sig")))


def test_a_deep_answer_exceeds_what_a_parser_recurses_into(start: Callable[..., Any]) -> None:
    _, client = start(SEED, faults=only("recordings", kind="deep"))
    with pytest.raises(RecursionError):
        client.get(RECORDINGS).json()


@pytest.mark.parametrize(
    ("fault", "transcript"),
    [
        ({"kind": "drop", "member": "messageText"}, [None]),
        ({"kind": "nullify", "member": "messageText"}, [None]),
        ({"kind": "retype", "member": "messageText"}, [["hi"]]),
        ({"kind": "retype", "member": "messagingTranscript"}, {"items": ["hi"]}),
        ({"kind": "drop"}, None),
        ({"kind": "invent"}, ["hi"]),
    ],
)
def test_members_go_missing_and_change_their_type(
    start: Callable[..., Any], fault: dict[str, Any], transcript: Any
) -> None:
    _, client = start(SEED, faults=only("recordings", **fault))
    [recording] = client.get(RECORDINGS).json()
    shown = recording.get("messagingTranscript")
    if isinstance(transcript, dict):
        assert [one["messageText"] for one in shown["items"]] == transcript["items"]
    elif transcript is None:
        assert shown is None
    else:
        assert [one.get("messageText") for one in shown] == transcript
    assert ("sandboxNovelty" in recording) == (fault["kind"] == "invent")


@pytest.mark.parametrize(
    ("kind", "found"),
    [("partial", ["c1", "c3"]), ("null_items", ["c1", None, "c3"]), ("item_errors", ["c1", None, "c3"])],
)
def test_a_list_is_right_in_every_second_entry_alone(
    start: Callable[..., Any], kind: str, found: list[Any]
) -> None:
    _, client = start(*MANY, faults=only("details.query", kind=kind))
    assert tags(client) == found


def test_an_entry_that_went_wrong_keeps_its_ids(start: Callable[..., Any]) -> None:
    _, client = start(*MANY, faults=only("details.query", kind="item_errors"))
    second = client.post(f"{DETAILS}/query", json=WEEK).json()["conversations"][1]
    assert second.keys() == {"conversationId", "errorMsg", "status"}


def test_an_endless_listing_shows_its_first_page_for_ever(start: Callable[..., Any]) -> None:
    _, client = start(*MANY, faults=only("*", kind="endless"))
    assert [tags(client, page) for page in (1, 2, 50)] == [["c1", "c2", "c3"]] * 3
    job = f"{DETAILS}/jobs/{client.post(f'{DETAILS}/jobs', json=WEEK).json()['jobId']}"
    for _ in range(3):
        client.get(job)
    cursors: list[str] = []
    for _ in range(3):
        params = {"pageSize": 3} | ({"cursor": cursors[-1]} if cursors else {})
        answer = client.get(f"{job}/results", params=params).json()
        assert [one["externalTag"] for one in answer["conversations"]] == ["c1", "c2", "c3"]
        cursors.append(answer["cursor"])
    assert len(set(cursors)) == 3


def test_a_page_may_be_shorter_than_was_asked_for(start: Callable[..., Any]) -> None:
    _, client = start(*MANY, largest_page=2)
    answer = client.get("/api/v2/interactions", params={"limit": 5}).json()
    assert len(answer["entities"]) == 2
    assert answer["next_page_uri"]


def test_a_conversation_arrives_between_two_pages(start: Callable[..., Any]) -> None:
    """It is listed where its start puts it, and can be read."""
    sandbox, client = start(*MANY)
    assert tags(client) == ["c1", "c2", "c3"]
    identity = sandbox.add_conversation(SEED | {"id": "c0", "started_at": "2026-02-01T09:00:00Z"})
    assert [tags(client, page) for page in (1, 2)] == [["c0", "c1", "c2"], ["c3", "c4", "c5"]]
    assert client.get(f"/api/v2/conversations/{identity}").status_code == 200


def test_requests_are_remembered_one_by_one(start: Callable[..., Any], clock: Callable[[], float]) -> None:
    plan = only("recordings", kind="status", status=503)
    sandbox, client = start(SEED, faults=plan, clock=clock)
    client.get(RECORDINGS)
    client.get("/api/v2/tokens/me")
    seen = [(each.route, each.conversation, each.status, each.struck) for each in sandbox.asked()]
    assert seen == [("token", "", 200, False), ("recordings", CHAT, 503, True), ("tokens.me", "", 200, False)]
    assert {each.at for each in sandbox.asked()} == {clock()}


def test_a_proxys_page_lacks_the_services_headers(start: Callable[..., Any]) -> None:
    _, client = start(SEED, faults=only("tokens.me", kind="status", status=429, html=True, retry_after=7))
    headers = client.get("/api/v2/tokens/me").headers
    assert headers["Retry-After"] == "7"
    assert "inin-ratelimit-reset" not in headers
    assert "ININ-Correlation-Id" not in headers
