"""The second wire contract: interactions with their text, and a map of custom attributes each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from earmark.sandbox.chats import Chat, Turn, present, stamp
from earmark.sandbox.paging import cut, issue, position
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import State
from earmark.sandbox.wire import Request

PATH = "/api/v2/interactions"
TYPES = {"chat": "webchat", "message": "webmessaging", "voice": "voice"}
LARGEST_PAGE = 100


def listing(state: State, request: Request) -> Any:
    """Answer a page. A listing of several pages has an empty one after the first, which is not the end."""
    kind, status = request.query.get("type", ""), request.query.get("status", "")
    size = request.number("limit", 25, most=LARGEST_PAGE)
    size = min(size, state.options.largest_page or size)
    scope, cursor = f"interactions/{kind}/{status}", request.query.get("cursor", "")
    chats = state.search(scope, lambda: [chat for chat in state.listed() if _wanted(chat, kind, status)])
    found, following = cut(chats, scope, cursor, size, request.twist)
    if cursor and position(scope, cursor) == (size, 0):
        found, following = [], issue(scope, size, 1)
    next_uri = following and f"{PATH}?{urlencode({**request.query, 'cursor': following})}"
    return {"entities": [_render(chat) for chat in found], "next_page_uri": next_uri}


def get_attributes(state: State, request: Request) -> Any:
    chat = state.chat(request.params["conversation"])
    if chat.id not in state.interactions:
        raise RefusalError(404)
    return {"custom_attributes": state.interactions[chat.id]}


def patch_attributes(state: State, request: Request) -> Any:
    """Merge the given keys, or replace the map where the gateway does that."""
    chat = state.chat(request.params["conversation"])
    given = request.json_object().get("custom_attributes")
    if not isinstance(given, dict):
        raise RefusalError(400)
    kept = {} if state.options.interactions_patch == "replace" else state.interactions.get(chat.id, {})
    state.interactions[chat.id] = {**kept, **given}
    state.log(request.client, "interactions", "patch", chat.id, chat.id, given)
    return {"custom_attributes": state.interactions[chat.id]}


def _wanted(chat: Chat, kind: str, status: str) -> bool:
    return kind in {"", TYPES[chat.media]} and status in {"", _status(chat)}


def _status(chat: Chat) -> str:
    return "active" if chat.end is None else "completed"


def _render(chat: Chat) -> dict[str, Any]:
    return present(
        id=chat.id,
        type=TYPES[chat.media],
        status=_status(chat),
        queue=chat.queues[0],
        language=chat.language,
        started_at=stamp(chat.start),
        ended_at=None if chat.end is None else stamp(chat.end),
        messages=[_message(turn) for turn in chat.turns()],
    )


def _message(turn: Turn) -> dict[str, Any]:
    return {"id": turn.id, "sender": turn.sender, "text": turn.text, "sent_at": stamp(turn.at)}
