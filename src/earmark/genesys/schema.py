"""Conversation schemas: find the one that is written to, resolve its fields, create or extend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from earmark.errors import SchemaError
from earmark.genesys import endpoints
from earmark.genesys.session import Session
from earmark.genesys.shape import count, items, mapping, mappings, text, word
from earmark.model import ISSUE, PRODUCT, Field, Json

DEFAULT_KEYS: Mapping[str, str] = {PRODUCT: "extracted_products", ISSUE: "extracted_issues"}
"""Label → base name of the attribute that its names are written to."""

SET_UP = "run `earmark setup-schema`, or add it under Orchestration > Conversation schemas"
AS_TEXT = "nothing to do: names are written as one delimited text"

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
    answer = endpoints.schemas(session)
    entities = answer.get("entities", None if answer.get("total") else [])
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
    """By id, then by title; enabled ones first, because titles are unique among those alone.

    Raises:
        SchemaError: The service does not tell the id of the one that fits.
    """
    fitting = [s for s in candidates if s.id == name or s.title.casefold() == name.casefold()]
    found = max(fitting, key=lambda s: (s.id == name, s.enabled), default=None)
    if found and not found.id:
        raise SchemaError(f"the conversation schema {name!r} comes without its id", hint="run it again later")
    return found


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
        SchemaError: A name has no field, or every record has to fill a field that is not ours.
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
    _refuse_demands(schema, found)
    return found


def _refuse_demands(schema: Schema, ours: Mapping[str, Field]) -> None:
    """A record of ours could not be written where somebody else's field must be filled."""
    keys = {field.key for field in ours.values()}
    demanded = [
        name for each in items(schema.json_schema.get("required")) if (name := text(each)) not in keys
    ]
    if demanded:
        raise SchemaError(
            f"the conversation schema {schema.title!r} requires {', '.join(demanded)} of every record",
            hint="make these fields optional under Orchestration > Conversation schemas, or write under another schema",
        )


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


def setup_schema(session: Session, title: str, keys: Mapping[str, str]) -> str:
    """Create the schema, or add the fields it lacks; returns its id. An organisation has room for 50.

    Raises:
        SchemaError: The organisation offers no type that could hold a name.
        EarmarkError: The service refuses it.
    """
    found = match(schemas(session), title)
    properties = dict(found.properties) if found else {}
    lacking = _lacking(found, keys)
    if found and found.enabled and not lacking:
        return found.id
    if lacking:
        properties |= _new_properties(session, lacking)
    definition = dict(found.json_schema) if found else _blank(title)
    definition["properties"] = properties
    if found is None:
        return _created(endpoints.create_schema(session, definition), title)
    body: dict[str, Json] = {"version": found.version, "enabled": True, "jsonSchema": definition}
    endpoints.update_schema(session, found.id, body)
    return found.id


def _created(answer: dict[str, Json], title: str) -> str:
    if not (created := text(answer.get("id"))):
        raise SchemaError(
            f"the service does not say whether it created the conversation schema {title!r}",
            hint="run it again: what was created is found by its title",
        )
    return created


def core_types(session: Session) -> dict[str, dict[str, Json]]:
    """The types a field may have, by lower-case name."""
    entities = mappings(endpoints.core_types(session).get("entities"))
    return {word(each.get("name")) or word(each.get("id")): each for each in entities}


def preferred_type(offered: Mapping[str, object]) -> str:
    """Which of the offered core types holds names best; empty when none does."""
    return next((core for core in _KINDS if core in offered), "")


def _lacking(found: Schema | None, keys: Mapping[str, str]) -> dict[str, str]:
    return {
        label: base for label, base in keys.items() if found is None or _field(found, label, base) is None
    }


def _new_properties(session: Session, keys: Mapping[str, str]) -> dict[str, Json]:
    offered = core_types(session)
    core = preferred_type(offered)
    if not core:
        raise SchemaError(
            "the organisation offers neither tags nor texts as attribute types",
            hint="write with another writer, or ask Genesys about conversation schemas",
        )
    return {f"{base}_{core}": _property(core, base, offered[core]) for base in keys.values()}


def _property(core: str, base: str, offered: dict[str, Json]) -> dict[str, Json]:
    """A field as wide as the service lets it be."""
    spec: dict[str, Json] = {
        "allOf": [{"$ref": f"#/definitions/{core}"}],
        "title": base,
        "description": f"{base.replace('_', ' ')}, kept by Earmark",
    }
    limits = mapping(offered.get("validationLimits"))
    if core == "tag":
        of_items = mapping(offered.get("itemValidationLimits"))
        spec["items"] = {"minLength": 1, "maxLength": _most(of_items, "maxLength", 100)}
        return spec | {"minItems": 0, "maxItems": _most(limits, "maxItems", 10), "uniqueItems": True}
    usual = 1000 if core == "longtext" else 100
    return spec | {"minLength": 0, "maxLength": _most(limits, "maxLength", usual)}


def _most(limits: dict[str, Json], name: str, otherwise: int) -> int:
    return count(mapping(limits.get(name)).get("max")) or otherwise


def _blank(title: str) -> dict[str, Json]:
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": title,
        "description": "Products and issues that the conversation is about, found by Earmark",
        "required": [],
    }
