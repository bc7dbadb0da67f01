"""Custom attributes of the interactions contract: one map an interaction, shared with other systems."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from earmark.errors import ConversationError, GarbledError, GoneError, UnknownOutcomeError
from earmark.genesys import endpoints
from earmark.genesys.lookup import look_up
from earmark.genesys.schema import DEFAULT_KEYS
from earmark.genesys.session import Session
from earmark.model import Change, Field, Json, Listing, Record, Usage

_RESTORE_ATTEMPTS = 3


class InteractionsWriter:
    """Patches our keys, lists of strings, and leaves the others as they are.

    A PATCH carries our keys alone, so a concurrent writer's keys never travel with it. The first PATCH to
    an interaction that holds others' keys is read back once: a gateway that takes a PATCH for the whole map
    has then lost them, so they are restored at once and every further PATCH carries the whole map, freshly
    read. The contract cannot delete: a key that is taken back is left as an empty list.
    """

    name = "interactions"
    deletes_keys = False

    def __init__(
        self,
        session: Session,
        *,
        keys: Mapping[str, str] = DEFAULT_KEYS,
        notice: Callable[[str], None] = lambda _text: None,
        workers: int = 8,
    ) -> None:
        self.target = f"{session.hosts.api}/interactions"
        self._session = session
        self._keys = dict(keys)
        self._notice = notice
        self._workers = workers
        self._lock = threading.Lock()
        self._merges: bool | None = None  # None until a PATCH was read back

    def prepare(self) -> Mapping[str, Field]:
        """See `ports.Writer`; the contract has nothing to check and states no limits."""
        return {label: Field(label, key) for label, key in self._keys.items()}

    def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
        """See `ports.Writer`; one request each."""
        return look_up(self.read, listings, self._workers)

    def read(self, listing: Listing) -> Record:
        """See `ports.Writer`. 404 means that there are no attributes yet."""
        try:
            answer = endpoints.interaction_attributes(self._session, listing.id)
        except GoneError:
            return Record(listing.id, exists=False)
        values = answer.get("custom_attributes")
        if not isinstance(values, dict):
            raise GarbledError("the attributes are not a map", ref=listing.id)
        return Record(listing.id, exists=True, values=values)

    def apply(self, change: Change) -> Record:
        """See `ports.Writer`; one request, two where the gateway replaces maps."""
        ours: dict[str, Json] = {key: [] for key in change.before} | dict(change.after)
        foreign = {key: value for key, value in change.base.values.items() if key not in ours}
        if self._merges is None and foreign:
            foreign = self._first_patch(change.conversation_id, ours, foreign)
        else:
            foreign = self._patch(change.conversation_id, ours, foreign)
        return Record(change.conversation_id, exists=True, values=foreign | ours)

    def usage(self) -> Usage:
        """Zero: the source counts what its session sends."""
        return Usage()

    def close(self) -> None:
        """Nothing to do: the session belongs to the source."""

    def _patch(self, interaction: str, ours: dict[str, Json], foreign: dict[str, Json]) -> dict[str, Json]:
        """Send our keys, whole maps where needed; returns the others' keys as they are now known."""
        if self._merges is False:
            foreign = self._foreign(interaction, ours)
        whole = foreign | ours if self._merges is False else ours
        endpoints.patch_interaction(self._session, interaction, whole)
        return foreign

    def _first_patch(
        self, interaction: str, ours: dict[str, Json], foreign: dict[str, Json]
    ) -> dict[str, Json]:
        """Find out, for all threads, whether the gateway merges."""
        with self._lock:
            if self._merges is not None:
                return self._patch(interaction, ours, foreign)
            before = self._foreign(interaction, ours)
            try:
                endpoints.patch_interaction(self._session, interaction, ours)
            finally:
                after = self._read_back(interaction, ours)
                lost = {key: value for key, value in before.items() if key not in after}
                if lost:
                    self._restore(interaction, ours, lost | after)
            self._merges = not lost
            return lost | after

    def _read_back(self, interaction: str, ours: Mapping[str, Json]) -> dict[str, Json]:
        """What others hold after a PATCH. While that cannot be seen, nobody knows what became of it."""
        try:
            return self._foreign(interaction, ours)
        except GoneError:
            raise
        except ConversationError as error:
            raise UnknownOutcomeError(
                f"the attributes cannot be read back: {error.message}",
                ref=interaction,
                correlation_id=error.correlation_id,
            ) from error

    def _restore(self, interaction: str, ours: dict[str, Json], foreign: dict[str, Json]) -> None:
        self._merges = False
        self._notice(
            "this gateway takes a PATCH for the whole map: other systems' attributes were restored, "
            "and whole maps are sent from now on"
        )
        for attempt in range(_RESTORE_ATTEMPTS):
            try:
                endpoints.patch_interaction(self._session, interaction, foreign | ours)
                return
            except UnknownOutcomeError:
                if attempt == _RESTORE_ATTEMPTS - 1:
                    raise

    def _foreign(self, interaction: str, ours: Mapping[str, Json]) -> dict[str, Json]:
        now = self.read(Listing(interaction)).values
        return {key: value for key, value in now.items() if key not in ours}
