"""Conversation schemas: core types, limits, versions, and whether attributes fit them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from earmark.sandbox.chats import named, stamp
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.wire import member

DRAFT = "http://json-schema.org/draft-04/schema#"
EARMARK_SCHEMA = named("schema", "Earmark")
FOREIGN_SCHEMA = named("schema", "Quality Desk")
SCHEMAS_PATH = "/api/v2/conversations/customattributes/schemas"
LARGEST_INTEGER = 9_007_199_254_740_991
LIMITS = {
    "minFieldNameCharacters": 1,
    "maxFieldNameCharacters": 64,
    "minFieldTitleCharacters": 1,
    "maxFieldTitleCharacters": 64,
    "minFieldDescriptionCharacters": 0,
    "maxFieldDescriptionCharacters": 256,
    "minSchemaNameCharacters": 1,
    "maxSchemaNameCharacters": 64,
    "minSchemaDescriptionCharacters": 0,
    "maxSchemaDescriptionCharacters": 512,
    "maxNumberOfSchemasPerOrg": 50,
    "maxNumberOfFieldsPerSchema": 50,
    "maxNumberOfFieldsPerOrg": 500,
}


@dataclass(frozen=True)
class CoreType:
    """A field type. `kind` is the JSON type; `longest` and `most` cap what a schema may allow."""

    kind: str
    longest: int = 0
    most: int = 0


CORE_TYPES = {
    "text": CoreType("string", longest=100),
    "longtext": CoreType("string", longest=1000),
    "url": CoreType("string", longest=200),
    "identifier": CoreType("string", longest=100),
    "enum": CoreType("string", longest=100),
    "date": CoreType("string"),
    "datetime": CoreType("string"),
    "integer": CoreType("integer"),
    "number": CoreType("number"),
    "checkbox": CoreType("boolean"),
    "tag": CoreType("array", longest=100, most=100),
}
PYTHON_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
}


def tag_field(title: str, description: str) -> dict[str, Any]:
    return {
        "allOf": [{"$ref": "#/definitions/tag"}],
        "title": title,
        "description": description,
        "items": {"minLength": 1, "maxLength": 100},
        "minItems": 0,
        "maxItems": 100,
        "uniqueItems": True,
    }


DEFAULT_SCHEMA = {
    "$schema": DRAFT,
    "title": "Earmark",
    "description": "Products and issues found in the conversation",
    "required": [],
    "properties": {
        "extracted_products_tag": tag_field("Extracted products", "Products that were talked about"),
        "extracted_issues_tag": tag_field("Extracted issues", "Problems that were talked about"),
    },
}
OTHER_SCHEMA = {
    "$schema": DRAFT,
    "title": "Quality Desk",
    "description": "What the quality team notes",
    "required": [],
    "properties": {
        "grade_text": {"allOf": [{"$ref": "#/definitions/text"}], "title": "Grade", "maxLength": 100},
        "reviewed_checkbox": {"allOf": [{"$ref": "#/definitions/checkbox"}], "title": "Reviewed"},
        "topics_tag": tag_field("Topics", "What it was about"),
    },
}
BOUNDS: dict[str, Any] = {
    "title": str,
    "description": str,
    "minLength": int,
    "maxLength": int,
    "minItems": int,
    "maxItems": int,
    "minimum": (int, float),
    "maximum": (int, float),
    "uniqueItems": bool,
    "enum": list,
}


class Schemas:
    """The organisation's schemas, each a list of its versions, the current one last."""

    def __init__(self, clock: Callable[[], float], *, with_default: bool) -> None:
        self.clock = clock
        self.versions: dict[str, list[dict[str, Any]]] = {}
        self._add(FOREIGN_SCHEMA, OTHER_SCHEMA)
        if with_default:
            self._add(EARMARK_SCHEMA, DEFAULT_SCHEMA)

    def current(self, schema_id: str) -> dict[str, Any]:
        """Return the schema as it is now.

        Raises:
            RefusalError: 404.
        """
        if schema_id not in self.versions:
            raise RefusalError(404)
        return self.versions[schema_id][-1]

    def all(self) -> list[dict[str, Any]]:
        return [versions[-1] for versions in self.versions.values()]

    def create(self, document: dict[str, Any]) -> dict[str, Any]:
        if len(self.versions) >= LIMITS["maxNumberOfSchemasPerOrg"]:
            raise RefusalError(
                400, "The organisation has the most schemas that it may have.", code="limit.exceeded"
            )
        check_document(document)
        self._check_title(document["title"], but="")
        return self._add(named("schema", len(self.versions), document["title"]), document)

    def change(self, schema_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Add a version.

        Raises:
            RefusalError: 404, 409 (not the current version), 422 (the document will not do).
        """
        now = self.current(schema_id)
        if body.get("version") != now["version"]:
            raise RefusalError(409, f"Version [{body.get('version')}] does not match the current version.")
        document = body.get("jsonSchema", now["jsonSchema"])
        check_document(document)
        self._check_title(document["title"], but=schema_id)
        fresh = set(document.get("required", [])) - set(now["jsonSchema"]["properties"])
        if fresh:
            raise _invalid("required", f"New fields are optional at first: {', '.join(sorted(fresh))}")
        entry = {**now, "version": now["version"] + 1, "jsonSchema": document}
        entry["enabled"] = bool(body.get("enabled", now["enabled"]))
        self.versions[schema_id].append(entry)
        return entry

    def _add(self, schema_id: str, document: dict[str, Any]) -> dict[str, Any]:
        entry = {
            "id": schema_id,
            "version": 1,
            "enabled": True,
            "dateCreated": stamp(int(self.clock() * 1000)),
            "createdBy": {"id": named("user", "admin")},
            "jsonSchema": document,
            "selfUri": f"{SCHEMAS_PATH}/{schema_id}",
        }
        self.versions[schema_id] = [entry]
        return entry

    def _check_title(self, title: str, *, but: str) -> None:
        taken = {s["jsonSchema"]["title"] for s in self.all() if s["enabled"] and s["id"] != but}
        if title in taken:
            raise RefusalError(409, f"An enabled schema with the title [{title}] exists.")


def check_document(document: Any) -> None:
    """Check that this can be a schema.

    Raises:
        RefusalError: 422.
    """
    if not isinstance(document, dict) or document.get("$schema") != DRAFT:
        raise _invalid("$schema", f"must be {DRAFT}")
    title, properties = document.get("title"), document.get("properties")
    if not isinstance(title, str) or not 1 <= len(title) <= LIMITS["maxSchemaNameCharacters"]:
        raise _invalid("title", "is missing or too long")
    if not all(isinstance(name, str) for name in member(document, "required", list, [])):
        raise _invalid("required", "must be a list of keys")
    if not isinstance(properties, dict) or len(properties) > LIMITS["maxNumberOfFieldsPerSchema"]:
        raise _invalid("properties", "is missing or has too many fields")
    for key, rule in properties.items():
        _check_property(key, rule)


def _check_property(key: str, rule: Any) -> None:
    core = CORE_TYPES.get(key.rpartition("_")[2])
    if core is None or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", key):
        raise _invalid(key, "a key is letters, digits and _ and ends in the name of a core type")
    wanted = [{"$ref": f"#/definitions/{key.rpartition('_')[2]}"}]
    if not isinstance(rule, dict) or rule.get("allOf") != wanted:
        raise _invalid(key, f"allOf must be {wanted}")
    bounds = [rule, rule.get("items", {})]
    if not all(isinstance(one, dict) and _well_typed(one) for one in bounds):
        raise _invalid(key, "has a bound of the wrong type")
    length = bounds[core.kind == "array"].get("maxLength", 0)
    if (core.longest and length > core.longest) or (core.most and rule.get("maxItems", 0) > core.most):
        raise _invalid(key, "allows more than its core type")


def _well_typed(rule: dict[str, Any]) -> bool:
    return all(isinstance(rule[name], kind) for name, kind in BOUNDS.items() if name in rule)


def check_attributes(schema: dict[str, Any], attributes: dict[str, Any], *, whole: bool) -> None:
    """Check values against a schema; `whole` when they are all of the record's.

    Raises:
        RefusalError: 422, naming each field that does not fit.
    """
    document = schema["jsonSchema"]
    wrong = [(key, _misfit(key, value, document["properties"])) for key, value in attributes.items()]
    if whole:
        wrong += [(key, "is required") for key in document.get("required", []) if key not in attributes]
    details = [{"errorCode": reason, "fieldName": key} for key, reason in wrong if reason]
    if details:
        told = "; ".join(f"{detail['fieldName']} {detail['errorCode']}" for detail in details)
        raise RefusalError(422, f"The attributes do not fit the schema: {told}", details=details)


def _misfit(key: str, value: Any, properties: dict[str, Any]) -> str:
    """Return why a value does not fit, or nothing."""
    if key not in properties:
        return "is no field of the schema"
    name, rule = key.rpartition("_")[2], properties[key]
    core = CORE_TYPES[name]
    if not isinstance(value, PYTHON_TYPES[core.kind]) or (
        isinstance(value, bool) != (core.kind == "boolean")
    ):
        return f"must be of type {core.kind}"
    if isinstance(value, list):
        return _list_misfit(value, rule, core)
    if isinstance(value, str):
        return _text_misfit(name, value, rule, core)
    if core.kind in {"integer", "number"}:
        low, high = rule.get("minimum", -LARGEST_INTEGER), rule.get("maximum", LARGEST_INTEGER)
        return "" if low <= value <= high else "is out of range"
    return ""


def _list_misfit(value: list[Any], rule: dict[str, Any], core: CoreType) -> str:
    if not rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", core.most):
        return "has too few or too many items"
    if not all(isinstance(item, str) for item in value):
        return "must hold strings"
    if rule.get("uniqueItems") and len(set(value)) < len(value):
        return "repeats an item"
    bounds = rule.get("items", {})
    low, high = bounds.get("minLength", 0), bounds.get("maxLength", core.longest)
    return (
        "" if all(low <= len(item) <= high for item in value) else "has an item that is too short or too long"
    )


def _text_misfit(name: str, value: str, rule: dict[str, Any], core: CoreType) -> str:
    if name == "enum":
        return "" if value in rule.get("enum", []) else "is no value of the enumeration"
    if name in {"date", "datetime"}:
        parse = date.fromisoformat if name == "date" else datetime.fromisoformat
        try:
            parse(value)
        except ValueError:
            return f"is no {name}"
        return ""
    if not rule.get("minLength", 0) <= len(value) <= rule.get("maxLength", core.longest):
        return "is too short or too long"
    return ""


def core_type(name: str) -> dict[str, Any]:
    """Return a core type as the service describes it.

    Raises:
        RefusalError: 404.
    """
    if name not in CORE_TYPES:
        raise RefusalError(404)
    core = CORE_TYPES[name]
    shown: dict[str, Any] = {
        "id": name,
        "name": name,
        "version": 1,
        "current": True,
        "dateCreated": "2026-02-01T00:00:00.000Z",
        "schema": {"title": name, "description": f"A field of type {name}", "type": [core.kind]},
        "selfUri": f"{SCHEMAS_PATH}/coretypes/{name}",
    }
    lengths = {"minLength": {"min": 0, "max": core.longest}, "maxLength": {"min": 1, "max": core.longest}}
    if core.kind == "array":
        items = {"minItems": {"min": 0, "max": core.most}, "maxItems": {"min": 1, "max": core.most}}
        shown |= {"validationFields": list(items), "validationLimits": items}
        shown |= {"itemValidationFields": list(lengths), "itemValidationLimits": lengths}
    elif core.longest:
        shown |= {"validationFields": list(lengths), "validationLimits": lengths}
    return shown


def _invalid(field: str, reason: str) -> RefusalError:
    return RefusalError(
        422, f"The schema is not valid: {field} {reason}", details=[{"errorCode": reason, "fieldName": field}]
    )
