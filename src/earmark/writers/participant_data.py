"""Attributes of the customer participant: a fallback where conversation schemas are not to be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from earmark.errors import GarbledError, RefusedError
from earmark.genesys import endpoints
from earmark.genesys.lookup import look_up
from earmark.genesys.schema import DEFAULT_KEYS
from earmark.genesys.session import Session
from earmark.genesys.shape import mapping, mappings, text, word
from earmark.model import Change, Field, Json, Listing, Record, Usage

LONGEST_VALUE = 256
CUSTOMERS = {"customer", "external"}
OTHERS = {
    *(
        "acd",
        "agent",
        "api",
        "bot",
        "botflow",
        "campaign",
        "dialer",
        "fax",
        "group",
        "inbound",
        "ivr",
        "manual",
    ),
    *("outbound", "station", "user", "voicemail", "voicesurveyflow", "workflow"),
}
WARNING = (
    "participant data of ended conversations does not reach Genesys Cloud's analytics and may not be kept: "
    "prefer the custom_attributes writer"
)


class ParticipantDataWriter:
    """Writes each label's names as one delimited text of at most 256 characters.

    Nothing can be deleted there: a key that is taken back is left as an empty text.
    """

    name = "participant_data"
    deletes_keys = False

    def __init__(
        self,
        session: Session,
        *,
        keys: Mapping[str, str] = DEFAULT_KEYS,
        notice: Callable[[str], None] = lambda _text: None,
        workers: int = 8,
    ) -> None:
        self.target = f"{session.hosts.api}/participants"
        self._session = session
        self._keys = dict(keys)
        self._notice = notice
        self._workers = workers

    def prepare(self) -> Mapping[str, Field]:
        """See `ports.Writer`; warns."""
        self._notice(WARNING)
        return {label: Field(label, key, "text", None, LONGEST_VALUE) for label, key in self._keys.items()}

    def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
        """See `ports.Writer`; one request each. A conversation that is gone has no record."""
        return look_up(self.read, listings, self._workers)

    def read(self, listing: Listing) -> Record:
        """See `ports.Writer`; the record is that of the first customer.

        Where nobody is the customer and somebody is who knows what, none of them is taken for absent.
        """
        participants = endpoints.conversation(self._session, listing.id).get("participants")
        if not isinstance(participants, list):
            raise GarbledError("the conversation has no list of participants", ref=listing.id)
        for participant in mappings(participants):
            if word(participant.get("purpose")) in CUSTOMERS and text(participant.get("id")):
                details: dict[str, Json] = {"participant": text(participant.get("id"))}
                values = mapping(participant.get("attributes"))
                return Record(listing.id, exists=True, values=values, details=details)
        if not all(word(participant.get("purpose")) in OTHERS for participant in mappings(participants)):
            raise GarbledError(
                "the conversation does not tell which participant is the customer", ref=listing.id
            )
        return Record(listing.id, exists=False)

    def apply(self, change: Change) -> Record:
        """See `ports.Writer`; one request with our keys alone."""
        participant = text(change.base.details.get("participant"))
        if not participant:
            raise RefusedError(
                "there is no customer to attach participant data to", ref=change.conversation_id
            )
        cleared: dict[str, Json] = dict.fromkeys(change.before, "")
        values = cleared | dict(change.after)
        endpoints.patch_participant(self._session, change.conversation_id, participant, values)
        merged = dict(change.base.values) | values
        return Record(change.conversation_id, exists=True, values=merged, details=change.base.details)

    def usage(self) -> Usage:
        """Zero: the source counts what its session sends."""
        return Usage()

    def close(self) -> None:
        """Nothing to do: the session belongs to the source."""
