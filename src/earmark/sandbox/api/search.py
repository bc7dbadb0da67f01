"""Search over custom attribute records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from earmark.sandbox.records import Stored
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import State
from earmark.sandbox.wire import Request, member

LARGEST_PAGE = 100
LARGEST_RESULT = 10_000
EQUAL = frozenset({"EXACT", "SIMPLE", "TERM", "TERMS"})
RANGES = frozenset({"RANGE", "DATE_RANGE"})
TYPES = EQUAL | RANGES | {"REQUIRED_FIELDS", "STARTS_WITH", "CONTAINS"}


def search(state: State, request: Request) -> Any:
    """Answer whole records; the youngest are not found yet where the organisation has a search lag."""
    if not state.options.customattributes_search:
        raise RefusalError(404)
    body = request.json_object()
    number, size = _page(body)
    criteria = member(body, "query", list, [])
    _check(criteria)
    indexed = state.clock() - state.options.search_lag
    hidden = state.options.search_hides
    found = [
        one
        for one in _candidates(state, criteria)
        if one.modified <= indexed and not _asks_for(criteria, hidden) and _all_hold(criteria, one)
    ]
    _sort(found, body)
    page = found[(number - 1) * size : number * size]
    return {
        "total": len(found),
        "pageCount": -(-len(found) // size),
        "pageSize": size,
        "pageNumber": number,
        "types": ["conversationCustomAttributes"],
        "results": [state.records.render(one) for one in page],
    }


def _candidates(state: State, criteria: list[dict[str, Any]]) -> Iterable[Stored]:
    """Return what may match: the records of the conversations that are asked for, or all."""
    for one in criteria:
        by_conversation = one.get("fields") == ["conversationId"] and one.get("type") in EQUAL
        if by_conversation and one.get("operator", "AND") == "AND":
            return [stored for wanted in set(_wanted(one)) for stored in state.records.of(wanted)]
    return state.records.everything()


def _page(body: dict[str, Any]) -> tuple[int, int]:
    number, size = member(body, "pageNumber", int, 1), member(body, "pageSize", int, 25)
    if number < 1 or not 1 <= size <= LARGEST_PAGE:
        message = f"pageNumber starts at 1 and pageSize is 1 to {LARGEST_PAGE}."
        raise RefusalError(400, message, code="invalid.value")
    if number * size > LARGEST_RESULT:
        raise RefusalError(400, f"A search returns {LARGEST_RESULT} records at most.", code="invalid.value")
    return number, size


def _sort(found: list[Stored], body: dict[str, Any]) -> None:
    key = member(body, "sortBy", str, "id")
    found.sort(key=lambda one: (_values(one, key), one.id), reverse=body.get("sortOrder") == "DESC")


def _check(criteria: Any) -> None:
    if not isinstance(criteria, list):
        raise RefusalError(400)
    for one in criteria:
        if not isinstance(one, dict):
            raise RefusalError(400)
        if "group" in one:
            _check(one["group"])
        elif one.get("type") not in TYPES or not isinstance(one.get("fields"), list):
            raise RefusalError(
                400, f"Value [{one.get('type')}] is not valid for [type].", code="invalid.value"
            )


def _asks_for(criteria: list[dict[str, Any]], members: frozenset[str]) -> bool:
    return any(field in members for one in criteria for field in one.get("fields", []))


def _all_hold(criteria: list[dict[str, Any]], record: Stored) -> bool:
    """AND and NOT criteria must each hold; of OR criteria one."""
    must = [_holds(one, record) for one in criteria if one.get("operator", "AND") == "AND"]
    none = [_holds(one, record) for one in criteria if one.get("operator") == "NOT"]
    some = [_holds(one, record) for one in criteria if one.get("operator") == "OR"]
    return all(must) and not any(none) and (not some or any(some))


def _holds(one: dict[str, Any], record: Stored) -> bool:
    if "group" in one:
        return _all_hold(one["group"], record)
    found = [value for field in one["fields"] for value in _values(record, str(field))]
    if one["type"] == "REQUIRED_FIELDS":
        return bool(found)
    if one["type"] in RANGES:
        low, high = str(one.get("startValue", "")), str(one.get("endValue", "\U0010ffff"))
        return any(low <= value <= high for value in found)
    wanted = _wanted(one)
    if one["type"] in EQUAL:
        return any(value in wanted for value in found)
    if one["type"] == "STARTS_WITH":
        return any(value.startswith(start) for value in found for start in wanted)
    return any(part in value for value in found for part in wanted)


def _wanted(one: dict[str, Any]) -> list[str]:
    return [str(value) for value in member(one, "values", list, []) or [one.get("value")]]


def _values(record: Stored, field: str) -> list[str]:
    """Return the values of a field of a record as texts."""
    known: dict[str, Any] = {
        "id": record.id,
        "conversationId": record.conversation,
        "schemaId": record.schema,
        "schema.id": record.schema,
        "divisions": record.divisions,
        "version": record.version,
    }
    value = known.get(field, record.attributes.get(field.removeprefix("customAttributes.")))
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
