"""The official SDK, unmodified and with its own HTTP client, does not notice that this is not the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from earmark.sandbox import Sandbox

# The SDK's own imports and its pool's sockets warn; only those are let through.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:PureCloudPlatformClientV2.*"),
    pytest.mark.filterwarnings("ignore::SyntaxWarning"),
]


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Import the SDK once, with a configuration that starts no watcher threads."""
    home: Path = tmp_path_factory.mktemp("home")
    folder = home / ".genesyscloudpython"
    folder.mkdir()
    (folder / "config").write_text("[general]\nlive_reload_config = false\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        import PureCloudPlatformClientV2

        yield PureCloudPlatformClientV2


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=100_000) as running:
        yield running


@pytest.fixture(scope="module")
def login(sdk: ModuleType, sandbox: Sandbox) -> Iterator[Any]:
    client = sdk.ApiClient()
    client.set_gateway("127.0.0.1", "http", sandbox.port, None, None)
    client.get_client_credentials_token(sandbox.client_id, sandbox.client_secret)
    yield client
    client.get_http_client().rest_client.pool_manager.clear()


@pytest.fixture
def api(sdk: ModuleType, login: Any) -> Callable[[str], Any]:
    return lambda name: getattr(sdk, f"{name}Api")(login)


def tagged(sandbox: Sandbox, tag: str) -> Any:
    return next(chat for chat in sandbox.state.chats.values() if chat.tag == tag)


def whole(sandbox: Sandbox) -> str:
    """Return the interval of the last week."""
    chats = list(sandbox.state.chats.values())
    from earmark.sandbox.chats import stamp

    return f"{stamp(chats[-1].start - 6 * 86_400_000)}/{stamp(chats[-1].start + 1)}"


