"""A journal of an earlier format is read as it is, completed when it is written to, and survives being killed."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from earmark.errors import JournalError
from earmark.journal import Journal, NewRun
from earmark.journal.schema import VERSION
from earmark.model import Assertion, Listing, Page, State, Verdict, Window

FORMAT_1 = """
CREATE TABLE runs (
    id VARCHAR NOT NULL, started_at FLOAT NOT NULL, finished_at FLOAT, status VARCHAR NOT NULL,
    source VARCHAR NOT NULL, writer VARCHAR NOT NULL, target VARCHAR NOT NULL, since FLOAT, until FLOAT,
    dry_run BOOLEAN NOT NULL, fingerprint VARCHAR NOT NULL, facts JSON NOT NULL, options JSON NOT NULL,
    usage JSON NOT NULL, cursor VARCHAR, listed BOOLEAN NOT NULL, sitting INTEGER NOT NULL, PRIMARY KEY (id)
);
CREATE TABLE items (
    run_id VARCHAR NOT NULL, conversation_id VARCHAR NOT NULL, state VARCHAR NOT NULL, reason VARCHAR,
    correlation_id VARCHAR, attempt INTEGER NOT NULL, next_at FLOAT, channel VARCHAR NOT NULL, queue VARCHAR,
    language VARCHAR, started_at FLOAT, ended_at FLOAT, messages INTEGER NOT NULL, revision VARCHAR NOT NULL,
    participants JSON NOT NULL, sessions JSON NOT NULL, carried_from VARCHAR, sitting INTEGER NOT NULL,
    PRIMARY KEY (run_id, conversation_id)
);
CREATE INDEX items_by_state ON items (run_id, state);
CREATE INDEX items_by_conversation ON items (conversation_id);
CREATE TABLE entities (
    run_id VARCHAR NOT NULL, conversation_id VARCHAR NOT NULL, label VARCHAR NOT NULL,
    canonical_id VARCHAR NOT NULL, name VARCHAR NOT NULL, verdict VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    confidence FLOAT, confidence_kind VARCHAR NOT NULL, parts JSON NOT NULL, linked BOOLEAN NOT NULL,
    forms JSON NOT NULL, mentions JSON NOT NULL, PRIMARY KEY (run_id, conversation_id, label, canonical_id)
);
CREATE TABLE changes (
    run_id VARCHAR NOT NULL, conversation_id VARCHAR NOT NULL, target VARCHAR NOT NULL,
    "before" JSON NOT NULL, "after" JSON NOT NULL, created BOOLEAN NOT NULL, shared BOOLEAN NOT NULL,
    details JSON NOT NULL, intended_at FLOAT NOT NULL, applied_at FLOAT, version INTEGER, undone_at FLOAT,
    PRIMARY KEY (run_id, conversation_id)
);
CREATE INDEX changes_by_target ON changes (target, conversation_id);
PRAGMA application_id=1161908813;
"""
OPTIONS = {"scorer": "evidence", "thresholds": {"PRODUCT": 0.7, "ISSUE": 0.6}}
ROWS: dict[str, tuple[object, ...]] = {
    "runs": (
        *("r1", 1.0, 2.0, "finished", "files:chats.jsonl", "none", "none", None, None, 0, "f1", "{}"),
        *(json.dumps(OPTIONS), '{"requests": 3}', None, 1, 1),
    ),
    "items": (
        *("r1", "a", "written", None, None, 0, None, "webchat", None, "en", None, None, 3, "v1"),
        *("[]", "[]", None, 1),
    ),
    "entities": (
        *("r1", "a", "PRODUCT", "prd-slack", "Slack", "keep", "why", 0.9, "evidence", '{"match": 0.9}', 1),
        *('["slack"]', '[[0, 3, 8, "customer", "catalog"]]'),
    ),
    "changes": ("r1", "a", "none", "{}", '{"products": ["Slack"]}', 1, 0, "{}", 1.5, 1.6, 1, None),
}
KILLED_AT_EACH_STATEMENT = """
import os, shutil, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from earmark.journal import Journal

def open_and_die(path, at):
    steps = iter(range(at))
    def step(*_):
        if next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    Journal(path).close()

