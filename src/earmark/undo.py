"""Takes the changes of a run back, key by key, where nobody has changed them since."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from earmark.attributes import inverse
from earmark.delivery import ATTEMPTS, pauses
from earmark.errors import (
    ConversationError,
    GoneError,
    StoppedError,
    UnknownOutcomeError,
    VersionConflictError,
)
from earmark.journal import Journal
from earmark.model import Change, Json, Listing
from earmark.ports import Writer

Invert = Callable[..., tuple[Change | None, tuple[str, ...]]]
"""`attributes.inverse` of a change; takes the record as it is now, and whether its writer deletes keys."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one change: `status` is undone, already_undone, planned, kept, gone or failed."""

    conversation_id: str
    status: str
    reason: str = ""
    overtaken: tuple[str, ...] = ()
    before: dict[str, Json] | None = None
    after: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class UndoJob:
    """Everything an undo needs."""

    writer: Writer
    journal: Journal
    run_id: str
    dry_run: bool = False
    pace: float = 1.0
    stop: threading.Event = field(default_factory=threading.Event)


def undo(job: UndoJob, watch: Callable[[Taken], None] = lambda _taken: None) -> Iterator[Taken]:
    """Undo a run, newest change first; what was changed since is reported and left alone.

    Safe to repeat: a second undo sends nothing.
    """
    laid_over = bool(job.journal.laid_over(job.run_id))
    for listing, change, created in job.journal.applied(job.run_id):
        if job.stop.is_set():
            return
        try:
            taken = _take_back(job, listing, partial(inverse, change, created=created, laid_over=laid_over))
        except StoppedError:
            return
        watch(taken)
        yield taken


def _take_back(job: UndoJob, listing: Listing, invert: Invert) -> Taken:
    try:
        taken = _attempts(job, listing, invert)
    except GoneError as error:
        taken = Taken(listing.id, "gone", error.message)
    except ConversationError as error:
        return Taken(listing.id, "failed", str(error))
    if taken.status in {"undone", "already_undone", "gone", "kept"} and not job.dry_run:
        job.journal.undone(job.run_id, listing.id, taken.overtaken)
    return taken


def _attempts(job: UndoJob, listing: Listing, invert: Invert) -> Taken:
    """Read, invert, apply; after a conflict or an unknown outcome, from the start."""
    trouble: ConversationError | None = None
    sent = False
    pause = pauses(job.stop, job.pace)
    for attempt in range(ATTEMPTS):
        if attempt:
            pause(attempt)
        back, overtaken = invert(record=job.writer.read(listing), deletes_keys=job.writer.deletes_keys)
        if back is None:
            return _nothing_left(listing, overtaken, sent=sent)
        if job.dry_run:
            return Taken(listing.id, "planned", "", overtaken, dict(back.before), dict(back.after))
        try:
            sent = True
            job.writer.apply(back)
        except (VersionConflictError, UnknownOutcomeError) as error:
            trouble = error
            continue
        return _done(listing, overtaken)
    raise trouble or UnknownOutcomeError("the undo was not confirmed", ref=listing.id)


def _nothing_left(listing: Listing, overtaken: tuple[str, ...], *, sent: bool) -> Taken:
    if overtaken or sent:
        return _done(listing, overtaken)
    return Taken(listing.id, "already_undone")


def _done(listing: Listing, overtaken: tuple[str, ...]) -> Taken:
    if overtaken:
        return Taken(listing.id, "kept", f"changed since: {', '.join(overtaken)}", overtaken)
    return Taken(listing.id, "undone")
