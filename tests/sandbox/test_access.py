"""Tokens, the rate limit, request sizes and what is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from earmark.sandbox import Sandbox

ME = "/api/v2/tokens/me"
GRANT = {"grant_type": "client_credentials"}


def test_a_good_login_tells_how_long_the_token_lives(start: Callable[..., Any]) -> None:
    sandbox, client = start(token_seconds=120)
    del client.headers["Authorization"]
    answer = client.post("/oauth/token", data=GRANT, auth=(sandbox.client_id, sandbox.client_secret))
    assert answer.status_code == 200
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "token_type": "bearer",
        "expires_in": 120,
    }


@pytest.mark.parametrize(
    ("auth", "data", "status", "error"),
    [
        (("nobody", "x"), GRANT, 400, "invalid_client"),
        ((Sandbox.client_id, "wrong"), GRANT, 401, "invalid_client"),
        (None, GRANT, 400, "invalid_client"),
        (
            (Sandbox.client_id, Sandbox.client_secret),
            {"grant_type": "password"},
            400,
            "unsupported_grant_type",
        ),
    ],
)
def test_a_bad_login_gets_the_login_hosts_error_body(
    start: Callable[..., Any], auth: tuple[str, str] | None, data: dict[str, str], status: int, error: str
) -> None:
    _, client = start()
    del client.headers["Authorization"]
    answer = client.post("/oauth/token", data=data, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["description"] == answer.json()["error_description"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "authentication.required"),
        ("Bearer made-up", "bad.credentials"),
        ("Basic eDp5", "authentication.required"),
    ],
)
def test_an_api_call_needs_a_known_token(start: Callable[..., Any], header: str | None, code: str) -> None:
    _, client = start()
    del client.headers["Authorization"]
    answer = client.get(ME, headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_a_token_expires(start: Callable[..., Any], clock: Any) -> None:
    _, client = start(clock=clock, token_seconds=60)
    assert client.get(ME).status_code == 200
    clock.now += 60
    answer = client.get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials.expired")


def test_tokens_can_be_revoked(start: Callable[..., Any]) -> None:
    sandbox, client = start()
    sandbox.revoke_tokens()
    assert client.get(ME).json()["code"] == "bad.credentials"


def test_every_api_reply_shows_the_budget_and_a_correlation_id(start: Callable[..., Any]) -> None:
    _, client = start(rate_limit=10)
    first, second = client.get(ME), client.get("/api/v2/nowhere")
    for count, answer in ((1, first), (2, second)):
        assert answer.headers["inin-ratelimit-count"] == str(count)
        assert answer.headers["inin-ratelimit-allowed"] == "10"
        assert 1 <= int(answer.headers["inin-ratelimit-reset"]) <= 60
        assert answer.headers["ININ-Correlation-Id"]
    assert second.json()["contextId"] == second.headers["ININ-Correlation-Id"]


def test_the_request_over_the_limit_is_told_when_to_come_back(start: Callable[..., Any], clock: Any) -> None:
    sandbox, client = start(rate_limit=3, clock=clock)
    assert [client.get(ME).status_code for _ in range(3)] == [200] * 3
    clock.now += 17.5
    refused = client.get(ME)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "43"
    assert refused.json() == {
        "message": "Rate limit exceeded the maximum. Retry the request in [43] seconds",
        "code": "too.many.requests.retry.after",
        "status": 429,
        "contextId": refused.headers["ININ-Correlation-Id"],
        "details": [],
        "errors": [],
    }
    clock.now += 42.5
    assert client.get(ME).status_code == 200
    assert sandbox.stats()["throttled"] == 1
    assert sandbox.stats()["windows"] == [4, 1]


def test_tokens_storage_and_inspection_cost_nothing(start: Callable[..., Any]) -> None:
    sandbox, client = start({"id": "a", "channel": "message", "text": "hi"}, rate_limit=2)
    [identity] = sandbox.state.chats
    body = {"batchDownloadRequestList": [{"conversationId": identity}]}
    batch = client.post("/api/v2/recording/batchrequests", json=body).json()["id"]
    sandbox.state.batches[batch].polls = 1
    url = client.get(f"/api/v2/recording/batchrequests/{batch}").json()["results"][0]["resultUrl"]
    for _ in range(3):
        assert httpx.get(url).status_code == 200
        client.post("/oauth/token", data=GRANT, auth=(sandbox.client_id, sandbox.client_secret))
        assert httpx.get(f"{sandbox.url}/sandbox/stats").json()["throttled"] == 0
    assert client.get(ME).status_code == 429


def test_a_request_over_the_size_limit_is_refused(start: Callable[..., Any]) -> None:
    _, client = start()
    answer = client.post("/api/v2/analytics/conversations/details/query", content=b"x" * 512_001)
    assert answer.status_code == 413
    assert "Content-Length: 512001, Maximum bytes: 512000" in answer.json()["message"]


@pytest.mark.parametrize("body", [b"null", b"", b"{", b"[]", b'"a"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_a_bad_request(start: Callable[..., Any], body: bytes) -> None:
    _, client = start()
    answer = client.post("/api/v2/analytics/conversations/details/query", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad.request")


def test_the_organisation_describes_itself(start: Callable[..., Any]) -> None:
    _, client = start(rate_limit=77)
    assert client.get(ME).json()["authorizedScope"] == ["interaction:read", "interaction:write"]
    head = client.head(ME)
    assert (head.status_code, head.content) == (200, b"")
    limits = client.get("/api/v2/organizations/limits/namespaces/platform.api").json()["entities"]
    assert {limit["key"]: limit["value"] for limit in limits}[
        "client.credentials.token.rate.per.minute"
    ] == 77
    assert client.get("/api/v2/organizations/limits/namespaces/other").status_code == 404
    page = client.get("/api/v2/routing/queues?pageSize=2&pageNumber=2").json()
    assert (page["total"], page["pageCount"], len(page["entities"])) == (4, 2, 2)
    only = client.get("/api/v2/routing/queues", params={"id": page["entities"][0]["id"]}).json()
    assert only["entities"] == page["entities"][:1]
