"""The requests Earmark makes, named as the field names them. Paths, bodies and shapes; nothing else.

Answers are raw JSON: `wire` turns them into the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from earmark.errors import RefusedError
from earmark.genesys.retry import Call
from earmark.genesys.session import Session
from earmark.genesys.transport import Answer
from earmark.model import Json

Object = dict[str, Json]

_DETAILS = "/api/v2/analytics/conversations/details"
_CONVERSATIONS = "/api/v2/conversations"
_SCHEMAS = f"{_CONVERSATIONS}/customattributes/schemas"
_BATCHES = "/api/v2/recording/batchrequests"
_SPEECH = "/api/v2/speechandtextanalytics/conversations"


def segment(value: str) -> str:
    """One path segment: an id from outside can neither leave its place nor add a query."""
    if not value or value in {".", ".."}:
        raise RefusedError("an id cannot be used in an address", ref=value or None)
    return quote(value.encode("utf-8", "replace"), safe="")


def _object(
    session: Session, call: Call, query: Mapping[str, str] | None = None, body: Json = None
) -> Object:
    answer = session.call(call, query=query, body=body).body
    return answer if isinstance(answer, dict) else {}


def query_conversations(session: Session, body: Object) -> Object:
    call = Call("POST", f"{_DETAILS}/query", "list conversations", shape=dict)
    return _object(session, call, body=body)


def conversation_details(session: Session, conversation_id: str) -> Object:
    path = f"/api/v2/analytics/conversations/{segment(conversation_id)}/details"
    call = Call("GET", path, "read the conversation's details", conversation_id, shape=dict)
    return _object(session, call)


def submit_job(session: Session, body: Object) -> Object:
    return _object(session, Call("POST", f"{_DETAILS}/jobs", "start a listing job", shape=dict), body=body)


def job_status(session: Session, job: str) -> Object:
    call = Call("GET", f"{_DETAILS}/jobs/{segment(job)}", "ask for a listing job", shape=dict)
    return _object(session, call)


def job_results(session: Session, job: str, cursor: str | None, size: int) -> Object:
    path = f"{_DETAILS}/jobs/{segment(job)}/results"
    query = {"pageSize": str(size)} | ({"cursor": cursor} if cursor else {})
    return _object(session, Call("GET", path, "read a listing job", shape=dict), query)


def delete_job(session: Session, job: str) -> None:
    session.call(Call("DELETE", f"{_DETAILS}/jobs/{segment(job)}", "delete a listing job"))


def job_availability(session: Session) -> Object:
    path = f"{_DETAILS}/jobs/availability"
    return _object(session, Call("GET", path, "ask how fresh listing jobs are", shape=dict))


def queues(session: Session, page: int, size: int = 500) -> Object:
    query = {"pageSize": str(size), "pageNumber": str(page)}
    return _object(session, Call("GET", "/api/v2/routing/queues", "list queues", shape=dict), query)


def conversation(session: Session, conversation_id: str) -> Object:
    path = f"{_CONVERSATIONS}/{segment(conversation_id)}"
    return _object(session, Call("GET", path, "read the conversation", conversation_id, shape=dict))


def recordings(session: Session, conversation_id: str) -> Answer:
    """A list, or 202 or no body at all while the service prepares it."""
    path = f"{_CONVERSATIONS}/{segment(conversation_id)}/recordings"
    operation = "read the recordings"
    call = Call("GET", path, operation, conversation_id, shape=list, may_be_empty=True)
    return session.call(call, query={"maxWaitMs": "5000", "formatId": "NONE"})


def submit_batch(session: Session, conversation_ids: Sequence[str]) -> Object:
    requests: list[Json] = [{"conversationId": each} for each in conversation_ids]
    call = Call("POST", _BATCHES, "start a recording batch", shape=dict)
    return _object(session, call, body={"batchDownloadRequestList": requests})


def batch_status(session: Session, batch: str) -> Object:
    return _object(session, Call("GET", f"{_BATCHES}/{segment(batch)}", "ask for a batch", shape=dict))


def message_ids(session: Session, conversation_id: str) -> Object:
    path = f"{_CONVERSATIONS}/messages/{segment(conversation_id)}"
    return _object(session, Call("GET", path, "list the messages", conversation_id, shape=dict))


def message_texts(session: Session, conversation_id: str, ids: Sequence[str]) -> Object:
    path = f"{_CONVERSATIONS}/messages/{segment(conversation_id)}/messages/bulk"
    return _object(
        session, Call("POST", path, "read the messages", conversation_id, shape=dict), body=list(ids)
    )


def transcript_url(session: Session, conversation_id: str, communication: str) -> Object:
    path = f"{_SPEECH}/{segment(conversation_id)}/communications/{segment(communication)}/transcripturl"
    return _object(session, Call("GET", path, "find the transcript", conversation_id, shape=dict))


def attributes_records(session: Session, conversation_id: str) -> Object:
    path = f"{_CONVERSATIONS}/{segment(conversation_id)}/customattributes"
    return _object(session, Call("GET", path, "read the attributes", conversation_id, shape=dict))


def put_attributes(session: Session, conversation_id: str, body: Object) -> Object:
    path = f"{_CONVERSATIONS}/{segment(conversation_id)}/customattributes"
    call = Call("PUT", path, "write the attributes", conversation_id, write=True, shape=dict)
    return _object(session, call, body=body)


def search_attributes(session: Session, body: Object) -> Object:
    path = f"{_CONVERSATIONS}/customattributes/search"
    return _object(session, Call("POST", path, "search the attributes", shape=dict), body=body)


def patch_participant(session: Session, conversation_id: str, participant: str, values: Object) -> None:
    path = f"{_CONVERSATIONS}/{segment(conversation_id)}/participants/{segment(participant)}/attributes"
    operation = "write the participant data"
    session.call(Call("PATCH", path, operation, conversation_id, write=True), body={"attributes": values})


def schemas(session: Session) -> Object:
    return _object(session, Call("GET", _SCHEMAS, "list the conversation schemas", shape=dict))


def create_schema(session: Session, json_schema: Object) -> Object:
    call = Call("POST", _SCHEMAS, "create the conversation schema", write=True, shape=dict)
    return _object(session, call, body=json_schema)


def update_schema(session: Session, schema: str, body: Object) -> Object:
    path = f"{_SCHEMAS}/{segment(schema)}"
    call = Call("PUT", path, "extend the conversation schema", write=True, shape=dict)
    return _object(session, call, body=body)


def core_types(session: Session) -> Object:
    return _object(session, Call("GET", f"{_SCHEMAS}/coretypes", "list the attribute types", shape=dict))


def token_info(session: Session) -> Object:
    return _object(session, Call("GET", "/api/v2/tokens/me", "read the token's facts", shape=dict))


def limits(session: Session, namespace: str) -> Object:
    path = f"/api/v2/organizations/limits/namespaces/{segment(namespace)}"
    return _object(session, Call("GET", path, "read the organisation's limits", shape=dict))


def interactions(session: Session, query: Mapping[str, str]) -> Object:
    return _object(session, Call("GET", "/api/v2/interactions", "list interactions", shape=dict), query)


def interaction_attributes(session: Session, interaction: str) -> Object:
    path = f"/api/v2/interactions/{segment(interaction)}/customAttributes"
    return _object(session, Call("GET", path, "read the attributes", interaction, shape=dict))


def patch_interaction(session: Session, interaction: str, values: Object) -> None:
    path = f"/api/v2/interactions/{segment(interaction)}/customAttributes"
    call = Call("PATCH", path, "write the attributes", interaction, write=True)
    session.call(call, body={"custom_attributes": values})
