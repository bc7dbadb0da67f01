"""The journal keeps what matters before it matters, drops repeats, and knows what still stands."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, event

from earmark.errors import BusyError, ConfigError, EarmarkError, JournalError
from earmark.journal import Intention, Journal, NewRun
from earmark.model import (
    PRODUCT,
    Change,
    Conversation,
    Decision,
    Entity,
    Findings,
    Listing,
    Mention,
    Outcome,
    Page,
    Record,
    Rejected,
    Score,
    Sender,
    State,
    Usage,
    Verdict,
    Window,
)

if TYPE_CHECKING:
    from tests.conftest import Clock

TARGET = "genesys:test"


def begin(journal: Journal, *, fingerprint: str = "f", target: str = TARGET, dry_run: bool = False) -> str:
    run = NewRun(
        "genesys", "custom_attributes", target, Window(), fingerprint, {}, {"scorer": "evidence"}, dry_run
    )
    return journal.start(run)


def page(*ids: str, revision: str = "r1", cursor: str | None = None) -> Page:
    return Page(tuple(Listing(name, channel="webchat", revision=revision) for name in ids), cursor)


def found(name: str = "slack", verdict: Verdict = Verdict.KEEP) -> Decision:
    mention = Mention(0, 0, len(name), name, PRODUCT, "catalog", Sender.CUSTOMER, canonical_id=f"prd-{name}")
    return Decision(
        Entity(PRODUCT, f"prd-{name}", name, Score(0.9, "evidence", {"match": 0.9}), (mention,)),
        verdict,
        "why",
    )


def findings(*decisions: Decision) -> Findings:
    return Findings(decisions)


def change(conversation_id: str, after: str = "slack", **about: object) -> Change:
    base = Record(conversation_id, exists=False, **about)  # type: ignore[arg-type]
    return Change(conversation_id, {}, {"products": [after]}, base)


def write_one(journal: Journal, run_id: str, conversation_id: str, *, version: int | None = 1) -> None:
    intention = Intention(
        conversation_id, State.INTENDED, findings(found()), change(conversation_id), messages=3
    )
    journal.intend(run_id, TARGET, [intention])
    record = Record(conversation_id, exists=True, values={"products": ["slack"]}, version=version)
    journal.settle(run_id, [Outcome(conversation_id, State.WRITTEN, record=record)])


def test_a_conversation_that_is_listed_twice_is_handed_out_once(journal: Journal) -> None:
    run_id = begin(journal)
    assert [x.id for x in journal.list_page(run_id, page("a", "b"))] == ["a", "b"]
    assert [x.id for x in journal.list_page(run_id, page("b", "c"))] == ["c"]


def test_what_is_no_conversation_is_kept_as_skipped_with_its_place(journal: Journal) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, Page((), rejected=(Rejected("chats.jsonl:17", "not JSON"),)))
    (row,) = journal.conversations(run_id)
    assert (row.id, row.state, row.reason) == ("chats.jsonl:17", State.SKIPPED, "not JSON")


def test_a_second_conversation_under_one_id_leaves_a_trace(journal: Journal) -> None:
    run_id = begin(journal)
    first, second = (
        Listing("a", revision=text, conversation=Conversation("a", ())) for text in ("one", "another")
    )
    assert len(journal.list_page(run_id, Page((first, second, first)))) == 1
    assert journal.counts(run_id) == {State.LISTED: 1, State.SKIPPED: 1}


def test_a_result_stands_while_text_fingerprint_and_target_stay(journal: Journal) -> None:
    first = begin(journal)
    journal.list_page(first, page("a"))
    write_one(journal, first, "a")
    second = begin(journal)
    assert journal.list_page(second, page("a")) == []
    assert journal.counts(second) == {State.UNCHANGED: 1}
    assert [(e.name, e.conversation_id) for e in journal.entities(second)] == [("slack", "a")]


@pytest.mark.parametrize(
    "changed", [{"fingerprint": "other"}, {"target": "another org"}, {"revision": "r2"}, {"revision": ""}]
)
def test_a_result_is_done_again_when_anything_it_rests_on_changed(
    journal: Journal, changed: dict[str, str]
) -> None:
    first = begin(journal)
    journal.list_page(first, page("a", revision=changed.get("revision", "r1") and "r1"))
    write_one(journal, first, "a")
    revision = changed.pop("revision", "r1")
    second = begin(journal, fingerprint=changed.get("fingerprint", "f"), target=changed.get("target", TARGET))
    assert [x.id for x in journal.list_page(second, page("a", revision=revision))] == ["a"]


def test_what_was_undone_is_done_again(journal: Journal) -> None:
    first = begin(journal)
    journal.list_page(first, page("a"))
    write_one(journal, first, "a")
    carried = begin(journal)
    journal.list_page(carried, page("a"))
    journal.undone(first, "a")
    assert [x.id for x in journal.list_page(begin(journal), page("a"))] == ["a"]


def test_a_dry_run_settles_nothing_for_later_runs(journal: Journal) -> None:
    dry = begin(journal, dry_run=True)
    journal.list_page(dry, page("a"))
    journal.intend(dry, TARGET, [Intention("a", State.PLANNED, findings(found()), change("a"))])
    assert journal.known(TARGET, "a") is None
    assert [x.id for x in journal.list_page(begin(journal), page("a"))] == ["a"]


def test_a_pre_image_is_written_once(journal: Journal) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, page("a"))
    journal.intend(run_id, TARGET, [Intention("a", State.INTENDED, findings(found()), change("a"))])
    again = Change("a", {"products": ["slack"]}, {"products": ["zoom"]}, Record("a", exists=True))
    journal.intend(run_id, TARGET, [Intention("a", State.INTENDED, findings(found("zoom")), again)])
    kept = journal.intended(run_id, "a")
    assert (kept.before, kept.after) == ({}, {"products": ["zoom"]})
    assert not kept.base.exists


def test_a_batch_that_is_done_again_replaces_its_results_and_no_others(journal: Journal) -> None:
    run_id, other = begin(journal), begin(journal)
    for each in (run_id, other):
        journal.list_page(each, page("a", "b", "c"))
        both = [
            Intention(name, State.UNCHANGED, findings(found(), found("zoom")), messages=2) for name in "ab"
        ]
        journal.intend(each, TARGET, [*both, Intention("c", State.UNCHANGED, findings(), reason="no room")])
    journal.intend(run_id, TARGET, [])
    again = [
        Intention("a", State.INTENDED, findings(found("teams")), change("a")),
        Intention("b", State.UNCHANGED, findings()),
    ]
    journal.intend(run_id, TARGET, again)
    assert [(row.conversation_id, row.name) for row in journal.entities(run_id)] == [("a", "teams")]
    assert len(list(journal.entities(other))) == 4
    states = {row.id: (row.state, row.reason, row.messages) for row in journal.conversations(run_id)}
    assert states == {
        "a": (State.INTENDED, None, 0),
        "b": (State.UNCHANGED, None, 0),
        "c": (State.UNCHANGED, "no room", 0),
    }


def test_a_known_record_is_our_last_write_with_its_version(journal: Journal) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, page("a"))
    write_one(journal, run_id, "a", version=4)
    known = journal.known(TARGET, "a")
    assert known is not None
    assert (known.values, known.version) == ({"products": ["slack"]}, 4)
    assert journal.known("another org", "a") is None
    journal.undone(run_id, "a")
    assert journal.known(TARGET, "a") is None


def test_a_record_that_others_share_is_never_taken_from_memory(journal: Journal) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, page("a"))
    shared = change("a", values={"theirs": "secret note"})
    journal.intend(run_id, TARGET, [Intention("a", State.INTENDED, findings(found()), shared)])
    journal.settle(run_id, [Outcome("a", State.WRITTEN, record=Record("a", exists=True, version=2))])
    assert journal.known(TARGET, "a") is None
    assert b"secret note" not in journal.path.read_bytes()


def test_a_text_that_is_not_ready_has_a_next_attempt_and_a_last_one(journal: Journal) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, page("a"))
    waits = iter([30.0, 60.0, None])
    states = [journal.postpone(run_id, "a", "transcoding", lambda _attempt: next(waits)) for _ in range(3)]
    assert states == [State.PENDING, State.PENDING, State.FAILED]
    (row,) = journal.conversations(run_id)
    assert row.reason == "transcoding; given up after 3 attempts"


def test_pending_texts_come_up_once_when_they_are_due(journal: Journal, clock: Clock) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, page("a", "b"))
    journal.postpone(run_id, "a", "transcoding", lambda _attempt: 30.0)
    journal.postpone(run_id, "b", "transcoding", lambda _attempt: 90.0)
    now = journal.clock()
    assert journal.next_attempt(run_id) == now + 30
    assert journal.take_due(run_id) == []
    clock.now += 60
    assert [x.id for x in journal.take_due(run_id)] == ["a"]
    assert journal.take_due(run_id) == []
    assert [x.id for x in journal.unfinished(run_id, State.LISTED)] == ["a"]


def test_another_sitting_takes_up_what_the_first_left_listed_once(journal: Journal) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, page("a", "b"))
    journal.settle(run_id, [Outcome("a", State.UNCHANGED)])
    journal.sit_again(run_id)
    assert [x.id for x in journal.list_page(run_id, page("a", "b", "b"))] == ["b"]


def test_runs_that_are_not_finished_are_known_to_later_ones(journal: Journal) -> None:
    late, done, dry = begin(journal), begin(journal), begin(journal, dry_run=True)
    for run_id in (late, done, dry):
        journal.list_page(run_id, page("a"))
    journal.postpone(late, "a", "transcoding", lambda _attempt: 3600.0)
    journal.settle(done, [Outcome("a", State.UNCHANGED)])
    assert journal.left_open(beside=done) == [late]
    assert journal.left_open(beside=late) == []


@pytest.mark.parametrize(
    ("about", "conversation", "state", "is_open"),
    [
        ({}, "a", State.UNCHANGED, False),
        ({}, "a", State.FAILED, True),
        ({}, "b", State.UNCHANGED, True),
        ({"dry_run": True}, "a", State.PLANNED, True),
        ({"target": "genesys:other"}, "a", State.UNCHANGED, True),
    ],
)
def test_what_a_later_run_has_done_leaves_no_run_open(
    journal: Journal, clock: Clock, about: dict[str, Any], conversation: str, state: State, is_open: bool
) -> None:
    """To go on with the earlier run would bring back what the later one replaced."""
    stopped = begin(journal)
    journal.list_page(stopped, page("a"))
    clock.now += 60
    later = begin(journal, **about)
    journal.list_page(later, page(conversation))
    journal.settle(later, [Outcome(conversation, state)])
    assert journal.left_open(beside=later) == ([stopped] if is_open else [])


def test_usage_of_all_sittings_adds_up(journal: Journal) -> None:
    run_id = begin(journal)
    journal.finish(run_id, "stopped", Usage(10, 1, 0, 2.5))
    journal.sit_again(run_id)
    journal.finish(run_id, "finished", Usage(5, 0, 1, 0.5))
    assert journal.facts(run_id).usage == Usage(15, 1, 1, 3.0)


def test_a_run_goes_on_only_as_it_began(journal: Journal) -> None:
    run_id = begin(journal)
    assert journal.begun_as(run_id, TARGET, "f")["id"] == run_id
    with pytest.raises(ConfigError, match="another model"):
        journal.begun_as(run_id, TARGET, "another fingerprint")


def test_the_watermark_is_that_of_complete_runs_with_the_same_ends(journal: Journal) -> None:
    until = datetime(2026, 3, 1, tzinfo=UTC)
    run = NewRun("genesys", "custom_attributes", TARGET, Window(None, until), "f", {}, {})
    run_id = journal.start(run)
    assert journal.watermark("genesys", "custom_attributes") is None
    journal.listed(run_id)
    assert journal.watermark("genesys", "custom_attributes") == until
    assert journal.watermark("genesys", "none") is None


def test_two_writers_at_once_are_refused_and_a_dead_one_does_not_block(
    tmp_path: Path, journal: Journal
) -> None:
    hold = "import sys, time; from earmark.journal import Journal; from pathlib import Path; import os\n"
    hold += "with Journal(Path(sys.argv[1])).holding(): print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(journal.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match="another run"), journal.holding():
            pytest.fail("two runs hold one journal")
    finally:
        other.kill()
        other.communicate()
    with journal.holding():
        assert journal.path.exists()


def spoil_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()


def spoil_header(path: Path) -> None:
    path.write_bytes(b"not a database at all " * 400)


def spoil_kind(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_version, "knows formats up to"),
        (spoil_header, "not a database"),
        (spoil_kind, "no Earmark journal"),
    ],
)
def test_a_journal_that_is_none_or_newer_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "spoilt.db"
    Journal(path).close()
    spoil(path)
    with pytest.raises(JournalError, match=said):
        Journal(path)


@pytest.mark.parametrize("said", ["keeps  crash\u200bing\x00", "keeps\ncrashing\x1b", "keeps crash\ud83ding"])
def test_surface_forms_hold_nothing_that_cannot_be_shown(journal: Journal, said: str) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, page("a"))
    journal.intend(run_id, TARGET, [Intention("a", State.UNCHANGED, findings(found(said)))])
    (row,) = journal.entities(run_id)
    assert row.forms == ("keeps crashing",)


@pytest.mark.parametrize("statements", range(10))
def test_a_journal_whose_making_was_cut_off_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statements: int
) -> None:
    """Killed after any of the statements that make it, the next opening makes the rest."""
    path = tmp_path / "cut.db"
    left = iter(range(statements))

    def cut(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.lstrip().startswith(("CREATE", "PRAGMA application_id=", "PRAGMA user_version=")):
            next(left)

    with monkeypatch.context() as patch, contextlib.suppress(StopIteration, RuntimeError):

        def crashing(*arguments: Any, **options: Any) -> Any:
            engine = create_engine(*arguments, **options)
            event.listen(engine, "before_cursor_execute", cut)
            return engine

        patch.setattr("earmark.journal.opening.create_engine", crashing)
        Journal(path).close()
    opened = Journal(path)
    opened.counts(begin(opened))
    opened.close()


def test_reading_a_journal_that_is_not_there_creates_none(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal"):
        Journal(tmp_path / "none.db", readonly=True)
    assert not (tmp_path / "none.db").exists()


def test_a_full_disk_is_named_and_earlier_rows_stay(tmp_path: Path) -> None:
    """The file may not grow beyond a limit, as on a full disk; the rows before the failure are intact."""
    script = """
