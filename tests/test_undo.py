"""An undo restores what is still ours, says what it left alone, and is final: nothing brings its values back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from earmark.delivery import Sitting, Task, take_up_intended
from earmark.errors import (
    ConversationError,
    GoneError,
    RefusedError,
    UnknownOutcomeError,
    VersionConflictError,
)
from earmark.journal import Intention, Journal, NewRun
from earmark.model import (
    ISSUE,
    PRODUCT,
    Change,
    Findings,
    Json,
    Listing,
    Outcome,
    Page,
    Record,
    State,
    Window,
)
from earmark.undo import Taken, UndoJob, undo
from earmark.writers.files import FilesWriter

KEYS = {PRODUCT: "products", ISSUE: "issues"}
AFTER: Mapping[str, Json] = {"products": ["Falcon"], "issues": []}
HERE = Listing("c1")


class Wayward(FilesWriter):
    """A file of attributes whose next applications may go wrong, before or after they take effect."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, KEYS)
        self.troubles: list[tuple[ConversationError, bool]] = []
        self.gone = False
        self.asked = 0

    def read(self, listing: Listing) -> Record:
        if self.gone:
            raise GoneError("it does not exist", ref=listing.id)
        return super().read(listing)

    def apply(self, change: Change) -> Record:
        self.asked += 1
        error, done = self.troubles.pop(0) if self.troubles else (None, True)
        record = super().apply(change) if done else change.base
        if error is not None:
            raise error
        return record

    def hold(self, values: Mapping[str, Json]) -> None:
        """Let somebody else set these."""
        record = super().read(HERE)
        super().apply(Change(HERE.id, record.values, values, record))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Wayward]:
    opened = Wayward(tmp_path / "out.jsonl")
    opened.prepare()
    yield opened
    opened.close()


Begin = Callable[..., UndoJob]


@pytest.fixture
def begun(writer: Wayward, journal: Journal) -> Begin:
    """A run that intended `AFTER` for one conversation, and wrote it, and (unless told otherwise) knows it."""

    def begin(
        before: Mapping[str, Json] | None = None, *, sent: bool = True, settled: bool = True
    ) -> UndoJob:
        if before is not None:
            writer.hold(before)
        run_id = journal.start(NewRun("chats", writer.name, writer.target, Window(), "f", {}, {}))
        journal.list_page(run_id, Page((HERE,)))
        change = Change(HERE.id, before or {}, AFTER, writer.read(HERE))
        intention = Intention(HERE.id, State.INTENDED, Findings(), change)
        journal.intend(run_id, writer.target, [intention])
        if sent:
            record = writer.apply(change)
            if settled:
                journal.settle(run_id, [Outcome(HERE.id, State.WRITTEN, record=record)])
        writer.asked = 0
        return UndoJob(writer, journal, run_id, pace=0.0)

    return begin


def only(job: UndoJob) -> Taken:
    (taken,) = undo(job)
    return taken


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("before", [None, {}, {"products": ["old"]}, {"products": [], "issues": ["x"]}])
def test_an_undo_restores_exactly_what_was_there_and_a_second_one_sends_nothing(
    writer: Wayward, begun: Begin, before: Mapping[str, Json] | None, settled: bool
) -> None:
    """Also of a change whose outcome the run did not live to see."""
    job = begun(before, settled=settled)
    assert only(job).status == "undone"
    assert (writer.read(HERE).exists, writer.read(HERE).values) == (before is not None, before or {})
    assert writer.asked == 1
    assert list(undo(job)) == []
    assert writer.asked == 1


@pytest.mark.parametrize("sent", [True, False])
def test_what_was_taken_back_is_not_written_again_by_a_resume(
    writer: Wayward, begun: Begin, journal: Journal, sent: bool
) -> None:
    """Else the value would stand, and no undo would know of it."""
    job = begun(sent=sent, settled=False)
    assert only(job).status == ("undone" if sent else "already_undone")
    asked = writer.asked
    take_up_intended(Task(writer=writer, journal=journal, pace=0.0), Sitting(job.run_id, {}))
    assert writer.asked == asked
    assert writer.read(HERE).values == {}
    (row,) = journal.conversations(job.run_id)
    assert (row.state, row.reason) == (State.UNCHANGED, "taken back before its outcome was known")


@pytest.mark.parametrize(
    ("error", "done", "status", "asked"),
    [
        (UnknownOutcomeError("no answer"), True, "undone", 1),
        (UnknownOutcomeError("no answer"), False, "undone", 2),
        (VersionConflictError("changed"), False, "undone", 2),
        (RefusedError("too large"), False, "failed", 1),
    ],
)
def test_an_undo_goes_by_what_is_there_whatever_happens_to_its_request(
    writer: Wayward, begun: Begin, error: ConversationError, done: bool, status: str, asked: int
) -> None:
    job = begun()
    writer.troubles = [(error, done)]
    assert (only(job).status, writer.asked) == (status, asked)
    assert dict(writer.read(HERE).values) == (dict(AFTER) if status == "failed" else {})
    assert [taken.status for taken in undo(job)] == (["undone"] if status == "failed" else [])


def test_a_key_that_somebody_changed_since_stays_and_is_named(writer: Wayward, begun: Begin) -> None:
    job = begun({"issues": ["old"]})
    writer.hold({"products": ["by hand"], "issues": [], "theirs": 1})
    taken = only(job)
    assert (taken.status, taken.overtaken, taken.reason) == ("kept", ("products",), "changed since: products")
    assert writer.read(HERE).values == {"products": ["by hand"], "issues": ["old"], "theirs": 1}


def test_a_conversation_that_is_gone_is_done_with(writer: Wayward, begun: Begin) -> None:
    job = begun()
    writer.gone = True
    assert only(job).status == "gone"
    assert list(undo(job)) == []


def test_a_dry_run_sends_nothing_notes_nothing_and_shows_the_change(writer: Wayward, begun: Begin) -> None:
    job = begun({"products": ["old"]})
    taken = only(replace(job, dry_run=True))
    assert (taken.status, taken.before, taken.after) == ("planned", dict(AFTER), {"products": ["old"]})
    assert writer.asked == 0
    assert only(job).status == "undone"


def test_an_undo_that_was_asked_to_stop_leaves_the_rest_as_it_was(writer: Wayward, begun: Begin) -> None:
    job = begun()
    job.stop.set()
    assert list(undo(job)) == []
    assert (writer.asked, writer.read(HERE).values) == (0, AFTER)


def test_the_outcome_of_an_open_change_is_looked_up_once(
    writer: Wayward, begun: Begin, journal: Journal
) -> None:
    """What had arrived is settled without a second write."""
    job = begun(settled=False)
    task, sitting = Task(writer=writer, journal=journal, pace=0.0), Sitting(job.run_id, {})
    take_up_intended(task, sitting)
    take_up_intended(task, sitting)
    assert writer.asked == 0
    assert journal.counts(job.run_id) == {State.WRITTEN: 1}
    assert only(job).status == "undone"
