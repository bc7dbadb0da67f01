"""Lists finished conversations: recent windows by paged query, older or longer ones by job with a cursor."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from earmark.errors import (
    AccessDeniedError,
    ConfigError,
    ConversationError,
    EarmarkError,
    GarbledError,
    GoneError,
    RefusedError,
    UnavailableError,
)
from earmark.genesys import endpoints, wire
from earmark.genesys.place import DAY, Place, Span, Way, job_spans, query_days
from earmark.genesys.promised import when, words
from earmark.genesys.session import Session
from earmark.genesys.shape import count, mappings, moment, stamp, text, word
from earmark.model import Json, Listing, Page, Rejected, Window

PAGE_SIZE = 100
QUERY_CAP = 10_000
"""Records that one query shows, over all of its pages."""

QUERY_REACH = timedelta(days=3)
"""A query matches conversations by their first day; one that lasted longer needs a job to be found."""

JOB_BEYOND = timedelta(days=3)
"""Windows that are longer, or begin longer ago, are listed by job."""

LOOKBACK = timedelta(days=90)
"""How far an open window reaches back."""

SETTLING = timedelta(minutes=1)
"""The youngest minute is left for later: the service is still counting it."""

_POLL_PATIENCE = 30 * 60.0
_FILTERS: dict[str, Json] = {
    "conversationFilters": [
        {
            "type": "and",
            "predicates": [{"type": "dimension", "dimension": "conversationEnd", "operator": "exists"}],
        }
    ],
    "segmentFilters": [
        {
            "type": "or",
            "predicates": [
                {"type": "dimension", "dimension": "mediaType", "operator": "matches", "value": "chat"},
                {
                    "type": "dimension",
                    "dimension": "messageType",
                    "operator": "matches",
                    "value": "webmessaging",
                },
            ],
        }
    ],
}


class ConversationListing:
    """One listing at a time; `mode` is auto, query or job."""

    def __init__(self, session: Session, mode: str, now: Callable[[], datetime]) -> None:
        self._session = session
        self._mode = mode
        self._now = now
        self._restarted: set[Span] = set()
        self._cursors: set[str] = set()

    def pages(self, window: Window, cursor: str | None) -> Iterator[Page]:
        """As `ports.Source.pages`; queues are ids."""
        try:
            place = Place.from_cursor(cursor) if cursor else self._plan(window)
            while place.spans:
                step = self._query if place.spans[0].way is Way.QUERY else self._job
                found, following = step(place)
                listings, rejected = _sift(found, place)
                place = following
                yield Page(listings, place.to_cursor(), rejected)
        except GarbledError as error:
            raise UnavailableError(
                error.message, hint="run the same command again", correlation_id=error.correlation_id
            ) from None
        except ConversationError as error:
            raise ConfigError(error.message, hint=error.hint, correlation_id=error.correlation_id) from None

    # what to list, and how

    def _plan(self, window: Window) -> Place:
        latest = self._now() - SETTLING
        until = min(window.until or latest, latest)
        since = window.since or until - LOOKBACK
        if since >= until:
            return Place(since, until, ())
        seam = since
        if self._mode == "job" or (self._mode == "auto" and latest - since > JOB_BEYOND):
            seam = max(since, min(until, self._available_until()))
        by_query = query_days(seam - QUERY_REACH, until) if seam < until else ()
        return Place(since, until, (*job_spans(since, seam), *by_query))

    def _available_until(self) -> datetime:
        """Jobs read a copy that lags behind: hours, or a day where the service does not say."""
        try:
            told = moment(endpoints.job_availability(self._session).get("dataAvailabilityDate"))
        except (AccessDeniedError, ConversationError):
            told = None
        return told or self._now() - DAY

    # by query

    def _query(self, place: Place) -> tuple[list[Json], Place]:
        span = place.spans[0]
        body = _FILTERS | {
            "interval": span.interval,
            "order": "asc",
            "orderBy": "conversationStart",
            "paging": {"pageSize": PAGE_SIZE, "pageNumber": place.page},
        }
        answer = endpoints.query_conversations(self._session, body)
        found, hits = _conversations(answer), count(answer.get("totalHits")) or 0
        seen = place.page * PAGE_SIZE
        if not found and hits and (place.page == 1 or hits >= seen):
            raise GarbledError("could not list conversations: the page lacks those that it counts")
        if hits > QUERY_CAP or (seen >= QUERY_CAP and len(found) == PAGE_SIZE):
            return found, place.by_job()
        if len(found) < PAGE_SIZE and seen >= hits:
            return found, place.next_span()
        return found, replace(place, page=place.page + 1)

    # by job

    def _job(self, place: Place) -> tuple[list[Json], Place]:
        if place.job is None:
            return [], self._submit(place)
        try:
            if place.after is None:
                self._await(place.job)
            answer = endpoints.job_results(self._session, place.job, place.after, PAGE_SIZE)
        except (GoneError, RefusedError) as error:
            return [], self._again(place, error.message)
        except _JobLostError as lost:
            return [], self._again(place, str(lost))
        found, following = _conversations(answer), words(answer, "cursor") or None
        if following is None:
            available = when(answer, "dataAvailabilityDate")
            self._delete(place.job)
            return found, self._rest(place, available)
        if following in self._cursors:
            return found, self._again(place, "the job's cursor repeats")
        self._cursors.add(following)
        return found, replace(place, after=following)

    def _submit(self, place: Place) -> Place:
        """Start a job; a span that is longer than the service takes is halved."""
        span = place.spans[0]
        body = _FILTERS | {"interval": span.interval, "order": "asc", "orderBy": "conversationStart"}
        try:
            job = text(endpoints.submit_job(self._session, body).get("jobId"))
        except RefusedError:
            if span.end - span.start <= DAY:
                raise
            return place.split()
        if not job:
            raise GarbledError("the service started a listing job without naming it")
        self._cursors.clear()
        return replace(place, job=job, after=None)

    def _await(self, job: str) -> None:
        pause, waited = 1.0, 0.0
        while waited < _POLL_PATIENCE:
            state = word(endpoints.job_status(self._session, job).get("state"))
            if state == "fulfilled":
                return
            if state in {"failed", "expired", "cancelled"}:
                raise _JobLostError(f"the listing job is {state}")
            self._session.wait(pause)
            waited += pause
            pause = min(pause * 2, 30.0)
        self._delete(job)
        raise UnavailableError(
            "the listing job was not done after 30 minutes",
            hint="other jobs may hold its place in the queue; run the same command again later",
        )

    def _again(self, place: Place, why: str) -> Place:
        """Start the span over, once."""
        self._delete(place.job)
        span = place.spans[0]
        if span in self._restarted:
            raise UnavailableError(
                f"listing {span.interval} failed twice: {why}", hint="run the same command again later"
            )
        self._restarted.add(span)
        return replace(place, job=None, after=None)

    def _delete(self, job: str | None) -> None:
        """Free the job's place in the queue; one that cannot be deleted expires by itself."""
        if job:
            with contextlib.suppress(EarmarkError):
                endpoints.delete_job(self._session, job)

    def _rest(self, place: Place, available: datetime | None) -> Place:
        """What the job's data did not reach is listed by query, unless that shows too few."""
        span = place.spans[0]
        if available is None or available >= span.end:
            return place.next_span()
        if span.way is Way.OVERFULL:
            raise UnavailableError(
                f"a query cannot show the more than {QUERY_CAP:,} conversations of {span.interval}, and jobs "
                f"reach {stamp(available)} only",
                hint="resume when the service's data for jobs has caught up, some hours later",
            )
        missed = tuple(query_days(max(span.start, available) - QUERY_REACH, span.end))
        place = place.next_span()
        return replace(place, spans=(*missed, *place.spans))


