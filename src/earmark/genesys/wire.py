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
from earmark.genesys.promised import Object, part, parts, when, words
from earmark.genesys.shape import mapping, mappings, moment, text, word
from earmark.model import Conversation, Json, Listing, Message, Participant, Sender
from earmark.transcript import ordered

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

_MACHINES = frozenset(
    (
        "acd",
        "api",
        "campaign",
        "dialer",
        "fax",
        "group",
        "inbound",
        "ivr",
        "outbound",
        "station",
        "system",
        "voicemail",
    )
)
_STAGE_DIRECTIONS = {
    *("activity", "mediarequest", "memberjoin", "memberleave", "notice", "typing", "typing-indicator"),
}
_UNSPOKEN = {"receipt", "event"}
_DIGITAL = {"chat", "message", "messaging"}
_TRANSCRIPTS = ("transcript", "messagingTranscript")
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
        GarbledError: It is no conversation at all, its end is no time, or its channel is not known here.
    """
    conversation_id = text(mapping(payload).get("conversationId"))
    if not conversation_id.strip() or not conversation_id.isprintable():
        raise GarbledError("the listing has an entry without a usable conversation id")
    whole = mapping(payload)
    ended = when(whole, "conversationEnd", conversation_id)
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
        GarbledError: The payload is no list of recordings, or a transcript is not what it should be.
    """
    if not isinstance(payload, list) or len(mappings(payload)) != len(payload):
        raise GarbledError("the recordings are not a list of objects", ref=about.id)
    if not payload:
        return Transcript(pending="there is no recording yet")
    digital = [recording for recording in mappings(payload) if _is_digital(recording)]
    states = [word(recording.get("fileState")) for recording in digital]
    if not digital:
        return Transcript(unreadable="none of its recordings is a chat or a message transcript")
    if _PREPARING & set(states) or any(map(_lacks_its_text, digital)):
        return Transcript(pending="a recording is still being prepared")
    if set(states) == {"deleted"}:
        return Transcript(deleted=True)
    if unfit := sorted(filter(None, (_unfit(recording, about.id) for recording in digital))):
        return Transcript(unreadable=unfit[0])
    messages = [turn for recording in digital for turn in _turns(recording, about.id)]
    return Transcript(_conversation(about, messages))


def _is_digital(recording: dict[str, Json]) -> bool:
    held = any(name in recording for name in _TRANSCRIPTS)
    return held or word(recording.get("media")) in _DIGITAL


def _lacks_its_text(recording: dict[str, Json]) -> bool:
    """Nothing said is an empty list; no list at all is no transcript."""
    ready = word(recording.get("fileState")) in _READABLE - {"deleted"}
    return ready and all(recording.get(name) is None for name in _TRANSCRIPTS)


def _unfit(recording: dict[str, Json], ref: str) -> str | None:
    """Why a recording cannot be read; one in a state of which nothing is known is judged by its text."""
    state = word(recording.get("fileState"))
    if state == "archived":
        return ARCHIVED
    if state in _READABLE or (state != "error" and any(_turns(recording, ref))):
        return None
    return f"its recording is in the state {state}"


def _turns(recording: dict[str, Json], ref: str) -> Iterator[Message]:
    for turn in parts(recording, "transcript", ref):
        yield from _chat_turn(turn, ref)
    for turn in parts(recording, "messagingTranscript", ref):
        yield from _messaging_turn(turn, ref)


def _chat_turn(turn: Object, ref: str) -> Iterator[Message]:
    body = html.unescape(words(turn, "body", ref))
    if body and word(turn.get("bodyType")) not in _STAGE_DIRECTIONS:
        yield _message(turn.get("id"), _speaker(turn, "participantPurpose", "user"), body, turn.get("utc"))


def _messaging_turn(turn: Object, ref: str) -> Iterator[Message]:
    pressed = [part(turn, "buttonResponse", ref), *parts(turn, "buttonResponses", ref)]
    said = _lines([words(turn, "messageText", ref), *(words(each, "text", ref) for each in pressed)])
    if said:
        sender = Sender.BOT if mapping(turn.get("workflow")) else _speaker(turn, "purpose", "fromUser")
        yield _message(turn.get("id"), sender, said, turn.get("timestamp"))


def _lines(said: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(filter(None, said)))


def _speaker(turn: dict[str, Json], purpose: str, user: str) -> Sender:
    """Where no purpose is told (chats of the first version, a null, a new word) only agents come with their user.

    What a person may have said is not passed over because nobody knows the word for who it was.
    """
    return _sender(word(turn.get(purpose)), Sender.AGENT if mapping(turn.get(user)) else Sender.CUSTOMER)


def _sender(purpose: str, unknown: Sender = Sender.CUSTOMER) -> Sender:
    return Sender.SYSTEM if purpose in _MACHINES else _SENDERS.get(purpose, unknown)


def _message(identity: Json, sender: Sender, said: str, told: Json) -> Message:
    return Message(text(identity), sender, said, moment(told))


