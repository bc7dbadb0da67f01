"""The reading side of the journal: runs, conversations, entities and changes as they stand."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Table, and_, func, or_, select
from sqlalchemy.engine import Connection, RowMapping

from earmark.errors import ConfigError, JournalError
from earmark.journal import rows, statements
from earmark.journal.erasing import Trace, traces
from earmark.journal.failures import AFRESH, naming_failures
from earmark.journal.opening import open_engine
from earmark.journal.schema import CHANGES, ENTITIES, ITEMS, PAIRS, RUNS
from earmark.model import (
    Change,
    ConversationRow,
    Entity,
    EntityRow,
    Listing,
    PairRow,
    Record,
    RunFacts,
    State,
)

AT_ONCE = 100
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Candidates:
    """What an earlier run found in a conversation that is to be judged again."""

    listing: Listing
    entities: tuple[Entity, ...]
    messages: int
    language: str | None


@dataclass(slots=True)
class JournalReader:
    """An open journal, to be read. `clock` gives seconds since the epoch."""

    path: Path
    clock: Callable[[], float] = time.time
    readonly: bool = True
    _engine: Any = field(init=False, repr=False)
    _file: tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._engine = open_engine(self.path, readonly=self.readonly)
        self._file = self._which_file()

    def close(self) -> None:
        self._engine.dispose()

    def _which_file(self) -> tuple[int, int]:
        """What is at the path, by device and number.

        Raises:
            JournalError: Nothing is there any more.
        """
        try:
            found = self.path.stat()
        except OSError as error:
            raise JournalError(
                f"the journal {self.path} is gone while it was in use: {error.strerror}",
                hint=f"put it back; or {AFRESH}",
            ) from None
        return found.st_dev, found.st_ino

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with naming_failures(self.path), self._engine.connect() as connection:
            yield connection

    def run(self, run_id: str | None = None) -> RowMapping:
        """The row of a run; without an id the latest that was no dry run, else the latest of all.

        Raises:
            JournalError: There is no such run.
        """
        query = select(RUNS)
        query = (
            query.where(RUNS.c.id == run_id)
            if run_id
            else query.order_by(RUNS.c.dry_run, RUNS.c.started_at.desc())
        )
        with self._reading() as connection:
            row = connection.execute(query.limit(1)).mappings().first()
        if row is None:
            what = f"run {run_id}" if run_id else "run"
            raise JournalError(f"the journal {self.path} has no {what}", hint="`earmark runs` lists them")
        return row

    def facts(self, run_id: str) -> RunFacts:
        with naming_failures(self.path):
            return rows.run_facts(self.run(run_id))

    def runs(self) -> list[RowMapping]:
        """All runs, newest first."""
        with self._reading() as connection:
            return list(connection.execute(select(RUNS).order_by(RUNS.c.started_at.desc())).mappings())

    def counts(self, run_id: str) -> dict[State, int]:
        """Conversations by state."""
        query = select(ITEMS.c.state, func.count()).where(ITEMS.c.run_id == run_id).group_by(ITEMS.c.state)
        with self._reading() as connection:
            return {State(state): count for state, count in connection.execute(query)}

    def for_review(self, run_id: str) -> int:
        """How many entities were left for review, in the conversations that were processed."""
        with self._reading() as connection:
            return connection.execute(statements.COUNT_FOR_REVIEW, {"run": run_id}).scalar_one()

    def left_open(self, beside: str) -> list[str]:
        """Other runs, oldest first, that still have conversations to be done; dry runs do not count.

        Nor does what a later run on the same target has done: to go on would bring back what it replaced.
        """
        with self._reading() as connection:
            return list(connection.execute(statements.LEFT_OPEN, {"run": beside}).scalars())

    def laid_over(self, run_id: str) -> list[str]:
        """Later runs, newest first, that changed what this run wrote, and were not taken back."""
        with self._reading() as connection:
            return list(connection.execute(statements.LAID_OVER, {"run": run_id}).scalars())

    def to_judge_again(self, earlier: str) -> int:
        """How many conversations `list_again` would list."""
        with self._reading() as connection:
            return connection.execute(statements.COUNT_AGAIN, {"earlier": earlier}).scalar_one()

    def watermark(self, source: str, writer: str) -> datetime | None:
        """Where the last run from this source to this writer that listed everything ended its window."""
        query = select(func.max(RUNS.c.until)).where(
            RUNS.c.source == source, RUNS.c.writer == writer, RUNS.c.listed, ~RUNS.c.dry_run
        )
        with self._reading() as connection:
            return rows.moment(connection.execute(query).scalar())

    def size(self, run_id: str) -> int:
        """How many conversations a run has met so far."""
        query = select(func.count()).where(ITEMS.c.run_id == run_id)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    def begun_as(self, run_id: str, target: str, fingerprint: str) -> RowMapping:
        """The row of a run that is to go on with this target and fingerprint.

        Raises:
            ConfigError: It began with others: a mixed run would be neither the one nor the other.
        """
        row = self.run(run_id)
        if row["target"] != target or row["fingerprint"] != fingerprint:
            raise ConfigError(
                f"run {run_id} began with another model, catalog, rules, settings or target",
                hint="restore them, or begin a new run: what is already done stays done",
            )
        return row

    def unfinished(self, run_id: str, state: State) -> list[Listing]:
        """Conversations that stand in one state, by id."""
        query = select(ITEMS).where(ITEMS.c.run_id == run_id, ITEMS.c.state == state.value)
        with self._reading() as connection:
            found = connection.execute(query.order_by(ITEMS.c.conversation_id)).mappings()
            return [rows.listing_of(row) for row in found]

    def next_attempt(self, run_id: str) -> float | None:
        """When the first pending conversation is due, in seconds since the epoch."""
        query = select(func.min(ITEMS.c.next_at)).where(
            ITEMS.c.run_id == run_id, ITEMS.c.state == State.PENDING.value
        )
        with self._reading() as connection:
            return connection.execute(query).scalar()

    def intended(self, run_id: str, conversation_id: str) -> Change:
        """The change that a run intended for a conversation."""
        query = select(CHANGES).where(
            CHANGES.c.run_id == run_id, CHANGES.c.conversation_id == conversation_id
        )
        with self._reading() as connection:
            return rows.change_of(connection.execute(query).mappings().one())

    def planned(self, run_id: str) -> Iterator[Change]:
        """What a dry run would change, by conversation."""
        return self._stream(CHANGES, run_id, rows.change_of)

    def known(self, target: str, conversation_id: str) -> Record | None:
        """The record as our last write left it, where nobody else's keys live in it; else None.

        Somebody may have changed it since: a writer uses it with its version only.
        """
        with self._reading() as connection:
            where = {"place": target, "conversation": conversation_id}
            row = connection.execute(statements.LATEST_CHANGE, where).mappings().first()
        sure = row is not None and row["applied_at"] and not row["undone_at"] and not row["shared"]
        if row is None or not sure or row["version"] is None:
            return None
        return Record(
            conversation_id, exists=True, values=row["after"], version=row["version"], details=row["details"]
        )

    def applied(self, run_id: str) -> Iterator[tuple[Listing, Change, bool]]:
        """Changes of a run that stand, newest first: listing, change, whether it created the record.

        Of a change that was taken back in part, the keys that others had changed by then.
        """
        query = (
            select(CHANGES, ITEMS)
            .join(
                ITEMS,
                and_(
                    ITEMS.c.run_id == CHANGES.c.run_id, ITEMS.c.conversation_id == CHANGES.c.conversation_id
                ),
            )
            .where(CHANGES.c.run_id == run_id, CHANGES.c.undone_at.is_(None))
            .where(or_(CHANGES.c.applied_at.is_not(None), ITEMS.c.state == State.INTENDED.value))
            .order_by(CHANGES.c.intended_at.desc(), CHANGES.c.conversation_id)
        )
        with self._reading() as connection:
            found = connection.execute(query).mappings()
            changes = [(rows.listing_of(row), rows.standing_change(row), row["created"]) for row in found]
        yield from changes

    def conversations(self, run_id: str) -> Iterator[ConversationRow]:
        """All conversations of a run, by id."""
        return self._stream(ITEMS, run_id, rows.conversation_row)

    def entities(self, run_id: str) -> Iterator[EntityRow]:
        """All entities of a run, by conversation."""
        return self._stream(ENTITIES, run_id, rows.entity_row)

    def pairs(self, run_id: str) -> Iterator[PairRow]:
        """All product × issue pairs of a run, by conversation, whatever the verdicts on either side."""
        return self._stream(PAIRS, run_id, rows.pair_row)

    def candidates(self, run_id: str, earlier: str, after: str = "") -> list[Candidates]:
        """The next conversations, by id, that a run has listed, with what the earlier run found in them."""
        listed = select(ITEMS).where(ITEMS.c.run_id == run_id, ITEMS.c.state == State.LISTED.value)
        listed = listed.where(ITEMS.c.conversation_id > after).order_by(ITEMS.c.conversation_id)
        with self._reading() as connection:
            items = connection.execute(listed.limit(AT_ONCE)).mappings().all()
            ids = [item["conversation_id"] for item in items]
            query = select(ENTITIES).where(ENTITIES.c.run_id == earlier, ENTITIES.c.conversation_id.in_(ids))
            found: defaultdict[str, list[Entity]] = defaultdict(list)
            for row in connection.execute(query).mappings():
                found[row["conversation_id"]].append(rows.entity_of(row))
            return [
                Candidates(rows.listing_of(item), tuple(found[id_]), item["messages"], item["language"])
                for id_, item in zip(ids, items, strict=True)
            ]

    def _stream(self, table: Table, run_id: str, shape: Callable[[RowMapping], _Row]) -> Iterator[_Row]:
        query = select(table).where(table.c.run_id == run_id).order_by(*table.primary_key.columns)
        with self._reading() as connection:
            yield from map(shape, connection.execution_options(yield_per=1000).execute(query).mappings())

    def traces(self, conversation_ids: Iterable[str]) -> list[Trace]:
        """What is kept of each of these conversations, in order; those that are not known too."""
        with self._reading() as connection:
            return traces(connection, conversation_ids)

    def gone(self) -> list[str]:
        """Conversations that the latest run which met them found deleted, by id."""
        with self._reading() as connection:
            return list(connection.execute(statements.LATEST_GONE).scalars())

    def history(self, conversation_id: str, run_id: str | None = None) -> list[dict[str, Any]]:
        """Everything known of one conversation, newest run first: item, entities, pairs, changes."""
        query = select(ITEMS).where(ITEMS.c.conversation_id == conversation_id)
        if run_id:
            query = query.where(ITEMS.c.run_id == run_id)
        with self._reading() as connection:
            items = connection.execute(query.order_by(ITEMS.c.run_id.desc())).mappings().all()
            return [
                {
                    "item": dict(item),
                    "entities": self._rows_of(connection, ENTITIES, item),
                    "pairs": self._rows_of(connection, PAIRS, item),
                    "changes": self._rows_of(connection, CHANGES, item),
                }
                for item in items
            ]

    @staticmethod
    def _rows_of(connection: Connection, table: Any, item: RowMapping) -> list[dict[str, Any]]:
        query = select(table).where(
            table.c.run_id == item["run_id"], table.c.conversation_id == item["conversation_id"]
        )
        return [dict(row) for row in connection.execute(query).mappings()]
