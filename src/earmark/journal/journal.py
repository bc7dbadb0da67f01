"""The journal: one durable row a conversation and run, intents before requests leave, outcomes after.

States move as earmark.model.State says. Every method is one transaction; when it returns, the rows are on
disk. Methods may be called from several threads; one process at a time writes (`holding`).
"""

from __future__ import annotations

import os
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import and_, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection, RowMapping

from earmark.errors import BusyError, JournalError
from earmark.journal import rows, statements
from earmark.journal.carry import carry, judge_again, standing_result
from earmark.journal.erasing import REUSED, Erasures, forget
from earmark.journal.failures import naming_failures
from earmark.journal.opening import scrub
from earmark.journal.reading import JournalReader
from earmark.journal.schema import CHANGES, ITEMS, RUNS
from earmark.journal.statements import ON_REQUEST
from earmark.model import Change, Decision, Findings, Json, Listing, Outcome, Page, State, Usage, Window


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is fixed when a run begins; `options` is all that a resume needs to go on in the same way.

    `basis` is the fingerprint but for the cuts, `confidence` what the scorer says of itself.
    """

    source: str
    writer: str
    target: str
    window: Window
    fingerprint: str
    facts: Mapping[str, str]
    options: Mapping[str, Any]
    dry_run: bool = False
    basis: str | None = None
    confidence: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intention:
    """The result of analysing one conversation, to be made durable before anything is sent.

    Where `copied_from` names a run, the decisions judge again what that run found.
    """

    conversation_id: str
    state: State
    findings: Findings
    change: Change | None = None
    reason: str | None = None
    messages: int = 0
    language: str | None = None
    copied_from: str | None = None


@dataclass(slots=True)
class Journal(JournalReader):
    """An open journal, to be read and written."""

    readonly: bool = False
    _write: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep other runs away from this journal.

        Raises:
            BusyError: Another run holds it. The lock ends with its process, however that ends.
            JournalError: The folder takes no lock.
        """
        lock = FileLock(f"{os.path.realpath(self.path)}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise BusyError(
                f"another run is using the journal {self.path}", hint="wait for it, or pass another --journal"
            ) from None
        except (OSError, NotImplementedError) as error:
            raise JournalError(
                f"the journal {self.path} cannot be locked: {getattr(error, 'strerror', None) or 'no file locks here'}",
                hint="its folder must take a new file, and be on a local disk; or pass another --journal",
            ) from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._write, naming_failures(self.path):
            if self._which_file() != self._file:
                raise JournalError(
                    f"the journal {self.path} was replaced while it was in use",
                    hint="go on with `earmark resume`",
                )
            with self._engine.begin() as connection:
                yield connection

    def start(self, run: NewRun) -> str:
        """Record a new run and return its id (sortable by start time)."""
        now = self.clock()
        run_id = f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        values = {
            "id": run_id,
            "started_at": now,
            "status": "running",
            "source": run.source,
            "writer": run.writer,
            "target": run.target,
            "since": rows.seconds(run.window.since),
            "until": rows.seconds(run.window.until),
            "dry_run": run.dry_run,
            "fingerprint": run.fingerprint,
            "facts": dict(run.facts),
            "options": dict(run.options),
            "usage": asdict(Usage()),
            "listed": False,
            "basis": run.basis,
            "confidence": dict(run.confidence),
        }
        with self._transaction() as connection:
            connection.execute(insert(RUNS).values(values))
        return run_id

    def finish(self, run_id: str, status: str, usage: Usage) -> None:
        """Close a run, or note that it stopped; `usage` adds to what earlier sittings used."""
        with self._transaction() as connection:
            spent = connection.execute(select(RUNS.c.usage).where(RUNS.c.id == run_id)).scalar_one()
            total = {name: spent.get(name, 0) + value for name, value in asdict(usage).items()}
            connection.execute(
                update(RUNS)
                .where(RUNS.c.id == run_id)
                .values(status=status, usage=total, finished_at=self.clock())
            )

    def sit_again(self, run_id: str) -> None:
        """Begin another sitting of a run that stopped before it was done."""
        with self._transaction() as connection:
            sitting = RUNS.c.sitting + 1
            connection.execute(
                update(RUNS)
                .where(RUNS.c.id == run_id)
                .values(sitting=sitting, status="running", finished_at=None)
            )

    def list_page(self, run_id: str, page: Page) -> list[Listing]:
        """Record a page of the listing and return what is still to be done.

        Repeats are dropped. What an earlier run settled on the same text, with the same fingerprint and
        target, is carried over with its entities. What was erased is not taken in again.
        """
        with self._transaction() as connection:
            run = connection.execute(select(RUNS).where(RUNS.c.id == run_id)).mappings().one()
            erasures = Erasures(connection)
            todo = [listing for listing in page.listings if _record(connection, run, listing, erasures)]
            for reject in page.rejected:
                _leave_out(connection, run_id, Listing(reject.where), State.SKIPPED, reject.reason)
            connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(cursor=page.cursor))
        return todo

    def list_again(self, run_id: str, earlier: str) -> int:
        """List what an earlier run processed, but for what was read anew since; returns how many."""
        with self._transaction() as connection:
            places = {"run": run_id, "earlier": earlier}
            count = connection.execute(statements.LIST_AGAIN, places).rowcount
            connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(listed=True))
        return count

    def listed(self, run_id: str) -> None:
        """Note that the listing is complete."""
        with self._transaction() as connection:
            connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(listed=True))

    def miss(self, run_id: str) -> int:
        """Settle what an earlier sitting listed and a whole new listing no longer holds; returns how many."""
        sitting = select(RUNS.c.sitting).where(RUNS.c.id == run_id).scalar_subquery()
        missing = and_(
            ITEMS.c.run_id == run_id, ITEMS.c.state == State.LISTED.value, ITEMS.c.sitting < sitting
        )
        values = {"state": State.GONE.value, "reason": "no longer in the input"}
        with self._transaction() as connection:
            return connection.execute(update(ITEMS).where(missing).values(values)).rowcount

    def take_due(self, run_id: str) -> list[Listing]:
        """Pending conversations whose next attempt has come; they count as listed again until it is made."""
        due = and_(
            ITEMS.c.run_id == run_id, ITEMS.c.state == State.PENDING.value, ITEMS.c.next_at <= self.clock()
        )
        with self._transaction() as connection:
            found = connection.execute(select(ITEMS).where(due).order_by(ITEMS.c.next_at)).mappings().all()
            connection.execute(update(ITEMS).where(due).values(state=State.LISTED.value, next_at=None))
        return [rows.listing_of(row) for row in found]

    def postpone(
        self, run_id: str, conversation_id: str, reason: str, pause: Callable[[int], float | None]
    ) -> State:
        """The text is not ready: ask `pause` (attempt → seconds) when to try again; None gives up."""
        here = and_(ITEMS.c.run_id == run_id, ITEMS.c.conversation_id == conversation_id)
        with self._transaction() as connection:
            attempt = connection.execute(select(ITEMS.c.attempt).where(here)).scalar_one() + 1
            wait = pause(attempt)
            state = State.FAILED if wait is None else State.PENDING
            connection.execute(
                update(ITEMS)
                .where(here)
                .values(
                    state=state.value,
                    reason=reason if wait is not None else f"{reason}; given up after {attempt} attempts",
                    attempt=attempt,
                    next_at=None if wait is None else self.clock() + wait,
                )
            )
        return state

    def settle(self, run_id: str, outcomes: Sequence[Outcome]) -> None:
        """Record outcomes that came together."""
        if not outcomes:
            return
        now = self.clock()
        with self._transaction() as connection:
            for outcome in outcomes:
                here = {"run": run_id, "conversation": outcome.conversation_id}
                connection.execute(statements.SET_ITEM, here | rows.outcome_values(outcome))
                if outcome.state is State.WRITTEN:
                    connection.execute(statements.SET_CHANGE, here | rows.applied_values(outcome, now))

    def intend(self, run_id: str, target: str, intentions: Sequence[Intention]) -> None:
        """Make a batch durable: what was found, states, and for each change the values before and after.

        A pre-image is written once: where this run already intended a change, its `before` stays.
        """
        if not intentions:
            return
        now = self.clock()
        results = [_result(run_id, intention) for intention in intentions]
        changes = [
            rows.change_values(run_id, target, intention.change, now)
            for intention in intentions
            if intention.change is not None
        ]
        with self._transaction() as connection:
            connection.execute(statements.SET_ITEM, results)
            connection.execute(statements.DROP_ENTITIES, results)
            connection.execute(statements.DROP_PAIRS, results)
            _add_findings(connection, run_id, intentions)
            if changes:
                connection.execute(statements.PUT_CHANGE, changes)

    def undone(self, run_id: str, conversation_id: str, kept: Sequence[str] = ()) -> None:
        """Note that a change was taken back, but for the keys `kept`, which others have changed since."""
        with self._transaction() as connection:
            connection.execute(
                update(CHANGES)
                .where(CHANGES.c.run_id == run_id, CHANGES.c.conversation_id == conversation_id)
                .values({"kept": list(kept)} if kept else {"undone_at": self.clock()})
            )

    def erase(self, conversation_ids: Sequence[str]) -> None:
        """Take everything that is kept of these conversations away, in all runs, and from the file itself.

        Later listings leave them out. Changes of them can no longer be undone. Safe to repeat, which completes
        what was cut off.

        Raises:
            BusyError, JournalError: With a note where the rows are gone and their remains in the file are not.
        """
        with self._transaction() as connection:
            forget(connection, conversation_ids, self.clock())
        scrub(self._engine, self.path)


