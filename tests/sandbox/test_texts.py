"""The text of conversations, by every route that leads to it."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

BATCH = "/api/v2/recording/batchrequests"
TWO = [{"sender": "customer", "text": "my X200 <b> & co is dead"}, {"sender": "agent", "text": "Sorry!"}]
MESSAGE = {"id": "m", "channel": "message", "messages": TWO}
CHAT = {"id": "c", "channel": "chat", "messages": TWO}


def only(sandbox: Any) -> str:
    [identity] = sandbox.state.chats
    return str(identity)


def recordings(client: httpx.Client, identity: str) -> httpx.Response:
    return client.get(f"/api/v2/conversations/{identity}/recordings")


def by_tag(sandbox: Any, tag: str) -> Any:
    return next(chat for chat in sandbox.state.chats.values() if chat.tag == tag)


def test_a_messaging_recording_carries_texts_and_roles(start: Callable[..., Any]) -> None:
    sandbox, client = start(MESSAGE)
    [recording] = recordings(client, only(sandbox)).json()
    said = [(one["purpose"], one["messageText"]) for one in recording["messagingTranscript"]]
    assert said == [("customer", TWO[0]["text"]), ("agent", "Sorry!")]
    assert recording["media"] == "message"


def test_a_legacy_chat_recording_is_html(start: Callable[..., Any]) -> None:
    sandbox, client = start(CHAT)
    [recording] = recordings(client, only(sandbox)).json()
    first = recording["transcript"][0]
    assert first["body"] == "my X200 &lt;b&gt; &amp; co is dead"
    assert (first["bodyType"], first["participantPurpose"]) == ("STANDARD", "customer")


def test_a_recording_that_is_not_ready_answers_202_and_nothing(start: Callable[..., Any]) -> None:
    sandbox, client = start(MESSAGE | {"sandbox": {"not_ready": 2}})
    answers = [recordings(client, only(sandbox)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 200]
    assert answers[0].content == b""


def test_metadata_has_no_text(start: Callable[..., Any]) -> None:
    sandbox, client = start(MESSAGE)
    answer = client.get(f"/api/v2/conversations/{only(sandbox)}/recordingmetadata")
    assert answer.json()[0]["fileState"] == "AVAILABLE"
    assert "X200" not in answer.text


def test_a_transfer_gives_two_recordings_that_share_a_message(start: Callable[..., Any]) -> None:
    sandbox, client = start()
    chat = by_tag(sandbox, "edge-transferred")
    first, second = recordings(client, chat.id).json()
    ids = [{one["id"] for one in recording["messagingTranscript"]} for recording in (first, second)]
    assert len(ids[0] & ids[1]) == 1
    assert len(ids[0] | ids[1]) == len(chat.turns())
    assert first["sessionId"] != second["sessionId"]


def test_the_edges_are_what_they_claim_to_be(start: Callable[..., Any]) -> None:
    sandbox, client = start()

    def transcript(tag: str) -> list[dict[str, Any]]:
        [recording] = recordings(client, by_tag(sandbox, tag).id).json()
        found: list[dict[str, Any]] = recording.get("messagingTranscript") or recording["transcript"]
        return found

    assert len(transcript("edge-long")) == 2000
    assert transcript("edge-bot-first")[1]["workflow"]
    assert unescape(transcript("edge-entities")[1]["body"]).startswith("AT&T modem <model")
    assert {one.get("contentType") for one in transcript("edge-rich")} >= {
        "QuickReply",
        "ButtonResponse",
        "Attachment",
    }
    assert any("events" in one for one in transcript("edge-rich"))
    assert any("messageReceipts" in one for one in transcript("edge-rich"))
    assert recordings(client, by_tag(sandbox, "edge-deleted").id).status_code == 404
    assert by_tag(sandbox, "edge-unfinished").end is None
    voice = recordings(client, by_tag(sandbox, "edge-voice").id).json()[0]
    assert voice["media"] == "audio"
    assert "transcript" not in voice


def test_a_batch_grows_until_it_is_complete(start: Callable[..., Any]) -> None:
    sandbox, client = start(*({"id": f"m{n}", "channel": "message", "text": "hi"} for n in range(6)))
    wanted = [{"conversationId": identity} for identity in sandbox.state.chats]
    job = client.post(BATCH, json={"batchDownloadRequestList": wanted}).json()["id"]
    first, second = (client.get(f"{BATCH}/{job}").json() for _ in range(2))
    assert (first["status"], first["resultCount"], second["status"]) == ("InProgress", 3, "Completed")
    assert first["expectedResultCount"] < second["expectedResultCount"] == second["resultCount"] == 6
    file = httpx.get(second["results"][0]["resultUrl"]).json()
    assert file["conversationId"] == second["results"][0]["conversationId"]
    assert file["messagingTranscript"][0]["messageText"] == "hi"


def test_a_batch_reports_what_it_cannot_have_item_by_item(start: Callable[..., Any]) -> None:
    sandbox, client = start()
    gone, late = by_tag(sandbox, "edge-deleted").id, by_tag(sandbox, "edge-not-ready").id
    wanted = [{"conversationId": one} for one in (gone, late, "unknown")]
    job = client.post(BATCH, json={"batchDownloadRequestList": wanted}).json()["id"]
    client.get(f"{BATCH}/{job}")
    done = client.get(f"{BATCH}/{job}").json()
    assert done["errorCount"] == 3
    assert {result["conversationId"] for result in done["results"] if result["errorMsg"]} == {
        gone,
        late,
        "unknown",
    }


@pytest.mark.parametrize("items", [[], [{"conversationId": "x"}] * 101, [{}], "x", [None]])
def test_a_batch_has_1_to_100_items(start: Callable[..., Any], items: Any) -> None:
    _, client = start(MESSAGE)
    assert client.post(BATCH, json={"batchDownloadRequestList": items}).status_code == 400


def test_message_ids_come_without_text_and_texts_in_bulk(start: Callable[..., Any]) -> None:
    sandbox, client = start(MESSAGE)
    path = f"/api/v2/conversations/messages/{only(sandbox)}"
    listed = client.get(path)
    assert "X200" not in listed.text
    ids = [one["messageId"] for person in listed.json()["participants"] for one in person["messages"]]
    texts = client.post(f"{path}/messages/bulk", json=[*ids, "unknown"]).json()["entities"]
    assert [(one["direction"], one["normalizedMessage"]["text"]) for one in texts] == [
        ("inbound", TWO[0]["text"]),
        ("outbound", "Sorry!"),
    ]
    assert "textBody" not in texts[0]
    assert client.get(f"{path}/messages/{texts[0]['id']}").json() == texts[0]


def test_bots_and_events_are_told_apart_in_the_message_api(start: Callable[..., Any]) -> None:
    sandbox, client = start()
    for tag, origin, kinds in (
        ("edge-bot-first", {"Bot", "Human"}, {"Text"}),
        ("edge-rich", {"Bot", "Human"}, {"Text", "Structured", "Event", "Receipt"}),
    ):
        path = f"/api/v2/conversations/messages/{by_tag(sandbox, tag).id}"
        ids = [one["messageId"] for who in client.get(path).json()["participants"] for one in who["messages"]]
        found = client.post(f"{path}/messages/bulk", json=ids).json()["entities"]
        assert {one["normalizedMessage"]["originatingEntity"] for one in found} == origin
        assert {one["normalizedMessage"]["type"] for one in found} == kinds


@pytest.mark.parametrize("ids", [[], ["x"] * 1001, [1], {"ids": []}])
def test_bulk_takes_1_to_1000_ids(start: Callable[..., Any], ids: Any) -> None:
    sandbox, client = start(MESSAGE)
    path = f"/api/v2/conversations/messages/{only(sandbox)}/messages/bulk"
    assert client.post(path, json=ids).status_code == 400


def test_a_legacy_chat_has_no_messages(start: Callable[..., Any]) -> None:
    sandbox, client = start(CHAT)
    assert client.get(f"/api/v2/conversations/messages/{only(sandbox)}").status_code == 404


def test_a_transcript_url_works_without_a_token_for_ten_minutes(
    start: Callable[..., Any], clock: Any
) -> None:
    sandbox, client = start(MESSAGE, clock=clock)
    chat = sandbox.state.chats[only(sandbox)]
    path = f"/api/v2/speechandtextanalytics/conversations/{chat.id}/communications/{chat.session()}"
    url = client.get(f"{path}/transcripturl").json()["url"]
    assert client.get(f"{path}/transcripturls").json()["urls"][0]["url"] == url
    phrases = httpx.get(url).json()["transcripts"][0]["phrases"]
    assert [(one["participantPurpose"], one["text"]) for one in phrases][1] == ("internal", "Sorry!")
    assert client.get(url).status_code == 400
    assert httpx.get(url.replace("issued=1", "issued=2")).status_code == 403
    clock.now += 601
    late = httpx.get(url)
    assert (late.status_code, late.headers["Content-Type"]) == (403, "application/xml")


def test_an_unknown_communication_has_no_transcript(start: Callable[..., Any]) -> None:
    sandbox, client = start(MESSAGE)
    path = f"/api/v2/speechandtextanalytics/conversations/{only(sandbox)}/communications/other/transcripturl"
    assert client.get(path).status_code == 404


def test_ids_and_sessions_agree_between_the_routes(start: Callable[..., Any]) -> None:
    """The listing, the recording and the conversation name the same people and communications."""
    sandbox, client = start(MESSAGE)
    identity = only(sandbox)
    listed = client.get(f"/api/v2/analytics/conversations/{identity}/details").json()["participants"]
    whole = client.get(f"/api/v2/conversations/{identity}").json()["participants"]
    [recording] = recordings(client, identity).json()
    people = {one["participantId"] for one in listed}
    assert {one["id"] for one in whole} == people
    assert {one["participantId"] for one in recording["messagingTranscript"]} <= people
    assert listed[0]["sessions"][0]["sessionId"] == recording["sessionId"] == whole[0]["messages"][0]["id"]


def test_no_answer_holds_a_null(start: Callable[..., Any]) -> None:
    sandbox, client = start()
    for chat in sandbox.state.chats.values():
        if not chat.gone and chat.media == "message" and chat.reads_left == 0:
            for path in (
                f"/api/v2/conversations/{chat.id}",
                f"/api/v2/conversations/{chat.id}/recordings",
                f"/api/v2/conversations/messages/{chat.id}",
                f"/api/v2/analytics/conversations/{chat.id}/details",
            ):
                assert ":null" not in client.get(path).text, urlsplit(path).path
