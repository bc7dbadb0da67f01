"""Recordings: the text of chats and messages, one at a time and by batch, and the storage that holds them."""

from __future__ import annotations

from html import escape
from typing import Any

from earmark.sandbox.api.storage import check_signature, signed_url
from earmark.sandbox.chats import Chat, Leg, Turn, named, present, stamp
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import Batch, State, next_id
from earmark.sandbox.wire import Reply, Request

LARGEST_BATCH = 100


def recordings(state: State, request: Request) -> Any:
    """Answer the recordings, or 202 without a body while they are being prepared."""
    chat = state.chat(request.params["conversation"])
    return Reply(202) if _not_ready(chat) else render_all(chat)


def recording(state: State, request: Request) -> Any:
    chat = state.chat(request.params["conversation"])
    if _not_ready(chat):
        return Reply(202)
    return find(chat, request.params["recording"])


def stored(state: State, request: Request) -> Any:
    """Answer the file behind a pre-signed URL."""
    check_signature(state, request)
    return find(state.chat(request.params["conversation"]), request.params["recording"])


def metadata(state: State, request: Request) -> Any:
    shown = render_all(state.chat(request.params["conversation"]))
    return [
        {key: value for key, value in one.items() if not key.lower().endswith("transcript")} for one in shown
    ]


def submit_batch(state: State, request: Request) -> Any:
    """Accept up to 100 conversations."""
    wanted = request.json_object().get("batchDownloadRequestList")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= LARGEST_BATCH:
        raise RefusalError(400, f"A batch has 1 to {LARGEST_BATCH} requests.", code="invalid.value")
    identity = next_id("batch", len(state.batches))
    results = [result for item in wanted for result in _batch_results(state, request, item)]
    state.batches[identity] = Batch(results)
    return {"id": identity, "selfUri": f"/api/v2/recording/batchrequests/{identity}"}


def batch(state: State, request: Request) -> Any:
    """Answer how far a batch is: half of it at first, and fewer expected than there will be."""
    batch = state.batches.get(request.params["batch"])
    if batch is None:
        raise RefusalError(404)
    batch.polls += 1
    done = batch.polls > 1
    results = batch.results if done else batch.results[: len(batch.results) // 2]
    return {
        "id": request.params["batch"],
        "jobId": request.params["batch"],
        "status": "Completed" if done else "InProgress",
        "expectedResultCount": len(batch.results) if done else (len(batch.results) + len(results) + 1) // 2,
        "resultCount": len(results),
        "errorCount": sum("errorMsg" in result for result in results),
        "results": results,
        "selfUri": f"/api/v2/recording/batchrequests/{request.params['batch']}",
    }


def _batch_results(state: State, request: Request, item: Any) -> list[dict[str, Any]]:
    wanted = item.get("conversationId") if isinstance(item, dict) else None
    if not isinstance(wanted, str):
        raise RefusalError(400, "A request of a batch needs a conversationId.", code="invalid.value")
    chat = state.chats.get(wanted)
    if chat is None or chat.gone:
        return [{"conversationId": wanted, "errorMsg": "The conversation was not found."}]
    if _not_ready(chat):
        return [{"conversationId": wanted, "errorMsg": "The recording is not available yet."}]
    only = item.get("recordingId")
    results = [
        {
            "conversationId": chat.id,
            "recordingId": one["id"],
            "resultUrl": signed_url(state, request, f"/sandbox-storage/recordings/{chat.id}/{one['id']}"),
            "contentType": "application/json",
        }
        for one in render_all(chat)
        if only in {None, one["id"]}
    ]
    return results or [{"conversationId": wanted, "errorMsg": "No recordings were found."}]


def _not_ready(chat: Chat) -> bool:
    if chat.reads_left > 0:
        chat.reads_left -= 1
        return True
    return False


def find(chat: Chat, recording: str) -> dict[str, Any]:
    """Return one recording.

    Raises:
        RefusalError: 404.
    """
    for one in render_all(chat):
        if one["id"] == recording:
            return one
    raise RefusalError(404)


def render_all(chat: Chat) -> list[dict[str, Any]]:
    """Return a recording a leg. Calls have one without a transcript."""
    turns = chat.turns()
    return [_render(chat, leg, turns[leg.first : leg.last]) for leg in chat.legs(turns)]


def _render(chat: Chat, leg: Leg, turns: list[Turn]) -> dict[str, Any]:
    identity = named(chat.id, "recording", leg.number)
    shown = present(
        id=identity,
        conversationId=chat.id,
        sessionId=chat.session(leg.number),
        media={"voice": "audio"}.get(chat.media, chat.media),
        fileState="AVAILABLE",
        startTime=stamp(leg.start),
        endTime=None if leg.end is None else stamp(leg.end),
        selfUri=f"/api/v2/conversations/{chat.id}/recordings/{identity}",
    )
    if chat.media == "chat":
        shown["transcript"] = [_chat_message(chat, leg, turn) for turn in turns]
    if chat.media == "message":
        shown["messagingTranscript"] = [_message(chat, leg, turn) for turn in turns]
    return shown


def _chat_message(chat: Chat, leg: Leg, turn: Turn) -> dict[str, Any]:
    """Return a legacy chat message: its body is HTML, and attachments do not exist there."""
    kind = {"typing": "TYPING", "receipt": "ACTIVITY"}.get(turn.kind, "STANDARD")
    if turn.sender == "system":
        kind = "NOTICE"
    user = named("user", leg.queue)
    return present(
        id=turn.id,
        utc=stamp(turn.at),
        chat=chat.id,
        body=escape(turn.text),
        bodyType=kind,
        senderCommunicationId=chat.session(leg.number),
        participantPurpose=turn.purpose,
        user={"id": user, "name": "Agent"} if turn.sender == "agent" else None,
    ) | {"from": chat.participant(turn.purpose, leg.number)}


def _message(chat: Chat, leg: Leg, turn: Turn) -> dict[str, Any]:
    shown = present(
        id=turn.id,
        timestamp=stamp(turn.at),
        purpose=turn.purpose,
        participantId=chat.participant(turn.purpose, leg.number),
        fromUser={"id": named("user", leg.queue)} if turn.sender == "agent" else None,
        workflow={"id": named("workflow", "greeter")} if turn.sender == "bot" else None,
        queue={"id": named("queue", leg.queue)} if turn.sender != "customer" else None,
    )
    return shown | {"from": chat.session(leg.number)} | _content(turn)


def _content(turn: Turn) -> dict[str, Any]:
    if turn.kind == "typing":
        return {"events": [{"eventType": "Typing", "typing": {"type": "On", "duration": 3000}}]}
    if turn.kind == "receipt":
        return {"messageReceipts": [{"id": turn.id, "status": "Delivered", "receiptTime": stamp(turn.at)}]}
    if turn.kind == "attachment":
        picture = {"id": named(turn.id, "file"), "mediaType": "image/png", "name": "photo.png"}
        return {"contentType": "Attachment", "messageMediaAttachments": [picture]}
    if turn.kind == "quick_reply":
        choices = [{"text": text, "payload": text, "isSelected": False} for text in ("Yes", "No")]
        return {"messageText": turn.text, "contentType": "QuickReply", "quickReplies": choices}
    if turn.kind == "button":
        answer = {"type": "QuickReply", "text": turn.text, "payload": turn.text}
        return {"contentType": "ButtonResponse", "buttonResponse": answer}
    return {"messageText": turn.text, "status": "delivered"}
