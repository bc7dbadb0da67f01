"""The organisation: tokens and whom they belong to, its limits, its queues."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from earmark.sandbox.chats import HOME_DIVISION, named
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import State
from earmark.sandbox.wire import Request

LARGEST_PAGE = 500
ORGANIZATION = {"id": named("organization"), "name": "Earmark Sandbox"}
SCOPES = ["interaction:read", "interaction:write"]


def token(state: State, request: Request) -> Any:
    """Answer the client credentials grant."""
    grant = parse_qs(request.body.decode("latin-1")).get("grant_type", [""])[0]
    fresh = state.gate.login(request.headers.get("authorization", ""), grant)
    return {"access_token": fresh, "token_type": "bearer", "expires_in": int(state.gate.token_seconds)}


def nothing(state: State, request: Request) -> Any:  # noqa: ARG001  (every handler takes both)
    raise RefusalError(404)


def token_info(state: State, request: Request) -> Any:  # noqa: ARG001  (every handler takes both)
    return {
        "organization": ORGANIZATION,
        "homeOrganization": ORGANIZATION,
        "authorizedScope": SCOPES,
        "OAuthClient": {"id": request.client, "name": "Earmark", "organization": ORGANIZATION},
    }


def limits(state: State, request: Request) -> Any:
    """Answer the limits of the namespaces platform.api and analytics."""
    known = {
        "platform.api": {
            "client.credentials.token.rate.per.minute": state.gate.rate_limit,
            "token.rate.per.minute": state.gate.rate_limit,
            "org.app.user.rate.per.minute": 3000,
            "request.bytes.max": 512_000,
        },
        "analytics": {"details.jobs.concurrent.access.max": 10, "details.jobs.rate.per.second": 2},
    }
    namespace = request.params["namespace"]
    if namespace not in known:
        raise RefusalError(404)
    entities = [
        {"key": key, "namespace": namespace, "value": value} for key, value in known[namespace].items()
    ]
    return {"entities": entities}


def queues(state: State, request: Request) -> Any:
    """Answer a page of queue ids and names, optionally those of the ids asked for."""
    number = request.number("pageNumber", 1, most=1000)
    size = request.number("pageSize", 25, most=LARGEST_PAGE)
    wanted = {identity for identity in request.query.get("id", "").split(",") if identity}
    division = {"id": HOME_DIVISION, "name": "Home"}
    found = [{"id": named("queue", name), "name": name, "division": division} for name in state.queues()]
    found = [queue for queue in found if not wanted or queue["id"] in wanted]
    return {
        "entities": found[(number - 1) * size : number * size],
        "pageSize": size,
        "pageNumber": number,
        "total": len(found),
        "pageCount": -(-len(found) // size),
    }