def _conversation(
    about: Listing,
    messages: Iterable[Message],
    *,
    language: str | None = None,
    participants: tuple[Participant, ...] = (),
) -> Conversation:
    return ordered(
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


def message_ids(about: Listing, payload: Json) -> tuple[str, ...]:
    """Ids of the messages that may hold text: receipts and events do not.

    Raises:
        GarbledError: Nobody took part, or a message has no id.
    """
    members = parts(mapping(payload), "participants", about.id)
    if not members:
        raise GarbledError("the conversation's messages come without participants", ref=about.id)
    found = [
        words(details, "messageId", about.id)
        for member in members
        for details in parts(member, "messages", about.id)
        if word(mapping(details.get("messageMetadata")).get("type")) not in _UNSPOKEN
    ]
    if not all(found):
        raise GarbledError("one of the conversation's messages has no id", ref=about.id)
    return tuple(dict.fromkeys(found))


def answered(payloads: Iterable[Json]) -> set[str]:
    """Ids of the messages that bulk answers hold."""
    return {
        text(data.get("id")) for payload in payloads for data in mappings(mapping(payload).get("entities"))
    }


def messaged(about: Listing, payloads: Iterable[Json]) -> Conversation:
    """Answers of the bulk request, each for at least one message → text.

    Raises:
        GarbledError: An answer without messages, or a message without its content.
    """
    turns: list[Message] = []
    for payload in payloads:
        entities = parts(mapping(payload), "entities", about.id)
        if not entities:
            raise GarbledError("none of the messages that were asked for came", ref=about.id)
        turns.extend(turn for data in entities for turn in _normalized_turn(data, about.id))
    return _conversation(about, turns)


def _normalized_turn(data: Object, ref: str) -> Iterator[Message]:
    normalized = part(data, "normalizedMessage", ref)
    if not normalized:
        raise GarbledError("a message comes without its content", ref=ref)
    if word(normalized.get("type")) in _UNSPOKEN:
        return
    pressed = (part(content, "buttonResponse", ref) for content in parts(normalized, "content", ref))
    said = _lines([words(normalized, "text", ref), *(words(each, "text", ref) for each in pressed)])
    if said:
        told = data.get("timestamp") or mapping(normalized.get("channel")).get("time")
        yield _message(data.get("id"), _direction_sender(data, normalized), said, told)


def _direction_sender(data: dict[str, Json], normalized: dict[str, Json]) -> Sender:
    direction = word(data.get("direction")) or word(normalized.get("direction"))
    if direction == "inbound":
        return Sender.CUSTOMER
    entity = word(normalized.get("originatingEntity"))
    if direction == "outbound":
        return Sender.BOT if entity == "bot" else Sender.AGENT
    return {"bot": Sender.BOT, "human": Sender.AGENT}.get(entity, Sender.CUSTOMER)


# speech and text analytics


def transcribed(about: Listing, documents: Iterable[Json]) -> Conversation:
    """Transcript documents → text.

    Raises:
        GarbledError: A document without a list of transcripts, or one of them without its phrases.
    """
    turns: list[Message] = []
    language: str | None = None
    for document in map(mapping, documents):
        if document.get("transcripts") is None:
            raise GarbledError("the transcript document has no transcripts", ref=about.id)
        for transcript in parts(document, "transcripts", about.id):
            language = language or text(transcript.get("language")) or None
            turns.extend(_phrases(transcript, about.id))
    return _conversation(about, turns, language=language)


def _phrases(transcript: Object, ref: str) -> Iterator[Message]:
    if transcript.get("phrases") is None:
        raise GarbledError("a transcript has no phrases", ref=ref)
    name = text(transcript.get("transcriptId"))
    for position, phrase in enumerate(parts(transcript, "phrases", ref)):
        if said := words(phrase, "text", ref):
            sender = _sender(word(phrase.get("participantPurpose")))
            yield _message(f"{name}#{position}" if name else "", sender, said, phrase.get("startTimeMs"))


# interactions contract


def interaction(payload: Json) -> Listing:
    """An interaction, which carries its text.

    Raises:
        GarbledError: It has no id, or its messages are not a list of texts.
    """
    whole = mapping(payload)
    identity = text(whole.get("id"))
    if not identity.strip() or not identity.isprintable():
        raise GarbledError("the listing has an entry without a usable id")
    messages = parts(whole, "messages", identity)
    about = Listing(
        id=identity,
        channel=word(whole.get("type")) or WEBCHAT,
        started_at=_first_moment(whole, "started_at", "start_time", "created_at"),
        ended_at=_first_moment(whole, "ended_at", "end_time", "completed_at"),
        queue=_queue_name(whole.get("queue")),
        participants=_participants(mappings(whole.get("participants"))),
    )
    turns = [turn for place, each in enumerate(messages) for turn in _interaction_turn(place, each, identity)]
    conversation = _conversation(about, turns, language=text(whole.get("language")) or None)
    return replace(about, conversation=conversation, revision=_content_hash(conversation))


def _interaction_turn(position: int, turn: Object, ref: str) -> Iterator[Message]:
    if not (said := words(turn, "text", ref)):
        return
    who = next((word(turn.get(k)) for k in ("sender", "role", "purpose", "from") if word(turn.get(k))), "")
    # The contract promises a text and nothing else; whoever wrote it, the customer is asked about.
    sender = _sender(who) if who else Sender.CUSTOMER
    told = _first_moment(turn, "sent_at", "timestamp", "time")
    yield Message(text(turn.get("id")) or f"#{position}", sender, said, told)


def _first_moment(whole: dict[str, Json], *names: str) -> datetime | None:
    return next((found for name in names if (found := moment(whole.get(name)))), None)


def _queue_name(value: Json) -> str | None:
    return text(value) or text(mapping(value).get("name")) or text(mapping(value).get("id")) or None


def _content_hash(conversation: Conversation) -> str:
    digest = hashlib.sha256()
    for message in conversation.messages:
        for each in (message.id, message.sender, message.text):
            digest.update(each.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
