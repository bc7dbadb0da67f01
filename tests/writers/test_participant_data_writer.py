"""The fallback writer: strings on the customer participant, with a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

import pytest

from earmark.errors import GarbledError, GoneError, RefusedError
from earmark.genesys.session import Credentials, Session, open_session
from earmark.model import ISSUE, PRODUCT, Change, Json, Listing, Record
from earmark.sandbox import FaultPlan, Sandbox
from earmark.writers.participant_data import ParticipantDataWriter

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FOUND: dict[str, Json] = {"extracted_products": "RX-200; Hub 2", "extracted_issues": ""}


@pytest.fixture
def org() -> Iterator[tuple[Sandbox, Session, list[Listing]]]:
    seeds = [{"id": f"c{n}", "messages": [{"sender": "customer", "text": "x"}]} for n in range(2)]
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            Sandbox(seeds, today=date(2026, 3, 2), rate_limit=10**6, clock=NOW.timestamp)
        )
        credentials = Credentials(sandbox.url, sandbox.client_id, sandbox.client_secret)
        session = stack.enter_context(open_session(credentials, retry_pause=0.0005))
        yield sandbox, session, [Listing(each) for each in sandbox.state.chats]


Org = tuple[Sandbox, Session, list[Listing]]


def stored(sandbox: Sandbox, listing: Listing) -> dict[str, Any]:
    """The customer's attributes as the service holds them."""
    by_participant = sandbox.snapshot()["participants"].get(listing.id, {})
    return {key: value for held in by_participant.values() for key, value in held.items()}


def test_preparing_warns_and_states_the_limit_of_a_value(org: Org) -> None:
    said: list[str] = []
    fields = ParticipantDataWriter(org[1], notice=said.append).prepare()
    assert len(said) == 1
    assert "analytics" in said[0]
    assert {(label, f.key, f.kind, f.max_length) for label, f in fields.items()} == {
        (PRODUCT, "extracted_products", "text", 256),
        (ISSUE, "extracted_issues", "text", 256),
    }


def test_our_keys_are_written_to_the_customer_and_others_stay(org: Org) -> None:
    sandbox, session, (listing, other) = org
    sandbox.edit_as_other(listing.id, {"crm_case": "C-1"}, store="participants")
    writer = ParticipantDataWriter(session)
    base = writer.current([listing, other])[listing.id]
    assert base.values == {"crm_case": "C-1"}
    after = writer.apply(Change(listing.id, {}, FOUND, base))
    assert stored(sandbox, listing) == {"crm_case": "C-1", **FOUND}
    assert after == writer.read(listing)
    assert stored(sandbox, other) == {}
    ours = [write for write in sandbox.state.writes if write.who == sandbox.client_id]
    assert len(ours) == 1
    assert "crm_case" not in ours[0].attributes


def test_a_key_that_is_taken_back_is_emptied_because_nothing_can_be_deleted(org: Org) -> None:
    sandbox, session, (listing, _) = org
    writer = ParticipantDataWriter(session)
    written = writer.apply(Change(listing.id, {}, FOUND, writer.read(listing)))
    writer.apply(Change(listing.id, FOUND, {}, written, removes_record=True))
    assert stored(sandbox, listing) == {"extracted_products": "", "extracted_issues": ""}


def test_a_deleted_conversation_is_gone_and_one_without_a_customer_is_refused(org: Org) -> None:
    sandbox, session, (listing, other) = org
    writer = ParticipantDataWriter(session)
    base = writer.read(listing)
    sandbox.delete_conversation(listing.id)
    with pytest.raises(GoneError):
        writer.read(listing)
    with pytest.raises(GoneError):
        writer.apply(Change(listing.id, {}, FOUND, base))
    assert not writer.current([listing])[listing.id].exists
    with pytest.raises(RefusedError, match="no customer"):
        writer.apply(Change(other.id, {}, FOUND, Record(other.id, exists=False)))


@pytest.mark.parametrize("kind", ["null_enums", "unknown_enums"])
def test_a_customer_who_cannot_be_told_from_others_is_not_taken_for_absent(org: Org, kind: str) -> None:
    """An undo would otherwise find nothing to take back, and call it done."""
    sandbox, session, (listing, _) = org
    sandbox.misbehave(FaultPlan.load({"rules": [{"route": "conversation", "fault": {"kind": kind}}]}))
    with pytest.raises(GarbledError, match="which participant is the customer"):
        ParticipantDataWriter(session).read(listing)


def test_the_writer_leaves_the_counting_to_the_source(org: Org) -> None:
    writer: Any = ParticipantDataWriter(org[1])
    close: Callable[[], None] = writer.close
    close()
    close()
    assert writer.usage().requests == 0
    assert writer.target == f"{org[0].url}/participants"
