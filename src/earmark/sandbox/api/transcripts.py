"""Speech and text analytics: where the transcript of a communication is, and the transcript."""

from __future__ import annotations

from typing import Any

from earmark.sandbox.api.storage import check_signature, signed_url
from earmark.sandbox.chats import Chat, Leg, Turn, named, stamp
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import State
from earmark.sandbox.wire import Request

PURPOSES = {"customer": "external"}
ORGANIZATION = named("organization")


def url(state: State, request: Request) -> Any:
    return {"url": _url(state, request)}


def urls(state: State, request: Request) -> Any:
    chat, communication = _analysed(state, request)
    recording = named(chat.id, "recording", _leg(chat, communication))
    return {
        "conversation": {"id": chat.id, "selfUri": f"/api/v2/conversations/{chat.id}"},
        "communicationId": communication,
        "urls": [{"recording": {"id": recording}, "url": _url(state, request)}],
    }


def stored(state: State, request: Request) -> Any:
    """Answer the file behind a pre-signed URL."""
    check_signature(state, request)
    return render(state.chat(request.params["conversation"]), request.params["communication"])


def _url(state: State, request: Request) -> str:
    chat, communication = _analysed(state, request)
    return signed_url(state, request, f"/sandbox-storage/transcripts/{chat.id}/{communication}")


def _analysed(state: State, request: Request) -> tuple[Chat, str]:
    chat, communication = state.chat(request.params["conversation"]), request.params["communication"]
    _leg(chat, communication)
    if chat.reads_left > 0:
        chat.reads_left -= 1
        raise RefusalError(404)
    return chat, communication


def _leg(chat: Chat, communication: str) -> int:
    for number in range(len(chat.queues)):
        if chat.session(number) == communication:
            return number
    raise RefusalError(404)


def render(chat: Chat, communication: str) -> dict[str, Any]:
    """Return the transcript document of one communication."""
    turns = chat.turns()
    leg = chat.legs(turns)[_leg(chat, communication)]
    end = leg.end or chat.last_moment
    return {
        "organizationId": ORGANIZATION,
        "conversationId": chat.id,
        "communicationId": communication,
        "mediaType": chat.media,
        "conversationStartTime": chat.start,
        "startTime": leg.start,
        "duration": {"milliseconds": end - leg.start},
        "participants": _participants(chat, leg.start, end, leg.queue),
        "transcripts": [_transcript(chat, leg, turns[leg.first : leg.last])],
    }


def _transcript(chat: Chat, leg: Leg, turns: list[Turn]) -> dict[str, Any]:
    phrases = [
        {
            "phraseIndex": index,
            "text": turn.text,
            "decoratedText": turn.text,
            "participantPurpose": PURPOSES.get(turn.sender, "internal"),
            "startTimeMs": turn.at,
        }
        for index, turn in enumerate(turns)
        if turn.text
    ]
    return {
        "transcriptId": named(chat.id, "transcript", leg.number),
        "language": chat.language or "en-us",
        "startTime": stamp(leg.start),
        "phrases": phrases,
        "analytics": {"sentiment": [], "topics": [], "acoustic": []},
    }


def _participants(chat: Chat, start: int, end: int, queue: str) -> list[dict[str, Any]]:
    times = {"startTimeMs": start, "endTimeMs": end, "initialDirection": "inbound"}
    agent = {"participantPurpose": "agent", "userId": named("user", queue), "queueId": named("queue", queue)}
    kind = {"messageType": "webmessaging"} if chat.media == "message" else {}
    return [{"participantPurpose": "customer"} | kind | times, agent | times]
