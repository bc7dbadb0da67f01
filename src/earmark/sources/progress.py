"""Keeps a listing that goes round in circles from going on for ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from earmark.errors import UnavailableError
from earmark.model import Page

MOST_REPEATED = 100
"""Pages in a row that may have come before, beyond a whole listing that begins again."""


def progressing(pages: Iterable[Page]) -> Iterator[Page]:
    """The same pages, as long as new ones are among them. A listing may begin again; empty pages do not count.

    Raises:
        UnavailableError: Nothing new has come for longer than that.
    """
    seen: set[int] = set()
    repeated = 0
    for page in pages:
        yield page
        if not page.listings:
            continue
        mark = hash(tuple(listing.id for listing in page.listings))
        repeated = repeated + 1 if mark in seen else 0
        seen.add(mark)
        if repeated > len(seen) + MOST_REPEATED:
            raise UnavailableError(
                "the listing of conversations repeats itself without an end",
                hint="run the same command again later; if it persists, report it to the service",
            )
