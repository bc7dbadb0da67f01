"""The writer that writes nothing: the run analyses, journals and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from earmark.model import Change, Field, Listing, Record, Usage


class NoWriter:
    """Has no fields, so no change is ever due."""

    name = "none"
    deletes_keys = True
    target = "none"

    def prepare(self) -> Mapping[str, Field]:
        return {}

    def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
        return {listing.id: self.read(listing) for listing in listings}

    def read(self, listing: Listing) -> Record:
        return Record(listing.id, exists=False)

    def apply(self, change: Change) -> Record:
        return change.base

    def usage(self) -> Usage:
        return Usage()

    def close(self) -> None:
        """There is nothing to let go of."""
