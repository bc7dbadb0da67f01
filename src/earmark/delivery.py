"""Brings one change to a writer, once in effect, whatever happens to the request on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from earmark.attributes import Standing, rebase, standing
from earmark.errors import ConversationError, GoneError, UnknownOutcomeError, VersionConflictError
from earmark.model import Change, Listing, Outcome, Record, State
from earmark.ports import Writer

ATTEMPTS = 5


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
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                arrived = [future.result() for future in done if future.exception() is None]
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
    return Outcome(listing.id, State.FAILED, reason, trouble.correlation_id if trouble else None)


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
        case Standing.CHANGED:
            reason = "somebody else changed these attributes meanwhile; left alone"
            return Outcome(listing.id, State.CONFLICT, reason)
