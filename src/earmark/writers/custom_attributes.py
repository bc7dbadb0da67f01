"""Conversation custom attributes: one record of our own a conversation, in a schema with our fields."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence

from earmark.errors import AccessDeniedError, GarbledError, GoneError, RefusedError, VersionConflictError
from earmark.genesys import endpoints
from earmark.genesys import schema as conversation_schema
from earmark.genesys.lookup import look_up
from earmark.genesys.promised import part
from earmark.genesys.schema import DEFAULT_KEYS
from earmark.genesys.session import Session
from earmark.genesys.shape import count, items, mapping, mappings, text
from earmark.model import Change, Field, Json, Listing, Record, Usage

SEARCH_SIZE = 100

_NAMESPACE = uuid.UUID("c3170991-7759-4baf-b659-2ec1267075e7")
_PURPOSE = "entities"


class CustomAttributesWriter:
    """Writes products and issues into a record whose id follows from the conversation and the schema.

    No other record is ever written, so repeating a write has no further effect and other systems' records
    cannot be harmed. Keys that others keep in our record are sent back as they were read.

    `schema` is a title or an id, `keys` maps a label to the base name of its attribute: `<base>_tag` is
    taken where the schema has it, else `<base>_longtext`, `<base>_text` or `<base>` itself. `known` gives
    the record as the journal last knew it, because a search may lag behind the latest write.
    """

    name = "custom_attributes"
    deletes_keys = True

    def __init__(
        self,
        session: Session,
        *,
        schema: str = "Earmark",
        keys: Mapping[str, str] = DEFAULT_KEYS,
        known: Callable[[str], Record | None] = lambda _conversation_id: None,
        workers: int = 8,
    ) -> None:
        self._session = session
        self._schema = schema
        self._keys = dict(keys)
        self._known = known
        self._workers = workers
        self._schema_id = ""
        self._fields: Mapping[str, Field] = {}
        self._searches = True
        self._search_tried = False
        self._search_proved = False
        self._shared = False  # whether records in our schema are there that the journal does not know of
        self._lock = threading.Lock()

    @property
    def target(self) -> str:
        """The host and the schema; known once `prepare` has found the schema."""
        return f"{self._session.hosts.api}/customattributes/{self._schema_id or self._schema}"

    def prepare(self) -> Mapping[str, Field]:
        """See `ports.Writer`; one request."""
        found = conversation_schema.find(self._session, self._schema)
        self._fields = conversation_schema.fields(found, self._keys)
        self._schema_id = found.id
        return self._fields

    def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
        """See `ports.Writer`; one search a hundred conversations, one request each where search is closed."""
        ids = [listing.id for listing in listings]
        found: dict[str, Record] = {}
        for start in range(0, len(ids), SEARCH_SIZE):
            found |= self._look_up(ids[start : start + SEARCH_SIZE])
        return {each: self._latest(found[each], self._known(each)) for each in ids}

    def read(self, listing: Listing) -> Record:
        """See `ports.Writer`; one request."""
        answer = endpoints.attributes_records(self._session, listing.id)
        if not isinstance(answer.get("results"), list):
            raise GarbledError("the attributes are not a list of records", ref=listing.id)
        return self._own(listing.id, mappings(answer["results"]))

    def apply(self, change: Change) -> Record:
        """See `ports.Writer`; one request, and one more before a session's first new record.

        Where another journal has written, too, there is one more before every new record.

        A record is never deleted: no version can be named with a DELETE, so one that another system has just
        put a key into would be lost. A record that is taken back stays, empty.
        """
        conversation_id, base = change.conversation_id, change.base
        ours = change.before.keys() | change.after.keys()
        values = {key: value for key, value in base.values.items() if key not in ours} | dict(change.after)
        if not base.exists:
            self._try_search(conversation_id)
        record_id = self.record_id(conversation_id)
        body: dict[str, Json] = {
            "id": record_id,
            "schemaId": text(base.details.get("schemaId")) or self._schema_id,
            "customAttributes": values,
        }
        if base.exists:
            body["divisions"] = items(base.details.get("divisions"))  # leaving them out would clear them
        if base.exists and base.version is not None:
            body["version"] = base.version
        answer = endpoints.put_attributes(self._session, conversation_id, body)
        if text(answer.get("id")) not in {"", record_id}:
            raise GarbledError("the service confirms another record than was written", ref=conversation_id)
        return self._written(base, values)

    def record_id(self, conversation_id: str) -> str:
        """The one record of a conversation that is ours."""
        return str(uuid.uuid5(_NAMESPACE, f"{conversation_id}/{self._schema_id}/{_PURPOSE}"))

    def usage(self) -> Usage:
        """Zero: the source counts what its session sends."""
        return Usage()

    def close(self) -> None:
        """Nothing to do: the session belongs to the source."""

    def _try_search(self, conversation_id: str) -> None:
        """Before a record is created, see that the search was right not to find it: creating goes over what is there.

        Once is enough where all records are known to be the journal's: it remembers those itself.
        """
        if self._shared:
            self._refuse_existing(conversation_id)
            return
        with self._lock:
            if self._search_tried or not self._searches:
                return
            self._refuse_existing(conversation_id)
            self._search_tried = True

    def _refuse_existing(self, conversation_id: str) -> None:
        if self.read(Listing(conversation_id)).exists:
            self._searches = False
            raise VersionConflictError("the search does not show this record yet", ref=conversation_id)

    def _look_up(self, ids: Sequence[str]) -> Mapping[str, Record]:
        if self._searches:
            try:
                if not self._search_proved:
                    self._prove_search()
                return self._search(ids)
            except (GoneError, RefusedError, AccessDeniedError):
                self._searches = False
        remembered = {each: Record(each, exists=False) for each in ids if self._known(each)}
        unknown = [Listing(each) for each in ids if each not in remembered]
        return remembered | dict(look_up(self.read, unknown, self._workers))

    def _prove_search(self) -> None:
        """Where the schema has records already, see that one of them is found by its id, as ours will be.

        Raises:
            RefusedError: It is not: this organisation's search cannot be relied on.
        """
        sample = self._matches("schemaId", [self._schema_id], SEARCH_SIZE)
        if sample and not self._matches("id", [text(sample[0].get("id"))], 1):
            raise RefusedError("the search does not find a record by its id")
        self._shared = any(self._is_of_another_journal(record) for record in sample)
        self._search_proved = True

    def _is_of_another_journal(self, record: dict[str, Json]) -> bool:
        conversation_id = text(record.get("conversationId"))
        ours = text(record.get("id")) == self.record_id(conversation_id)
        return ours and self._known(conversation_id) is None

    def _search(self, ids: Sequence[str]) -> dict[str, Record]:
        by_conversation: dict[str, list[dict[str, Json]]] = {}
        for result in self._matches("id", [self.record_id(each) for each in ids], SEARCH_SIZE):
            by_conversation.setdefault(text(result.get("conversationId")), []).append(result)
        return {each: self._own(each, by_conversation.get(each, [])) for each in ids}

    def _matches(self, member: str, wanted: Sequence[str], size: int) -> list[dict[str, Json]]:
        query: Json = [{"type": "EXACT", "fields": [member], "values": list(wanted)}]
        body: dict[str, Json] = {"query": query, "pageSize": size, "pageNumber": 1}
        answer = endpoints.search_attributes(self._session, body)
        results = answer.get("results", [])
        if not isinstance(results, list):
            raise RefusedError("the search does not answer with a list")
        found = mappings(results)
        if len(found) < min(count(answer.get("total")) or len(results), size):
            raise RefusedError("the search does not show all that it counts")
        return found

    def _own(self, conversation_id: str, records: Sequence[dict[str, Json]]) -> Record:
        ours = self.record_id(conversation_id)
        for record in records:
            if text(record.get("id")) == ours:
                return _read(conversation_id, record, self._schema_id)
        return Record(conversation_id, exists=False)

    def _written(self, base: Record, values: Mapping[str, Json]) -> Record:
        fresh: Mapping[str, Json] = {"divisions": [], "schemaId": self._schema_id}
        details = base.details if base.exists else fresh
        version = 1 if not base.exists else None if base.version is None else base.version + 1
        return Record(base.conversation_id, exists=True, values=values, version=version, details=details)

    @staticmethod
    def _latest(found: Record, known: Record | None) -> Record:
        """The younger of what the search shows and what the journal remembers."""
        if known is None or not known.exists:
            return found
        if not found.exists or (known.version or 0) > (found.version or 0):
            return known
        return found


def _read(conversation_id: str, record: dict[str, Json], schema_id: str) -> Record:
    """A stored record; without a version nothing keeps a write from going over somebody else's."""
    values, divisions = part(record, "customAttributes", conversation_id), record.get("divisions")
    lacks_values = not values and mapping(record.get("customAttributesTimestamps"))
    version = count(record.get("version"))
    if version is None or lacks_values or not isinstance(divisions, list | None):
        raise GarbledError("its record comes without version, attributes or divisions", ref=conversation_id)
    schema = text(mapping(record.get("schema")).get("id")) or schema_id
    details: dict[str, Json] = {"divisions": divisions or [], "schemaId": schema}
    return Record(conversation_id, exists=True, values=values, version=version, details=details)
