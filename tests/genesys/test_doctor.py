"""The doctor names cause and fix for each thing that is wrong, and changes nothing; set-up is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earmark.errors import SchemaError
from earmark.genesys import schema
from earmark.genesys.doctor import checks, interactions_checks
from earmark.genesys.schema import DEFAULT_KEYS
from earmark.genesys.session import Credentials, Session, open_session
from earmark.model import ISSUE, PRODUCT, Check
from earmark.sandbox import FaultPlan, Sandbox

Open = Callable[..., tuple[Sandbox, Session]]


@pytest.fixture
def organisation() -> Iterator[Open]:
    with ExitStack() as stack:

        def begin(
            *faults: dict[str, Any], secret: str = Sandbox.client_secret, **options: Any
        ) -> tuple[Sandbox, Session]:
            plan = FaultPlan.load({"rules": list(faults)})
            seeds = [{"id": "c", "text": "hello"}]
            sandbox = stack.enter_context(Sandbox(seeds, faults=plan, rate_limit=5000, **options))
            credentials = Credentials(sandbox.url, sandbox.client_id, secret)
            return sandbox, stack.enter_context(open_session(credentials, retry_pause=0.0005))

        yield begin


def named(found: Iterator[Check]) -> dict[str, Check]:
    return {each.name: each for each in found}


def denied(route: str, permission: str) -> dict[str, Any]:
    return {"route": route, "fault": {"kind": "status", "status": 403, "permission": permission}}


def test_everything_in_order_is_all_ok_and_nothing_was_changed(organisation: Open) -> None:
    sandbox, session = organisation()
    found = named(checks(session))
    assert {each.status for each in found.values()} == {"ok"}
    assert {"region", "token", "organisation", "clock", "schema", "attribute types", "rate limit"} <= set(
        found
    )
    assert "Earmark Sandbox" in found["organisation"].detail
    assert "5000" in found["rate limit"].detail
    assert sandbox.stats()["writes"] == {}


@pytest.mark.parametrize(
    ("route", "permission"),
    [
        ("details.query", "analytics:conversationDetail:view"),
        ("recordings", "recording:recording:view"),
        ("customattributes.list", "conversation:customAttributes:view"),
        ("customattributes.put", "conversation:customAttributes:edit"),
        ("schemas.list", "conversation:customAttributes:schemaView"),
    ],
)
def test_a_missing_permission_fails_its_own_line_with_the_fix(
    organisation: Open, route: str, permission: str
) -> None:
    _, session = organisation(denied(route, permission))
    found = named(checks(session))
    line = found[f"permission {permission}"]
    assert line.status == "fail"
    assert permission in line.fix
    assert "Roles" in line.fix
    assert "IP restriction" in line.cause
    assert found["rate limit"].status == "ok"


def test_the_text_route_decides_which_permission_is_looked_at(organisation: Open) -> None:
    _, session = organisation()
    assert "permission conversation:message:view" in named(checks(session, text_route="messages"))
    assert "permission speechAndTextAnalytics:data:view" in named(checks(session, text_route="transcripts"))


def test_a_wrong_secret_fails_the_token_and_a_dead_host_the_region(organisation: Open) -> None:
    sandbox, session = organisation(secret="wrong")
    found = named(checks(session))
    assert (found["region"].status, found["token"].status) == ("ok", "fail")
    assert "OAuth" in found["token"].fix
    sandbox.stop()
    (line,) = checks(session)
    assert (line.name, line.status) == ("region", "fail")
    assert line.fix


def test_a_missing_schema_fails_with_the_command_that_makes_it(organisation: Open) -> None:
    _, session = organisation(schema=False)
    line = named(checks(session))["schema"]
    assert line.status == "fail"
    assert "earmark setup-schema" in line.fix
    assert "schema" not in named(checks(session, schema_name=None))


def test_a_clock_that_is_off_is_a_warning(organisation: Open) -> None:
    _, session = organisation()
    line = named(checks(session, now=lambda: datetime.now(UTC) + timedelta(hours=1)))["clock"]
    assert line.status == "warn"
    assert line.detail.startswith(("+359", "+360"))
    assert "NTP" in line.fix


@pytest.mark.parametrize("fault", [{"kind": "html"}, {"kind": "status", "status": 500}])
def test_a_line_that_cannot_be_decided_does_not_end_the_list(organisation: Open, fault: Any) -> None:
    _, session = organisation({"route": "details.query", "fault": fault})
    found = named(checks(session))
    assert found["permission analytics:conversationDetail:view"].status == "warn"
    assert found["rate limit"].status == "ok"


def test_the_scopes_of_the_interactions_contract_are_shown(organisation: Open) -> None:
    _, session = organisation()
    found = named(interactions_checks(session))
    assert found["scopes"].detail == "interaction:read, interaction:write"
    assert found["permission interaction:read"].status == "ok"
    _, session = organisation(denied("interactions.list", "interaction:read"))
    assert named(interactions_checks(session))["permission interaction:read"].status == "fail"


# schema set-up


def test_a_schema_is_created_once_and_extended_when_asked(organisation: Open) -> None:
    sandbox, session = organisation(schema=False)
    created = schema.setup_schema(session, "Earmark", DEFAULT_KEYS)
    assert schema.setup_schema(session, "Earmark", DEFAULT_KEYS) == created
    assert sandbox.stats()["requests"]["schemas.create"] == 1
    assert sandbox.stats()["requests"]["schemas.change"] == 0
    extended = dict(DEFAULT_KEYS) | {"PLACE": "places"}
    assert schema.setup_schema(session, "Earmark", extended) == created
    found = schema.find(session, "Earmark")
    assert set(found.properties) == {"extracted_products_tag", "extracted_issues_tag", "places_tag"}
    assert schema.fields(found, extended)[PRODUCT].max_items


def test_a_disabled_schema_is_refused_and_setting_up_enables_it(organisation: Open) -> None:
    from earmark.genesys import endpoints

    _, session = organisation()
    found = schema.find(session, "Earmark")
    body: Any = {"version": found.version, "enabled": False, "jsonSchema": found.json_schema}
    endpoints.update_schema(session, found.id, body)
    with pytest.raises(SchemaError, match="disabled"):
        schema.find(session, found.id)
    schema.setup_schema(session, "Earmark", DEFAULT_KEYS)
    assert schema.find(session, "Earmark").enabled


def test_a_field_of_others_that_every_record_must_fill_is_refused() -> None:
    """No record of ours could be written, and every conversation would fail one by one."""
    properties: Any = {"extracted_products_tag": reference("tag"), "extracted_issues_tag": reference("tag")}
    ours: Any = {"properties": properties, "required": ["extracted_issues_tag"]}
    found = schema.Schema("s", "Earmark", 1, enabled=True, json_schema=ours)
    assert set(schema.fields(found, DEFAULT_KEYS)) == set(DEFAULT_KEYS)
    found = schema.Schema("s", "Earmark", 1, enabled=True, json_schema=ours | {"required": ["case_text"]})
    with pytest.raises(SchemaError, match="requires case_text of every record"):
        schema.fields(found, DEFAULT_KEYS)


def made(**properties: Any) -> schema.Schema:
    return schema.Schema("s", "Earmark", 1, enabled=True, json_schema={"properties": properties})


def reference(core: str, **more: Any) -> dict[str, Any]:
    return {"allOf": [{"$ref": f"#/definitions/{core}"}], **more}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"p_tag": reference("tag", maxItems=9, items={"maxLength": 7})}, ("p_tag", "list", 9, 7)),
        (
            {"p_text": reference("text", maxLength=50), "p_tag": reference("tag")},
            ("p_tag", "list", None, None),
        ),
        ({"p_longtext": reference("longtext", maxLength=900)}, ("p_longtext", "text", None, 900)),
        ({"p_text": reference("text", maxLength=50)}, ("p_text", "text", None, 50)),
        ({"p_tag": {"maxItems": 3}}, ("p_tag", "list", 3, None)),
        ({"p": reference("tag", maxItems=4)}, ("p", "list", 4, None)),
    ],
)
def test_a_name_finds_the_best_field_there_is(properties: Any, expected: tuple[Any, ...]) -> None:
    field = schema.fields(made(**properties), {PRODUCT: "p"})[PRODUCT]
    assert (field.key, field.kind, field.max_items, field.max_length) == expected


@pytest.mark.parametrize("properties", [{}, {"p_integer": reference("integer")}, {"p": reference("date")}])
def test_fields_that_cannot_hold_names_do_not_count(properties: Any) -> None:
    with pytest.raises(SchemaError, match="p, q"):
        schema.fields(made(**properties), {PRODUCT: "p", ISSUE: "q"})


@pytest.mark.parametrize(
    ("offered", "best"),
    [({"tag", "text"}, "tag"), ({"text", "longtext"}, "longtext"), ({"text"}, "text"), ({"date"}, "")],
)
def test_tags_are_preferred_then_long_texts_then_texts(offered: set[str], best: str) -> None:
    assert schema.preferred_type(dict.fromkeys(offered)) == best
