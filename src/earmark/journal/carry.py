"""Results of earlier runs are taken over: those that still stand, and candidates that are judged again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection, RowMapping

from earmark.journal import rows, statements
from earmark.model import Decision, Listing, State

DONE_BEFORE = "done by an earlier run"
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
    """Settle the conversation in this run as the earlier one did, and copy what it found."""
    here = {"run": run_id, "conversation": earlier["conversation_id"]}
    told = earlier["reason"] or DONE_BEFORE
    settled = {
        "state": State.UNCHANGED.value,
        "reason": told if told.startswith(DONE_BEFORE) else f"{DONE_BEFORE}; {told}",
        "messages": earlier["messages"],
        "language": earlier["language"],
        "carried_from": earlier["carried_from"] or earlier["run_id"],
    }
    connection.execute(statements.SET_ITEM, here | settled)
    copy(connection, [here | {"earlier": earlier["run_id"]}])


def copy(connection: Connection, places: Sequence[dict[str, str]]) -> None:
    """Copy what a run found: each place names `run`, `conversation` and the `earlier` run."""
    connection.execute(statements.COPY_ENTITIES, places)
    connection.execute(statements.COPY_PAIRS, places)


def judge_again(
    connection: Connection, run_id: str, earlier: str, judged: Sequence[tuple[str, Sequence[Decision]]]
) -> None:
    """Copy the candidates of conversations from an earlier run, with verdicts and reasons of their own."""
    copy(connection, [{"run": run_id, "conversation": each, "earlier": earlier} for each, _ in judged])
    verdicts = [
        {"run": run_id, "conversation": each} | rows.verdict_values(decision)
        for each, decisions in judged
        for decision in decisions
    ]
    if verdicts:
        connection.execute(statements.SET_VERDICT, verdicts)