import resource, signal, sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from earmark.errors import JournalError
from earmark.journal import Journal, NewRun
from earmark.model import Listing, Page, Window
journal = Journal(Path(sys.argv[1]))
run_id = journal.start(NewRun("s", "w", "t", Window(), "f", {}, {}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    for number in range(100_000):
        journal.list_page(run_id, Page(tuple(Listing(f"{number}-{i}") for i in range(50))))
except JournalError as error:
    print(number, error, error.hint)
"""
    path = tmp_path / "journal.db"
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    pages, _, message = done.stdout.partition(" ")
    assert "cannot be used" in message
    reopened = Journal(path)
    assert reopened.size(reopened.run()["id"]) == int(pages) * 50
    reopened.close()


def test_a_journal_in_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(EarmarkError, match="cannot be"):
        Journal(blocked / "journal.db")


def test_the_journal_is_for_its_owner_only(journal: Journal) -> None:
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_half_characters_in_a_customers_words_do_not_break_the_journal(journal: Journal) -> None:
    run_id = begin(journal)
    journal.list_page(run_id, page("a"))
    mention = Mention(0, 0, 6, "Acme\ud83d", PRODUCT, "model", Sender.CUSTOMER)
    entity = Entity(PRODUCT, "product:acme\ud83d", "acme\ud83d", Score(0.9, "evidence"), (mention,))
    decision = Decision(entity, Verdict.KEEP, "")
    journal.intend(run_id, TARGET, [Intention("a", State.UNCHANGED, findings(decision))])
    assert [row.mentions for row in journal.entities(run_id)] == [1]
