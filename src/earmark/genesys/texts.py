"""The four ways to the text of conversations; each yields one result a listing, as it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from earmark.errors import ConversationError, GarbledError, GoneError, RefusedError, UnavailableError
from earmark.genesys import endpoints, wire
from earmark.genesys.session import Session
from earmark.genesys.shape import count, mappings, text, word
from earmark.model import Fetched, Gone, Json, Listing, NotReady, Ready, Unreadable

BATCH_SIZE = 100
BULK_SIZE = 1000
TRANSCODING_SECONDS = 10.0
ABSENT_SECONDS = 30.0

_BATCH_PATIENCE = 10 * 60.0
_LONGEST_POLL = 15.0


def by_recordings(session: Session, listings: Sequence[Listing], workers: int) -> Iterator[Fetched]:
    """One request a conversation."""
    return _each(lambda listing: _recorded(session, listing), listings, workers)


def by_messages(session: Session, listings: Sequence[Listing], workers: int) -> Iterator[Fetched]:
    """Two requests a conversation (more beyond 1,000 messages).

    The message API knows web messaging alone: what came otherwise is read from its recordings.
    """

    def read(listing: Listing) -> Fetched:
        if listing.channel != wire.WEBMESSAGING:
            return _recorded(session, listing)
        ids = wire.message_ids(listing, endpoints.message_ids(session, listing.id))
        payloads = [
            endpoints.message_texts(session, listing.id, ids[start : start + BULK_SIZE])
            for start in range(0, len(ids), BULK_SIZE)
        ]
        if left_out := len(set(ids) - wire.answered(payloads)):
            return NotReady(listing.id, f"{left_out} of its messages cannot be had yet", ABSENT_SECONDS)
        return Ready(wire.messaged(listing, payloads))

    return _each(read, listings, workers)


def by_transcripts(session: Session, listings: Sequence[Listing], workers: int) -> Iterator[Fetched]:
    """One request and one download a communication; needs speech and text analytics."""

    def read(listing: Listing) -> Fetched:
        sessions = listing.sessions or _sessions(session, listing)
        documents: list[Json] = []
        for communication in sessions:
            try:
                url = text(endpoints.transcript_url(session, listing.id, communication).get("url"))
                documents.append(session.download(url, listing.id))
            except GoneError:
                return NotReady(listing.id, "it has not been analysed yet", ABSENT_SECONDS)
        return Ready(wire.transcribed(listing, documents))

    return _each(read, listings, workers)


def _sessions(session: Session, listing: Listing) -> tuple[str, ...]:
    found = wire.listing(endpoints.conversation_details(session, listing.id))
    if found is None or not found.sessions:
        raise GarbledError("its details name no customer session", ref=listing.id)
    return found.sessions


def by_batches(session: Session, listings: Sequence[Listing], workers: int) -> Iterator[Fetched]:
    """A few requests for a hundred conversations; the files are downloaded from storage.

    What the service will not take as a batch, or loses, is read one by one.
    """
    for start in range(0, len(listings), BATCH_SIZE):
        part = listings[start : start + BATCH_SIZE]
        try:
            results = _batch(session, [listing.id for listing in part])
        except (GoneError, RefusedError):
            yield from by_recordings(session, part, workers)
            continue

        def read(listing: Listing, results: dict[str, list[dict[str, Json]]] = results) -> Fetched:
            return _from_batch(session, listing, results.get(listing.id, []))

        yield from _each(read, part, workers)


def _batch(session: Session, ids: Sequence[str]) -> dict[str, list[dict[str, Json]]]:
    """Results by conversation of a batch that is complete, or as far as it got in ten minutes."""
    job = text(endpoints.submit_batch(session, ids).get("id"))
    if not job:
        raise UnavailableError(
            "the service started a recording batch without naming it", hint="run the same command again"
        )
    pause, waited = 2.0, 0.0
    while True:
        status = endpoints.batch_status(session, job)
        expected, done = count(status.get("expectedResultCount")), count(status.get("resultCount"))
        complete = word(status.get("status")) == "completed" or (done is not None and done == expected != 0)
        if complete or waited >= _BATCH_PATIENCE:
            break
        session.wait(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_POLL)
    found: dict[str, list[dict[str, Json]]] = {}
    for result in mappings(status.get("results")):
        found.setdefault(text(result.get("conversationId")), []).append(result)
    return found


def _from_batch(session: Session, listing: Listing, results: Sequence[dict[str, Json]]) -> Fetched:
    if not results:
        return NotReady(listing.id, "the batch holds no recording of it yet", ABSENT_SECONDS)
    recordings: dict[str, Json] = {}
    for position, result in enumerate(results):
        if problem := text(result.get("errorMsg")):
            return _batch_problem(listing, problem)
        name = text(result.get("recordingId")) or f"#{position}"
        if name in recordings:  # a recording may appear in several results
            continue
        try:
            held = session.download(text(result.get("resultUrl")), listing.id)
        except GoneError:
            return NotReady(listing.id, "the download address of its recording ran out", TRANSCODING_SECONDS)
        recordings[name] = held
    flat = [each for held in recordings.values() for each in (held if isinstance(held, list) else [held])]
    return _settled(listing, wire.recorded(listing, flat))


def _batch_problem(listing: Listing, problem: str) -> Fetched:
    said = problem.lower()
    if "not found" in said or "deleted" in said:
        return Gone(listing.id, "its recording was deleted")
    if any(sign in said for sign in ("not ready", "transcod", "progress", "uploading", "not available yet")):
        return NotReady(listing.id, "its recording is still being prepared", ABSENT_SECONDS)
    if "archiv" in said:
        return Unreadable(listing.id, wire.ARCHIVED)
    return Unreadable(listing.id, "the batch reports an error for its recording")


def _recorded(session: Session, listing: Listing) -> Fetched:
    answer = endpoints.recordings(session, listing.id)
    if answer.status == 202 or answer.empty:
        return NotReady(listing.id, "its recording is still being prepared", TRANSCODING_SECONDS)
    return _settled(listing, wire.recorded(listing, answer.body))


def _settled(listing: Listing, found: wire.Transcript) -> Fetched:
    if found.conversation is not None:
        return Ready(found.conversation)
    if found.pending:
        return NotReady(listing.id, found.pending, ABSENT_SECONDS)
    if found.deleted:
        return Gone(listing.id, "its recordings were deleted")
    return Unreadable(listing.id, found.unreadable or "it has no text")


def _each(read: Callable[[Listing], Fetched], listings: Sequence[Listing], workers: int) -> Iterator[Fetched]:
    """Read several at once. What fails for one is its result; what fails for all ends the iteration."""

    def result(listing: Listing) -> Fetched:
        try:
            return read(listing)
        except GoneError as error:
            return Gone(listing.id, error.message)
        except ConversationError as error:
            return Unreadable(listing.id, error.message, error.correlation_id)

    pool = ThreadPoolExecutor(max(1, min(workers, len(listings))), thread_name_prefix="earmark-read")
    try:
        for future in as_completed([pool.submit(result, listing) for listing in listings]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)
