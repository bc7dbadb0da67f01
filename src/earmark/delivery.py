"""Brings one change to a writer, once in effect, whatever happens to the request on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from earmark.attributes import Standing, rebase, standing
from earmark.errors import ConversationError, GoneError, UnknownOutcomeError, VersionConflictError
from earmark.model import Change, Listing, Record, State
from earmark.ports import Writer

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change."""

    state: State
    reason: str | None = None
    correlation_id: str | None = None
    record: Record | None = None


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
            lost[listing.id] = Outcome(state, error.message, error.correlation_id)
    return found, lost


def deliver(writer: Writer, listing: Listing, change: Change, pause: Callable[[int], None]) -> Outcome:
    """Apply a change; after a conflict or an unknown outcome read back, and go by what is there.

    `pause` is called with the attempt number before each repetition. Errors that concern the whole run
    (configuration, rate limits) are raised; the change then stays intended.
    """
    try:
        return _attempt(writer, listing, change, pause)
    except GoneError as error:
        return Outcome(State.GONE, error.message, error.correlation_id)
    except UnknownOutcomeError as error:
        return Outcome(State.INTENDED, error.message, error.correlation_id)
    except ConversationError as error:
        return Outcome(State.FAILED, error.message, error.correlation_id)


def _attempt(writer: Writer, listing: Listing, change: Change, pause: Callable[[int], None]) -> Outcome:
    trouble: ConversationError | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            pause(attempt)
        try:
            return Outcome(State.WRITTEN, record=writer.apply(change))
        except (VersionConflictError, UnknownOutcomeError) as error:
            trouble = error
        found = _look(writer, listing, change, trouble)
        if isinstance(found, Outcome):
            return found
        change = found
    reason = f"not written after {ATTEMPTS} attempts: {trouble.message if trouble else 'no answer'}"
    return Outcome(State.FAILED, reason, trouble.correlation_id if trouble else None)


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
            return Outcome(State.WRITTEN, record=record)
        case Standing.UNAPPLIED:
            return rebase(change, record)
        case Standing.CHANGED:
            return Outcome(State.CONFLICT, "somebody else changed these attributes meanwhile; left alone")
