"""The default writer against the sandbox: our record alone, once, and as somebody else left it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from earmark.errors import (
    AccessDeniedError,
    GarbledError,
    GoneError,
    RefusedError,
    SchemaError,
    UnknownOutcomeError,
    VersionConflictError,
)
from earmark.genesys.schema import setup_schema
from earmark.genesys.session import Credentials, Session, open_session
from earmark.model import ISSUE, PRODUCT, Change, Json, Listing, Record
from earmark.sandbox import FaultPlan, Sandbox
from earmark.writers.custom_attributes import CustomAttributesWriter

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PRODUCTS, ISSUES = "extracted_products_tag", "extracted_issues_tag"
FOUND: dict[str, Json] = {PRODUCTS: ["RX-200"], ISSUES: ["will not turn on"]}


class Desk:
    """A sandbox with conversations `c0`…, a session and a writer that is prepared."""

    def __init__(self, stack: ExitStack, options: dict[str, Any]) -> None:
        seeds = [{"id": f"c{n}", "messages": [{"sender": "customer", "text": "x"}]} for n in range(4)]
        plan = FaultPlan.load({"rules": options.pop("faults", [])})
        settings: dict[str, Any] = {"today": date(2026, 3, 2), "rate_limit": 10**6, "clock": NOW.timestamp}
        self.sandbox = stack.enter_context(Sandbox(seeds, faults=plan, **settings | options))
        self.ids = [chat.id for chat in self.sandbox.state.chats.values()]
        credentials = Credentials(self.sandbox.url, self.sandbox.client_id, self.sandbox.client_secret)
        self.session: Session = stack.enter_context(open_session(credentials, retry_pause=0.0005))
        if self.sandbox.schema:
            setup_schema(self.session, "Earmark", {"NOTE": "note"})  # a field of somebody else's
        self.writer = CustomAttributesWriter(self.session)
        self.listings = [Listing(each) for each in self.ids]

    def change(self, after: dict[str, Json], *, number: int = 0, **more: Any) -> Change:
        base = self.writer.current(self.listings)[self.ids[number]]
        before = {key: base.values[key] for key in (PRODUCTS, ISSUES) if key in base.values}
        return Change(self.ids[number], before, after, base, **more)

    def stored(self, number: int = 0) -> dict[str, Any]:
        """What the service holds for a conversation: record id → record."""
        found: dict[str, Any] = self.sandbox.snapshot()["custom_attributes"].get(self.ids[number], {})
        return found

    def ours(self, number: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.stored(number)[self.writer.record_id(self.ids[number])]
        return found

    def requests(self, route: str) -> int:
        return int(self.sandbox.stats()["requests"][route])


Begin = Callable[..., Desk]


@pytest.fixture
def desk() -> Iterator[Begin]:
    with ExitStack() as stack:

        def begin(*, prepared: bool = True, **options: Any) -> Desk:
            found = Desk(stack, options)
            if prepared:
                found.writer.prepare()
            return found

        yield begin


# prepare


def test_labels_are_resolved_to_the_fields_of_the_schema_with_their_limits(desk: Begin) -> None:
    fields = desk(prepared=False).writer.prepare()
    assert {label: (f.key, f.kind, f.max_items, f.max_length) for label, f in fields.items()} == {
        PRODUCT: (PRODUCTS, "list", 100, 100),
        ISSUE: (ISSUES, "list", 100, 100),
    }


def test_a_schema_may_be_named_by_title_in_any_case_or_by_id(desk: Begin) -> None:
    on = desk()
    schema_id = on.writer.target.rpartition("/")[2]
    for name in ("earmark", schema_id):
        writer = CustomAttributesWriter(on.session, schema=name)
        writer.prepare()
        assert writer.target == on.writer.target


def test_a_missing_schema_is_an_error_that_says_what_to_run(desk: Begin) -> None:
    with pytest.raises(SchemaError, match="no conversation schema 'Earmark'") as caught:
        desk(schema=False)
    assert "earmark setup-schema" in str(caught.value.hint)


def test_a_field_that_the_schema_lacks_is_named(desk: Begin) -> None:
    writer = CustomAttributesWriter(desk().session, keys={PRODUCT: "extracted_products", ISSUE: "complaints"})
    with pytest.raises(SchemaError, match="complaints"):
        writer.prepare()


def test_other_attribute_names_work_once_they_are_set_up(desk: Begin) -> None:
    on, keys = desk(), {PRODUCT: "gadgets", ISSUE: "extracted_issues"}
    setup_schema(on.session, "Earmark", keys)
    fields = CustomAttributesWriter(on.session, keys=keys).prepare()
    assert [f.key for f in fields.values()] == ["gadgets_tag", ISSUES]


def test_a_missing_permission_is_named(desk: Begin) -> None:
    permission = "conversation:customAttributes:schemaView"
    fault = {"kind": "status", "status": 403, "permission": permission}
    with pytest.raises(AccessDeniedError, match=permission):
        desk(faults=[{"route": "schemas.list", "fault": fault}])


# current and read


def test_a_hundred_records_cost_one_request(desk: Begin) -> None:
    on = desk()
    on.writer.apply(on.change(FOUND))
    before = on.session.usage().requests
    found = on.writer.current(on.listings)
    assert on.session.usage().requests == before + 1
    assert [found[each].exists for each in on.ids] == [True, False, False, False]
    assert found[on.ids[0]].values == FOUND
    assert found[on.ids[0]] == on.writer.read(on.listings[0])


def test_somebody_elses_record_is_not_ours(desk: Begin) -> None:
    on = desk()
    on.sandbox.edit_as_other(on.ids[0], {"grade_text": "A"})
    assert not on.writer.current(on.listings)[on.ids[0]].exists
    assert not on.writer.read(on.listings[0]).exists


@pytest.mark.parametrize("trouble", ["no such search", "denied", "refused"])
def test_without_a_search_each_conversation_is_asked_for_and_the_search_is_left_alone(
    desk: Begin, trouble: str
) -> None:
    status = {"denied": 403, "refused": 400}.get(trouble)
    fault = {"route": "customattributes.search", "fault": {"kind": "status", "status": status}}
    on = desk(faults=[fault]) if status else desk(customattributes_search=False)
    on.writer.apply(on.change(FOUND))
    assert on.writer.current(on.listings)[on.ids[0]].values == FOUND
    assert on.requests("customattributes.search") == 1


def test_without_a_search_what_the_journal_knows_is_not_asked_for(desk: Begin) -> None:
    on = desk(customattributes_search=False)
    written = on.writer.apply(on.change(FOUND))
    later = CustomAttributesWriter(on.session, known={on.ids[0]: written}.get)
    later.prepare()
    before = on.requests("customattributes.list")
    found = later.current(on.listings)
    assert found[on.ids[0]] == written
    assert on.requests("customattributes.list") - before == len(on.ids) - 1


def test_a_search_that_cannot_find_by_id_is_found_out_where_there_are_records(desk: Begin) -> None:
    on = desk(search_hides=frozenset({"id"}))
    on.writer.apply(on.change(FOUND))
    later = CustomAttributesWriter(on.session)
    later.prepare()
    found = later.current(on.listings)
    assert [found[each].exists for each in on.ids] == [True, False, False, False]
    assert found[on.ids[0]].values == FOUND


def test_a_search_that_lags_does_not_hide_what_the_journal_knows(desk: Begin) -> None:
    on = desk(search_lag=3600)
    written = on.writer.apply(on.change(FOUND))
    writer = CustomAttributesWriter(on.session, known={on.ids[0]: written}.get)
    writer.prepare()
    assert writer.current(on.listings)[on.ids[0]] == written


def test_a_search_that_lags_behind_another_run_is_found_out_before_anything_is_overwritten(
    desk: Begin,
) -> None:
    """A record that neither the search nor the journal shows: its foreign key and divisions survive."""
    on = desk(search_lag=3600)
    on.writer.apply(on.change(FOUND))
    on.sandbox.edit_as_other(
        on.ids[0], {"note_tag": ["theirs"]}, record=on.writer.record_id(on.ids[0]), divisions=["d-1"]
    )
    later = CustomAttributesWriter(on.session)
    later.prepare()
    base = later.current(on.listings)[on.ids[0]]
    change = Change(on.ids[0], {}, {PRODUCTS: ["other"], ISSUES: []}, base)
    with pytest.raises(VersionConflictError):
        later.apply(change)
    again = replace(change, base=later.current(on.listings)[on.ids[0]])
    later.apply(again)
    assert on.ours()["customAttributes"] == {PRODUCTS: ["other"], ISSUES: [], "note_tag": ["theirs"]}
    assert on.ours()["divisions"] == ["d-1"]


def test_a_conversation_that_was_deleted_is_gone(desk: Begin) -> None:
    on = desk()
    change = on.change(FOUND)
    on.sandbox.delete_conversation(on.ids[0])
    with pytest.raises(GoneError):
        on.writer.read(on.listings[0])
    with pytest.raises(GoneError):
        on.writer.apply(change)


# apply


def test_a_change_is_one_put_with_the_whole_of_our_record(desk: Begin) -> None:
    on = desk()
    first = on.writer.apply(on.change(FOUND))
    assert (first.exists, first.version, first.values) == (True, 1, FOUND)
    assert on.ours()["customAttributes"] == FOUND
    second = on.writer.apply(on.change({PRODUCTS: [], ISSUES: ["no sound"]}))
    assert second.version == 2
    assert second == on.writer.read(on.listings[0])
    assert on.requests("customattributes.put") == 2
    assert on.requests("customattributes.delete") == 0


def test_others_records_keys_and_divisions_stay_as_they_are(desk: Begin) -> None:
    on = desk()
    on.writer.apply(on.change(FOUND))
    record = on.writer.record_id(on.ids[0])
    on.sandbox.edit_as_other(on.ids[0], {"grade_text": "A", "topics_tag": ["billing"]})
    on.sandbox.edit_as_other(on.ids[0], {"note_tag": ["theirs"]}, record=record, divisions=["d-1", "d-2"])
    foreign = {key: value for key, value in on.stored().items() if key != record}
    on.writer.apply(on.change({PRODUCTS: ["RX-300"], ISSUES: []}))
    assert on.ours()["customAttributes"] == {PRODUCTS: ["RX-300"], ISSUES: [], "note_tag": ["theirs"]}
    assert on.ours()["divisions"] == ["d-1", "d-2"]
    assert {key: value for key, value in on.stored().items() if key != record} == foreign
    ours = [
        write
        for write in on.sandbox.state.writes
        if (write.who, write.store) == (on.sandbox.client_id, "custom_attributes")
    ]
    assert {write.record for write in ours} == {record}


def test_a_record_that_somebody_changed_meanwhile_is_a_conflict(desk: Begin) -> None:
    on = desk()
    on.writer.apply(on.change(FOUND))
    stale = on.change({PRODUCTS: ["RX-300"], ISSUES: []})
    on.sandbox.edit_as_other(on.ids[0], {"note_tag": ["now"]}, record=on.writer.record_id(on.ids[0]))
    with pytest.raises(VersionConflictError):
        on.writer.apply(stale)
    assert on.ours()["customAttributes"] == {**FOUND, "note_tag": ["now"]}
    on.writer.apply(replace(stale, base=on.writer.read(on.listings[0])))
    assert on.ours()["customAttributes"] == {PRODUCTS: ["RX-300"], ISSUES: [], "note_tag": ["now"]}


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        ({"kind": "reset_before"}, False),
        ({"kind": "reset_after"}, True),
        ({"kind": "status", "status": 500}, False),
        ({"kind": "status", "status": 503, "applied": True}, True),
        ({"kind": "html"}, True),
        ({"kind": "truncate"}, True),
    ],
)
def test_a_write_without_a_clear_answer_is_sent_once_and_said_to_be_unknown(
    desk: Begin, fault: dict[str, Any], applied: bool
) -> None:
    on = desk(faults=[{"route": "customattributes.put", "times": 1, "fault": fault}])
    change = on.change(FOUND)
    with pytest.raises(UnknownOutcomeError) as caught:
        on.writer.apply(change)
    assert caught.value.ref == on.ids[0]
    assert on.requests("customattributes.put") == 1
    assert on.writer.read(on.listings[0]).exists is applied


def test_repeating_a_change_is_harmless(desk: Begin) -> None:
    on = desk()
    change = on.change(FOUND)
    on.writer.apply(change)
    on.writer.apply(change)
    assert on.ours()["customAttributes"] == FOUND
    assert len(on.stored()) == 1


def test_taking_back_a_record_that_we_created_empties_it_and_may_be_repeated(desk: Begin) -> None:
    """It is not deleted: a key that another system has just put into it would go with it."""
    on = desk()
    on.writer.apply(on.change(FOUND))
    for _ in range(2):
        on.writer.apply(on.change({}, removes_record=True))
        assert on.ours()["customAttributes"] == {}
    assert on.requests("customattributes.delete") == 0


def test_taking_back_leaves_a_record_in_which_others_keep_keys(desk: Begin) -> None:
    on = desk()
    on.writer.apply(on.change(FOUND))
    on.sandbox.edit_as_other(on.ids[0], {"note_tag": ["theirs"]}, record=on.writer.record_id(on.ids[0]))
    on.writer.apply(on.change({}, removes_record=True))
    assert on.ours()["customAttributes"] == {"note_tag": ["theirs"]}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"version": None},
        {"version": "2"},
        {"customAttributes": None},
        {"customAttributes": ["RX-200"]},
        {"divisions": "one"},
    ],
)
def test_a_record_that_is_not_told_whole_is_not_written_over(desk: Begin, spoilt: dict[str, Json]) -> None:
    """What is missing would be taken for absent, and the next PUT would make it so."""
    on = desk()
    on.writer.apply(on.change(FOUND))
    records = on.sandbox.state.records
    render = records.render
    records.render = lambda stored: render(stored) | spoilt  # type: ignore[method-assign]
    for look in (lambda: on.writer.read(on.listings[0]), lambda: on.writer.current(on.listings)):
        with pytest.raises(GarbledError, match=r"without version, attributes or divisions|not an object"):
            look()


@pytest.mark.parametrize("kind", ["partial", "null_items"])
def test_a_search_that_counts_more_than_it_shows_is_not_relied_on(desk: Begin, kind: str) -> None:
    on = desk()
    for number in range(2):
        on.writer.apply(on.change(FOUND, number=number))
    rules = [{"route": "customattributes.search", "fault": {"kind": kind}}]
    on.sandbox.misbehave(FaultPlan.load({"rules": rules}))
    fresh = CustomAttributesWriter(on.session)
    fresh.prepare()
    found = fresh.current(on.listings)
    assert [found[each].values for each in on.ids[:2]] == [FOUND, FOUND]


def test_where_another_journal_has_written_a_record_is_looked_for_before_it_is_created(desk: Begin) -> None:
    """The search lags: it shows what another journal wrote earlier, and not yet what it wrote last."""
    on = desk()
    on.writer.apply(on.change(FOUND))
    other = CustomAttributesWriter(on.session)
    other.prepare()
    base = other.current(on.listings)
    changes = [Change(each, {}, FOUND, base[each]) for each in on.ids[1:3]]
    for each in on.ids[1:3]:  # meanwhile, and others have put something of theirs in
        on.writer.apply(Change(each, {}, {PRODUCTS: ["old"]}, Record(each, exists=False)))
        on.sandbox.edit_as_other(each, {"note_tag": ["theirs"]}, record=on.writer.record_id(each))
    for change in changes:
        with pytest.raises(VersionConflictError):
            other.apply(change)
    assert all(on.ours(number)["customAttributes"]["note_tag"] == ["theirs"] for number in (1, 2))


def test_a_value_that_does_not_fit_is_refused_and_named(desk: Begin) -> None:
    on = desk()
    with pytest.raises(RefusedError, match=PRODUCTS) as caught:
        on.writer.apply(on.change({PRODUCTS: ["x" * 101], ISSUES: []}))
    assert "xxx" not in str(caught.value)


def test_record_ids_follow_from_conversation_and_schema(desk: Begin) -> None:
    on = desk()
    assert on.writer.record_id("a") == on.writer.record_id("a")
    assert on.writer.record_id("a") != on.writer.record_id("b")
    other = CustomAttributesWriter(on.session, schema="Quality Desk", keys={PRODUCT: "topics"})
    other.prepare()
    assert other.record_id("a") != on.writer.record_id("a")


def test_the_writer_leaves_the_counting_and_the_session_to_the_source(desk: Begin) -> None:
    on = desk()
    assert on.writer.usage().requests == 0
    on.writer.close()
    on.writer.close()
    assert on.writer.current(on.listings)[on.ids[0]] == Record(on.ids[0], exists=False)
