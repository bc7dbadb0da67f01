"""Payload → model, pure.

Unknown types, null enums and missing fields are lived with. A structure that is wrong altogether is a
GarbledError, because "nothing there" must never be guessed.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from earmark.errors import GarbledError
from earmark.genesys.shape import items, mapping, mappings, moment, text, word
from earmark.model import Conversation, Json, Listing, Message, Participant, Sender
from earmark.transcript import tidy

WEBCHAT = "webchat"
WEBMESSAGING = "webmessaging"
UNTOLD = "unknown"
ARCHIVED = "its recording is archived: restore it in Genesys Cloud, then run again"

_SENDERS = {
    "customer": Sender.CUSTOMER,
    "external": Sender.CUSTOMER,
    "agent": Sender.AGENT,
    "user": Sender.AGENT,
    "internal": Sender.AGENT,
    "manual": Sender.AGENT,
    "bot": Sender.BOT,
    "botflow": Sender.BOT,
    "workflow": Sender.BOT,
    "ivr": Sender.BOT,
}
_OTHER_NAMES = (
    "voice callback cobrowse email internalmessage screenshare social video "
    "apple facebook instagram kakao line open sms telegram twitter viber whatsapp"
)
_OTHERS = frozenset(_OTHER_NAMES.split())
"""Media and message types that are somebody else's business."""

