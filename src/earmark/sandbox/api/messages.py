"""The conversation itself, its message ids, and the texts behind the ids. Legacy chats have no messages."""

from __future__ import annotations

from typing import Any

from earmark.sandbox.chats import HOME_DIVISION, Chat, Turn, named, present, stamp
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import State
from earmark.sandbox.wire import Request

MOST_MESSAGES = 1000
KINDS = {"typing": "Event", "receipt": "Receipt", "text": "Text"}


def conversation(state: State, request: Request) -> Any:
    """Answer a conversation with its participants and their attributes, as they are now."""
    chat = state.chat(request.params["conversation"])
    media = {"message": "messages", "chat": "chats", "voice": "calls"}[chat.media]
    participants = []
    for purpose, identity in people(chat).items():
        legs = chat.legs(chat.turns())
        communication = [{"id": chat.session(leg.number), "state": "disconnected"} for leg in legs]
        written = state.participants.get(chat.id, {}).get(identity, {})
        attributes = (chat.attributes | written) if purpose == "customer" else written
        shown = {"id": identity, "purpose": purpose, "attributes": attributes}
        participants.append(shown | ({media: communication} if purpose == "customer" else {}))
    return present(
        id=chat.id,
        startTime=stamp(chat.start),
        endTime=None if chat.end is None else stamp(chat.end),
        externalTag=chat.tag,
        divisions=[{"division": {"id": HOME_DIVISION}}],
        participants=participants,
        selfUri=f"/api/v2/conversations/{chat.id}",
    )


def people(chat: Chat) -> dict[str, str]:
    """Return participant ids by purpose (those of the first leg)."""
    senders = {turn.sender for turn in chat.turns()}
    found = {"customer": chat.participant("customer"), "acd": chat.participant("acd")}
    if "bot" in senders:
        found["workflow"] = chat.participant("workflow")
    if "agent" in senders:
        found["agent"] = chat.participant("agent")
    return found


def ids(state: State, request: Request) -> Any:
    """Answer who sent which message; no text."""
    chat = _messaging(state, request)
    turns = chat.turns()
    participants = [
        present(
            id=identity,
            purpose=purpose,
            state="disconnected" if chat.end else "connected",
            direction="inbound",
            type="webmessaging",
            startTime=stamp(chat.start),
            endTime=None if chat.end is None else stamp(chat.end),
            messages=[_detail(chat, turn) for turn in turns if turn.purpose == purpose],
        )
        for purpose, identity in people(chat).items()
    ]
    return {
        "id": chat.id,
        "participants": participants,
        "selfUri": f"/api/v2/conversations/messages/{chat.id}",
    }


def bulk(state: State, request: Request) -> Any:
    """Answer the texts of up to 1,000 ids; an unknown one is left out."""
    chat = _messaging(state, request)
    wanted = request.json_list()
    if not 1 <= len(wanted) <= MOST_MESSAGES or not all(isinstance(one, str) for one in wanted):
        raise RefusalError(400, f"1 to {MOST_MESSAGES} message ids can be asked for.", code="invalid.value")
    chosen = set(wanted)
    return {"entities": [_text(chat, turn) for turn in chat.turns() if turn.id in chosen]}


def single(state: State, request: Request) -> Any:
    chat = _messaging(state, request)
    for turn in chat.turns():
        if turn.id == request.params["message"]:
            return _text(chat, turn)
    raise RefusalError(404)


def _messaging(state: State, request: Request) -> Chat:
    chat = state.chat(request.params["conversation"])
    if chat.media != "message":
        raise RefusalError(404)
    return chat


def _detail(chat: Chat, turn: Turn) -> dict[str, Any]:
    return {
        "messageId": turn.id,
        "messageURI": f"/api/v2/conversations/messages/{chat.id}/messages/{turn.id}",
        "messageStatus": "received" if turn.sender == "customer" else "sent",
        "messageTime": stamp(turn.at),
        "messageMetadata": {"type": KINDS.get(turn.kind, "Structured")},
    }


def _text(chat: Chat, turn: Turn) -> dict[str, Any]:
    inbound = turn.sender == "customer"
    message = present(
        id=turn.id,
        type=KINDS.get(turn.kind, "Structured"),
        text=turn.text if turn.kind in {"text", "quick_reply"} else None,
        direction="Inbound" if inbound else "Outbound",
        originatingEntity="Bot" if turn.sender in {"bot", "system"} else "Human",
        channel={"platform": "WebMessaging", "time": stamp(turn.at)},
        content=_content(turn),
    )
    return present(
        id=turn.id,
        conversationId=chat.id,
        timestamp=stamp(turn.at),
        direction="inbound" if inbound else "outbound",
        messengerType="webmessaging",
        status="received" if inbound else "sent",
        createdBy={"id": named("user", chat.queues[0])} if turn.sender == "agent" else None,
        normalizedMessage=message,
    )


def _content(turn: Turn) -> list[dict[str, Any]] | None:
    if turn.kind == "attachment":
        return [{"contentType": "Attachment", "attachment": {"mediaType": "Image", "filename": "photo.png"}}]
    if turn.kind == "quick_reply":
        return [
            {"contentType": "QuickReply", "quickReply": {"text": text, "payload": text}}
            for text in ("Yes", "No")
        ]
    if turn.kind == "button":
        answer = {"type": "QuickReply", "text": turn.text, "payload": turn.text}
        return [{"contentType": "ButtonResponse", "buttonResponse": answer}]
    return None
