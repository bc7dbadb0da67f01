"""Results of earlier runs that still stand are taken over instead of being worked out again."""

from __future__ import annotations

from sqlalchemy import ScalarSelect, and_, func, insert, literal, select, update
from sqlalchemy.engine import Connection, RowMapping

from earmark.journal.schema import CHANGES, ENTITIES, ITEMS, RUNS
from earmark.model import Listing, State

_STANDING = (State.WRITTEN.value, State.UNCHANGED.value)


def standing_result(connection: Connection, run: RowMapping, listing: Listing) -> RowMapping | None:
    """The item of the latest earlier run on this target, if nothing that it depends on has changed since."""
    row = _latest(connection, run, listing.id)
    if row is None or row["state"] not in _STANDING or row["undone_at"] is not None:
        return None
    same_text = row["revision"] == listing.revision != ""
    return row if same_text and row["fingerprint"] == run["fingerprint"] else None


def _latest(connection: Connection, run: RowMapping, conversation_id: str) -> RowMapping | None:
    query = (
        select(ITEMS, RUNS.c.fingerprint, _undone().label("undone_at"))
        .join(RUNS, RUNS.c.id == ITEMS.c.run_id)
        .where(ITEMS.c.conversation_id == conversation_id, ITEMS.c.run_id != run["id"])
        .where(RUNS.c.target == run["target"], ~RUNS.c.dry_run)
        .order_by(RUNS.c.started_at.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


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


def carry(connection: Connection, run_id: str, earlier: RowMapping) -> None:
    """Settle the conversation in this run as the earlier one did, and copy its entities."""
    conversation_id = earlier["conversation_id"]
    values = {
        "state": State.UNCHANGED.value,
        "reason": "done by an earlier run",
        "messages": earlier["messages"],
        "language": earlier["language"],
        "carried_from": earlier["carried_from"] or earlier["run_id"],
    }
    here = and_(ITEMS.c.run_id == run_id, ITEMS.c.conversation_id == conversation_id)
    connection.execute(update(ITEMS).where(here).values(values))
    columns = [column for column in ENTITIES.c if column.name != "run_id"]
    found = select(literal(run_id), *columns).where(
        ENTITIES.c.run_id == earlier["run_id"], ENTITIES.c.conversation_id == conversation_id
    )
    connection.execute(insert(ENTITIES).from_select(["run_id", *(c.name for c in columns)], found))