whole, at, done = Path(sys.argv[1]), 0, False
while not done:
    path = whole.with_name(f"cut-{at:03}.db")
    shutil.copy(whole, path)
    child = os.fork()
    if not child:
        open_and_die(path, at)
        os._exit(0)
    done, at = os.waitpid(child, 0)[1] == 0, at + 1
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A journal as the first format had it, with one conversation."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(FORMAT_1)
        for table, row in ROWS.items():
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        connection.execute("PRAGMA user_version=1")
    return path


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def schema(path: Path) -> dict[str, set[str]]:
    """Columns by table, and the indexes."""
    with closing(sqlite3.connect(path)) as connection:
        known = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
        found = {
            name: {str(column[1]) for column in connection.execute(f"PRAGMA table_info({name})")}
            for kind, name in known
            if kind == "table"
        }
    return found | {"indexes": {name for kind, name in known if kind == "index"}}


def check(journal: Journal) -> None:
    """Everything of the old journal is there, and what it lacked reads as its default."""
    facts = journal.facts("r1")
    assert (facts.thresholds, facts.review, facts.confidence) == (OPTIONS["thresholds"], {}, {})
    (entity,) = journal.entities("r1")
    assert (entity.name, entity.verdict, entity.assertion) == ("Slack", Verdict.KEEP, Assertion.PRESENT)
    assert list(journal.pairs("r1")) == []
    assert journal.for_review("r1") == 0
    (entry,) = journal.history("a")
    assert entry["changes"][0]["after"] == {"products": ["Slack"]}
    assert [(row["cue"], row["unsure"]) for row in entry["entities"]] == [(None, False)]
    assert journal.counts("r1") == {State.WRITTEN: 1}


def test_an_older_journal_is_read_without_being_changed(old: Path) -> None:
    journal = Journal(old, readonly=True)
    check(journal)
    journal.close()
    assert version(old) == 1
    assert "pairs" not in schema(old)


def test_an_older_journal_is_completed_when_it_is_opened_for_writing(old: Path, tmp_path: Path) -> None:
    journal = Journal(old)
    check(journal)
    journal.close()
    Journal(tmp_path / "new.db").close()
    assert version(old) == VERSION
    assert schema(old) == schema(tmp_path / "new.db")


def test_what_an_older_journal_settled_is_carried_over(old: Path) -> None:
    journal = Journal(old)
    run_id = journal.start(NewRun("files:chats.jsonl", "none", "none", Window(), "f1", {}, {}))
    assert journal.list_page(run_id, Page((Listing("a", revision="v1"),))) == []
    (entity,) = journal.entities(run_id)
    assert (entity.conversation_id, entity.name) == ("a", "Slack")
    journal.close()


def test_an_older_journal_that_is_killed_at_any_point_of_its_completion_opens_again(
    old: Path, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-c", KILLED_AT_EACH_STATEMENT, old], check=True, timeout=60)
    cuts = sorted(tmp_path.glob("cut-*.db"))
    assert len(cuts) > 10
    formats = [version(cut) for cut in cuts]
    assert formats == [1] * (len(cuts) - 1) + [VERSION]
    for cut in cuts:
        for readonly in (True, False):
            journal = Journal(cut, readonly=readonly)
            check(journal)
            journal.close()
        assert version(cut) == VERSION


def test_a_journal_that_was_never_completed_is_whatever_made_it(old: Path, tmp_path: Path) -> None:
    """Cut off after the tables of the first format and before its number was set."""
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA user_version=0")
        connection.execute("DROP TABLE changes")
    journal = Journal(old)
    assert journal.counts("r1") == {State.WRITTEN: 1}
    assert list(journal.planned("r1")) == []
    journal.close()
    Journal(tmp_path / "new.db").close()
    assert schema(old) == schema(tmp_path / "new.db")


def test_an_empty_file_is_read_as_an_empty_journal_and_stays_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    journal = Journal(path, readonly=True)
    assert journal.runs() == []
    journal.close()
    assert "runs" not in schema(path)


def test_a_newer_journal_is_refused_for_reading_too(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(JournalError, match="knows formats up to"):
        Journal(old, readonly=True)


def test_two_that_complete_one_journal_at_once_both_find_it_complete(old: Path, tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from earmark.journal import Journal; Journal(Path(sys.argv[1]))"
    for number in range(3):
        path = Path(shutil.copy(old, tmp_path / f"both-{number}.db"))
        both = [subprocess.Popen([sys.executable, "-c", script, path]) for _ in range(2)]
        assert [one.wait(timeout=60) for one in both] == [0, 0]
        assert version(path) == VERSION
