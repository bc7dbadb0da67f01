"""What is erased is gone from every file of the journal, does not come back, and nothing else goes with it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from earmark.errors import BusyError
from earmark.journal import Intention, Journal, NewRun, Trace, opening
from earmark.model import (
    ISSUE,
    PRODUCT,
    Change,
    Conversation,
    Decision,
    Entity,
    Findings,
    Json,
    Listing,
    Mention,
    Nearness,
    Outcome,
    Page,
    Pair,
    Participant,
    Record,
    Score,
    Sender,
    State,
    Verdict,
    Window,
)

if TYPE_CHECKING:
    from tests.conftest import Clock

TARGET = "genesys:test"
KILLED_AT_EACH_STATEMENT = """
import os, shutil, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from earmark.journal import Journal

def erase_and_die(path, at):
    journal = Journal(path)
    steps = iter(range(at))
    def step(*_):
        if next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "after_cursor_execute", step)
    event.listen(Engine, "commit", step)
    journal.erase(["a"])
    journal.close()

whole, at, done = Path(sys.argv[1]), 0, False
while not done:
    path = whole.parent / f"cut-{at:03}" / "journal.db"
    path.parent.mkdir()
    shutil.copy(whole, path)
    child = os.fork()
    if not child:
        erase_and_die(path, at)
        os._exit(0)
    done, at = os.waitpid(child, 0)[1] == 0, at + 1
"""


def begin(journal: Journal, *, fingerprint: str = "f", dry_run: bool = False) -> str:
    options = {"scorer": "evidence"}
    return journal.start(
        NewRun("genesys", "custom_attributes", TARGET, Window(), fingerprint, {}, options, dry_run)
    )


def canaries(mark: str) -> list[str]:
    """Everything that is stored of a conversation, each as a text that occurs nowhere else."""
    kinds = (
        "person",
        "session",
        "queue",
        "revision",
        "form",
        "name",
        "cause",
        "correlation",
        "before",
        "after",
    )
    return [f"canary-{kind}-{mark}" for kind in (*kinds, "id", "detail")]


def listing(mark: str) -> Listing:
    return Listing(
        f"canary-id-{mark}",
        channel="webchat",
        queue=f"canary-queue-{mark}",
        revision=f"canary-revision-{mark}",
        participants=(Participant(f"canary-person-{mark}", "customer"),),
        sessions=(f"canary-session-{mark}",),
    )


def intention(mark: str) -> Intention:
    def decided(label: str, said: str) -> Decision:
        mention = Mention(0, 0, 4, said, label, "model", Sender.CUSTOMER)
        entity = Entity(
            label, f"canary-name-{mark}-{label}", f"canary-name-{mark}", Score(0.9, "evidence"), (mention,)
        )
        return Decision(entity, Verdict.KEEP, f"canary-cause-{mark}")

    found = decided(PRODUCT, f"canary-form-{mark}"), decided(ISSUE, f"canary-form-{mark}")
    pair = Pair(found[0].entity.canonical_id, found[1].entity.canonical_id, Nearness.CLAUSE, 0, 0)
    base = Record(f"canary-id-{mark}", exists=True, details={"division": f"canary-detail-{mark}"})
    sides: list[dict[str, Json]] = [{"products": [f"canary-{side}-{mark}"]} for side in ("before", "after")]
    change = Change(f"canary-id-{mark}", sides[0], sides[1], base)
    return Intention(
        f"canary-id-{mark}", State.INTENDED, Findings(found, (pair,)), change, messages=3, language="en"
    )


def fill(journal: Journal, *marks: str) -> str:
    """A run that wrote some conversations."""
    run_id = begin(journal)
    journal.list_page(run_id, Page(tuple(map(listing, marks))))
    journal.intend(run_id, TARGET, [intention(mark) for mark in marks])
    for mark in marks:
        outcome = Outcome(
            f"canary-id-{mark}", State.WRITTEN, f"canary-cause-{mark}", f"canary-correlation-{mark}"
        )
        journal.settle(run_id, [outcome])
    return run_id


def found_in(folder: Path, texts: list[str]) -> list[str]:
    """Which texts are in any file of a folder, byte for byte."""
    content = b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return [text for text in texts if text.encode() in content]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of its own for a journal."""
    return tmp_path / "journal" / "journal.db"


@pytest.fixture
def book(place: Path, clock: Clock) -> Iterator[Journal]:
    opened = Journal(place, clock)
    yield opened
    opened.close()


def test_nothing_of_an_erased_conversation_is_in_any_file_and_everything_of_others_is(book: Journal) -> None:
    """In each run, in the log and in free pages; an index or a copy of a row would betray itself too."""
    fill(book, "gone", "kept")
    fill(book, "gone")
    folder = book.path.parent
    assert found_in(folder, canaries("gone")) == canaries("gone"), "the search finds what is there"
    book.erase(["canary-id-gone"])
    assert found_in(folder, canaries("gone")) == [], "while it is open"
    assert found_in(folder, canaries("kept")) == canaries("kept")
    book.close()
    assert found_in(folder, canaries("gone")) == [], "after it was closed"
    assert found_in(folder, ["canary-"]) == ["canary-"]


