"""The statements that a run executes for each conversation, built once: building one costs more than running it.

`:run` and `:conversation` name the row; an UPDATE sets whatever columns its parameters name besides.
"""

from __future__ import annotations

from sqlalchemy import (
    Insert,
    ScalarSelect,
    String,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql.elements import ColumnElement

from earmark.journal.schema import CHANGES, ENTITIES, ERASURES, FOR_REVIEW, ITEMS, PAIRS, RUNS
from earmark.model import PROCESSED, SETTLED, State

ON_REQUEST = "erased on request"


def _here(table: Table, run: str = "run") -> ColumnElement[bool]:
    conversation = bindparam("conversation", type_=String)
    return and_(table.c.run_id == bindparam(run, type_=String), table.c.conversation_id == conversation)


def _undone() -> ScalarSelect[float | None]:
    """When the latest change of a conversation on a target was taken back: no result before that stands."""
    latest, run = CHANGES.alias("latest"), RUNS.alias("latest_run")
    return (
        select(latest.c.undone_at)
        .join(run, run.c.id == latest.c.run_id)
        .where(latest.c.target == RUNS.c.target, latest.c.conversation_id == ITEMS.c.conversation_id)
        .where(~run.c.dry_run)
        .order_by(latest.c.intended_at.desc())
        .limit(1)
        .correlate(ITEMS, RUNS)
        .scalar_subquery()
    )


_PROCESSED = [state.value for state in PROCESSED]
_OPEN = [state.value for state in State if state not in SETTLED]

ADD_ITEM = upsert(ITEMS).on_conflict_do_nothing()
SET_ITEM = update(ITEMS).where(_here(ITEMS))
SET_CHANGE = update(CHANGES).where(_here(CHANGES))
ADD_ENTITIES = insert(ENTITIES)
DROP_ENTITIES = delete(ENTITIES).where(_here(ENTITIES))
ADD_PAIRS = insert(PAIRS)
DROP_PAIRS = delete(PAIRS).where(_here(PAIRS))
SET_VERDICT = (
    update(ENTITIES)
    .where(_here(ENTITIES))
    .where(ENTITIES.c.label == bindparam("of_label"), ENTITIES.c.canonical_id == bindparam("of_id"))
)

_put_change = upsert(CHANGES)
PUT_CHANGE = _put_change.on_conflict_do_update(
    ["run_id", "conversation_id"],
    set_={"after": _put_change.excluded.after, "details": _put_change.excluded.details},
)
"""Where the run intended a change before, what was there before it stays."""

LATEST_ITEM = (
    select(ITEMS, RUNS.c.fingerprint, _undone().label("undone_at"))
    .join(RUNS, RUNS.c.id == ITEMS.c.run_id)
    .where(ITEMS.c.conversation_id == bindparam("conversation"), ITEMS.c.run_id != bindparam("run"))
    .where(RUNS.c.target == bindparam("place"), ~RUNS.c.dry_run)
    .order_by(RUNS.c.started_at.desc())
    .limit(1)
)
"""A conversation as the latest other run on a target left it."""

COUNT_FOR_REVIEW = (
    select(func.count())
    .select_from(ENTITIES)
    .join(
        ITEMS,
        and_(ITEMS.c.run_id == ENTITIES.c.run_id, ITEMS.c.conversation_id == ENTITIES.c.conversation_id),
    )
    .where(ENTITIES.c.run_id == bindparam("run"), FOR_REVIEW, ITEMS.c.state.in_(_PROCESSED))
)
"""Entities that are left for review in the conversations that a run processed."""


def _done_since() -> ColumnElement[bool]:
    """Whether a later run on the same target processed the conversation."""
    later, run = ITEMS.alias("later"), RUNS.alias("later_run")
    return exists(
        select(1)
        .select_from(later.join(run, run.c.id == later.c.run_id))
        .where(later.c.conversation_id == ITEMS.c.conversation_id, later.c.state.in_(_PROCESSED))
        .where(run.c.target == RUNS.c.target, run.c.started_at > RUNS.c.started_at, ~run.c.dry_run)
    ).correlate(ITEMS, RUNS)


LEFT_OPEN = (
    select(ITEMS.c.run_id)
    .distinct()
    .join(RUNS, RUNS.c.id == ITEMS.c.run_id)
    .where(ITEMS.c.state.in_(_OPEN), ITEMS.c.run_id != bindparam("run"))
    .where(~RUNS.c.dry_run, ~_done_since())
    .order_by(ITEMS.c.run_id)
)
"""Other runs with conversations that neither they nor a later run have done."""

LATEST_CHANGE = (
    select(CHANGES)
    .join(RUNS, RUNS.c.id == CHANGES.c.run_id)
    .where(CHANGES.c.target == bindparam("place"), CHANGES.c.conversation_id == bindparam("conversation"))
    .where(~RUNS.c.dry_run)
    .order_by(CHANGES.c.intended_at.desc(), literal_column("changes.rowid").desc())
    .limit(1)
)
"""The latest change of a conversation on a target; a clock that stands still does not hide it."""


_over = CHANGES.alias("over")
LAID_OVER = (
    select(_over.c.run_id)
    .distinct()
    .join(
        CHANGES,
        and_(CHANGES.c.target == _over.c.target, CHANGES.c.conversation_id == _over.c.conversation_id),
    )
    .where(CHANGES.c.run_id == bindparam("run"), _over.c.intended_at > CHANGES.c.intended_at)
    .where(_over.c.applied_at.is_not(None), _over.c.undone_at.is_(None))
    .order_by(_over.c.run_id.desc())
)
"""Later runs whose changes stand over those of a run, newest first."""


def _copy(table: Table) -> Insert:
    """The rows of a conversation from run `:earlier` into `:run`."""
    copied = [column for column in table.c if column.name != "run_id"]
    return insert(table).from_select(
        ["run_id", *(column.name for column in copied)],
        select(bindparam("run", type_=String), *copied).where(_here(table, run="earlier")),
    )


COPY_ENTITIES = _copy(ENTITIES)
COPY_PAIRS = _copy(PAIRS)


def _read_anew() -> ColumnElement[bool]:
    """Whether a later run on the same target found something else to go by: another text, other candidates.

    What was taken back does not count: the earlier values are in place again.
    """
    later, run, earlier = ITEMS.alias("later"), RUNS.alias("later_run"), RUNS.alias("earlier_run")
    changed = or_(
        later.c.revision != ITEMS.c.revision,
        func.coalesce(run.c.basis, run.c.fingerprint)
        != func.coalesce(earlier.c.basis, earlier.c.fingerprint),
    )
    taken_back = exists(
        select(1).where(
            CHANGES.c.run_id == later.c.run_id,
            CHANGES.c.conversation_id == later.c.conversation_id,
            CHANGES.c.undone_at.is_not(None),
        )
    )
    return exists(
        select(1)
        .select_from(later.join(run, run.c.id == later.c.run_id))
        .where(later.c.conversation_id == ITEMS.c.conversation_id, later.c.state.in_(_PROCESSED), changed)
        .where(earlier.c.id == ITEMS.c.run_id, run.c.target == earlier.c.target)
        .where(run.c.started_at > earlier.c.started_at, ~run.c.dry_run, ~taken_back)
    ).correlate(ITEMS)


_to_judge_again = and_(
    ITEMS.c.run_id == bindparam("earlier", type_=String), ITEMS.c.state.in_(_PROCESSED), ~_read_anew()
)
COUNT_AGAIN = select(func.count()).select_from(ITEMS).where(_to_judge_again)
"""How many conversations of run `:earlier` LIST_AGAIN would list."""

_taken = [
    ITEMS.c[name]
    for name in (
        "conversation_id", "channel", "queue", "language", "started_at", "ended_at", "messages", "revision",
        "participants", "sessions",
    )
]  # fmt: skip
LIST_AGAIN = insert(ITEMS).from_select(
    ["run_id", "state", "carried_from", *(column.name for column in _taken)],
    select(
        bindparam("run", type_=String),
        literal(State.LISTED.value),
        func.coalesce(ITEMS.c.carried_from, ITEMS.c.run_id),
        *_taken,
    ).where(_to_judge_again),
)
"""What run `:earlier` processed, listed in `:run`, but for what a later run has read anew."""


IS_ERASED = select(literal(1)).select_from(ERASURES).where(ERASURES.c.alias == bindparam("alias"))

_of_conversation = ITEMS.c.conversation_id == bindparam("conversation", type_=String)
STATES_OF = (
    select(ITEMS.c.state)
    .join(RUNS, RUNS.c.id == ITEMS.c.run_id)
    .where(_of_conversation)
    .order_by(RUNS.c.started_at.desc())
)
"""How a conversation stands in each run, latest first."""

STANDING = (
    select(CHANGES.c.run_id)
    .join(
        ITEMS,
        and_(ITEMS.c.run_id == CHANGES.c.run_id, ITEMS.c.conversation_id == CHANGES.c.conversation_id),
    )
    .where(_of_conversation, CHANGES.c.undone_at.is_(None))
    .where(or_(CHANGES.c.applied_at.is_not(None), ITEMS.c.state == State.INTENDED.value))
    .order_by(CHANGES.c.intended_at.desc())
)
"""Runs whose change of a conversation was or may have been sent and was not undone, newest first."""


def _found_since() -> ColumnElement[bool]:
    later, run = ITEMS.alias("later"), RUNS.alias("later_run")
    return exists(
        select(1)
        .select_from(later.join(run, run.c.id == later.c.run_id))
        .where(later.c.conversation_id == ITEMS.c.conversation_id, run.c.started_at > RUNS.c.started_at)
    ).correlate(ITEMS, RUNS)


LATEST_GONE = (
    select(ITEMS.c.conversation_id)
    .distinct()
    .join(RUNS, RUNS.c.id == ITEMS.c.run_id)
    .where(ITEMS.c.state == State.GONE.value, ~_found_since())
    .order_by(ITEMS.c.conversation_id)
)
"""Conversations that the latest run which met them found deleted."""

_in_any_run = select(RUNS.c.id)  # so that the index, which begins with the run, is used
FORGET = tuple(
    delete(table).where(
        table.c.conversation_id == bindparam("conversation", type_=String), table.c.run_id.in_(_in_any_run)
    )
    for table in (ENTITIES, PAIRS, CHANGES)
)
ANONYMIZE = (
    update(ITEMS)
    .where(_of_conversation)
    .values(
        conversation_id=bindparam("alias", type_=String),
        state=State.ERASED.value,
        reason=ON_REQUEST,
        correlation_id=None,
        attempt=0,
        next_at=None,
        channel="unknown",
        queue=None,
        language=None,
        started_at=None,
        ended_at=None,
        messages=0,
        revision="",
        participants=[],
        sessions=[],
        carried_from=None,
    )
)
"""What stays of a row of an erased conversation: that there was one, and in which run."""
