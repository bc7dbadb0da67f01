"""Fault plans: every kind does to a real client what it says, on the requests that it names."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from earmark.sandbox import FaultPlan, FaultPlanError
from earmark.sandbox.faults import KINDS
from earmark.sandbox.faults import __doc__ as documentation

ID = "0c2f0d5e-6a6b-4f0e-9d57-0c6f3a6b1a11"
SEED = {"id": ID, "channel": "message", "text": "hi"}
ME = "/api/v2/tokens/me"
RECORDINGS = f"/api/v2/conversations/{ID}/recordings"
ATTRIBUTES = f"/api/v2/interactions/{ID}/customAttributes"
RECORD = f"/api/v2/conversations/{ID}/customattributes"
DETAILS = "/api/v2/analytics/conversations/details"
ALWAYS = {"interval": "2020-01-01T00:00:00Z/2030-01-01T00:00:00Z"}


def plan(route: str, when: dict[str, Any] | None = None, **fault: Any) -> FaultPlan:
    return FaultPlan.load({"seed": 1, "rules": [{"route": route, "fault": fault} | (when or {})]})


def patch(client: httpx.Client) -> httpx.Response:
    return client.patch(ATTRIBUTES, json={"custom_attributes": {"a": 1}})


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 401}, 401, "bad.credentials"),
        ({"status": 404}, 404, "not.found"),
        ({"status": 409}, 409, "conflict"),
        ({"status": 413}, 413, "request.entity.too.large"),
        ({"status": 422}, 422, "validation.failed"),
        ({"status": 500}, 500, "internal.server.error"),
        ({"status": 503}, 503, "service.unavailable"),
        ({"status": 504}, 504, "request.timeout"),
        ({"status": 418, "code": "tea", "message": "short and stout"}, 418, "tea"),
        ({"status": 403, "permission": "recording:recording:view"}, 403, "missing.any.permissions"),
    ],
)
def test_a_status_has_the_services_error_body(
    start: Callable[..., Any], fault: dict[str, Any], status: int, code: str
) -> None:
    _, client = start(SEED, faults=plan("recordings", kind="status", **fault))
    answer = client.get(RECORDINGS)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (status, code, status)
    assert answer.json()["contextId"] == answer.headers["ININ-Correlation-Id"]
    assert fault.get("permission", "") in answer.json()["message"]


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [
        (0, "0"),
        (59, "59"),
        ("abc", "abc"),
        (-1, "-1"),
        (0.5, "0.5"),
        ("Wed, 21 Oct 2026 07:28:00 GMT",) * 2,
        (None, None),
    ],
)
def test_retry_after_can_be_anything(start: Callable[..., Any], retry_after: Any, header: str | None) -> None:
    wait = {} if retry_after is None else {"retry_after": retry_after}
    _, client = start(SEED, faults=plan("tokens.me", kind="status", status=429, **wait))
    answer = client.get(ME)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)


def test_the_login_can_fail_too(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEED, faults=plan("token", {"after": 1, "times": 1}, kind="status", status=503))
    login = {"data": {"grant_type": "client_credentials"}, "auth": (sandbox.client_id, sandbox.client_secret)}
    assert [client.post("/oauth/token", **login).status_code for _ in range(2)] == [503, 200]


def test_a_bad_gateway_speaks_html(start: Callable[..., Any]) -> None:
    _, client = start(SEED, faults=plan("tokens.me", kind="status", status=502))
    answer = client.get(ME)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


@pytest.mark.parametrize(("applied", "writes"), [(False, 0), (True, 1)])
def test_an_error_may_come_before_or_after_the_write(
    start: Callable[..., Any], applied: bool, writes: int
) -> None:
    faults = plan("interactions.patch", kind="status", status=500, applied=applied)
    sandbox, client = start(SEED, faults=faults)
    assert patch(client).status_code == 500
    assert len(sandbox.state.writes) == writes


@pytest.mark.parametrize(("kind", "writes"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_hides_whether_the_write_was_applied(
    start: Callable[..., Any], kind: str, writes: int
) -> None:
    sandbox, client = start(SEED, faults=plan("interactions.patch", {"times": 1}, kind=kind))
    with pytest.raises((httpx.ReadError, httpx.WriteError)):
        patch(client)
    assert len(sandbox.state.writes) == writes
    assert patch(client).status_code == 200


@pytest.mark.parametrize(("applied", "writes"), [(False, 0), (True, 1)])
def test_a_hang_outlasts_the_clients_patience(start: Callable[..., Any], applied: bool, writes: int) -> None:
    faults = plan("interactions.patch", kind="hang", seconds=30, applied=applied)
    sandbox, client = start(SEED, faults=faults)
    client.timeout = 0.1
    with pytest.raises(httpx.ReadTimeout):
        patch(client)
    assert len(sandbox.state.writes) == writes


def test_stopping_does_not_wait_for_a_hang(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEED, faults=plan("tokens.me", kind="hang", seconds=30))
    client.timeout = 0.05
    with pytest.raises(httpx.ReadTimeout):
        client.get(ME)
    began = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - began < 10


def test_a_hang_ends_without_an_answer(start: Callable[..., Any]) -> None:
    _, client = start(SEED, faults=plan("tokens.me", kind="hang", seconds=0.01))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(ME)


def test_slow_and_dripping_answers_are_right_in_the_end(start: Callable[..., Any]) -> None:
    rules = [
        {"route": "tokens.me", "times": 1, "fault": {"kind": kind, "seconds": 0.01}}
        for kind in ("slow", "drip")
    ]
    _, client = start(SEED, faults=FaultPlan.load({"rules": rules}))
    slow, drip, right = (client.get(ME) for _ in range(3))
    assert slow.json() == drip.json() == right.json()
    assert drip.elapsed.total_seconds() > 0.15


def test_a_truncated_body_may_lie_about_its_length(start: Callable[..., Any]) -> None:
    _, client = start(SEED, faults=plan("tokens.me", kind="truncate"))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(ME)
    _, honest = start(SEED, faults=plan("tokens.me", kind="truncate", honest=True))
    with pytest.raises(json.JSONDecodeError):
        honest.get(ME).json()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("list", b"[]"),
        ("null", b"null"),
        ("empty", b""),
        ("html", b"<!DOCTYPE"),
        ("not_json", b"{'"),
        ("bad_utf8", b'{"id":"\xff'),
    ],
)
def test_broken_bodies_come_with_status_200(start: Callable[..., Any], kind: str, body: bytes) -> None:
    sandbox, client = start(SEED, faults=plan("interactions.patch", kind=kind))
    answer = patch(client)
    assert answer.status_code == 200
    assert answer.content.startswith(body)
    assert answer.content == body or kind not in {"list", "null", "empty"}
    assert len(sandbox.state.writes) == 1


def test_enums_become_null_or_unknown(start: Callable[..., Any]) -> None:
    for kind, value in (("null_enums", None), ("unknown_enums", "BrandNewValue")):
        _, client = start(SEED, faults=plan("recordings", kind=kind))
        [recording] = client.get(RECORDINGS).json()
        assert recording["media"] == recording["fileState"] == value
        assert recording["messagingTranscript"][0]["purpose"] == value
        assert recording["messagingTranscript"][0]["messageText"] == "hi"


MANY = [SEED | {"id": f"c{n}", "started_at": f"2026-02-0{n}T10:00:00Z"} for n in range(1, 8)]


def listed(client: httpx.Client) -> list[str]:
    query = {"interval": "2026-02-01T00:00:00Z/2026-02-08T00:00:00Z"}
    answer = client.post(f"{DETAILS}/query", json=query).json()
    return [one["externalTag"] for one in answer["conversations"]]


def test_lists_repeat_and_change_their_order(start: Callable[..., Any]) -> None:
    _, right = start(*MANY)
    _, doubled = start(*MANY, faults=plan("details.query", kind="duplicates"))
    _, turned = start(*MANY, faults=plan("details.query", kind="reorder"))
    assert listed(doubled) == [tag for tag in listed(right) for _ in range(2)]
    assert listed(turned) == listed(right)[::-1]


def test_pages_drift_while_traffic_arrives(start: Callable[..., Any]) -> None:
    """Nothing is lost, but the listing is longer than its total says."""
    _, client = start(*MANY, faults=plan("details.query", kind="drift"))
    pages = []
    for number in range(1, 5):
        paging = {"pageSize": 3, "pageNumber": number}
        query = {"interval": "2026-02-01T00:00:00Z/2026-02-08T00:00:00Z", "paging": paging}
        answer = client.post(f"{DETAILS}/query", json=query).json()
        assert answer["totalHits"] == 7
        pages.append([one["externalTag"] for one in answer.get("conversations", [])])
    assert pages == [["c1", "c2", "c3"], ["c3", "c4", "c5"], ["c6", "c6", "c7"], []]


def job_pages(client: httpx.Client, most: int = 10) -> list[list[str]]:
    job = f"{DETAILS}/jobs/{client.post(f'{DETAILS}/jobs', json=ALWAYS).json()['jobId']}"
    for _ in range(3):
        client.get(job)
    pages: list[list[str]] = []
    params: dict[str, Any] = {"pageSize": 3}
    while len(pages) < most:
        answer = client.get(f"{job}/results", params=params)
        if answer.status_code != 200:
            return [*pages, [str(answer.status_code)]]
        pages.append([one["externalTag"] for one in answer.json()["conversations"]])
        if "cursor" not in answer.json():
            break
        params["cursor"] = answer.json()["cursor"]
    return pages


FULL = [["c1", "c2", "c3"], ["c4", "c5", "c6"], ["c7"]]


@pytest.mark.parametrize(
    ("kind", "pages"),
    [
        ("empty_page", [FULL[0], [], *FULL[1:]]),
        ("repeat_page", [FULL[0], FULL[0], *FULL[1:]]),
        ("bad_cursor", [*FULL[:2], ["400"]]),
    ],
)
def test_cursors_misbehave(start: Callable[..., Any], kind: str, pages: list[list[str]]) -> None:
    _, client = start(*MANY, faults=plan("jobs.results", {"after": 1, "times": 1}, kind=kind))
    assert job_pages(client) == pages


def test_a_cursor_may_repeat_for_ever(start: Callable[..., Any]) -> None:
    _, client = start(*MANY, faults=plan("jobs.results", {"after": 1}, kind="repeat_cursor"))
    assert job_pages(client, most=5) == [FULL[0], *[FULL[1]] * 4]


@pytest.mark.parametrize(
    ("kind", "state", "status"), [("job_failed", "FAILED", 400), ("job_expired", "EXPIRED", 404)]
)
def test_a_job_may_end_badly(start: Callable[..., Any], kind: str, state: str, status: int) -> None:
    _, client = start(*MANY, faults=plan("jobs.status", {"times": 1}, kind=kind))
    job = f"{DETAILS}/jobs/{client.post(f'{DETAILS}/jobs', json=ALWAYS).json()['jobId']}"
    assert [client.get(job).json()["state"] for _ in range(2)] == [state] * 2
    assert client.get(f"{job}/results").status_code == status


def test_a_conversation_disappears_between_list_and_read(start: Callable[..., Any]) -> None:
    _, client = start(SEED, faults=plan("recordings", {"conversation": ID}, kind="delete"))
    assert client.get(f"/api/v2/conversations/{ID}").status_code == 200
    assert client.get(RECORDINGS).status_code == 404
    assert client.get(f"/api/v2/conversations/{ID}").status_code == 404


def test_somebody_else_writes_in_the_gap(start: Callable[..., Any]) -> None:
    sandbox, client = start(
        SEED, faults=plan("customattributes.put", {"after": 1, "times": 1}, kind="other_writer")
    )
    schema = next(one["id"] for one in sandbox.state.schemas.all() if one["jsonSchema"]["title"] == "Earmark")
    body = {"id": "r", "schemaId": schema, "customAttributes": {}}
    assert client.put(RECORD, json=body).status_code == 200
    assert client.put(RECORD, json=body | {"version": 1}).status_code == 409
    assert client.put(RECORD, json=body | {"version": 2}).status_code == 200


@pytest.mark.parametrize(
    ("when", "hit"),
    [
        ({}, "111111"),
        ({"times": 2}, "110000"),
        ({"after": 2, "times": 1}, "001000"),
        ({"every": 3}, "001001"),
        ({"method": "HEAD"}, "000000"),
        ({"conversation": "other"}, "000000"),
        ({"probability": 0}, "000000"),
        ({"probability": 1}, "111111"),
    ],
)
def test_a_rule_strikes_when_it_says(when: dict[str, Any], hit: str) -> None:
    faults = plan("tokens.*", when, kind="status")
    assert "".join("1" if faults.next("tokens.me", "GET", "") else "0" for _ in range(6)) == hit
    assert faults.next("recordings", "GET", "") is None


def test_chance_follows_the_seed() -> None:
    def strikes(seed: int) -> list[bool]:
        rules = [{"route": "*", "probability": 0.3, "fault": {"kind": "status"}}]
        faults = FaultPlan.load({"seed": seed, "rules": rules})
        return [faults.next("tokens.me", "GET", "") is not None for _ in range(1000)]

    assert strikes(1) == strikes(1)
    assert strikes(1) != strikes(2)
    assert 250 < sum(strikes(1)) < 350


def test_the_plan_in_the_documentation_works() -> None:
    text = str(documentation)
    example = text[text.index('{"seed"') : text.index("A rule looks")]
    assert len(FaultPlan.load(json.loads(example)).rules) == 3


def test_every_kind_is_documented() -> None:
    assert [kind for kind in KINDS if kind not in str(documentation)] == []


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ([], "a plan must be an object"),
        ({"rule": []}, "rule is unknown"),
        ({"rules": {}}, "rules has the wrong type"),
        ({"rules": [{"route": "x"}]}, "rule 1: needs a route and a fault"),
        ({"rules": [{"route": "x", "fault": {"kind": "status"}}, {"fault": {}}]}, "rule 2: needs"),
        ({"rules": [{"route": "x", "fault": {"kind": "flood"}}]}, "rule 1: kind is one of"),
        ({"rules": [{"route": "x", "often": 1, "fault": {"kind": "status"}}]}, "often is unknown"),
        ({"rules": [{"route": "x", "every": 0, "fault": {"kind": "status"}}]}, "every is 1 or more"),
        (
            {"rules": [{"route": "x", "fault": {"kind": "status", "status": "500"}}]},
            "status has the wrong type",
        ),
    ],
)
def test_a_plan_that_makes_no_sense_says_where(tmp_path: Path, bad: Any, told: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(bad))
    with pytest.raises(FaultPlanError, match=told):
        FaultPlan.load(path)


def test_a_plan_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FaultPlanError, match="cannot be read"):
        FaultPlan.load(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(FaultPlanError, match=r"broken\.json"):
        FaultPlan.load(tmp_path / "broken.json")


def test_faults_are_counted(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEED, faults=plan("tokens.me", {"times": 2}, kind="status"))
    for _ in range(3):
        client.get(ME)
    assert sandbox.stats()["faults"] == {"status": 2}
    assert sandbox.stats()["requests"]["tokens.me"] == 3
