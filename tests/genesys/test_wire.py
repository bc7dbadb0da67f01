"""Payloads become the model; what is odd is lived with, what is structurally wrong is said to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import GarbledError
from earmark.genesys import wire
from earmark.genesys.shape import moment, stamp
from earmark.model import Conversation, Listing, Message, Sender

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ABOUT = Listing("c-1", "webmessaging", NOON - timedelta(hours=1), NOON, "Support")


def session(media: str | None = "message", kind: str | None = "webmessaging", **more: Any) -> dict[str, Any]:
    return {"sessionId": "s-1", "mediaType": media, "messageType": kind, "segments": []} | more


def analytics(*participants: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "conversationId": "c-1",
        "conversationStart": "2026-03-02T11:00:00.000Z",
        "conversationEnd": "2026-03-02T12:00:00.000Z",
        "participants": list(participants),
    } | more


def party(purpose: str | None, *sessions: dict[str, Any], identity: str = "p-1") -> dict[str, Any]:
    return {"participantId": identity, "purpose": purpose, "sessions": list(sessions)}


def segment(queue: str, start: str) -> dict[str, Any]:
    return {"segmentStart": start, "queueId": queue, "segmentType": "interact"}


# listing


@pytest.mark.parametrize(
    ("media", "kind", "channel"),
    [
        ("chat", None, "webchat"),
        ("CHAT", "anything", "webchat"),
        ("message", "webmessaging", "webmessaging"),
        ("message", "sms", None),
        ("voice", None, None),
        ("voice", "webmessaging", None),
        ("message", None, "unknown"),
        ("message", "unknown", "unknown"),
        (None, "webmessaging", "unknown"),
        (None, None, "unknown"),
    ],
)
def test_our_two_channels_are_listed_and_what_does_not_tell_its_channel(
    media: str | None, kind: str | None, channel: str | None
) -> None:
    found = wire.listing(analytics(party("customer", session(media, kind))))
    assert (found.channel if found else None) == channel


@pytest.mark.parametrize(("media", "kind"), [("hologram", "webmessaging"), ("message", "BrandNewValue")])
def test_a_channel_nobody_knows_is_not_passed_over_in_silence(media: str, kind: str) -> None:
    with pytest.raises(GarbledError, match="channel") as caught:
        wire.listing(analytics(party("customer", session(media, kind))))
    assert caught.value.ref == "c-1"
    beside = wire.listing(analytics(party("customer", session(media, kind), session())))
    assert beside is not None
    assert beside.channel == "webmessaging"


@pytest.mark.parametrize("odd", ["half an id \ud83d", "a\x00b", " "])
def test_an_id_that_cannot_be_kept_is_refused(odd: str) -> None:
    with pytest.raises(GarbledError, match="usable"):
        wire.listing(analytics(party("customer", session()), conversationId=odd))
    with pytest.raises(GarbledError, match="usable"):
        wire.interaction({"id": odd, "messages": []})


def test_a_conversation_that_goes_on_is_not_listed() -> None:
    payload = analytics(party("customer", session()))
    del payload["conversationEnd"]
    assert wire.listing(payload) is None
    assert wire.listing(payload | {"conversationEnd": None}) is None


def test_a_listing_tells_times_revision_participants_and_customer_sessions() -> None:
    found = wire.listing(
        analytics(
            party("workflow", session(sessionId="bot"), identity="p-0"),
            party(
                "customer", session("voice", None, sessionId="v"), session(sessionId="s-2"), identity="p-1"
            ),
            party(None, identity="p-2"),
        )
    )
    assert found is not None
    assert (found.started_at, found.ended_at) == (NOON - timedelta(hours=1), NOON)
    assert found.revision == NOON.isoformat()
    assert [(each.id, each.purpose) for each in found.participants] == [
        ("p-0", "workflow"),
        ("p-1", "customer"),
        ("p-2", "unknown"),
    ]
    assert found.sessions == ("s-2",)


def test_a_transferred_conversation_belongs_to_its_last_queue() -> None:
    found = wire.listing(
        analytics(
            party("agent", session(segments=[segment("q-2", "2026-03-02T11:30:00Z")])),
            party("acd", session(segments=[segment("q-1", "2026-03-02T11:05:00Z")])),
            party("customer", session(segments=[segment("q-9", "2026-03-02T11:59:00Z")])),
        )
    )
    assert found is not None
    assert found.queue == "q-2"


@pytest.mark.parametrize("payload", [None, [], "x", 3, {}, {"conversationId": None}, {"conversationId": ""}])
def test_what_is_no_conversation_is_garbled(payload: Any) -> None:
    with pytest.raises(GarbledError):
        wire.listing(payload)


# recordings


def messaging(*turns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "r",
        "media": "message",
        "fileState": "AVAILABLE",
        "messagingTranscript": list(turns),
    } | more


def turn(
    text: str | None, identity: str = "m-1", at: str = "2026-03-02T11:10:00Z", **more: Any
) -> dict[str, Any]:
    return {"id": identity, "timestamp": at, "purpose": "customer", "messageText": text} | more


def spoken(payload: Any) -> list[tuple[str, str]]:
    found = wire.recorded(ABOUT, payload).conversation
    assert found is not None
    return [(message.sender.value, message.text) for message in found.messages]


@pytest.mark.parametrize(
    ("more", "sender"),
    [
        ({"purpose": "customer"}, "customer"),
        ({"purpose": "Agent"}, "agent"),
        ({"purpose": "user"}, "agent"),
        ({"purpose": "workflow"}, "bot"),
        ({"purpose": "botflow"}, "bot"),
        ({"purpose": "customer", "workflow": {"id": "w"}}, "bot"),
        ({"purpose": "acd"}, "system"),
        ({"purpose": "hologram"}, "customer"),
        ({"purpose": "hologram", "fromUser": {"id": "u"}}, "agent"),
        ({"purpose": None}, "customer"),
        ({"purpose": None, "fromUser": {"id": "u"}}, "agent"),
    ],
)
def test_who_wrote_a_message(more: dict[str, Any], sender: str) -> None:
    assert spoken([messaging(turn("hi", **more))]) == [(sender, "hi")]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"messageText": "plain"}, "plain"),
        ({"messageText": None, "buttonResponse": {"type": "QuickReply", "text": "Yes"}}, "Yes"),
        ({"messageText": "Yes", "buttonResponse": {"text": "Yes"}}, "Yes"),
        ({"messageText": "A", "buttonResponses": [{"text": "B"}, {"text": "C"}]}, "A\nB\nC"),
        ({"messageText": "&amp; stays"}, "&amp; stays"),
        ({"contentType": "Hologram", "messageText": "x"}, "x"),
    ],
)
def test_the_words_of_a_message(more: dict[str, Any], text: str) -> None:
    assert spoken([messaging(turn("", **more))]) == [("customer", text)]


@pytest.mark.parametrize(
    "more", [{}, {"events": [{}]}, {"messageReceipts": [{}]}, {"messageMediaAttachments": [{"url": "u"}]}]
)
def test_events_receipts_and_attachments_are_no_text(more: dict[str, Any]) -> None:
    assert spoken([messaging(turn(None, **more), turn("said", "m-2"))]) == [("customer", "said")]


def test_a_message_in_two_recordings_counts_once_and_time_orders_all() -> None:
    early, late = turn("first", "m-1"), turn("second", "m-2", "2026-03-02T11:20:00Z", purpose="agent")
    again = turn("third", "m-3", "2026-03-02T11:30:00Z")
    assert spoken([messaging(late, again), messaging(early, late)]) == [
        ("customer", "first"),
        ("agent", "second"),
        ("customer", "third"),
    ]


def chat(body: str, kind: str | None = "STANDARD", **more: Any) -> dict[str, Any]:
    return {"utc": "2026-03-02T11:10:00.000Z", "body": body, "bodyType": kind} | more


def test_a_legacy_chat_keeps_what_was_said_and_unescapes_it() -> None:
    turns = [
        chat("AT&amp;T &lt;modem&gt;", participantPurpose="customer"),
        chat("typing", "TYPING", participantPurpose="agent"),
        chat("Dana joined", "MEMBERJOIN"),
        chat("", participantPurpose="agent"),
        chat("Hello", None, user={"id": "u"}),
        chat("Hi", None),
    ]
    assert spoken([{"media": "chat", "transcript": turns}]) == [
        ("customer", "AT&T <modem>"),
        ("agent", "Hello"),
        ("customer", "Hi"),
    ]


@pytest.mark.parametrize(
    ("payload", "pending", "unreadable", "deleted"),
    [
        ([], True, False, False),
        ([messaging(fileState="UPLOADING")], True, False, False),
        ([messaging(turn("x")), messaging(fileState="RESTORING")], True, False, False),
        ([{"media": "audio", "fileState": "AVAILABLE"}], False, True, False),
        ([messaging(fileState="ARCHIVED")], False, True, False),
        ([messaging(turn("x")), messaging(fileState="ARCHIVED")], False, True, False),
        ([messaging(fileState="ERROR")], False, True, False),
        ([messaging(fileState="HOLOGRAM")], False, True, False),
        ([messaging(fileState="DELETED")], False, False, True),
    ],
)
def test_recordings_without_their_whole_text_are_never_an_empty_conversation(
    payload: Any, pending: bool, unreadable: bool, deleted: bool
) -> None:
    found = wire.recorded(ABOUT, payload)
    assert found.conversation is None
    assert (bool(found.pending), bool(found.unreadable), found.deleted) == (pending, unreadable, deleted)


@pytest.mark.parametrize("media", ["message", "messaging", "MESSAGE", "chat", None])
def test_a_recording_in_which_nothing_was_said_is_an_empty_conversation(media: str | None) -> None:
    found = wire.recorded(ABOUT, [{"media": media, "fileState": None, "messagingTranscript": []}])
    assert found.conversation is not None
    assert found.conversation.messages == ()
    assert found.conversation.queue == "Support"


@pytest.mark.parametrize("payload", [None, {}, "x", [1], [[]], {"recordings": []}])
def test_what_is_no_list_of_recordings_is_garbled(payload: Any) -> None:
    with pytest.raises(GarbledError):
        wire.recorded(ABOUT, payload)


# message API, transcripts, interactions


def test_ids_of_receipts_and_events_are_not_asked_for() -> None:
    kinds = ["Text", "Structured", "Receipt", "Event", None]
    details = [{"messageId": f"m-{n}", "messageMetadata": {"type": kind}} for n, kind in enumerate(kinds)]
    payload: Any = {"participants": [{"messages": details}, {"messages": [{"messageId": "m-0"}]}, {}]}
    assert wire.message_ids(ABOUT, payload) == ("m-0", "m-1", "m-4")


@pytest.mark.parametrize(
    ("direction", "origin", "sender"),
    [
        ("inbound", "Human", Sender.CUSTOMER),
        ("Outbound", "Human", Sender.AGENT),
        ("outbound", "Bot", Sender.BOT),
        ("outbound", None, Sender.AGENT),
        (None, None, Sender.CUSTOMER),
        ("sideways", "Human", Sender.AGENT),
        ("sideways", "Bot", Sender.BOT),
    ],
)
def test_the_direction_of_a_message_says_who_wrote_it(direction: Any, origin: Any, sender: Sender) -> None:
    data = {
        "id": "m",
        "direction": direction,
        "normalizedMessage": {"text": "x", "originatingEntity": origin},
    }
    found = wire.messaged(ABOUT, [{"entities": [data]}])
    assert [message.sender for message in found.messages] == [sender]


def test_a_pressed_button_is_what_was_said() -> None:
    content: Any = [{"contentType": "ButtonResponse", "buttonResponse": {"text": "Refund"}}]
    data: Any = {
        "id": "m",
        "direction": "inbound",
        "normalizedMessage": {"type": "Structured", "content": content},
    }
    assert [m.text for m in wire.messaged(ABOUT, [{"entities": [data]}]).messages] == ["Refund"]


def test_a_transcript_document_gives_speakers_language_and_times() -> None:
    phrases: Any = [
        {"text": "Hello", "participantPurpose": "internal", "startTimeMs": 1772452800000},
        {"text": "My hub is dead", "participantPurpose": "external", "startTimeMs": 1772452700000},
        {"text": "", "participantPurpose": "external"},
        {"text": "?", "participantPurpose": None, "startTimeMs": 1772452900000},
    ]
    document: Any = {"transcripts": [{"transcriptId": "t", "language": "en-us", "phrases": phrases}]}
    found = wire.transcribed(ABOUT, [document])
    assert [(m.sender, m.text) for m in found.messages] == [
        (Sender.CUSTOMER, "My hub is dead"),
        (Sender.AGENT, "Hello"),
        (Sender.CUSTOMER, "?"),
    ]
    assert found.language == "en-us"


@pytest.mark.parametrize("document", [None, [], {}, {"transcripts": None}])
def test_a_document_without_transcripts_is_garbled(document: Any) -> None:
    with pytest.raises(GarbledError):
        wire.transcribed(ABOUT, [document])


def test_an_interaction_carries_its_text_and_a_revision_that_follows_it() -> None:
    one: Any = {
        "id": "i",
        "messages": [{"text": "hi"}, {"text": ""}, {}, {"text": "yo", "sender": "agent"}],
    }
    found = wire.interaction(one)
    assert found.conversation is not None
    assert [(m.sender, m.text) for m in found.conversation.messages] == [
        (Sender.CUSTOMER, "hi"),
        (Sender.AGENT, "yo"),
    ]
    assert wire.interaction(one).revision == found.revision
    one["messages"][0]["text"] = "hi!"
    assert wire.interaction(one).revision != found.revision


def test_an_interaction_without_text_is_empty_and_one_without_id_is_garbled() -> None:
    silent: list[Any] = [{"id": "i"}, {"id": "i", "messages": None}, {"id": "i", "messages": []}]
    for payload in silent:
        found = wire.interaction(payload)
        assert found.conversation is not None
        assert found.conversation.messages == ()
    wrong: list[Any] = [{}, {"id": None}, {"id": "i", "messages": {}}, None]
    for payload in wrong:
        with pytest.raises(GarbledError):
            wire.interaction(payload)


# properties

TEXTS = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and text == text.strip())
MESSAGES = st.lists(
    st.tuples(st.sampled_from([Sender.CUSTOMER, Sender.AGENT, Sender.BOT, Sender.SYSTEM]), TEXTS), max_size=8
)
PURPOSE = {Sender.CUSTOMER: "customer", Sender.AGENT: "agent", Sender.BOT: "botflow", Sender.SYSTEM: "acd"}


@given(MESSAGES)
def test_a_conversation_survives_the_way_over_the_wire(said: list[tuple[Sender, str]]) -> None:
    """Rendered as a messaging recording and read back, nothing of it changes."""
    messages = tuple(
        Message(f"m-{n}", sender, text, NOON + timedelta(seconds=n)) for n, (sender, text) in enumerate(said)
    )
    turns = [
        turn(each.text, each.id, stamp(each.sent_at or NOON), purpose=PURPOSE[each.sender])
        for each in messages
    ]
    found = wire.recorded(ABOUT, [messaging(*turns)]).conversation
    assert found == Conversation("c-1", messages, "webmessaging", ABOUT.started_at, ABOUT.ended_at, "Support")


@given(st.integers(-(10**12), 4 * 10**12))
def test_a_time_survives_the_way_over_the_wire(milliseconds: int) -> None:
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    assert moment(stamp(when)) == when


KEYS = st.sampled_from(
    """
    conversationId conversationEnd conversationStart participants purpose sessions mediaType messageType
    segments queueId segmentStart id media fileState transcript messagingTranscript body bodyType messageText
    timestamp workflow buttonResponse buttonResponses text entities normalizedMessage type content transcripts
    phrases startTimeMs messages messageMetadata messageId queue started_at
    """.split()  # noqa: SIM905  (a list of them is a page long)
)
WORDS = st.sampled_from(
    ["chat", "message", "webmessaging", "customer", "AVAILABLE", "x", "2026-03-02T11:00:00Z"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_no_payload_makes_the_wire_fail_in_any_other_way_than_garbled(payload: Any) -> None:
    readers = (
        wire.listing,
        wire.interaction,
        lambda value: wire.message_ids(ABOUT, value),
        lambda value: wire.recorded(ABOUT, value),
        lambda value: wire.messaged(ABOUT, [value]),
        lambda value: wire.transcribed(ABOUT, [value]),
    )
    for read in readers:
        try:
            read(payload)
        except GarbledError:
            continue


def test_a_leap_second_is_a_time_like_any_other() -> None:
    assert moment("2016-12-31T23:59:60.500Z") == moment("2016-12-31T23:59:59.500Z") is not None
