"""Custom attributes, schemas and search, participant attributes, and who wrote what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

SCHEMAS = "/api/v2/conversations/customattributes/schemas"
SEARCH = "/api/v2/conversations/customattributes/search"
SEED = {"id": "0c2f0d5e-6a6b-4f0e-9d57-0c6f3a6b1a11", "channel": "message", "text": "hi"}
PATH = f"/api/v2/conversations/{SEED['id']}/customattributes"
PRODUCTS, ISSUES = "extracted_products_tag", "extracted_issues_tag"


def schema_id(client: httpx.Client, title: str = "Earmark") -> str:
    found = client.get(SCHEMAS).json()["entities"]
    return str(next(one["id"] for one in found if one["jsonSchema"]["title"] == title))


def body(client: httpx.Client, record: str = "r", **more: Any) -> dict[str, Any]:
    return {"id": record, "schemaId": schema_id(client), "customAttributes": {PRODUCTS: ["X200"]}} | more


def read(client: httpx.Client, record: str = "r") -> dict[str, Any]:
    answer = client.get(f"{PATH}/{record}")
    assert answer.status_code == 200
    shown: dict[str, Any] = answer.json()
    return shown


def test_put_creates_and_replaces_and_counts_versions(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    assert client.get(PATH).json() == {"results": []}
    assert client.put(PATH, json=body(client)).json() == {"id": "r"}
    assert read(client)["version"] == 1
    client.put(PATH, json=body(client, customAttributes={ISSUES: ["dead"]}))
    shown = read(client)
    assert (shown["version"], shown["customAttributes"]) == (2, {ISSUES: ["dead"]})
    assert set(shown["customAttributesTimestamps"]) == {ISSUES}


def test_patch_merges_and_null_removes(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    client.put(PATH, json=body(client))
    patched = client.patch(PATH, json={"id": "r", "customAttributes": {ISSUES: ["dead"]}})
    assert (patched.status_code, patched.content) == (204, b"")
    assert read(client)["customAttributes"] == {PRODUCTS: ["X200"], ISSUES: ["dead"]}
    client.patch(PATH, json={"id": "r", "customAttributes": {PRODUCTS: None}})
    assert read(client)["customAttributes"] == {ISSUES: ["dead"]}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_divisions_are_cleared_when_they_are_left_out(start: Callable[..., Any], method: str) -> None:
    _, client = start(SEED)
    client.put(PATH, json=body(client, divisions=["d1", "d2"]))
    assert read(client)["divisions"] == ["d1", "d2"]
    request = body(client)
    client.request(method, PATH, json=request | {"divisions": ["d1"]})
    assert read(client)["divisions"] == ["d1"]
    client.request(method, PATH, json=request)
    assert read(client)["divisions"] == []


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_old_version_is_a_conflict_and_changes_nothing(start: Callable[..., Any], method: str) -> None:
    _, client = start(SEED)
    client.put(PATH, json=body(client))
    changed = body(client, customAttributes={PRODUCTS: ["other"]})
    answer = client.request(method, PATH, json=changed | {"version": 7})
    assert answer.status_code == 409
    assert "does not match the current version" in answer.json()["message"]
    assert read(client)["customAttributes"] == {PRODUCTS: ["X200"]}
    assert client.request(method, PATH, json=changed | {"version": 1}).is_success


def test_a_version_for_a_record_that_does_not_exist_is_a_conflict(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    assert client.put(PATH, json=body(client, version=1)).status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"schemaId": None}, 400),
        ({"schemaId": "00000000-0000-0000-0000-000000000000"}, 404),
        ({"id": None}, 400),
        ({"id": ""}, 400),
        ({"customAttributes": None}, 400),
        ({"customAttributes": []}, 400),
        ({"divisions": "d1"}, 400),
        ({"divisions": [1]}, 400),
    ],
)
def test_a_put_that_cannot_be_is_refused(
    start: Callable[..., Any], change: dict[str, Any], status: int
) -> None:
    sandbox, client = start(SEED)
    assert client.put(PATH, json=body(client) | change).status_code == status
    assert sandbox.state.writes == []


def test_the_schema_of_a_record_stays(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    client.put(PATH, json=body(client))
    assert client.put(PATH, json=body(client, schemaId=schema_id(client, "Quality Desk"))).status_code == 400


def test_a_disabled_schema_takes_no_new_records(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    identity = schema_id(client)
    assert client.put(f"{SCHEMAS}/{identity}", json={"version": 1, "enabled": False}).json()["version"] == 2
    assert client.put(PATH, json=body(client)).status_code == 400


def test_patch_and_delete_need_a_record(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    assert client.patch(PATH, json={"id": "r", "customAttributes": {}}).status_code == 404
    assert client.delete(f"{PATH}/r").status_code == 404
    client.put(PATH, json=body(client))
    assert client.delete(f"{PATH}/r").status_code == 204
    assert client.get(f"{PATH}/r").status_code == 404


EVERY_TYPE: dict[str, dict[str, Any]] = {
    "a_text": {"maxLength": 5},
    "b_integer": {"minimum": 0, "maximum": 9},
    "c_number": {},
    "d_checkbox": {},
    "e_enum": {"enum": ["one", "two"]},
    "f_date": {},
    "g_datetime": {},
    "h_tag": {"items": {"minLength": 1, "maxLength": 4}, "maxItems": 2, "uniqueItems": True},
}


def document(title: str = "Everything", rules: dict[str, Any] = EVERY_TYPE) -> dict[str, Any]:
    full = {
        key: {"allOf": [{"$ref": f"#/definitions/{key.rpartition('_')[2]}"}], "title": key, **rule}
        for key, rule in rules.items()
    }
    return {"$schema": "http://json-schema.org/draft-04/schema#", "title": title, "properties": full}


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("a_text", ["", "12345"], ["123456", 5, None, ["a"]]),
        ("b_integer", [0, 9], [-1, 10, 1.5, True, "1"]),
        ("c_number", [0.93, 1], ["0.93", True]),
        ("d_checkbox", [True], [1, "true"]),
        ("e_enum", ["one"], ["three", 1]),
        ("f_date", ["2026-03-02"], ["02/03/2026", 1]),
        ("g_datetime", ["2026-03-02T09:00:00.000Z"], ["now"]),
        ("h_tag", [[], ["a", "b"]], [["a", "b", "c"], ["a", "a"], [""], ["12345"], [1], "a"]),
        ("no_such_text", [], ["a"]),
    ],
)
def test_values_must_fit_the_schema(
    start: Callable[..., Any], key: str, good: list[Any], bad: list[Any]
) -> None:
    _, client = start(SEED)
    schema = client.post(SCHEMAS, json=document()).json()["id"]
    for value in good:
        assert client.put(
            PATH, json={"id": "r", "schemaId": schema, "customAttributes": {key: value}}
        ).is_success
    for value in bad:
        answer = client.put(PATH, json={"id": "r", "schemaId": schema, "customAttributes": {key: value}})
        assert answer.status_code == 422, value
        assert [detail["fieldName"] for detail in answer.json()["details"]] == [key]


@pytest.mark.parametrize(
    "schema",
    [
        document() | {"$schema": "http://json-schema.org/draft-07/schema#"},
        document(title=""),
        document(title="x" * 65),
        document(rules={"a_colour": {}}),
        document(rules={"white space_text": {}}),
        document(rules={f"f{n}_text": {} for n in range(51)}),
        document(rules={"a_text": {"allOf": []}}),
        document(rules={"a_text": {"maxLength": 5000}}),
        document(rules={"a_tag": {"maxItems": 101}}),
        {"title": "x"},
    ],
)
def test_a_schema_that_will_not_do_is_refused(start: Callable[..., Any], schema: dict[str, Any]) -> None:
    _, client = start(SEED)
    assert client.post(SCHEMAS, json=schema).status_code == 422


def test_schemas_have_versions_unique_titles_and_a_number(start: Callable[..., Any]) -> None:
    _, client = start(SEED, schema=False)
    assert [one["jsonSchema"]["title"] for one in client.get(SCHEMAS).json()["entities"]] == ["Quality Desk"]
    made = client.post(SCHEMAS, json=document()).json()
    path = f"{SCHEMAS}/{made['id']}"
    assert client.post(SCHEMAS, json=document()).status_code == 409
    grown = document(rules=EVERY_TYPE | {"z_text": {}})
    assert client.put(path, json={"version": 9, "jsonSchema": grown}).status_code == 409
    assert (
        client.put(path, json={"version": 1, "jsonSchema": grown | {"required": ["z_text"]}}).status_code
        == 422
    )
    assert client.put(path, json={"version": 1, "jsonSchema": grown}).json()["version"] == 2
    assert client.get(f"{path}/versions").json()["total"] == 2
    assert client.get(f"{path}/versions/1").json()["jsonSchema"] == document()
    assert client.get(path).json()["jsonSchema"] == grown
    limit = client.get(f"{SCHEMAS}/limits").json()["maxNumberOfSchemasPerOrg"]
    for number in range(2, limit):
        assert client.post(SCHEMAS, json=document(f"Schema {number}")).status_code == 200
    assert client.post(SCHEMAS, json=document("One too many")).status_code == 400


def test_core_types_tell_their_bounds(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    names = {one["name"] for one in client.get(f"{SCHEMAS}/coretypes").json()["entities"]}
    assert names >= {"text", "longtext", "tag", "integer", "datetime", "enum"}
    tag = client.get(f"{SCHEMAS}/coretypes/tag").json()
    assert tag["validationLimits"]["maxItems"] == {"min": 1, "max": 100}
    assert client.get(f"{SCHEMAS}/coretypes/colour").status_code == 404


def test_bulk_writes_item_by_item(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    good, bad = body(client, "good"), body(client, "bad", customAttributes={"x_text": "y"})
    results = client.put(f"{PATH}/bulk", json=[good, bad]).json()["results"]
    assert results["good"]["statusCode"] == 200
    assert results["good"]["attributes"]["version"] == 1
    assert results["bad"]["statusCode"] == 422
    assert "errorMessage" in results["bad"]
    again = client.patch(
        f"{PATH}/bulk", json=[good | {"version": 5}, {"id": "none", "customAttributes": {}}]
    ).json()
    assert {name: one["statusCode"] for name, one in again["results"].items()} == {"good": 409, "none": 404}
    assert client.put(f"{PATH}/bulk", json=[good] * 101).status_code == 400


def found(client: httpx.Client, *criteria: dict[str, Any], **more: Any) -> list[str]:
    answer = client.post(SEARCH, json={"query": list(criteria)} | more)
    assert answer.status_code == 200, answer.text
    return [record["id"] for record in answer.json()["results"]]


def exact(field: str, *values: str, operator: str = "AND", kind: str = "EXACT") -> dict[str, Any]:
    return {"type": kind, "fields": [field], "values": list(values), "operator": operator}


def test_search_finds_whole_records(start: Callable[..., Any]) -> None:
    _, client = start(SEED)
    for name in "abc":
        client.put(PATH, json=body(client, name, customAttributes={PRODUCTS: [name, "all"]}))
    schema = schema_id(client)
    assert found(client, exact("conversationId", SEED["id"]), exact("schemaId", schema)) == ["a", "b", "c"]
    assert found(client, exact("id", "a", "c")) == ["a", "c"]
    assert found(client, exact("schemaId", schema), exact("id", "b", operator="NOT")) == ["a", "c"]
    assert found(client, exact("id", "a", operator="OR"), exact("id", "b", operator="OR")) == ["a", "b"]
    assert found(client, {"group": [exact("id", "a")], "operator": "NOT"}) == ["b", "c"]
    assert found(client, exact(f"customAttributes.{PRODUCTS}", "b")) == ["b"]
    assert found(client, exact("id", "x", kind="STARTS_WITH")) == []
    assert found(client, {"type": "REQUIRED_FIELDS", "fields": [ISSUES]}) == []
    assert found(client, {"type": "RANGE", "fields": ["id"], "startValue": "b", "endValue": "c"}) == [
        "b",
        "c",
    ]
    assert found(client, sortOrder="DESC", sortBy="id") == ["c", "b", "a"]
    page = client.post(SEARCH, json={"pageSize": 2, "pageNumber": 2}).json()
    assert (page["total"], page["pageCount"]) == (3, 2)
    assert page["results"] == [read(client, "c")]


@pytest.mark.parametrize(
    "request_body",
    [
        {"query": "x"},
        {"query": ["x"]},
        {"query": [{"type": "LIKE", "fields": ["id"]}]},
        {"query": [{"type": "EXACT"}]},
        {"pageSize": 101},
        {"pageSize": 100, "pageNumber": 101},
        {"pageNumber": "x"},
    ],
)
def test_a_search_out_of_bounds_is_a_bad_request(
    start: Callable[..., Any], request_body: dict[str, Any]
) -> None:
    _, client = start(SEED)
    assert client.post(SEARCH, json=request_body).status_code == 400


def test_search_lags_where_the_organisation_does(start: Callable[..., Any], clock: Any) -> None:
    _, client = start(SEED, clock=clock, search_lag=30)
    client.put(PATH, json=body(client))
    assert found(client) == []
    clock.now += 31
    assert found(client) == ["r"]


def test_an_organisation_may_lack_the_search(start: Callable[..., Any]) -> None:
    _, client = start(SEED, customattributes_search=False)
    assert client.post(SEARCH, json={}).status_code == 404


def test_participant_attributes_are_merged_and_stay_out_of_analytics(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEED)
    person = client.get(f"/api/v2/conversations/{SEED['id']}").json()["participants"][0]["id"]
    path = f"/api/v2/conversations/{SEED['id']}/participants/{person}/attributes"
    for given in ({"a": "1", "b": "2"}, {"b": "3"}):
        answer = client.patch(path, json={"attributes": given})
        assert (answer.status_code, answer.content) == (202, b"")
    shown = client.get(f"/api/v2/conversations/{SEED['id']}").json()["participants"][0]["attributes"]
    assert shown == {"a": "1", "b": "3"}
    assert '"b":"3"' not in client.get(f"/api/v2/analytics/conversations/{SEED['id']}/details").text
    for refused in (1, "x" * 257):
        assert client.patch(path, json={"attributes": {"a": refused}}).status_code == 400
    assert client.patch(path.replace(person, "nobody"), json={"attributes": {}}).status_code == 404
    assert sandbox.attributes(SEED["id"])["participants"] == {person: {"a": "1", "b": "3"}}


def test_somebody_elses_record_is_there_from_the_start(start: Callable[..., Any]) -> None:
    sandbox, client = start()
    chat = next(chat for chat in sandbox.state.chats.values() if chat.tag == "edge-annotated")
    [record] = client.get(f"/api/v2/conversations/{chat.id}/customattributes").json()["results"]
    assert record["schema"]["jsonSchema"]["title"] == "Quality Desk"
    assert record["divisions"]


def test_a_second_writer_can_change_its_own_record_or_ours(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEED)
    client.put(PATH, json=body(client, divisions=["d"]))
    sandbox.edit_as_other(SEED["id"], {"grade_text": "A"})
    sandbox.edit_as_other(SEED["id"], {ISSUES: ["theirs"]}, record="r")
    sandbox.edit_as_other(SEED["id"], {"owner": "crm"}, store="interactions")
    sandbox.edit_as_other(SEED["id"], {"case": "7"}, store="participants")
    shown = read(client)
    assert (shown["version"], shown["divisions"]) == (2, ["d"])
    assert shown["customAttributes"] == {PRODUCTS: ["X200"], ISSUES: ["theirs"]}
    stored = sandbox.attributes(SEED["id"])
    assert len(stored["custom_attributes"]) == 2
    assert stored["interactions"] == {"owner": "crm"}
    assert [write.who for write in sandbox.state.writes] == ["sandbox-client", *["other"] * 4]


def test_the_log_holds_applied_writes_in_order(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEED)
    client.put(PATH, json=body(client))
    client.put(PATH, json=body(client, version=9))
    client.patch(PATH, json={"id": "r", "divisions": ["d"], "customAttributes": {ISSUES: ["dead"]}})
    client.delete(f"{PATH}/r")
    writes = [(one.action, dict(one.attributes), one.version, one.divisions) for one in sandbox.state.writes]
    assert writes == [
        ("put", {PRODUCTS: ["X200"]}, 1, ()),
        ("patch", {ISSUES: ["dead"]}, 2, ("d",)),
        ("delete", {}, 2, ("d",)),
    ]


def test_other_processes_can_look_inside(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEED)
    client.put(PATH, json=body(client))
    snapshot = httpx.get(f"{sandbox.url}/sandbox/snapshot").json()
    assert snapshot == sandbox.snapshot()
    assert snapshot["custom_attributes"][SEED["id"]]["r"]["customAttributes"] == {PRODUCTS: ["X200"]}
    stats = httpx.get(f"{sandbox.url}/sandbox/stats").json()
    assert stats["writes"] == {"custom_attributes": 1}
    assert stats["requests"]["customattributes.put"] == 1


def test_a_deleted_conversation_takes_its_attributes_along(start: Callable[..., Any]) -> None:
    sandbox, client = start(SEED)
    client.put(PATH, json=body(client))
    sandbox.delete_conversation(SEED["id"])
    assert client.get(PATH).status_code == 404
    assert client.put(PATH, json=body(client)).status_code == 404
    assert sandbox.snapshot()["custom_attributes"] == {}
