"""Planning merges, fits, and can be taken back: the properties that protect other people's data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.attributes import Standing, fit, inverse, plan, rebase, same, standing
from earmark.model import ISSUE, PRODUCT, Change, Decision, Entity, Field, Json, Record, Score, Verdict

FIELDS = {PRODUCT: Field(PRODUCT, "products"), ISSUE: Field(ISSUE, "issues")}
OURS = {"products", "issues"}

names = st.lists(st.sampled_from(["slack", "Slack", "zoom", "teams", "crash"]), max_size=4)
lists = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3)
foreign = st.dictionaries(
    st.sampled_from(["theirs", "notes", "vip"]), st.sampled_from(["x", 1, True]), max_size=3
)
own = st.fixed_dictionaries({}, optional={"products": lists, "issues": lists})
decisions = st.lists(
    st.tuples(st.sampled_from([PRODUCT, ISSUE]), names, st.sampled_from(list(Verdict))), max_size=3
)


def decided(label: str, name: str, verdict: Verdict = Verdict.KEEP) -> Decision:
    return Decision(
        Entity(label, f"{label}:{name.casefold()}", name, Score(0.9, "evidence"), ()), verdict, ""
    )


def spread(drawn: list[tuple[str, list[str], Verdict]]) -> list[Decision]:
    return [decided(label, name, verdict) for label, found, verdict in drawn for name in found]


def applied(record: Record, change: Change | None) -> Record:
    """What a writer does: our keys become `after`, everything else stays."""
    if change is None:
        return record
    if change.removes_record:
        return Record(record.conversation_id, exists=False)
    others = {key: value for key, value in record.values.items() if key not in change.before}
    return Record(record.conversation_id, exists=True, values=others | dict(change.after))


@given(decisions, own, foreign)
def test_after_applying_a_plan_nothing_is_left_to_plan(
    drawn: list[tuple[str, list[str], Verdict]], mine: dict[str, Json], theirs: dict[str, Json]
) -> None:
    record = Record("c", exists=bool(mine or theirs), values=mine | theirs)
    once = applied(record, plan("c", spread(drawn), FIELDS, record).change)
    assert plan("c", spread(drawn), FIELDS, once).change is None


@given(decisions, own, foreign)
def test_a_plan_names_no_key_but_ours(
    drawn: list[tuple[str, list[str], Verdict]], mine: dict[str, Json], theirs: dict[str, Json]
) -> None:
    record = Record("c", exists=True, values=mine | theirs)
    change = plan("c", spread(drawn), FIELDS, record).change
    assert change is None or (change.before.keys() | change.after.keys()) <= OURS
    untouched = {k: v for k, v in applied(record, change).values.items() if k not in OURS}
    assert untouched == theirs


@given(decisions, own, foreign)
def test_the_inverse_of_a_change_brings_the_record_back(
    drawn: list[tuple[str, list[str], Verdict]], mine: dict[str, Json], theirs: dict[str, Json]
) -> None:
    record = Record("c", exists=bool(mine or theirs), values=mine | theirs)
    change = plan("c", spread(drawn), FIELDS, record).change
    if change is None:
        return
    after = applied(record, change)
    back, overtaken = inverse(change, after, created=not record.exists)
    restored = applied(after, back)
    assert overtaken == ()
    assert (restored.exists, restored.values) == (record.exists, record.values)
    assert inverse(change, restored, created=not record.exists) == (None, ())


@given(decisions, own, foreign, st.sampled_from(sorted(OURS)), foreign)
def test_undo_leaves_what_others_changed_since(
    drawn: list[tuple[str, list[str], Verdict]],
    mine: dict[str, Json],
    theirs: dict[str, Json],
    touched: str,
    added: dict[str, Json],
) -> None:
    record = Record("c", exists=bool(mine or theirs), values=mine | theirs)
    change = plan("c", spread(drawn), FIELDS, record).change
    if change is None:
        return
    edits: dict[str, Json] = {touched: ["edited by hand"], **added}
    edited = Record("c", exists=True, values=dict(applied(record, change).values) | edits)
    back, overtaken = inverse(change, edited, created=not record.exists)
    restored = applied(edited, back)
    assert overtaken == (touched,)
    assert restored.values[touched] == ["edited by hand"]
    assert {key: restored.values[key] for key in added} == added


def test_a_value_that_others_took_back_themselves_is_neither_kept_nor_sent() -> None:
    """An empty list stands where no key was: in effect that is what was there before."""
    change = Change("c", {}, {"products": ["a"], "issues": ["b"]}, Record("c", exists=False))
    now = Record("c", exists=True, values={"products": ["a"], "issues": []})
    back, overtaken = inverse(change, now, created=True)
    assert back is not None
    assert (back.after, back.removes_record, overtaken) == ({}, False, ())
    assert applied(now, back).values == {"issues": []}


@given(decisions, own)
def test_the_standing_of_a_change_tells_sent_from_unsent(
    drawn: list[tuple[str, list[str], Verdict]], mine: dict[str, Json]
) -> None:
    record = Record("c", exists=bool(mine), values=mine)
    change = plan("c", spread(drawn), FIELDS, record).change
    if change is None:
        return
    assert standing(change, record) is Standing.UNAPPLIED
    assert standing(change, applied(record, change)) is Standing.APPLIED
    assert standing(change, Record("c", exists=True, values={"products": ["else"]})) is Standing.CHANGED


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        ({"products": ["new"], "issues": ["by hand"]}, Standing.OVERTAKEN),
        ({"products": ["new"]}, Standing.OVERTAKEN),
        ({"products": ["by hand"], "issues": ["same"]}, Standing.CHANGED),
        ({"products": ["by hand"], "issues": []}, Standing.CHANGED),
        ({"products": [], "issues": []}, Standing.CHANGED),
    ],
)
def test_one_new_value_of_ours_tells_that_a_change_had_arrived(
    now: dict[str, Json], stands: Standing
) -> None:
    before: dict[str, Json] = {"products": ["old"], "issues": ["same"]}
    after: dict[str, Json] = {"products": ["new"], "issues": ["same"]}
    change = Change("c", before, after, Record("c", exists=True))
    assert standing(change, Record("c", exists=True, values=now)) is stands


def test_names_are_written_once_in_the_order_of_the_decisions() -> None:
    found = [decided(PRODUCT, "Zoom"), decided(PRODUCT, "Slack"), decided(PRODUCT, "zoom")]
    change = plan("c", found, FIELDS, Record("c", exists=False)).change
    assert change is not None
    assert change.after == {"products": ["Zoom", "Slack"], "issues": []}


def test_nothing_found_writes_nothing_unless_our_old_values_are_now_wrong() -> None:
    assert plan("c", [], FIELDS, Record("c", exists=False)).change is None
    assert plan("c", [], FIELDS, Record("c", exists=True, values={"theirs": 1})).change is None
    assert (
        plan("c", [], FIELDS, Record("c", exists=True, values={"products": [], "issues": []})).change is None
    )
    stale = plan("c", [], FIELDS, Record("c", exists=True, values={"products": ["old"]})).change
    assert stale is not None
    assert stale.after == {"products": [], "issues": []}


def test_what_has_no_room_makes_no_record() -> None:
    narrow = {PRODUCT: Field(PRODUCT, "products", max_length=3)}
    due = plan("c", [decided(PRODUCT, "Falcon")], narrow, Record("c", exists=False))
    assert (due.change, due.omitted) == (None, 1)


def test_dropped_and_unsure_entities_are_not_written() -> None:
    found = [decided(PRODUCT, "a", Verdict.DROP), decided(PRODUCT, "b", Verdict.REVIEW)]
    assert plan("c", found, FIELDS, Record("c", exists=False)).change is None


def test_a_list_that_is_too_long_keeps_the_surest_and_counts_the_rest() -> None:
    assert fit(["aa", "b" * 9, "cc", "dd"], Field(PRODUCT, "p", "list", max_items=2, max_length=8)) == (
        ["aa", "cc"],
        2,
    )


@given(st.lists(st.text(min_size=1, max_size=12), max_size=8), st.integers(0, 40))
def test_a_text_field_never_exceeds_its_limit_and_never_cuts_a_name(found: list[str], limit: int) -> None:
    value, omitted = fit(found, Field(PRODUCT, "p", "text", max_length=limit))
    assert isinstance(value, str)
    assert len(value) <= limit
    whole = {name.replace(";", ",") for name in found}
    parts = value.split("; ") if value else []
    assert omitted == len(found) - len(parts) or any(not name.strip("; ") or "; " in name for name in found)
    assert all(part in whole for part in parts) or any("; " in name for name in whole)


# any JSON that others may keep, in their keys or in ours

scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "é", "x; y"])
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)
theirs_of_any_kind = st.dictionaries(st.text(max_size=4).map(lambda name: f"x{name}"), anything, max_size=3)
ours_of_any_kind = st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(OURS), anything))
texts = {
    label: Field(label, field.key, "text", max_length=9) for label, field in FIELDS.items()
}  # as narrow as to leave names out
kinds = st.sampled_from([FIELDS, texts])


@given(decisions, ours_of_any_kind, theirs_of_any_kind, kinds)
def test_whatever_stands_there_a_plan_settles_it_and_its_inverse_brings_it_back(
    drawn: list[tuple[str, list[str], Verdict]],
    mine: dict[str, Json],
    theirs: dict[str, Json],
    fields: dict[str, Field],
) -> None:
    record = Record("c", exists=bool(mine or theirs), values=mine | theirs)
    change = plan("c", spread(drawn), fields, record).change
    after = applied(record, change)
    assert plan("c", spread(drawn), fields, after).change is None
    assert {key: value for key, value in after.values.items() if key not in OURS} == theirs
    if change is None:
        return
    back, overtaken = inverse(change, after, created=not record.exists)
    restored = applied(after, back)
    assert overtaken == ()
    assert (restored.exists, restored.values.keys()) == (record.exists, record.values.keys())
    assert same(restored.values, record.values)  # null and empty are one


@given(ours_of_any_kind, ours_of_any_kind, ours_of_any_kind, theirs_of_any_kind)
def test_an_undo_replaces_only_what_still_reads_as_it_was_written(
    before: dict[str, Json], after: dict[str, Json], now: dict[str, Json], theirs: dict[str, Json]
) -> None:
    change = Change("c", before, after, Record("c", exists=True))
    record = Record("c", exists=True, values=now | theirs)
    back, overtaken = inverse(change, record, created=False)
    restored = applied(record, back).values
    assert {key: value for key, value in restored.items() if key not in OURS} == theirs
    for key in before.keys() | after.keys():
        was, is_now = {key: now[key]} if key in now else {}, {key: restored[key]} if key in restored else {}
        if key in overtaken:
            assert is_now == was
            assert not same(was, {key: after.get(key)})
        else:
            assert same(is_now, {key: before.get(key)})


@given(ours_of_any_kind, ours_of_any_kind, theirs_of_any_kind)
def test_an_undo_where_no_key_can_be_deleted_has_an_end(
    before: dict[str, Json], after: dict[str, Json], theirs: dict[str, Json]
) -> None:
    """What is left empty counts as taken back: a process that died before it could note so finds nothing to do."""
    change = Change("c", before, after, Record("c", exists=True))
    record = Record("c", exists=True, values=after | theirs)
    back, _ = inverse(change, record, created=False, deletes_keys=False)
    if back is None:
        return
    emptied: dict[str, Json] = dict.fromkeys(back.before, "")
    left = Record("c", exists=True, values=dict(record.values) | emptied | dict(back.after))
    assert inverse(change, left, created=False, deletes_keys=False) == (None, ())


@given(ours_of_any_kind, ours_of_any_kind, ours_of_any_kind)
def test_being_the_same_is_an_equivalence_in_which_empty_means_absent(
    one: dict[str, Json], other: dict[str, Json], third: dict[str, Json]
) -> None:
    assert same(one, one)
    assert same(one, other) is same(other, one)
    assert not (same(one, other) and same(other, third)) or same(one, third)
    assert same(one, {key: value for key, value in one.items() if value not in (None, "", [], {})})


@pytest.mark.parametrize("value", [0, False, 0.0])
def test_a_value_that_counts_for_nothing_in_python_is_a_value(value: Json) -> None:
    assert not same({"products": value}, {})
    assert plan("c", [], FIELDS, Record("c", exists=True, values={"products": value})).change is not None


@given(ours_of_any_kind, ours_of_any_kind, ours_of_any_kind, theirs_of_any_kind)
def test_a_change_that_is_rebased_stands_as_before_and_goes_out_on_the_new_record(
    before: dict[str, Json], after: dict[str, Json], now: dict[str, Json], theirs: dict[str, Json]
) -> None:
    change = Change("c", before, after, Record("c", exists=False))
    record = Record("c", exists=True, values=now | theirs, version=7)
    moved = rebase(change, record)
    assert (moved.before, moved.after, moved.base) == (before, after, record)
    assert rebase(replace(change, removes_record=True), record).removes_record
    assert standing(moved, record) is standing(change, record)
    if not same(before, after):
        unapplied = Record("c", exists=True, values=before | theirs)
        assert standing(moved, unapplied) is Standing.UNAPPLIED
        assert standing(moved, applied(unapplied, moved)) is not Standing.UNAPPLIED


# fit: at its limits, in characters of every width

wide = st.lists(
    st.text(st.sampled_from("aé漢😀e\u0301 ;"), min_size=1, max_size=6).filter(lambda name: name.strip("; ")),
    max_size=6,
)


@pytest.mark.parametrize("name", ["abc", "äöü", "漢字漢", "😀😀😀", "e\u0301x"])
@pytest.mark.parametrize("kind", ["list", "text"])
@pytest.mark.parametrize(("room", "fits"), [(-1, False), (0, True), (1, True)])
def test_a_name_is_taken_whole_at_its_limit_or_not_at_all(
    name: str, kind: str, room: int, fits: bool
) -> None:
    """A limit counts code points: bytes do not matter, whatever the alphabet."""
    value, omitted = fit([name], Field(PRODUCT, "p", kind, max_length=len(name) + room))
    assert (value, omitted) == (
        (name if kind == "text" else [name], 0) if fits else ("", 1) if kind == "text" else ([], 1)
    )


@given(wide, st.integers(0, 20), st.none() | st.integers(0, 4), st.integers(0, 6))
def test_what_is_taken_depends_on_nothing_that_comes_later(
    found: list[str], length: int, most: int | None, upto: int
) -> None:
    """Another name at the end never changes what was taken before it, and the same names give the same value."""
    for attribute in (Field(PRODUCT, "p", "list", most, length), Field(PRODUCT, "p", "text", None, length)):
        value, omitted = fit(found, attribute)
        earlier, omitted_earlier = fit(found[:upto], attribute)
        assert isinstance(value, str | list)
        assert isinstance(earlier, str | list)
        assert value[: len(earlier)] == earlier
        assert omitted >= omitted_earlier
        assert fit(tuple(found), attribute) == (value, omitted)


@given(wide, st.integers(0, 20), st.none() | st.integers(0, 4))
def test_every_name_is_either_whole_in_the_value_or_counted(
    found: list[str], length: int, most: int | None
) -> None:
    value, omitted = fit(found, Field(PRODUCT, "p", "list", most, length))
    assert isinstance(value, list)
    assert len(value) + omitted == len(found)
    assert all(name in found for name in value)
    assert all(len(str(name)) <= length for name in value)
