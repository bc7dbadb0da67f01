"""Finished webchat and web-messaging conversations of a Genesys Cloud organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from earmark.errors import ConfigError
from earmark.genesys import texts
from earmark.genesys.listing import ConversationListing, QueueNames, utc_now
from earmark.genesys.session import Session
from earmark.model import Fetched, Listing, Page, Usage, Window
from earmark.sources.progress import progressing

_ROUTES = {
    "recordings": texts.by_recordings,
    "batch": texts.by_batches,
    "messages": texts.by_messages,
    "transcripts": texts.by_transcripts,
}
_LISTINGS = ("auto", "query", "job")


class GenesysSource:
    """Lists by query or job and reads the text by one of four routes.

    `text` is recordings (one request a conversation), batch (a few requests a hundred), messages (web
    messaging only) or transcripts (speech and text analytics). `listing` is auto, query or job: auto takes
    the job for windows that are longer or begin longer ago than three days.
    """

    resumable = True

    def __init__(
        self,
        session: Session,
        *,
        text: str = "recordings",
        listing: str = "auto",
        workers: int = 8,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        if text not in _ROUTES:
            raise ConfigError(f"there is no text route {text!r}", hint=f"use one of {', '.join(_ROUTES)}")
        if listing not in _LISTINGS:
            raise ConfigError(
                f"there is no listing mode {listing!r}", hint=f"use one of {', '.join(_LISTINGS)}"
            )
        self.name = f"genesys:{text}"
        self._session = session
        self._route = _ROUTES[text]
        self._listing = listing
        self._workers = workers
        self._now = now
        self._queues = QueueNames(session)

    def pages(self, window: Window, cursor: str | None = None) -> Iterator[Page]:
        """See `ports.Source`. An open window reaches back 90 days and ends a minute ago."""
        listing = ConversationListing(self._session, self._listing, self._now)
        for page in progressing(listing.pages(window, cursor)):
            yield replace(page, listings=tuple(map(self._named, page.listings)))

    def fetch(self, listings: Sequence[Listing]) -> Iterator[Fetched]:
        """See `ports.Source`."""
        return self._route(self._session, listings, self._workers)

    def usage(self) -> Usage:
        """Everything the session has sent, a writer's requests on the same session included."""
        return self._session.usage()

    def close(self) -> None:
        self._session.close()

    def _named(self, listing: Listing) -> Listing:
        return replace(listing, queue=self._queues.of(listing.queue))
