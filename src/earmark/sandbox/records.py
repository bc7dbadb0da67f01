"""Conversation custom attributes: records with a schema, a version, divisions and keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from earmark.sandbox.chats import named, stamp
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.schemas import FOREIGN_SCHEMA, Schemas, check_attributes
from earmark.sandbox.wire import member

LONGEST_ID = 128


@dataclass
class Stored:
    """One record; times are epoch seconds."""

    id: str
    conversation: str
    schema: str
    created: float
    modified: float
    divisions: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    version: int = 0

    def touch(self, changed: dict[str, Any], now: float) -> None:
        self.version += 1
        self.modified = now
        self.times |= dict.fromkeys(changed, now)
        self.times = {key: when for key, when in self.times.items() if key in self.attributes}


class Records:
    """All records by conversation and record id."""

    def __init__(self, clock: Callable[[], float], schemas: Schemas) -> None:
        self.clock = clock
        self.schemas = schemas
        self.by_conversation: dict[str, dict[str, Stored]] = {}

    def of(self, conversation: str) -> list[Stored]:
        return list(self.by_conversation.get(conversation, {}).values())

    def everything(self) -> Iterator[Stored]:
        for records in self.by_conversation.values():
            yield from records.values()

    def get(self, conversation: str, record: str) -> Stored:
        """Return one record.

        Raises:
            RefusalError: 404.
        """
        stored = self.by_conversation.get(conversation, {}).get(record)
        if stored is None:
            raise RefusalError(404)
        return stored

    def put(self, conversation: str, body: dict[str, Any]) -> Stored:
        """Create a record or replace its attributes.

        Raises:
            RefusalError: 400, 404 (no such schema), 409 (an old version), 422 (values that do not fit).
        """
        record, attributes = _checked(body)
        stored = self.by_conversation.get(conversation, {}).get(record)
        schema = self._schema(body.get("schemaId"), stored)
        check_attributes(schema, attributes, whole=True)
        _check_version(body, stored)
        now = self.clock()
        if stored is None:
            stored = Stored(record, conversation, schema["id"], now, now)
            self.by_conversation.setdefault(conversation, {})[record] = stored
        changed = {
            k: v for k, v in attributes.items() if k not in stored.attributes or stored.attributes[k] != v
        }
        stored.attributes = dict(attributes)
        stored.divisions = list(body.get("divisions") or [])
        stored.touch(changed, now)
        return stored

    def patch(self, conversation: str, body: dict[str, Any]) -> Stored:
        """Change the given keys; null removes one.

        Raises:
            RefusalError: As `put`, and 404 where there is no such record.
        """
        record, given = _checked(body)
        stored = self.get(conversation, record)
        kept = {key: value for key, value in given.items() if value is not None}
        check_attributes(self.schemas.current(stored.schema), kept, whole=False)
        _check_version(body, stored)
        removed = set(given) - set(kept)
        merged = {key: value for key, value in stored.attributes.items() if key not in removed}
        stored.attributes = merged | kept
        stored.divisions = list(body.get("divisions") or [])
        stored.touch(kept, self.clock())
        return stored

    def delete(self, conversation: str, record: str) -> None:
        self.get(conversation, record)
        del self.by_conversation[conversation][record]

    def erase(self, conversation: str) -> None:
        self.by_conversation.pop(conversation, None)

    def put_foreign(self, conversation: str, attributes: dict[str, Any], divisions: list[str]) -> Stored:
        """Write as a system that is not Earmark does: a record of its own, a schema of its own."""
        body = {
            "id": named("foreign record", conversation),
            "schemaId": FOREIGN_SCHEMA,
            "divisions": divisions,
            "customAttributes": attributes,
        }
        return self.put(conversation, body)

    def snapshot(self) -> dict[str, Any]:
        shown = {
            conversation: {
                record.id: {
                    "schemaId": record.schema,
                    "divisions": record.divisions,
                    "customAttributes": record.attributes,
                }
                for record in records.values()
            }
            for conversation, records in sorted(self.by_conversation.items())
            if records
        }
        copy: dict[str, Any] = json.loads(json.dumps(shown, sort_keys=True))
        return copy

    def render(self, stored: Stored) -> dict[str, Any]:
        path = f"/api/v2/conversations/{stored.conversation}/customattributes/{stored.id}"
        return {
            "id": stored.id,
            "conversationId": stored.conversation,
            "divisions": stored.divisions,
            "schema": self.schemas.current(stored.schema),
            "customAttributes": stored.attributes,
            "customAttributesTimestamps": {key: stamp(int(at * 1000)) for key, at in stored.times.items()},
            "version": stored.version,
            "dateCreated": stamp(int(stored.created * 1000)),
            "dateModified": stamp(int(stored.modified * 1000)),
            "selfUri": path,
        }

    def _schema(self, wanted: Any, stored: Stored | None) -> dict[str, Any]:
        if stored is not None:
            if wanted not in {None, stored.schema}:
                raise RefusalError(400, "The schema of a record cannot be changed.", code="invalid.value")
            return self.schemas.current(stored.schema)
        if not isinstance(wanted, str):
            raise RefusalError(400, "A new record needs a schemaId.", code="invalid.value")
        schema = self.schemas.current(wanted)
        if not schema["enabled"]:
            raise RefusalError(400, "The schema is disabled.", code="invalid.value")
        return schema


def _checked(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the record id and the attributes of a request."""
    if not isinstance(body.get("customAttributes"), dict):
        raise RefusalError(400)
    record = member(body, "id", str, "")
    if not 0 < len(record) <= LONGEST_ID:
        raise RefusalError(400, "A record needs an id.", code="invalid.value")
    if not all(isinstance(division, str) for division in member(body, "divisions", list, [])):
        raise RefusalError(400, "divisions must be a list of ids.", code="invalid.value")
    return record, body["customAttributes"]


def _check_version(body: dict[str, Any], stored: Stored | None) -> None:
    wanted = body.get("version")
    if wanted is not None and wanted != (stored.version if stored else None):
        raise RefusalError(409, f"Version [{wanted}] does not match the current version.")
