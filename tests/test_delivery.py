"""One change reaches the record once in effect, whatever happens to the request, or it is left alone aloud."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.attributes import inverse
from earmark.delivery import ATTEMPTS, deliver, deliver_all, take_up
from earmark.errors import (
    AccessDeniedError,
    GarbledError,
    GoneError,
    RefusedError,
    UnknownOutcomeError,
    VersionConflictError,
)
from earmark.model import Change, Field, Json, Listing, Outcome, Record, State, Usage
from earmark.writers.none import NoWriter

BEFORE: Mapping[str, Json] = {"products": ["old"]}
AFTER: Mapping[str, Json] = {"products": ["new"]}
LISTING = Listing("c1")


class Scripted:
    """A record in memory, and a script of what happens to each write: one word an attempt, then `ok`.

    lost: refused before it is applied; silent: applied, the answer lost; stale: somebody else bumped the
    version; theirs: somebody else changed our keys; gone, refused, denied: as they say.
    """

    name = target = "scripted"
    deletes_keys = True

    def __init__(self, *script: str, reads: Sequence[str] = ()) -> None:
        self.script = list(script)
        self.reads = list(reads)
        self.record = Record("c1", exists=True, values={**BEFORE, "theirs": 1}, version=1)
        self.applied = 0

    def prepare(self) -> Mapping[str, Field]:
        return {}

    def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
        return {listing.id: self.read(listing) for listing in listings}

    def read(self, listing: Listing) -> Record:
        if (self.reads.pop(0) if self.reads else "ok") == "garbled":
            raise GarbledError("not JSON", ref=listing.id)
        return self.record

    def apply(self, change: Change) -> Record:
        what = self.script.pop(0) if self.script else "ok"
        match what:
            case "lost":
                raise UnknownOutcomeError("reset")
            case "stale":
                self.record = replace(self.record, version=(self.record.version or 0) + 1)
            case "theirs":
                self.record = replace(self.record, values={"products": ["edited by hand"]}, version=9)
            case "gone":
                raise GoneError("deleted")
            case "refused":
                raise RefusedError("too large", correlation_id="corr-1")
            case "denied":
                raise AccessDeniedError("no permission")
        if change.base.version != self.record.version:
            raise VersionConflictError("does not match the current version")
        self._apply(change)
        if what == "silent":
            raise UnknownOutcomeError("no answer")
        return self.record

    def _apply(self, change: Change) -> None:
        self.applied += 1
        values = dict(self.record.values) | dict(change.after)
        self.record = replace(self.record, values=values, version=(self.record.version or 0) + 1)

    def usage(self) -> Usage:
        return Usage()

    def close(self) -> None: ...


def change(writer: Scripted) -> Change:
    return Change("c1", BEFORE, AFTER, writer.record)


def never(_attempt: int) -> None:
    """No pause."""


@pytest.mark.parametrize(
    ("script", "state", "applied"),
    [
        ([], State.WRITTEN, 1),
        (["lost"], State.WRITTEN, 1),
        (["silent"], State.WRITTEN, 1),
        (["stale"], State.WRITTEN, 1),
        (["stale", "lost", "silent"], State.WRITTEN, 1),
        (["theirs"], State.CONFLICT, 0),
        (["gone"], State.GONE, 0),
        (["refused"], State.FAILED, 0),
        (["lost"] * ATTEMPTS, State.FAILED, 0),
    ],
)
def test_a_change_is_applied_once_or_left_alone(script: list[str], state: State, applied: int) -> None:
    writer = Scripted(*script)
    outcome = deliver(writer, LISTING, change(writer), never)
    assert (outcome.conversation_id, outcome.state, writer.applied) == ("c1", state, applied)
    assert (writer.record.values["products"] == ["new"]) is (state is State.WRITTEN)


@given(st.lists(st.sampled_from(["lost", "silent", "stale", "theirs", "gone", "refused"]), max_size=8))
def test_whatever_happens_nothing_is_doubled_and_the_outcome_is_true(script: list[str]) -> None:
    writer = Scripted(*script)
    outcome = deliver(writer, LISTING, change(writer), never)
    assert writer.applied == (1 if outcome.state is State.WRITTEN else 0)
    if outcome.state is State.CONFLICT:
        assert writer.record.values["products"] in (["edited by hand"], ["old"])


def test_what_arrived_unseen_and_was_changed_in_part_can_still_be_taken_back() -> None:
    """It is known as written: as a conflict, no undo would ever find our value beside theirs."""
    writer = Scripted("silent")
    due = Change("c1", BEFORE, {**AFTER, "issues": ["ours"]}, writer.record)
    with pytest.raises(UnknownOutcomeError):
        writer.apply(due)
    edited = dict(writer.record.values) | {"products": ["edited by hand"]}
    writer.record = replace(writer.record, values=edited, version=9)
    outcome = take_up(writer, LISTING, due, never)
    assert (outcome.state, outcome.record, writer.applied) == (State.WRITTEN, None, 1)
    assert "changed some of it since" in str(outcome.reason)
    assert inverse(due, writer.record, created=False)[1] == ("products",)


def test_an_outcome_that_cannot_be_learned_stays_open() -> None:
    writer = Scripted("silent", reads=["garbled"])
    outcome = deliver(writer, LISTING, change(writer), never)
    assert outcome.state is State.INTENDED
    assert "cannot be read back" in str(outcome.reason)


def test_what_concerns_the_whole_run_is_raised() -> None:
    writer = Scripted("denied")
    with pytest.raises(AccessDeniedError):
        deliver(writer, LISTING, change(writer), never)


def test_a_failure_keeps_what_support_asks_for() -> None:
    writer = Scripted("refused")
    outcome = deliver(writer, LISTING, change(writer), never)
    assert (outcome.reason, outcome.correlation_id) == ("too large", "corr-1")


@pytest.mark.parametrize(
    ("sent", "script", "state", "applied"),
    [(True, [], State.WRITTEN, 1), (False, [], State.WRITTEN, 1), (False, ["lost"], State.WRITTEN, 1)],
)
def test_a_change_of_an_earlier_sitting_is_read_before_it_is_sent(
    sent: bool, script: list[str], state: State, applied: int
) -> None:
    writer = Scripted(*script)
    due = change(writer)
    if sent:
        writer.apply(due)
    outcome = take_up(writer, LISTING, due, never)
    assert (outcome.state, writer.applied) == (state, applied)


def test_a_change_of_an_earlier_sitting_that_others_overtook_is_left_alone() -> None:
    writer = Scripted()
    due = change(writer)
    writer.record = replace(writer.record, values={"products": ["edited by hand"]}, version=7)
    assert take_up(writer, LISTING, due, never).state is State.CONFLICT
    assert writer.applied == 0


class Counting(NoWriter):
    """Counts what it is asked to apply; `denied` names the conversation at which permission is refused."""

    def __init__(self, denied: str = "") -> None:
        self.asked: list[str] = []
        self._denied = denied

    def apply(self, change: Change) -> Record:
        if change.conversation_id == self._denied:
            raise AccessDeniedError("no permission")
        self.asked.append(change.conversation_id)
        return change.base


def changes(count: int) -> list[tuple[Listing, Change]]:
    ids = [f"c{number:03}" for number in range(count)]
    return [
        (Listing(name), Change(name, {}, {"products": ["x"]}, Record(name, exists=False))) for name in ids
    ]


def test_all_changes_are_delivered_and_each_outcome_comes_once() -> None:
    writer = Counting()
    groups = deliver_all(writer, changes(50), workers=4, stop=threading.Event(), pace=0.0)
    delivered = [outcome.conversation_id for group in groups for outcome in group]
    assert sorted(delivered) == sorted(writer.asked) == [listing.id for listing, _ in changes(50)]


def test_once_stopped_nothing_more_is_begun() -> None:
    writer, stop = Counting(), threading.Event()
    stop.set()
    assert [
        x for group in deliver_all(writer, changes(9), workers=4, stop=stop, pace=0.0) for x in group
    ] == []
    assert writer.asked == []


def test_outcomes_that_came_before_a_fatal_error_are_not_lost() -> None:
    writer = Counting(denied="c005")
    groups: list[list[Outcome]] = []
    with pytest.raises(AccessDeniedError):
        groups.extend(deliver_all(writer, changes(40), workers=1, stop=threading.Event(), pace=0.0))
    delivered = [outcome.conversation_id for group in groups for outcome in group]
    assert set(delivered) >= {"c000", "c001", "c002", "c003", "c004"}
    assert set(delivered) <= set(writer.asked)


def test_a_record_that_keeps_changing_is_a_conflict_and_left_alone() -> None:
    writer = Scripted(*["stale"] * 8)
    outcome = deliver(writer, LISTING, change(writer), never)
    assert outcome.state is State.CONFLICT
    assert outcome.reason
    assert "not written after 5 attempts" in outcome.reason
    assert writer.applied == 0