def test_the_synchronous_query_parses_into_models(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    body = {
        "interval": whole(sandbox),
        "paging": {"pageSize": 100, "pageNumber": 1},
        "segmentFilters": [{"type": "or", "predicates": [{"dimension": "mediaType", "value": "chat"}]}],
    }
    answer = api("Analytics").post_analytics_conversations_details_query(body)
    assert 0 < answer.total_hits == len(answer.conversations)
    session = answer.conversations[0].participants[0].sessions[0]
    assert (session.media_type, session.provider) == ("chat", "PureCloud Webchat v2")
    assert answer.conversations[0].conversation_end > answer.conversations[0].conversation_start


def test_single_and_multiple_details_parse(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    first, second, *_ = sandbox.state.chats
    assert api("Analytics").get_analytics_conversation_details(first).conversation_id == first
    answer = api("Analytics").get_analytics_conversations_details(id=[first, second])
    assert [one.conversation_id for one in answer.conversations] == [first, second]


def test_a_job_leads_to_all_conversations(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    analytics = api("Analytics")
    body = {"interval": "2000-01-01T00:00:00Z/2100-01-01T00:00:00Z"}
    job = analytics.post_analytics_conversations_details_jobs(body).job_id
    states = [analytics.get_analytics_conversations_details_job(job).state for _ in range(3)]
    assert states == ["QUEUED", "PENDING", "FULFILLED"]
    seen: set[str] = set()
    more: dict[str, str] = {}
    while True:
        page = analytics.get_analytics_conversations_details_job_results(job, page_size=50, **more)
        seen |= {one.conversation_id for one in page.conversations}
        if page.cursor is None:
            break
        more = {"cursor": page.cursor}
    assert seen == set(sandbox.state.chats)
    assert analytics.get_analytics_conversations_details_jobs_availability().data_availability_date
    analytics.delete_analytics_conversations_details_job(job)


def test_recordings_of_both_media_parse(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    recording = api("Recording")
    [chat] = recording.get_conversation_recordings(
        tagged(sandbox, "edge-entities").id, max_wait_ms=5000, format_id="NONE"
    )
    assert chat.transcript[1].body.startswith("AT&amp;T")
    [message] = recording.get_conversation_recordings(tagged(sandbox, "edge-rich").id)
    entries = message.messaging_transcript
    assert {entry.content_type for entry in entries} == {None, "Attachment", "QuickReply", "ButtonResponse"}
    assert next(entry for entry in entries if entry.button_response).button_response.text == "Yes"
    assert any(entry.message_receipts for entry in entries)
    late = tagged(sandbox, "edge-not-ready")
    assert recording.get_conversation_recordings(late.id) == []
    one = recording.get_conversation_recordingmetadata(late.id)[0]
    assert (one.file_state, one.media) == ("AVAILABLE", "message")
    assert recording.get_conversation_recording(message.conversation_id, message.id).id == message.id


def test_a_batch_parses(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    wanted = [{"conversationId": tagged(sandbox, tag).id} for tag in ("edge-transferred", "edge-deleted")]
    job = api("Recording").post_recording_batchrequests({"batchDownloadRequestList": wanted}).id
    api("Recording").get_recording_batchrequest(job)
    done = api("Recording").get_recording_batchrequest(job)
    assert (done.status, done.result_count, done.error_count) == ("Completed", 3, 1)


def test_messages_parse(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    chat, conversations = tagged(sandbox, "edge-rich"), api("Conversations")
    listed = conversations.get_conversations_message(chat.id)
    ids = [message.message_id for person in listed.participants for message in person.messages]
    texts = conversations.post_conversations_message_messages_bulk(chat.id, body=ids).entities
    assert len(texts) == len(chat.turns())
    assert texts[1].normalized_message.text == chat.turns()[1].text
    assert conversations.get_conversations_message_message(chat.id, ids[0]).id == ids[0]
    assert conversations.get_conversation(chat.id).participants[0].purpose == "customer"


def test_transcript_urls_parse(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    chat, speech = tagged(sandbox, "edge-german"), api("SpeechTextAnalytics")
    one = speech.get_speechandtextanalytics_conversation_communication_transcripturl(chat.id, chat.session())
    more = speech.get_speechandtextanalytics_conversation_communication_transcripturls(
        chat.id, chat.session()
    )
    assert one.url.startswith(sandbox.url)
    assert more.urls[0].recording.id


def test_records_go_through_their_life(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    chat, conversations = tagged(sandbox, "edge-german"), api("Conversations")
    schemas = conversations.get_conversations_customattributes_schemas().entities
    schema = next(one for one in schemas if one.json_schema.title == "Earmark")
    body = {
        "id": "ours",
        "schemaId": schema.id,
        "customAttributes": {"extracted_products_tag": ["Barista Duo"]},
    }
    assert conversations.put_conversation_customattributes(chat.id, body=body).id == "ours"
    change = {"id": "ours", "version": 1, "customAttributes": {"extracted_issues_tag": ["dead"]}}
    assert conversations.patch_conversation_customattributes(chat.id, body=change) is None
    record = conversations.get_conversation_customattribute(chat.id, "ours")
    assert record.version == 2
    assert record.custom_attributes == {
        "extracted_products_tag": ["Barista Duo"],
        "extracted_issues_tag": ["dead"],
    }
    assert [one.id for one in conversations.get_conversation_customattributes(chat.id).results] == ["ours"]
    bulk = conversations.put_conversation_customattributes_bulk(chat.id, body=[body])
    assert bulk.results["ours"].status_code == 200
    bulk = conversations.patch_conversation_customattributes_bulk(chat.id, body=[change])
    assert bulk.results["ours"].status_code == 409
    query = {"query": [{"type": "EXACT", "fields": ["conversationId"], "value": chat.id, "operator": "AND"}]}
    assert conversations.post_conversations_customattributes_search(query).total == 1
    assert conversations.delete_conversation_customattribute(chat.id, "ours") is None
    assert conversations.get_conversation_customattributes(chat.id).results == []


def test_records_can_be_written_with_the_sdks_models(
    sdk: ModuleType, sandbox: Sandbox, api: Callable[[str], Any]
) -> None:
    chat, conversations = tagged(sandbox, "edge-japanese"), api("Conversations")
    request = sdk.CustomAttributesUpdateRequest()
    request.id = "modelled"
    request.schema_id = conversations.get_conversations_customattributes_schemas().entities[-1].id
    request.divisions = ["d1"]
    request.custom_attributes = {}
    assert conversations.put_conversation_customattributes(chat.id, body=request).id == "modelled"
    change = sdk.CustomAttributesPatchRequest()
    change.id = "modelled"
    change.version = 1
    change.custom_attributes = {}
    conversations.patch_conversation_customattributes(chat.id, body=change)
    record = conversations.get_conversation_customattribute(chat.id, "modelled")
    assert (record.version, record.divisions) == (2, [])


def test_schemas_parse(api: Callable[[str], Any]) -> None:
    conversations = api("Conversations")
    document = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "Made by the SDK",
        "description": "For a test",
        "properties": {"a_text": {"allOf": [{"$ref": "#/definitions/text"}], "title": "a"}},
    }
    made = conversations.post_conversations_customattributes_schemas(document)
    changed = {"version": 1, "enabled": True, "jsonSchema": document}
    assert conversations.put_conversations_customattributes_schema(made.id, changed).version == 2
    assert conversations.get_conversations_customattributes_schema(made.id).version == 2
    assert conversations.get_conversations_customattributes_schema_versions(made.id).total == 2
    assert conversations.get_conversations_customattributes_schema_version(made.id, "1").version == 1
    assert (
        conversations.get_conversations_customattributes_schemas_limits().max_number_of_schemas_per_org == 50
    )
    types = conversations.get_conversations_customattributes_schemas_coretypes().entities
    assert "tag" in {one.name for one in types}
    assert conversations.get_conversations_customattributes_schemas_coretype("tag").current is True


def test_participant_attributes_are_accepted(sandbox: Sandbox, api: Callable[[str], Any]) -> None:
    chat, conversations = tagged(sandbox, "edge-german"), api("Conversations")
    person = chat.participant("customer")
    body = {"attributes": {"a": "b"}}
    assert conversations.patch_conversation_participant_attributes(chat.id, person, body) is None
    assert conversations.get_conversation(chat.id).participants[0].attributes == {"a": "b"}


def test_the_organisation_parses(api: Callable[[str], Any]) -> None:
    assert api("Tokens").get_tokens_me().organization.name == "Earmark Sandbox"
    api("Tokens").head_tokens_me()
    assert api("Organization").get_organizations_limits_namespace("platform.api").entities[0].value
    assert "Customer Care" in {
        queue.name for queue in api("Routing").get_routing_queues(page_size=100).entities
    }


def test_errors_arrive_as_the_sdks_exception(
    sdk: ModuleType, sandbox: Sandbox, api: Callable[[str], Any]
) -> None:
    from PureCloudPlatformClientV2.rest import ApiException

    with pytest.raises(ApiException) as caught:
        api("Recording").get_conversation_recordings(tagged(sandbox, "edge-deleted").id)
    assert caught.value.status == 404
    assert '"code":"not.found"' in caught.value.body
    assert caught.value.headers["inin-correlation-id"]
    client = sdk.ApiClient()
    client.set_gateway("127.0.0.1", "http", sandbox.port, None, None)
    with pytest.raises(ApiException) as refused:
        client.get_client_credentials_token("nobody", "nothing")
    assert refused.value.status == 400
    client.get_http_client().rest_client.pool_manager.clear()
