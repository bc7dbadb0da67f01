"""Interactions of a gateway that speaks the interactions contract: the text travels with the listing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from earmark.errors import ConfigError, ConversationError, GarbledError, RefusedError, UnavailableError
from earmark.genesys import endpoints, wire
from earmark.genesys.session import Session
from earmark.genesys.shape import mapping, text
from earmark.model import Fetched, Json, Listing, Page, Ready, Rejected, Unreadable, Usage, Window
from earmark.sources.progress import progressing


class InteractionsSource:
    """Lists interactions of one type and status, page by page.

    The contract has no filter by time: interactions that state when they ended are kept if that lies in
    the window, all others are kept.
    """

    resumable = False

    def __init__(
        self,
        session: Session,
        *,
        limit: int = 100,
        type: str = "webchat",  # noqa: A002  (the contract's own word)
        status: str = "completed",
    ) -> None:
        if limit < 1:
            raise ConfigError("a page of interactions holds at least one", hint="set limit to 1 or more")
        self.name = f"interactions:{type}"
        self._session = session
        self._filters = {"type": type, "status": status}
        self._limit = limit

    def pages(self, window: Window, cursor: str | None = None) -> Iterator[Page]:
        """See `ports.Source`. A cursor that belongs to other filters is not used."""
        try:
            yield from progressing(self._walk(window, self._own_cursor(cursor)))
        except GarbledError as error:
            raise UnavailableError(error.message, hint="run the same command again") from None
        except ConversationError as error:
            raise ConfigError(error.message, hint=error.hint, correlation_id=error.correlation_id) from None

    def fetch(self, listings: Sequence[Listing]) -> Iterator[Fetched]:
        """See `ports.Source`; without a request."""
        for listing in listings:
            if listing.conversation is None:
                yield Unreadable(listing.id, "its text travels with the listing: list again")
            else:
                yield Ready(listing.conversation)

    def usage(self) -> Usage:
        """Everything the session has sent, a writer's requests on the same session included."""
        return self._session.usage()

    def close(self) -> None:
        self._session.close()

    def _walk(self, window: Window, cursor: str | None) -> Iterator[Page]:
        used: set[str] = set()
        restarted = False
        while True:
            try:
                answer = self._page(cursor)
            except RefusedError as error:
                if cursor is None:
                    raise
                if restarted:
                    raise UnavailableError(
                        f"the listing of interactions failed twice: {error.message}",
                        hint="run the same command again later",
                        correlation_id=error.correlation_id,
                    ) from None
                restarted, cursor = True, None
                used.clear()
                continue
            cursor = _next_cursor(answer)
            yield self._read(answer, window, cursor)
            if cursor is None:
                return
            if cursor in used:
                raise UnavailableError(
                    "the listing of interactions hands out the same cursor again",
                    hint="run the same command again; if it persists, ask the gateway's operator",
                )
            used.add(cursor)

    def _page(self, cursor: str | None) -> dict[str, Json]:
        query = self._filters | {"limit": str(self._limit)} | ({"cursor": cursor} if cursor else {})
        return endpoints.interactions(self._session, query)

    def _read(self, answer: dict[str, Json], window: Window, cursor: str | None) -> Page:
        entities = answer.get("entities")
        if not isinstance(entities, list):
            raise GarbledError("could not list interactions: the page has no list of them")
        listings: list[Listing] = []
        rejected: list[Rejected] = []
        for position, payload in enumerate(entities, start=1):
            try:
                listing = wire.interaction(payload)
            except GarbledError as error:
                where = error.ref or f"interactions, entry {position} of a page"
                rejected.append(Rejected(where, error.message))
                continue
            if _within(listing, window):
                listings.append(listing)
        following = json.dumps(self._filters | {"cursor": cursor}) if cursor else None
        return Page(tuple(listings), following, tuple(rejected))

    def _own_cursor(self, cursor: str | None) -> str | None:
        try:
            saved = mapping(json.loads(cursor or "null"))
        except ValueError:
            return None
        same = all(saved.get(name) == value for name, value in self._filters.items())
        return text(saved.get("cursor")) or None if same else None


def _next_cursor(answer: dict[str, Json]) -> str | None:
    """The cursor of the next page's address, percent-decoded once; a plus sign is a plus sign."""
    address = answer.get("next_page_uri")
    if address is None:
        return None
    if not isinstance(address, str):
        raise GarbledError("could not list interactions: the next page's address is not a text")
    for part in address.partition("#")[0].partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if name == "cursor" and value:
            return unquote(value)
    return None


def _within(listing: Listing, window: Window) -> bool:
    return listing.ended_at is None or window.contains(listing.ended_at)
