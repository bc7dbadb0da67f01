"""The statements that a run executes for each conversation, built once: building one costs more than running it.

`:run` and `:conversation` name the row; an UPDATE sets whatever columns its parameters name besides.
"""

from __future__ import annotations

from sqlalchemy import ScalarSelect, String, Table, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql.elements import ColumnElement

from earmark.journal.schema import CHANGES, ENTITIES, ITEMS, RUNS


def _here(table: Table, run: str = "run") -> ColumnElement[bool]:
    conversation = bindparam("conversation", type_=String)
    return and_(table.c.run_id == bindparam(run, type_=String), table.c.conversation_id == conversation)


def _undone() -> ScalarSelect[float | None]:
    """When the change behind a result was taken back: its own, or that of the run it was carried from."""
    origin = func.coalesce(ITEMS.c.carried_from, ITEMS.c.run_id)
    behind = CHANGES.alias("behind")
    return (
        select(behind.c.undone_at)
        .where(behind.c.run_id == origin, behind.c.conversation_id == ITEMS.c.conversation_id)
        .correlate(ITEMS)
        .scalar_subquery()
    )


ADD_ITEM = upsert(ITEMS).on_conflict_do_nothing()
SET_ITEM = update(ITEMS).where(_here(ITEMS))
SET_CHANGE = update(CHANGES).where(_here(CHANGES))
ADD_ENTITIES = insert(ENTITIES)
DROP_ENTITIES = delete(ENTITIES).where(_here(ENTITIES))

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

LATEST_CHANGE = (
    select(CHANGES)
    .join(RUNS, RUNS.c.id == CHANGES.c.run_id)
    .where(CHANGES.c.target == bindparam("place"), CHANGES.c.conversation_id == bindparam("conversation"))
    .where(~RUNS.c.dry_run)
    .order_by(CHANGES.c.intended_at.desc())
    .limit(1)
)
"""The latest change of a conversation on a target."""

_copied = [column for column in ENTITIES.c if column.name != "run_id"]
COPY_ENTITIES = insert(ENTITIES).from_select(
    ["run_id", *(column.name for column in _copied)],
    select(bindparam("run", type_=String), *_copied).where(_here(ENTITIES, run="earlier")),
)
"""Entities of a conversation from run `:earlier` into `:run`."""
