"""Where a journal lies: odd paths, no permission, a full disk, a lock in the way; never a row that is lost unseen."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from earmark.errors import BusyError, JournalError
from earmark.journal import Journal, NewRun, opening
from earmark.model import Listing, Page, Window

WITHOUT_PRIVILEGES = """
import ctypes, sys
# a superuser may write everywhere: give that up (capset, version 3, no capabilities)
ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
from pathlib import Path
from earmark.errors import EarmarkError
from earmark.journal import Journal, NewRun
from earmark.model import Window

def attempt(what):
    try:
        print("ok", what() or "")
    except EarmarkError as error:
        print(type(error).__name__, error, "|", error.hint)

def write():
    journal = Journal(Path(sys.argv[1]))
    with journal.holding():
        journal.start(NewRun("s", "w", "t", Window(), "f", {}, {}))

attempt(write)
attempt(lambda: len(Journal(Path(sys.argv[1]), readonly=True).runs()))
"""
FULL_AT_EACH_PAGE = """
import json, os, resource, signal, sys
from pathlib import Path
from earmark.errors import EarmarkError
from earmark.journal import Intention, Journal, NewRun
from earmark.model import Change, Findings, Listing, Outcome, Page, Record, State, Usage, Window

def work(path, done):
    journal = Journal(path)
    done("opened")
    run_id = journal.start(NewRun("s", "w", "t", Window(), "f", {}, {}))
    done("begun", run_id)
    for number in range(2):
        names = [f"{number}-{each}" for each in range(5)]
        journal.list_page(run_id, Page(tuple(Listing(name, queue="q" * 200) for name in names)))
        done("listed", names)
        changes = {name: Change(name, {}, {"k": "v" * 100}, Record(name, exists=False)) for name in names}
        journal.intend(run_id, "t", [Intention(name, State.INTENDED, Findings(), changes[name]) for name in names])
        done("intended", names)
        journal.settle(run_id, [Outcome(name, State.WRITTEN) for name in names])
        done("written", names)
    journal.finish(run_id, "finished", Usage())
    done("finished")

def limited(path, limit, out):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    done = lambda *what: os.write(out, (json.dumps(what) + "\\n").encode())
    try:
        work(path, done)
    except EarmarkError as error:
        done("failed", type(error).__name__, str(error), error.hint)

folder, results = Path(sys.argv[1]), {}
for limit in range(0, int(sys.argv[2]), 4096):
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.close(out)
        limited(folder / f"{limit}.db", limit, into)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as told:
        results[limit] = [json.loads(line) for line in told]
    assert os.waitpid(child, 0)[1] == 0, limit
print(json.dumps(results))
"""
CREATE = "import sys; from pathlib import Path; from earmark.journal import Journal; Journal(Path(sys.argv[1])).close()"


def begin(journal: Journal) -> str:
    return journal.start(NewRun("s", "w", "t", Window(), "f", {}, {}))


@pytest.mark.parametrize(
    "name", ["a?b.db", "a#b.db", "100%25.db", "with space.db", "ünï 日本.db", "a&mode=memory.db"]
)
def test_a_journal_lies_where_it_was_asked_for_whatever_the_name(tmp_path: Path, name: str) -> None:
    """Also when it is opened beside its log, for which SQLite wants the name as an address."""
    path = tmp_path / name
    journal = Journal(path)
    run_id = begin(journal)
    reader = Journal(path, readonly=True)
    assert reader.run()["id"] == run_id
    reader.close()
    journal.close()
    assert {each.name.removesuffix("-wal").removesuffix("-shm") for each in tmp_path.iterdir()} == {name}


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def device(path: Path) -> Path:
    path.symlink_to("/dev/null")
    return path


def loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


@pytest.mark.parametrize("readonly", [True, False])
@pytest.mark.parametrize("make", [folder, pipe, device, loop])
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], Path], readonly: bool
) -> None:
    with pytest.raises(JournalError) as caught:
        Journal(make(tmp_path / "journal.db"), readonly=readonly)
    assert caught.value.hint
    assert not Path("/dev/null-wal").exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_leads_to_the_journal_and_to_its_lock(tmp_path: Path, there: bool) -> None:
    path, link = tmp_path / "elsewhere.db", tmp_path / "link.db"
    if there:
        Journal(path).close()
    link.symlink_to(path)
    through, straight = Journal(link), Journal(path)
    run_id = begin(through)
    assert straight.run()["id"] == run_id
    with through.holding(), pytest.raises(BusyError), straight.holding():
        pytest.fail("one journal is held twice")
    through.close()
    straight.close()


def removed(path: Path) -> None:
    shutil.rmtree(path.parent)


def replaced(path: Path) -> None:
    other = path.with_name("other.db")
    Journal(other).close()
    other.replace(path)


@pytest.mark.parametrize(("change", "said"), [(removed, "is gone"), (replaced, "was replaced")])
def test_nothing_is_taken_for_durable_once_the_file_is_another(
    tmp_path: Path, change: Callable[[Path], None], said: str
) -> None:
    """What is written to a file without a name is lost with the process."""
    journal = Journal(tmp_path / "here" / "journal.db")
    run_id = begin(journal)
    change(journal.path)
    with pytest.raises(JournalError, match=said) as caught:
        journal.list_page(run_id, Page((Listing("a"),)))
    assert caught.value.hint
    journal.close()


@pytest.mark.parametrize(
    ("file", "place", "writing", "reading"),
    [
        (0o600, 0o700, "ok", "ok 2"),
        (0o400, 0o700, "JournalError", "ok 1"),
        (0o400, 0o500, "JournalError", "JournalError"),
        (0o600, 0o500, "JournalError", "JournalError"),
        (0o000, 0o700, "JournalError", "JournalError"),
        (0o600, 0o000, "JournalError", "JournalError"),
    ],
    ids=lambda value: oct(value) if isinstance(value, int) else value,
)
def test_without_permission_it_says_so_and_reading_goes_on_where_it_can(
    tmp_path: Path, file: int, place: int, writing: str, reading: str
) -> None:
    path = tmp_path / "place" / "journal.db"
    journal = Journal(path)
    begin(journal)
    journal.close()
    path.chmod(file)
    path.parent.chmod(place)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PRIVILEGES, path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    path.parent.chmod(0o700)
    path.chmod(0o600)
    assert done.returncode == 0, done.stderr
    written, read = done.stdout.splitlines()
    assert written.startswith(writing), written
    assert read.startswith(reading), read
    assert "| None" not in done.stdout


@pytest.fixture
def held(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection to `journal.db`, in the middle of a write."""
    path = tmp_path / "journal.db"
    Journal(path).close()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_a_write_of_another_program_is_waited_for(
    tmp_path: Path, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 20.0)
    journal = Journal(tmp_path / "journal.db")
    release = threading.Timer(0.2, held.execute, ["COMMIT"])
    release.start()
    assert journal.run(begin(journal))
    release.join()
    journal.close()