class _JobLostError(Exception):
    """A job that will not deliver; another may."""


def _conversations(answer: dict[str, Json]) -> list[Json]:
    """The entries of a page; none are listed as no field at all."""
    found = answer.get("conversations")
    if not isinstance(found, list | None):
        raise GarbledError("could not list conversations: the page is not a list")
    return found or []


def _sift(found: list[Json], place: Place) -> tuple[tuple[Listing, ...], tuple[Rejected, ...]]:
    listings: list[Listing] = []
    rejected: list[Rejected] = []
    for position, payload in enumerate(found, start=1):
        try:
            listing = wire.listing(payload)
        except GarbledError as error:
            where = error.ref or f"listing {place.spans[0].interval}, page {place.page}, entry {position}"
            rejected.append(Rejected(where, error.message))
            continue
        if listing and listing.ended_at and place.since <= listing.ended_at < place.until:
            listings.append(listing)
    return tuple(listings), tuple(rejected)


class QueueNames:
    """Queue id → name, read once; ids stay where the names may not be read."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: dict[str, str] | None = None

    def of(self, queue: str | None) -> str | None:
        if queue is None:
            return None
        if self._names is None:
            self._names = self._read()
        return self._names.get(queue, queue)

    def _read(self) -> dict[str, str]:
        """Page by page, as long as a page brings something new."""
        found: dict[str, str] = {}
        page, known = 1, -1
        with contextlib.suppress(AccessDeniedError, ConversationError):
            while known < len(found):
                known = len(found)
                answer = endpoints.queues(self._session, page)
                for queue in mappings(answer.get("entities")):
                    if text(queue.get("id")) and text(queue.get("name")):
                        found[text(queue.get("id"))] = text(queue.get("name"))
                if page >= (count(answer.get("pageCount")) or 1):
                    break
                page += 1
        return found


def utc_now() -> datetime:
    return datetime.now(UTC)