def _result(run_id: str, intention: Intention) -> dict[str, Any]:
    """What a result sets, as parameters of SET_ITEM; DROP_ENTITIES takes what names the conversation."""
    return {
        "run": run_id,
        "conversation": intention.conversation_id,
        "state": intention.state.value,
        "reason": intention.reason,
        "next_at": None,
        "messages": intention.messages,
        "language": intention.language and rows.storable(intention.language),
    }


def _add_findings(connection: Connection, run_id: str, intentions: Sequence[Intention]) -> None:
    entities: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    again: defaultdict[str, list[tuple[str, Sequence[Decision]]]] = defaultdict(list)
    for intention in intentions:
        conversation_id, findings = intention.conversation_id, intention.findings
        if intention.copied_from is not None:
            again[intention.copied_from].append((conversation_id, findings.decisions))
            continue
        kept = [decision for decision in findings.decisions if rows.is_candidate(decision)]
        ids = {decision.entity.canonical_id for decision in kept}
        entities += [rows.entity_values(run_id, conversation_id, decision) for decision in kept]
        pairs += [
            rows.pair_values(run_id, conversation_id, pair)
            for pair in findings.pairs
            if {pair.product_id, pair.issue_id} <= ids
        ]
    for statement, values in ((statements.ADD_ENTITIES, entities), (statements.ADD_PAIRS, pairs)):
        if values:
            connection.execute(statement, values)
    for earlier, judged in again.items():
        judge_again(connection, run_id, earlier, judged)