def test_a_write_that_does_not_end_is_named_and_nothing_is_half_done(
    tmp_path: Path, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.1)
    journal = Journal(tmp_path / "journal.db")
    with pytest.raises(BusyError, match="locked by another program") as caught:
        begin(journal)
    assert caught.value.hint
    assert journal.runs() == []
    held.execute("COMMIT")
    assert journal.run(begin(journal))
    journal.close()


def test_two_that_make_one_journal_at_once_both_get_it(tmp_path: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", CREATE, tmp_path / "new" / "journal.db"]) for _ in range(3)
    ]
    assert [one.wait(timeout=60) for one in both] == [0, 0, 0]
    journal = Journal(tmp_path / "new" / "journal.db")
    begin(journal)
    journal.close()


def test_a_lock_that_a_dead_process_left_is_no_obstacle(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    (tmp_path / "journal.db.lock").write_text("4194304\n")
    with journal.holding():
        begin(journal)
    journal.close()


def test_a_lock_that_cannot_be_taken_is_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    (tmp_path / "journal.db.lock").mkdir()
    with pytest.raises(JournalError, match="cannot be locked") as caught, journal.holding():
        pytest.fail("it is held without a lock")
    assert caught.value.hint
    journal.close()


def test_a_drive_that_takes_no_write_ahead_log_is_refused(tmp_path: Path) -> None:
    """Some network drives cannot share memory between programs; SQLite then stays as it is, without an error."""
    path = tmp_path / "journal.db"
    without_memory = partial(sqlite3.connect, f"file:{path}?vfs=unix-dotfile", uri=True)
    with (
        closing(without_memory()) as connection,
        pytest.raises(JournalError, match="write-ahead log") as caught,
    ):
        opening._write_ahead(path, connection, None)
    assert "local disk" in str(caught.value.hint)


def test_on_a_disk_that_is_full_at_any_page_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    """No file may grow beyond a limit, from none to all that the run needs, a page at a time."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_AT_EACH_PAGE, tmp_path, "360448"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    results = {int(limit): told for limit, told in json.loads(done.stdout).items()}
    ends = [told[-1][0] for told in results.values()]
    assert {"failed", "finished"} == set(ends)
    assert ends == sorted(ends), "with more room it never gets less far"
    for limit, told in results.items():
        check_acknowledged(tmp_path / f"{limit}.db", told)


def check_acknowledged(path: Path, told: list[list[object]]) -> None:
    """The journal opens once there is room again, and holds what it said it held."""
    if told[-1][0] == "failed":
        assert told[-1][1] == "JournalError", told[-1]
        assert told[-1][3], "it says what to do"
    journal = Journal(path)
    states = {row.id: row.state for run in journal.runs() for row in journal.conversations(run["id"])}
    rank = {"listed": 0, "intended": 1, "written": 2}
    for what, names, *_ in ([*each, None] for each in told):
        if isinstance(what, str) and what in rank and isinstance(names, list):
            assert all(rank[states[name]] >= rank[what] for name in names), (path, what)
    for run in journal.runs():
        assert all(change.after for change in journal.planned(run["id"]))
    begin(journal)
    journal.close()
