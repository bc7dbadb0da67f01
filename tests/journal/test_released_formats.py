"""A run that stopped half-way in a journal of any released format is finished, reported, undone and erased today.

`formats/N.sql` is the text of a journal that a release with format N left behind when it was killed: of six
conversations one is written, one may be, and the others are listed or (from format 3 on) erased. FOLDER stands for
where that was.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Cli

from earmark.journal import Journal
from earmark.journal.schema import VERSION

FORMATS = sorted(Path(__file__).parent.glob("formats/*.sql"), key=lambda path: int(path.stem))
SAID = (
    "the app keeps crashing",
    "my router X200 will not turn on",
    "hello there",
    "I was charged twice",
    "the app keeps crashing again",
    "X200 overheats",
)
PLAN = (
    "plan",
    "--source",
    "chats.jsonl",
    "--writer",
    "files:out.jsonl",
    "--model",
    "none",
    "--scorer",
    "evidence",
)


@pytest.fixture(params=FORMATS, ids=lambda path: f"format {path.stem}")
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder as the killed run left it: the chats, the journal, and a file with the first two results."""
    lines = [
        {"id": f"c{n}", "messages": [{"sender": "customer", "text": text}]} for n, text in enumerate(SAID, 1)
    ]
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    path = tmp_path / ".earmark" / "journal.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_text().replace("FOLDER", str(tmp_path)))
        changes = connection.execute("SELECT conversation_id, after FROM changes ORDER BY 1").fetchall()
    written = [{"attributes": json.loads(after), "id": name} for name, after in changes]
    (tmp_path / "out.jsonl").write_text("".join(json.dumps(line) + "\n" for line in written))
    return path


def run_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT id FROM runs").fetchone()[0])


def begin_as_today(cli: Cli, path: Path) -> None:
    """Let the run have begun with today's rules: those of its release are not here to go on with."""
    other = path.with_name("today.db")
    with closing(sqlite3.connect(path)) as connection:
        options = json.loads(connection.execute("SELECT options FROM runs").fetchone()[0])
    reviews = [f"--review={label}={cut}" for label, cut in options.get("reviews", {}).items()]
    planned = cli(*PLAN, "--threshold", "0.5", *reviews, "--journal", str(other))
    assert planned.returncode == 0, planned.stderr
    with closing(sqlite3.connect(other)) as connection:
        (today,) = connection.execute("SELECT fingerprint FROM runs").fetchone()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET fingerprint = ?", (today,))


def states(cli: Cli) -> dict[str, int]:
    (run,) = json.loads(cli("runs", "--json").stdout)["runs"]
    found: dict[str, int] = run["conversations"]
    return found


def test_there_is_a_journal_of_each_format() -> None:
    assert [int(path.stem) for path in FORMATS] == list(range(1, VERSION + 1))


def test_a_run_of_another_release_is_not_gone_on_with_but_a_new_one_does_the_rest(
    cli: Cli, released: Path
) -> None:
    """Other rules would make it neither the one run nor the other; what it left is done by a new run."""
    with closing(sqlite3.connect(released)) as connection, connection:
        connection.execute("UPDATE runs SET fingerprint = 'that of its release'")
    refused = cli("resume")
    assert refused.returncode == 2
    assert "began with another model, catalog, rules" in refused.stderr
    assert "begin a new run" in refused.stderr
    new = cli("run", *PLAN[1:], "--threshold", "0.5")
    assert new.returncode == 0, new.stderr
    written = [
        json.loads(line)["id"] for line in (released.parent.parent / "out.jsonl").read_text().splitlines()
    ]
    assert {"c1", "c2", "c4", "c6"} <= set(written)


def test_a_stopped_run_is_finished(cli: Cli, released: Path) -> None:
    begin_as_today(cli, released)
    before = states(cli)
    done = cli("resume")
    assert done.returncode == 0, done.stderr
    after = states(cli)
    assert sum(before.values()) == sum(after.values()) == len(SAID)
    assert set(after) <= {"written", "unchanged", "erased"}
    undone = cli("undo")
    assert undone.returncode == 0, undone.stdout
    assert (released.parent.parent / "out.jsonl").read_text() == ""


def test_a_stopped_run_is_reported_as_it_stands_without_being_changed(cli: Cli, released: Path) -> None:
    before = released.read_bytes()
    report: dict[str, Any] = json.loads(cli("report", "--json").stdout)
    assert report["run"]["id"] == run_of(released)
    assert report["states"]["written"] == report["states"]["intended"] == 1
    assert report["total_interactions_processed"] == 2
    assert released.read_bytes() == before


def test_a_stopped_run_is_undone(cli: Cli, released: Path) -> None:
    undone = json.loads(cli("undo", "--json").stdout)
    assert undone["counts"] == {"undone": 2}
    assert (released.parent.parent / "out.jsonl").read_text() == ""
    assert json.loads(cli("undo", "--json").stdout)["counts"] == {}


def test_a_conversation_of_a_stopped_run_is_erased(cli: Cli, released: Path, tmp_path: Path) -> None:
    journal = Journal(Path(shutil.copy(released, tmp_path / "copy.db")))
    journal.erase(["c1", "c3"])
    run_id = run_of(released)
    kept = {row.id for row in journal.conversations(run_id)}
    assert {"c1", "c3"} & kept == set()
    assert len(kept) == len(SAID)
    assert [listing.id for listing, *_ in journal.applied(run_id)] == ["c2"]
    journal.close()
