"""The interactions contract, writing: others' keys survive, whatever a PATCH means to the gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

import pytest

from earmark.errors import GarbledError, UnknownOutcomeError, VersionConflictError
from earmark.genesys.session import Credentials, Session, open_session
from earmark.model import ISSUE, PRODUCT, Change, Json, Listing
from earmark.sandbox import FaultPlan, Sandbox
from earmark.writers.interactions import InteractionsWriter

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FOUND: dict[str, Json] = {"extracted_products": ["RX-200"], "extracted_issues": ["no sound"]}
THEIRS = {"crm_case": "C-1", "vip": True}


class Desk:
    """A sandbox with six interactions, of which the first three hold others' keys, and a writer."""

    def __init__(self, stack: ExitStack, options: dict[str, Any]) -> None:
        seeds = [
            {"id": f"c{n}", "channel": "chat", "messages": [{"sender": "customer", "text": "x"}]}
            for n in range(6)
        ]
        plan = FaultPlan.load({"rules": options.pop("faults", [])})
        settings: dict[str, Any] = {"today": date(2026, 3, 2), "rate_limit": 10**6, "clock": NOW.timestamp}
        self.sandbox = stack.enter_context(Sandbox(seeds, faults=plan, **settings | options))
        self.listings = [Listing(each) for each in self.sandbox.state.chats]
        for listing in self.listings[:3]:
            self.sandbox.edit_as_other(listing.id, THEIRS, store="interactions")
        credentials = Credentials(self.sandbox.url, self.sandbox.client_id, self.sandbox.client_secret)
        self.session: Session = stack.enter_context(open_session(credentials, retry_pause=0.0005))
        self.said: list[str] = []
        self.writer = InteractionsWriter(self.session, notice=self.said.append)

    def apply(self, number: int, after: dict[str, Json]) -> Any:
        base = self.writer.read(self.listings[number])
        before = {key: value for key, value in base.values.items() if key in FOUND}
        return self.writer.apply(Change(base.conversation_id, before, after, base))

    def stored(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.sandbox.snapshot()["interactions"].get(self.listings[number].id, {})
        return found

    def sent(self) -> list[dict[str, Any]]:
        """The attributes of each PATCH of ours."""
        writes = self.sandbox.state.writes
        return [dict(each.attributes) for each in writes if each.who == self.sandbox.client_id]

    def requests(self, route: str) -> int:
        return int(self.sandbox.stats()["requests"][route])


Begin = Callable[..., Desk]


@pytest.fixture
def desk() -> Iterator[Begin]:
    with ExitStack() as stack:
        yield lambda **options: Desk(stack, options)


def test_the_keys_are_lists_without_limits(desk: Begin) -> None:
    fields = desk().writer.prepare()
    assert {(label, f.key, f.kind, f.max_items, f.max_length) for label, f in fields.items()} == {
        (PRODUCT, "extracted_products", "list", None, None),
        (ISSUE, "extracted_issues", "list", None, None),
    }


def test_404_means_that_there_are_no_attributes_yet(desk: Begin) -> None:
    on = desk()
    found = on.writer.current(on.listings)
    assert [found[each.id].exists for each in on.listings] == [True] * 3 + [False] * 3
    assert found[on.listings[0].id].values == THEIRS
    assert on.requests("interactions.get") == 6


def test_a_patch_carries_our_keys_alone_and_is_read_back_once(desk: Begin) -> None:
    on = desk()
    for number in range(6):
        after = on.apply(number, FOUND)
        assert after.values == on.stored(number)
    assert [on.stored(number) for number in range(6)] == [{**THEIRS, **FOUND}] * 3 + [FOUND] * 3
    assert on.sent() == [FOUND] * 6
    assert on.requests("interactions.get") == 6 + 2
    assert on.said == []


def test_a_gateway_that_replaces_maps_is_found_out_and_nothing_is_lost(desk: Begin) -> None:
    on = desk(interactions_patch="replace")
    for number in range(6):
        after = on.apply(number, FOUND)
        assert after.values == on.stored(number)
    assert [on.stored(number) for number in range(6)] == [{**THEIRS, **FOUND}] * 3 + [FOUND] * 3
    assert len(on.said) == 1
    assert "whole map" in on.said[0]
    assert len(on.sent()) == 7


def test_many_threads_find_out_together_and_nothing_is_lost(desk: Begin) -> None:
    on = desk(interactions_patch="replace")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: on.apply(number, FOUND), range(6)))
    assert [on.stored(number) for number in range(6)] == [{**THEIRS, **FOUND}] * 3 + [FOUND] * 3
    assert len(on.said) == 1