_SPOKEN = {"", "standard"}
_DIGITAL = {"chat", "message", "messaging"}
_PREPARING = {"uploading", "restoring"}
_READABLE = {"", "available", "restored", "deleted"}


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the recordings of a conversation hold: its text, or why there is none (yet)."""

    conversation: Conversation | None = None
    pending: str | None = None
    unreadable: str | None = None
    deleted: bool = False


# listing


def listing(payload: Json) -> Listing | None:
    """An analytics conversation, None unless it is a finished webchat or web-messaging conversation.

    The service was asked for those alone, so one whose channel it does not tell is taken to be ours.

    Raises:
        GarbledError: It is no conversation at all, or of a channel that is not known here.
    """
    conversation_id = text(mapping(payload).get("conversationId"))
    if not conversation_id.strip() or not conversation_id.isprintable():
        raise GarbledError("the listing has an entry without a usable conversation id")
    whole = mapping(payload)
    ended = moment(whole.get("conversationEnd"))
    members = mappings(whole.get("participants"))
    channel = _channel(members, conversation_id)
    if ended is None or channel is None:
        return None
    return Listing(
        id=conversation_id,
        channel=channel,
        started_at=moment(whole.get("conversationStart")),
        ended_at=ended,
        queue=_queue(members),
        revision=ended.isoformat(),
        participants=_participants(members),
        sessions=_customer_sessions(members),
    )


def _sessions(members: Iterable[dict[str, Json]]) -> Iterator[tuple[str, dict[str, Json]]]:
    for member in members:
        for session in mappings(member.get("sessions")):
            yield word(member.get("purpose")), session


def _session_channel(session: dict[str, Json]) -> str | None:
    """Ours, UNTOLD, None for somebody else's, or the service's own word for something new."""
    media = word(session.get("mediaType"))
    kind = word(session.get("messageType")) if media == "message" else media
    if kind in _OTHERS:
        return None
    return WEBCHAT if kind == "chat" else kind or UNTOLD


def _channel(members: Sequence[dict[str, Json]], conversation_id: str) -> str | None:
    """The first channel that is ours: one conversation may mix media."""
    found = [_session_channel(session) for _, session in _sessions(members)] or [UNTOLD]
    ours = [name for name in found if name in {WEBCHAT, WEBMESSAGING}] or [n for n in found if n == UNTOLD]
    if ours:
        return ours[0]
    if any(found):
        raise GarbledError("it came by a channel that this version does not know", ref=conversation_id)
    return None


def _queue(members: Sequence[dict[str, Json]]) -> str | None:
    """The queue of the latest segment of a queue or an agent: where a transferred conversation ended up."""
    found: list[tuple[str, int, str]] = []
    for purpose, session in _sessions(members):
        if purpose not in {"acd", "agent", "user"}:
            continue
        for segment in mappings(session.get("segments")):
            if queue := text(segment.get("queueId")):
                begun = moment(segment.get("segmentStart"))
                found.append((begun.isoformat() if begun else "", len(found), queue))
    return max(found)[2] if found else None


def _participants(members: Iterable[dict[str, Json]]) -> tuple[Participant, ...]:
    known = ((text(m.get("participantId") or m.get("id")), word(m.get("purpose"))) for m in members)
    return tuple(Participant(each, purpose or "unknown") for each, purpose in known if each)


def _customer_sessions(members: Sequence[dict[str, Json]]) -> tuple[str, ...]:
    ours = (
        text(session.get("sessionId"))
        for purpose, session in _sessions(members)
        if purpose in {"customer", "external"} and _session_channel(session)
    )
    return tuple(dict.fromkeys(each for each in ours if each))


# recordings


def recorded(about: Listing, payload: Json) -> Transcript:
    """Recordings, all of one conversation, → its text.

    Raises:
        GarbledError: The payload is no list of recordings.
    """
    if not isinstance(payload, list) or len(mappings(payload)) != len(payload):
        raise GarbledError("the recordings are not a list of objects", ref=about.id)
    if not payload:
        return Transcript(pending="there is no recording yet")
    digital = [recording for recording in mappings(payload) if _is_digital(recording)]
    states = [word(recording.get("fileState")) for recording in digital]
    if not digital:
        return Transcript(unreadable="none of its recordings is a chat or a message transcript")
    if _PREPARING & set(states):
        return Transcript(pending="a recording is still being prepared")
    if set(states) == {"deleted"}:
        return Transcript(deleted=True)
    if unfit := sorted(filter(None, map(_unfit, digital))):
        return Transcript(unreadable=unfit[0])
    messages = [turn for recording in digital for turn in _turns(recording)]
    return Transcript(_conversation(about, messages))


def _is_digital(recording: dict[str, Json]) -> bool:
    held = "transcript" in recording or "messagingTranscript" in recording
    return held or word(recording.get("media")) in _DIGITAL


def _unfit(recording: dict[str, Json]) -> str | None:
    """Why a recording cannot be read; one in a state of which nothing is known is judged by its text."""
    state = word(recording.get("fileState"))
    if state == "archived":
        return ARCHIVED
    if state in _READABLE or (state != "error" and any(_turns(recording))):
        return None
    return f"its recording is in the state {state}"


def _turns(recording: dict[str, Json]) -> Iterator[Message]:
    yield from filter(None, map(_chat_turn, mappings(recording.get("transcript"))))
    yield from filter(None, map(_messaging_turn, mappings(recording.get("messagingTranscript"))))


def _chat_turn(turn: dict[str, Json]) -> Message | None:
    body = html.unescape(text(turn.get("body")))
    if word(turn.get("bodyType")) not in _SPOKEN or not body:
        return None
    return _message(turn.get("id"), _speaker(turn, "participantPurpose", "user"), body, turn.get("utc"))


def _messaging_turn(turn: dict[str, Json]) -> Message | None:
    said = text(turn.get("messageText"))
    pressed = [turn.get("buttonResponse"), *items(turn.get("buttonResponses"))]
    labels = (text(each.get("text")) for each in mappings(pressed))
    words = "\n".join(dict.fromkeys(part for part in (said, *labels) if part))
    if not words:
        return None
    sender = Sender.BOT if mapping(turn.get("workflow")) else _speaker(turn, "purpose", "fromUser")
    return _message(turn.get("id"), sender, words, turn.get("timestamp"))


def _speaker(turn: dict[str, Json], purpose: str, user: str) -> Sender:
    """Where no purpose is told (chats of the first version, a null) only agents come with their user."""
    told = word(turn.get(purpose))
    return _sender(told or ("agent" if mapping(turn.get(user)) else "customer"))


def _sender(purpose: str) -> Sender:
    return _SENDERS.get(purpose, Sender.SYSTEM)


def _message(identity: Json, sender: Sender, words: str, when: Json) -> Message:
    return Message(text(identity), sender, words, moment(when))


def _conversation(
    about: Listing,
    messages: Iterable[Message],
    *,
    language: str | None = None,
    participants: tuple[Participant, ...] = (),
) -> Conversation:
    return tidy(
        Conversation(
            id=about.id,
            messages=tuple(messages),
            channel=about.channel,
            started_at=about.started_at,
            ended_at=about.ended_at,
            queue=about.queue,
            language=language,
            participants=about.participants or participants,
        )
    )


# message API


def message_ids(payload: Json) -> tuple[str, ...]:
    """Ids of the messages that may hold text: receipts and events do not."""
    found: list[str] = []
    for participant in mappings(mapping(payload).get("participants")):
        for details in mappings(participant.get("messages")):
            kind = word(mapping(details.get("messageMetadata")).get("type"))
            if kind not in {"receipt", "event"}:
                found.append(text(details.get("messageId")))
    return tuple(dict.fromkeys(each for each in found if each))


def messaged(about: Listing, payloads: Iterable[Json]) -> Conversation:
    """Answers of the bulk request → text.

    Raises:
        GarbledError: An answer without a list of messages.
    """
    turns: list[Message] = []
    for payload in payloads:
        entities = mapping(payload).get("entities", [])
        if not isinstance(payload, dict) or not isinstance(entities, list):
            raise GarbledError("the messages are not a list", ref=about.id)
        turns.extend(filter(None, map(_normalized_turn, mappings(entities))))
    return _conversation(about, turns)


def _normalized_turn(data: dict[str, Json]) -> Message | None:
    normalized = mapping(data.get("normalizedMessage"))
    if word(normalized.get("type")) in {"receipt", "event"}:
        return None
    pressed = (
        text(mapping(content.get("buttonResponse")).get("text"))
        for content in mappings(normalized.get("content"))
    )
    words = "\n".join(dict.fromkeys(part for part in (text(normalized.get("text")), *pressed) if part))
    if not words:
        return None
    when = data.get("timestamp") or mapping(normalized.get("channel")).get("time")
    return _message(data.get("id"), _direction_sender(data, normalized), words, when)


def _direction_sender(data: dict[str, Json], normalized: dict[str, Json]) -> Sender:
    direction = word(data.get("direction")) or word(normalized.get("direction"))
    if direction == "inbound":
        return Sender.CUSTOMER
    if direction != "outbound":
        return Sender.SYSTEM
    return Sender.BOT if word(normalized.get("originatingEntity")) == "bot" else Sender.AGENT


# speech and text analytics


def transcribed(about: Listing, documents: Iterable[Json]) -> Conversation:
    """Transcript documents → text.

    Raises:
        GarbledError: A document without a list of transcripts.
    """
    turns: list[Message] = []
    language: str | None = None
    for document in documents:
        transcripts = mapping(document).get("transcripts")
        if not isinstance(transcripts, list):
            raise GarbledError("the transcript document has no transcripts", ref=about.id)
        for transcript in mappings(transcripts):
            language = language or text(transcript.get("language")) or None
            turns.extend(_phrases(transcript))
    return _conversation(about, turns, language=language)


def _phrases(transcript: dict[str, Json]) -> Iterator[Message]:
    name = text(transcript.get("transcriptId"))
    for position, phrase in enumerate(mappings(transcript.get("phrases"))):
        if words := text(phrase.get("text")):
            sender = _sender(word(phrase.get("participantPurpose")))
            yield _message(f"{name}#{position}" if name else "", sender, words, phrase.get("startTimeMs"))


# interactions contract


def interaction(payload: Json) -> Listing:
    """An interaction, which carries its text.

    Raises:
        GarbledError: It has no id, or its messages are not a list.
    """
    whole = mapping(payload)
    identity = text(whole.get("id"))
    if not identity.strip() or not identity.isprintable():
        raise GarbledError("the listing has an entry without a usable id")
    messages = whole.get("messages")
    if not isinstance(messages, list | None):
        raise GarbledError("its messages are not a list", ref=identity)
    about = Listing(
        id=identity,
        channel=word(whole.get("type")) or WEBCHAT,
        started_at=_first_moment(whole, "started_at", "start_time", "created_at"),
        ended_at=_first_moment(whole, "ended_at", "end_time", "completed_at"),
        queue=_queue_name(whole.get("queue")),
        participants=_participants(mappings(whole.get("participants"))),
    )
    turns = filter(None, map(_interaction_turn, enumerate(mappings(messages))))
    conversation = _conversation(about, turns, language=text(whole.get("language")) or None)
    return replace(about, conversation=conversation, revision=_content_hash(conversation))


def _interaction_turn(numbered: tuple[int, dict[str, Json]]) -> Message | None:
    position, turn = numbered
    words = text(turn.get("text"))
    if not words:
        return None
    who = next((word(turn.get(k)) for k in ("sender", "role", "purpose", "from") if word(turn.get(k))), "")
    when = _first_moment(turn, "sent_at", "timestamp", "time")
    # The contract promises a text and nothing else; whoever wrote it, the customer is asked about.
    sender = _sender(who) if who else Sender.CUSTOMER
    return Message(text(turn.get("id")) or f"#{position}", sender, words, when)


def _first_moment(whole: dict[str, Json], *names: str) -> datetime | None:
    return next((found for name in names if (found := moment(whole.get(name)))), None)


def _queue_name(value: Json) -> str | None:
    return text(value) or text(mapping(value).get("name")) or text(mapping(value).get("id")) or None


def _content_hash(conversation: Conversation) -> str:
    digest = hashlib.sha256()
    for message in conversation.messages:
        for part in (message.id, message.sender, message.text):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
