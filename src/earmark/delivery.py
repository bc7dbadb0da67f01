"""Brings results to a writer: plan, intend, deliver; once in effect, whatever happens to a request on its way.

The journal knows of every change before it is sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from earmark.attributes import Plan, Standing, plan, rebase, standing
from earmark.errors import ConversationError, GoneError, UnknownOutcomeError, VersionConflictError
from earmark.journal import Intention, Journal
from earmark.model import Change, Field, Findings, Listing, Outcome, Record, State
from earmark.ports import Writer

ATTEMPTS = 5
TAKEN_BACK = "taken back before its outcome was known"
HEED_SECONDS = 0.1
"""The longest wait in one piece: a signal that comes just before one is heeded only after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What it takes to bring results to a writer, wherever they come from.

    `watch` is told what happens (`listed`, `read` or a state, and how many); `stop` asks the run to end after the
    batch in hand; `pace` scales the pauses between attempts; `options` is what a resume takes over.
    """

    writer: Writer
    journal: Journal
    dry_run: bool = False
    workers: int = 8
    pace: float = 1.0
    options: Mapping[str, object] = field(default_factory=dict)
    watch: Callable[[str, int], None] = lambda _what, _count: None
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Sitting:
    """One go at a run: the fields that it writes, and how far its listing had come before."""

    run_id: str
    fields: Mapping[str, Field]
    cursor: str | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Analysis:
    """A conversation and what was decided about it.

    `note` tells what was not read of it; `copied_from` names the run whose candidates are judged again.
    """

    listing: Listing
    findings: Findings
    messages: int
    language: str | None
    copied_from: str | None = None
    note: str | None = None


def write(task: Task, sitting: Sitting, analyses: Sequence[Analysis]) -> None:
    """Plan the batch, make the intents durable, then send what has to be sent."""
    records, unreadable = current(task.writer, [analysis.listing for analysis in analyses])
    settle(task, sitting, *unreadable.values())
    analyses = [analysis for analysis in analyses if analysis.listing.id in records]
    plans = [
        plan(analysis.listing.id, analysis.findings.decisions, sitting.fields, records[analysis.listing.id])
        for analysis in analyses
    ]
    intentions = [_intention(task, analysis, due) for analysis, due in zip(analyses, plans, strict=True)]
    task.journal.intend(sitting.run_id, task.writer.target, intentions)
    for intention in intentions:
        if intention.state is not State.INTENDED:
            task.watch(intention.state.value, 1)
    changes = [(a.listing, due.change) for a, due in zip(analyses, plans, strict=True) if due.change]
    if task.dry_run:
        return
    notes = {intention.conversation_id: intention.reason for intention in intentions}
    for outcomes in deliver_all(task.writer, changes, workers=task.workers, stop=task.stop, pace=task.pace):
        settle(
            task,
            sitting,
            *(replace(each, reason=each.reason or notes[each.conversation_id]) for each in outcomes),
        )


def _intention(task: Task, analysis: Analysis, due: Plan) -> Intention:
    change = due.change
    omitted = f"{due.omitted} names found no room in the attribute" if due.omitted else None
    state = State.UNCHANGED if change is None else State.PLANNED if task.dry_run else State.INTENDED
    return Intention(
        conversation_id=analysis.listing.id,
        state=state,
        findings=analysis.findings,
        change=change,
        reason="; ".join(filter(None, (analysis.note, omitted))) or None,
        messages=analysis.messages,
        language=analysis.language,
        copied_from=analysis.copied_from,
    )


def settle(task: Task, sitting: Sitting, *outcomes: Outcome) -> None:
    """Record what became of conversations."""
    task.journal.settle(sitting.run_id, outcomes)
    for outcome in outcomes:
        task.watch(outcome.state.value, 1)


def take_up_intended(task: Task, sitting: Sitting) -> None:
    """Settle the changes of which an earlier sitting did not learn the outcome; what was undone stays undone."""
    unfinished = task.journal.unfinished(sitting.run_id, State.INTENDED)
    stand = {listing.id for listing, _, _ in task.journal.applied(sitting.run_id)} if unfinished else set()
    for listing in unfinished:
        outcome = Outcome(listing.id, State.UNCHANGED, TAKEN_BACK)
        if listing.id in stand:
            change = task.journal.intended(sitting.run_id, listing.id)
            outcome = take_up(task.writer, listing, change, pauses(task.stop, task.pace))
        settle(task, sitting, outcome)


def pauses(stop: threading.Event, pace: float) -> Callable[[int], None]:
    """What waits before attempt 1, 2, …: 1.5 s, 4.5 s, up to 30 s, times `pace`; `stop` cuts it short."""

    def pause(attempt: int) -> None:
        stop.wait(min(30.0, 0.5 * 3**attempt) * pace)

    return pause


def current(
    writer: Writer, listings: Sequence[Listing]
) -> tuple[Mapping[str, Record], Mapping[str, Outcome]]:
    """The records as they are now, and what becomes of the conversations whose record cannot be had."""
    try:
        return writer.current(listings), {}
    except ConversationError:
        found: dict[str, Record] = {}
    lost: dict[str, Outcome] = {}
    for listing in listings:
        try:
            found[listing.id] = writer.read(listing)
        except ConversationError as error:
            state = State.GONE if isinstance(error, GoneError) else State.FAILED
            lost[listing.id] = Outcome(listing.id, state, error.message, error.correlation_id)
    return found, lost


def deliver_all(
    writer: Writer,
    changes: Sequence[tuple[Listing, Change]],
    *,
    workers: int,
    stop: threading.Event,
    pace: float,
) -> Iterator[list[Outcome]]:
    """Deliver changes in parallel; outcomes that arrive together come together.

    Once `stop` is set, what was not begun is left out: it stays intended, and unsent.

    Raises:
        EarmarkError: What concerns the whole run, after the outcomes that arrived with it.
    """

    def begin(listing: Listing, change: Change) -> Outcome | None:
        return None if stop.is_set() else deliver(writer, listing, change, pauses(stop, pace))

    if not changes:
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="earmark-write") as pool:
        pending = {pool.submit(begin, *change) for change in changes}
        try:
            while pending:
                done, pending = wait(pending, HEED_SECONDS, FIRST_COMPLETED)
                arrived = [future.result() for future in done if future.exception() is None]
                if done:
                    yield [outcome for outcome in arrived if outcome is not None]
                for future in done:
                    future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def deliver(writer: Writer, listing: Listing, change: Change, pause: Callable[[int], None]) -> Outcome:
    """Apply a change; after a conflict or an unknown outcome read back, and go by what is there.

    `pause` is called with the attempt number before each repetition. Errors that concern the whole run
    (configuration, rate limits) are raised; the change then stays intended.
    """
    try:
        return _attempt(writer, listing, change, pause)
    except GoneError as error:
        return Outcome(listing.id, State.GONE, error.message, error.correlation_id)
    except UnknownOutcomeError as error:
        return Outcome(listing.id, State.INTENDED, error.message, error.correlation_id)
    except ConversationError as error:
        return Outcome(listing.id, State.FAILED, error.message, error.correlation_id)


def _attempt(writer: Writer, listing: Listing, change: Change, pause: Callable[[int], None]) -> Outcome:
    trouble: ConversationError | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            pause(attempt)
        try:
            return Outcome(listing.id, State.WRITTEN, record=writer.apply(change))
        except (VersionConflictError, UnknownOutcomeError) as error:
            trouble = error
        found = _look(writer, listing, change, trouble)
        if isinstance(found, Outcome):
            return found
        change = found
    reason = f"not written after {ATTEMPTS} attempts: {trouble.message if trouble else 'no answer'}"
    state = State.CONFLICT if isinstance(trouble, VersionConflictError) else State.FAILED
    return Outcome(listing.id, state, reason, trouble.correlation_id if trouble else None)


def take_up(writer: Writer, listing: Listing, change: Change, pause: Callable[[int], None]) -> Outcome:
    """Settle a change of which nobody knows whether it was sent: read first, deliver what is still due."""
    try:
        found = reconcile(writer, listing, change)
    except GoneError as error:
        return Outcome(listing.id, State.GONE, error.message, error.correlation_id)
    except ConversationError as error:
        return Outcome(listing.id, State.INTENDED, error.message, error.correlation_id)
    return found if isinstance(found, Outcome) else deliver(writer, listing, found, pause)


def _look(writer: Writer, listing: Listing, change: Change, trouble: ConversationError) -> Outcome | Change:
    try:
        return reconcile(writer, listing, change)
    except GoneError:
        raise
    except ConversationError as error:
        raise UnknownOutcomeError(
            f"{trouble.message}, and the record cannot be read back: {error.message}",
            ref=listing.id,
            correlation_id=error.correlation_id or trouble.correlation_id,
        ) from error


def reconcile(writer: Writer, listing: Listing, change: Change) -> Outcome | Change:
    """Read the record and tell what to do with a change that may have been sent.

    Returns an outcome when it is settled, else the change on the record as it is now, to be applied.
    """
    record = writer.read(listing)
    match standing(change, record):
        case Standing.APPLIED:
            return Outcome(listing.id, State.WRITTEN, record=record)
        case Standing.UNAPPLIED:
            return rebase(change, record)
        case Standing.OVERTAKEN:
            return Outcome(listing.id, State.WRITTEN, "somebody else has changed some of it since")
        case Standing.CHANGED:
            reason = "somebody else changed these attributes meanwhile; left alone"
            return Outcome(listing.id, State.CONFLICT, reason)
