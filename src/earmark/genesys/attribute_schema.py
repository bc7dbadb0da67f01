"""Conversation schemas: find the one that is written to, resolve its fields, create or extend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from earmark.errors import SchemaError
from earmark.genesys import endpoints
from earmark.genesys.session import Session
from earmark.genesys.shape import count, mapping, mappings, text, word
from earmark.model import Field, Json

SET_UP = "run `earmark setup-schema`, or add it under Orchestration > Conversation schemas"

_KINDS = {"tag": "list", "longtext": "text", "text": "text"}
"""Core type → kind of field, in order of preference. A property's name ends with its core type."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A conversation schema as the service holds it; `properties` by name."""

    id: str
    title: str
    version: int | None
    enabled: bool
    json_schema: Mapping[str, Json]

    @property
    def properties(self) -> dict[str, Json]:
        return mapping(self.json_schema.get("properties"))


def schemas(session: Session) -> list[Schema]:
    """All schemas of the organisation.

    Raises:
        SchemaError: The answer holds no list of them.
    """
    entities = endpoints.schemas(session).get("entities", [])
    if not isinstance(entities, list):
        raise SchemaError("the service lists no conversation schemas", hint="run `earmark doctor`")
    return [_schema(each) for each in mappings(entities)]


def _schema(payload: dict[str, Json]) -> Schema:
    definition = mapping(payload.get("jsonSchema"))
    return Schema(
        id=text(payload.get("id")),
        title=text(definition.get("title")) or text(payload.get("name")),
        version=count(payload.get("version")),
        enabled=payload.get("enabled") is not False,
        json_schema=definition,
    )


def match(candidates: list[Schema], name: str) -> Schema | None:
    """By id, then by title; enabled ones first, because titles are unique among those alone."""
    fitting = [s for s in candidates if s.id == name or s.title.casefold() == name.casefold()]
    return max(fitting, key=lambda s: (s.id == name, s.enabled), default=None)


def find(session: Session, name: str) -> Schema:
    """The enabled schema with this title or id.

    Raises:
        SchemaError: There is none, or it is disabled.
    """
    candidates = schemas(session)
    found = match(candidates, name)
    if found is None:
        titles = ", ".join(sorted(repr(each.title) for each in candidates if each.enabled)) or "none"
        raise SchemaError(f"there is no conversation schema {name!r} (enabled: {titles})", hint=SET_UP)
    if not found.enabled:
        raise SchemaError(
            f"the conversation schema {name!r} is disabled",
            hint="enable it under Orchestration > Conversation schemas",
        )
    return found


def fields(schema: Schema, keys: Mapping[str, str]) -> dict[str, Field]:
    """Label → field, for label → base name: a list where the schema has one, else a delimited text.

    Raises:
        SchemaError: A name has no field.
    """
    found: dict[str, Field] = {}
    missing: list[str] = []
    for label, base in keys.items():
        field = _field(schema, label, base)
        if field is None:
            missing.append(base)
        else:
            found[label] = field
    if missing:
        raise SchemaError(
            f"the conversation schema {schema.title!r} has no field for {', '.join(missing)}", hint=SET_UP
        )
    return found


def _field(schema: Schema, label: str, base: str) -> Field | None:
    for key in (*(f"{base}_{core}" for core in _KINDS), base):
        if isinstance(definition := schema.properties.get(key), dict):
            return _described(label, key, definition)
    return None


def _described(label: str, key: str, definition: dict[str, Json]) -> Field | None:
    kind = _KINDS.get(_core_type(key, definition), "")
    if kind == "list":
        longest = count(mapping(definition.get("items")).get("maxLength"))
        return Field(label, key, kind, count(definition.get("maxItems")), longest)
    return Field(label, key, kind, None, count(definition.get("maxLength"))) if kind else None


def _core_type(key: str, definition: dict[str, Json]) -> str:
    references = [text(each.get("$ref")) for each in mappings(definition.get("allOf"))]
    named = [reference.rpartition("/")[2] for reference in references if reference]
    return word(named[0]) if named else key.rpartition("_")[2]
