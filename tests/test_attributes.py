"""Planning merges, fits, and can be taken back: the properties that protect other people's data."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from earmark.attributes import Standing, fit, inverse, plan, standing
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
