"""Custom attributes of conversations, one and in bulk, participant attributes, and schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from earmark.sandbox.api.messages import people
from earmark.sandbox.records import Stored
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.schemas import CORE_TYPES, LIMITS, SCHEMAS_PATH, core_type
from earmark.sandbox.state import State
from earmark.sandbox.wire import Reply, Request

LARGEST_BULK = 100
LONGEST_VALUE = 256  # of participant data, in characters
Apply = Callable[[str, dict[str, Any]], Stored]


def listing(state: State, request: Request) -> Any:
    chat = state.chat(request.params["conversation"])
    return {"results": [state.records.render(one) for one in state.records.of(chat.id)]}


def get(state: State, request: Request) -> Any:
    chat = state.chat(request.params["conversation"])
    return state.records.render(state.records.get(chat.id, request.params["record"]))


def put(state: State, request: Request) -> Any:
    return {"id": _write(state, request, state.records.put, "put", request.json_object()).id}


def patch(state: State, request: Request) -> Reply:
    _write(state, request, state.records.patch, "patch", request.json_object())
    return Reply(204)


def put_bulk(state: State, request: Request) -> Any:
    return _bulk(state, request, state.records.put, "put")


def patch_bulk(state: State, request: Request) -> Any:
    return _bulk(state, request, state.records.patch, "patch")


def delete(state: State, request: Request) -> Reply:
    chat, record = state.chat(request.params["conversation"]), request.params["record"]
    stored = state.records.get(chat.id, record)
    state.records.delete(chat.id, record)
    state.log_record(request.client, "delete", stored, {})
    return Reply(204)


def _write(state: State, request: Request, apply: Apply, action: str, body: dict[str, Any]) -> Stored:
    chat = state.chat(request.params["conversation"])
    stored = apply(chat.id, body)
    state.log_record(request.client, action, stored, body["customAttributes"])
    return stored


def _bulk(state: State, request: Request, apply: Apply, action: str) -> Any:
    """Write each of the bodies; one that is refused does not stop the others."""
    bodies = request.json_list()
    if not 1 <= len(bodies) <= LARGEST_BULK or not all(
        isinstance(one, dict) and "id" in one for one in bodies
    ):
        raise RefusalError(
            400, f"A bulk request has 1 to {LARGEST_BULK} records with ids.", code="invalid.value"
        )
    results = {}
    for body in bodies:
        try:
            stored = _write(state, request, apply, action, body)
        except RefusalError as refusal:
            results[str(body["id"])] = {"statusCode": refusal.status, "errorMessage": refusal.message}
        else:
            results[stored.id] = {"attributes": state.records.render(stored), "statusCode": 200}
    return {"results": results}


def patch_participant(state: State, request: Request) -> Reply:
    """Merge into the attributes of a participant; analytics does not learn of it after the end."""
    chat, participant = state.chat(request.params["conversation"]), request.params["participant"]
    if participant not in people(chat).values():
        raise RefusalError(404)
    given = request.json_object().get("attributes")
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise RefusalError(400, "attributes must be texts.", code="invalid.value")
    if any(len(value) > LONGEST_VALUE for value in given.values()):
        raise RefusalError(400, f"A value has at most {LONGEST_VALUE} characters.", code="invalid.value")
    state.participants.setdefault(chat.id, {}).setdefault(participant, {}).update(given)
    state.log(request.client, "participants", "patch", chat.id, participant, given)
    return Reply(202)


def schemas(state: State, request: Request) -> Any:  # noqa: ARG001  (every handler takes both)
    found = state.schemas.all()
    return {"total": len(found), "entities": found, "selfUri": SCHEMAS_PATH}


def create_schema(state: State, request: Request) -> Any:
    created = state.schemas.create(request.json_object())
    _log_schema(state, request, "create", created)
    return created


def schema(state: State, request: Request) -> Any:
    return state.schemas.current(request.params["schema"])


def change_schema(state: State, request: Request) -> Any:
    changed = state.schemas.change(request.params["schema"], request.json_object())
    _log_schema(state, request, "change", changed)
    return changed


def _log_schema(state: State, request: Request, action: str, entry: dict[str, Any]) -> None:
    state.log(request.client, "schemas", action, "", entry["id"], entry["jsonSchema"]["properties"])


def schema_versions(state: State, request: Request) -> Any:
    state.schemas.current(request.params["schema"])
    versions = state.schemas.versions[request.params["schema"]]
    return {"total": len(versions), "entities": versions}


def schema_version(state: State, request: Request) -> Any:
    for entry in schema_versions(state, request)["entities"]:
        if str(entry["version"]) == request.params["version"]:
            return entry
    raise RefusalError(404)


def core_types(state: State, request: Request) -> Any:  # noqa: ARG001
    return {"total": len(CORE_TYPES), "entities": [core_type(name) for name in CORE_TYPES]}


def one_core_type(state: State, request: Request) -> Any:  # noqa: ARG001
    return core_type(request.params["coretype"])


def limits(state: State, request: Request) -> Any:  # noqa: ARG001
    return {"id": "conversation", "name": "conversation", **LIMITS}