def test_what_was_replaced_before_the_erasure_leaves_nothing_either(book: Journal) -> None:
    """An analysis that was done twice left rows of the first one in free pages."""
    run_id = fill(book, "a")
    for _ in range(3):
        book.intend(run_id, TARGET, [intention("a")])
    book.intend(run_id, TARGET, [Intention("canary-id-a", State.UNCHANGED, Findings())])
    book.erase(["canary-id-a"])
    assert found_in(book.path.parent, canaries("a")) == []


def test_counts_of_old_runs_add_up_and_say_what_was_erased(book: Journal) -> None:
    run_id = fill(book, "a", "b", "c")
    book.erase(["canary-id-a", "canary-id-b"])
    assert book.counts(run_id) == {State.ERASED: 2, State.WRITTEN: 1}
    assert book.size(run_id) == 3
    rows = {row.id: (row.state, row.reason, row.queue, row.messages) for row in book.conversations(run_id)}
    assert rows.pop("canary-id-c")[0] is State.WRITTEN
    assert set(rows.values()) == {(State.ERASED, "erased on request", None, 0)}
    assert all(alias.startswith("erased:") for alias in rows)
    assert {row.conversation_id for row in book.entities(run_id)} == {"canary-id-c"}
    assert {row.conversation_id for row in book.pairs(run_id)} == {"canary-id-c"}
    assert [change.id for change, *_ in book.applied(run_id)] == ["canary-id-c"]
    assert book.history("canary-id-a") == []


def test_an_erased_conversation_is_not_taken_in_again(book: Journal) -> None:
    """Neither by a new run, nor by the run that was under way, nor under other cuts."""
    fill(book, "a", "b")
    stopped = begin(book, fingerprint="g")
    book.list_page(stopped, Page((listing("a"), listing("b"))))
    book.erase(["canary-id-a"])
    book.sit_again(stopped)
    assert [each.id for each in book.unfinished(stopped, State.LISTED)] == ["canary-id-b"]
    assert [each.id for each in book.list_page(stopped, Page((listing("a"), listing("b"))))] == [
        "canary-id-b"
    ]
    assert book.counts(stopped) == {State.ERASED: 1, State.LISTED: 1}
    new = begin(book, fingerprint="h")
    assert [each.id for each in book.list_page(new, Page((listing("a"), listing("c"))))] == ["canary-id-c"]
    assert book.counts(new) == {State.ERASED: 1, State.LISTED: 1}
    again = begin(book, fingerprint="i")
    assert book.list_again(again, stopped) == 0
    assert found_in(book.path.parent, canaries("a")) == []


def test_a_conversation_that_the_journal_never_met_can_be_erased_ahead(book: Journal) -> None:
    book.erase(["canary-id-a"])
    run_id = begin(book)
    assert book.list_page(run_id, Page((listing("a"),))) == []
    assert book.counts(run_id) == {State.ERASED: 1}
    assert found_in(book.path.parent, canaries("a")) == []


def test_a_second_conversation_under_an_erased_id_goes_and_stays_away(book: Journal) -> None:
    def texts(*revisions: str) -> Page:
        told = Conversation("canary-id-a", ())
        return Page(tuple(Listing("canary-id-a", revision=each, conversation=told) for each in revisions))

    run_id = begin(book)
    book.list_page(run_id, texts("one", "another"))
    assert book.counts(run_id) == {State.LISTED: 1, State.SKIPPED: 1}
    book.erase(["canary-id-a"])
    assert book.counts(run_id) == {State.ERASED: 2}
    assert book.list_page(begin(book), texts("one", "another")) == []
    assert found_in(book.path.parent, ["canary-id-a"]) == []


def test_erasing_the_second_conversation_under_an_id_leaves_the_first(book: Journal) -> None:
    told = Conversation("a", ())
    both = Page(tuple(Listing("a", revision=each, conversation=told) for each in ("one", "another")))
    run_id = begin(book)
    book.list_page(run_id, both)
    book.erase(["a#another"])
    book.list_page(run_id, both)
    assert book.counts(run_id) == {State.LISTED: 1, State.ERASED: 1}