def _record(connection: Connection, run: RowMapping, listing: Listing, erasures: Erasures) -> bool:
    """Add a listing to a run; whether it is this sitting's task to process it."""
    if (alias := erasures.alias(listing.id)) is not None:
        return _leave_out(connection, run["id"], Listing(alias), State.ERASED, ON_REQUEST)
    values = rows.item_values(run["id"], listing, State.LISTED) | {"sitting": run["sitting"]}
    added = connection.execute(statements.ADD_ITEM, values).rowcount == 1
    if not added:
        return _take_up(connection, run, listing.id) or _note_reused_id(connection, run, listing, erasures)
    earlier = standing_result(connection, run, listing)
    if earlier is not None:
        carry(connection, run["id"], earlier)
    return earlier is None


def _take_up(connection: Connection, run: RowMapping, conversation_id: str) -> bool:
    """Claim a conversation that an earlier sitting listed and did not get to; false for a mere repeat."""
    left = and_(
        ITEMS.c.run_id == run["id"],
        ITEMS.c.conversation_id == conversation_id,
        ITEMS.c.state == State.LISTED.value,
        ITEMS.c.sitting < run["sitting"],
    )
    return connection.execute(update(ITEMS).where(left).values(sitting=run["sitting"])).rowcount == 1


def _note_reused_id(connection: Connection, run: RowMapping, listing: Listing, erasures: Erasures) -> bool:
    """Keep a trace of a second conversation under an id that was met before; it is not processed."""
    first = and_(ITEMS.c.run_id == run["id"], ITEMS.c.conversation_id == listing.id)
    known = connection.execute(select(ITEMS.c.revision).where(first)).scalar_one()
    second = replace(listing, id=f"{listing.id}#{listing.revision[:8]}")
    if listing.conversation is not None and known != listing.revision and not erasures.alias(second.id):
        _leave_out(connection, run["id"], second, State.SKIPPED, REUSED)
    return False


def _leave_out(connection: Connection, run_id: str, listing: Listing, state: State, reason: str) -> bool:
    """Record something that is not to be processed, and why; a repeat changes nothing."""
    values = rows.item_values(run_id, listing, state) | {"reason": reason}
    connection.execute(upsert(ITEMS).values(values).on_conflict_do_nothing())
    return False
