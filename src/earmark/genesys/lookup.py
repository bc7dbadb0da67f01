"""Several records at once, as fast as the request budget allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from earmark.errors import GoneError
from earmark.model import Listing, Record


def look_up(
    read: Callable[[Listing], Record], listings: Sequence[Listing], workers: int
) -> Mapping[str, Record]:
    """`read` each listing's record, `workers` at a time; a conversation that is gone has no record."""

    def look(listing: Listing) -> Record:
        try:
            return read(listing)
        except GoneError:
            return Record(listing.id, exists=False)

    with ThreadPoolExecutor(workers, thread_name_prefix="earmark-current") as pool:
        return {record.conversation_id: record for record in pool.map(look, listings)}