def test_aliases_of_two_journals_cannot_be_compared_and_those_of_one_stay(tmp_path: Path) -> None:
    def alias(journal: Journal, *, erase: bool = True) -> str:
        run_id = begin(journal)
        if erase:
            journal.erase(["canary-id-a"])
        journal.list_page(run_id, Page((listing("a"),)))
        (row,) = journal.conversations(run_id)
        return row.id

    one, other = Journal(tmp_path / "one.db"), Journal(tmp_path / "other.db")
    first = alias(one)
    assert alias(one, erase=False) == first
    assert alias(other) != first
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("state", "undone", "stands"),
    [
        (State.WRITTEN, False, True),
        (State.WRITTEN, True, False),
        (State.INTENDED, False, True),
        (State.PLANNED, False, False),
        (State.FAILED, False, False),
    ],
)
def test_a_change_stands_where_it_was_or_may_have_been_sent(
    book: Journal, state: State, undone: bool, stands: bool
) -> None:
    run_id = begin(book, dry_run=state is State.PLANNED)
    book.list_page(run_id, Page((listing("a"),)))
    book.intend(run_id, TARGET, [intention("a")])
    if state is not State.INTENDED:
        book.settle(run_id, [Outcome("canary-id-a", state)])
    if undone:
        book.undone(run_id, "canary-id-a")
    (trace,) = book.traces(["canary-id-a"])
    assert trace == Trace("canary-id-a", 1, (run_id,) if stands else (), gone=False, erased=False)
    book.erase(["canary-id-a"])
    assert book.traces(["canary-id-a"]) == [Trace("canary-id-a", 0, (), gone=False, erased=True)]


def test_gone_is_what_the_latest_run_that_met_it_found_deleted(book: Journal, clock: Clock) -> None:
    """One that came back, or whose deletion is the older news, is not among them."""
    states = {"a": [State.GONE], "b": [State.GONE, State.UNCHANGED], "c": [State.UNCHANGED, State.GONE]}
    for number in range(2):
        clock.now += 60
        run_id = begin(book, fingerprint=str(number))
        met = [mark for mark, known in states.items() if number < len(known)]
        book.list_page(run_id, Page(tuple(map(listing, met))))
        book.settle(run_id, [Outcome(f"canary-id-{mark}", states[mark][number]) for mark in met])
    assert book.gone() == ["canary-id-a", "canary-id-c"]
    assert [trace.gone for trace in book.traces(f"canary-id-{mark}" for mark in "abc")] == [True, False, True]


def test_killed_at_any_point_all_or_nothing_is_erased_and_a_repeat_completes_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "whole.db")
    run_id = begin(journal)
    journal.list_page(run_id, Page((Listing("a", queue="canary-queue"), Listing("b"))))
    found = intention("x").findings
    change = Change("a", {}, {"products": ["canary-after"]}, Record("a", exists=False))
    journal.intend(run_id, TARGET, [Intention("a", State.INTENDED, found, change)])
    journal.close()
    subprocess.run([sys.executable, "-c", KILLED_AT_EACH_STATEMENT, journal.path], check=True, timeout=60)
    cuts = sorted(tmp_path.glob("cut-*/journal.db"))
    assert len(cuts) > 15
    begun = []
    for cut in cuts:
        opened = Journal(cut)
        whole = (
            len(opened.history("a")),
            len(list(opened.entities(run_id))),
            len(list(opened.pairs(run_id))),
        )
        assert whole in {(1, 2, 1), (0, 0, 0)}
        begun.append(whole == (0, 0, 0))
        opened.erase(["a"])
        assert opened.counts(run_id) == {State.ERASED: 1, State.LISTED: 1}
        opened.close()
        assert found_in(cut.parent, ["canary-"]) == []
        with closing(sqlite3.connect(cut)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert begun == sorted(begun), "once it is done, it stays done"
    assert {*begun} == {True, False}


def test_a_reader_in_the_way_is_told_with_what_is_left_and_a_repeat_completes_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.1)
    journal = Journal(place)
    run_id = fill(journal, "a")
    with closing(sqlite3.connect(place)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM items").fetchone()
        with pytest.raises(BusyError) as caught:
            journal.erase(["canary-id-a"])
        assert "repeat the command" in caught.value.__notes__[0]
        assert journal.counts(run_id) == {State.ERASED: 1}
    journal.erase(["canary-id-a"])
    assert found_in(place.parent, canaries("a")) == []
    journal.close()


def test_erasing_nothing_still_completes_what_an_earlier_erasure_left_in_the_file(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(place)
    fill(journal, "a")
    with monkeypatch.context() as patch:
        patch.setattr("earmark.journal.journal.scrub", lambda *_: None)
        journal.erase(["canary-id-a"])
    assert found_in(place.parent, canaries("a")), "the rows are gone, their remains are not"
    journal.erase([])
    assert found_in(place.parent, canaries("a")) == []
    journal.close()


def test_an_erased_journal_keeps_its_kind_and_format(book: Journal, tmp_path: Path) -> None:
    """The file that is written anew is still known as a journal, to those who read and to those who write."""
    run_id = fill(book, "a", "b")
    book.erase(["canary-id-a"])
    book.close()
    copied = Path(shutil.copy(book.path, tmp_path / "copy.db"))
    for readonly in (True, False):
        reopened = Journal(copied, readonly=readonly)
        assert reopened.counts(run_id) == {State.ERASED: 1, State.WRITTEN: 1}
        reopened.close()
