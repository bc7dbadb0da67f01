"""Results of earlier runs that still stand are taken over instead of being worked out again."""

from __future__ import annotations

from sqlalchemy.engine import Connection, RowMapping

from earmark.journal import statements
from earmark.model import Listing, State

_STANDING = (State.WRITTEN.value, State.UNCHANGED.value)


def standing_result(connection: Connection, run: RowMapping, listing: Listing) -> RowMapping | None:
    """The item of the latest earlier run on this target, if nothing that it depends on has changed since."""
    where = {"conversation": listing.id, "run": run["id"], "place": run["target"]}
    row = connection.execute(statements.LATEST_ITEM, where).mappings().first()
    if row is None or row["state"] not in _STANDING or row["undone_at"] is not None:
        return None
    same_text = row["revision"] == listing.revision != ""
    return row if same_text and row["fingerprint"] == run["fingerprint"] else None


def carry(connection: Connection, run_id: str, earlier: RowMapping) -> None:
    """Settle the conversation in this run as the earlier one did, and copy its entities."""
    here = {"run": run_id, "conversation": earlier["conversation_id"]}
    settled = {
        "state": State.UNCHANGED.value,
        "reason": "done by an earlier run",
        "messages": earlier["messages"],
        "language": earlier["language"],
        "carried_from": earlier["carried_from"] or earlier["run_id"],
    }
    connection.execute(statements.SET_ITEM, here | settled)
    connection.execute(statements.COPY_ENTITIES, here | {"earlier": earlier["run_id"]})