def test_a_whole_map_is_read_freshly_before_it_is_sent(desk: Begin) -> None:
    """Once whole maps are sent, what somebody wrote since our first read goes along with it."""
    on = desk(interactions_patch="replace")
    on.apply(0, FOUND)
    listing = on.listings[1]
    base = on.writer.read(listing)
    on.sandbox.edit_as_other(listing.id, {"vip": False, "new": 1}, store="interactions")
    on.writer.apply(Change(listing.id, {}, FOUND, base))
    assert on.stored(1) == {"crm_case": "C-1", "vip": False, "new": 1, **FOUND}


@pytest.mark.parametrize("mode", ["merge", "replace"])
@pytest.mark.parametrize("kind", ["reset_after", "reset_before", "html"])
def test_others_keys_survive_a_first_patch_without_an_answer(desk: Begin, mode: str, kind: str) -> None:
    on = desk(
        interactions_patch=mode, faults=[{"route": "interactions.patch", "times": 1, "fault": {"kind": kind}}]
    )
    with pytest.raises(UnknownOutcomeError):
        on.apply(0, FOUND)
    assert {key: value for key, value in on.stored(0).items() if key in THEIRS} == THEIRS
    on.apply(0, FOUND)
    on.apply(1, FOUND)
    assert [on.stored(0), on.stored(1)] == [{**THEIRS, **FOUND}] * 2


def test_a_key_that_is_taken_back_is_left_as_an_empty_list(desk: Begin) -> None:
    on = desk()
    on.apply(0, FOUND)
    on.apply(0, {})
    assert on.stored(0) == {**THEIRS, "extracted_products": [], "extracted_issues": []}


def test_409_asks_to_read_again(desk: Begin) -> None:
    on = desk(
        faults=[{"route": "interactions.patch", "times": 1, "fault": {"kind": "status", "status": 409}}]
    )
    with pytest.raises(VersionConflictError):
        on.apply(4, FOUND)
    on.apply(4, FOUND)
    assert on.stored(4) == FOUND


def test_attributes_of_another_shape_are_never_taken_for_none(desk: Begin) -> None:
    on = desk(faults=[{"route": "interactions.get", "fault": {"kind": "list"}}])
    with pytest.raises(GarbledError):
        on.writer.read(on.listings[0])


def test_repeating_a_change_is_harmless_and_names_are_stable(desk: Begin) -> None:
    on = desk()
    base = on.writer.read(on.listings[0])
    change = Change(base.conversation_id, {}, FOUND, base)
    assert on.writer.apply(change) == on.writer.apply(change)
    assert on.stored(0) == {**THEIRS, **FOUND}
    assert (on.writer.name, on.writer.target) == ("interactions", f"{on.sandbox.url}/interactions")
    assert on.writer.usage().requests == 0
    on.writer.close()
    on.writer.close()


def test_a_first_patch_that_cannot_be_read_back_is_of_unknown_outcome(desk: Begin) -> None:
    """It may stand: taken for a failure, no undo would know of it."""
    on = desk(faults=[{"route": "interactions.get", "after": 2, "fault": {"kind": "list"}}])
    with pytest.raises(UnknownOutcomeError, match="cannot be read back"):
        on.apply(0, FOUND)
    assert on.stored(0) == THEIRS | FOUND
