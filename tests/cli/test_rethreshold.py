"""Moving the cuts of a run: only what changes is written, it can be planned, undone, killed and resumed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Cli, environment, pointed_at

from earmark.cli import main
from earmark.sandbox import Sandbox

CHATS = [
    {"id": "a", "text": "my slack keeps crashing"},
    {"id": "b", "text": "the zooms app is broken, i was charged twice"},
    {"id": "c", "text": "thanks, bye"},
]
CATALOG = "id,name,label,aliases\nprd-slack,Slack,PRODUCT,\nprd-zoom,Zoom,PRODUCT,\n"
RUN = (
    "run",
    "--source",
    "chats.jsonl",
    "--writer",
    "files:out.jsonl",
    "--catalog",
    "catalog.csv",
    "--model",
    "none",
)
DEADLINE = 60.0


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(chat) + "\n" for chat in CHATS))
    (tmp_path / "catalog.csv").write_text(CATALOG)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line within this process: what is imported stays imported from verb to verb."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["earmark", *arguments])
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), said.out, said.err)

    return run


def written(path: Path) -> dict[str, Any]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {line["id"]: line["attributes"] for line in lines if any(line["attributes"].values())}


def runs(cli: Cli) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cli("runs", "--json").stdout)["runs"]
    return found


def verdicts(cli: Cli, conversation: str, run: str) -> dict[str, str]:
    (entry,) = json.loads(cli("show", conversation, "--run", run, "--json").stdout)["runs"]
    return {entity["name"]: entity["verdict"] for entity in entry["entities"]}


def test_cuts_move_up_and_down_as_if_the_run_had_begun_with_them(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert cli(*RUN, "--threshold", "0.5").returncode == 0
    low = written(out)
    up = cli("rethreshold", "--threshold", "1.0")
    assert up.returncode == 0, up.stderr
    assert "Slack" in up.stdout
    high = written(out)
    assert high != low
    fresh = cli(*RUN, "--threshold", "1.0", "--writer", "files:fresh.jsonl", "--journal", "fresh.db")
    assert fresh.returncode == 0
    assert high == written(tmp_path / "fresh.jsonl")
    assert cli("rethreshold", "--threshold", "0.5").returncode == 0
    assert written(out) == low


def test_the_same_cuts_again_write_nothing(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN, "--threshold", "0.5")
    first = cli("rethreshold", "--threshold", "1.0")
    before = (tmp_path / "out.jsonl").read_bytes()
    second = cli("rethreshold", "--threshold", "1.0")
    assert "written" in first.stderr
    assert "finished: 3 unchanged" in second.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == before


def test_a_cut_between_review_and_keep_is_journalled_counted_and_not_written(
    cli: Cli, tmp_path: Path
) -> None:
    done = cli(*RUN, "--threshold", "1.0", "--review", "0.5")
    assert "left for review" in done.stderr
    (first,) = runs(cli)
    assert first["for_review"] == sum(
        verdict == "review" for chat in "ab" for verdict in verdicts(cli, chat, first["id"]).values()
    )
    assert first["for_review"] > 0
    again = cli("rethreshold", "--review", "1.0")
    assert "left for review" not in again.stderr
    second = runs(cli)[0]
    assert second["for_review"] == 0
    assert set(verdicts(cli, "b", second["id"]).values()) <= {"keep", "drop"}


def test_only_the_cut_that_is_told_moves(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN, "--threshold", "0.5")
    before = written(tmp_path / "out.jsonl")
    assert cli("rethreshold", "--threshold", "ISSUE=1.0").returncode == 0
    after = written(tmp_path / "out.jsonl")
    assert after["a"]["extracted_products"] == before["a"]["extracted_products"] == ["Slack"]
    assert after["a"]["extracted_issues"] == []
    assert before["a"]["extracted_issues"]


def test_a_dry_run_shows_what_would_change_and_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN, "--threshold", "0.5")
    before = (tmp_path / "out.jsonl").read_bytes()
    dry = cli("rethreshold", "--threshold", "ISSUE=1.0", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "extracted_issues: " in dry.stdout
    assert "→ (empty)" in dry.stdout
    as_json = cli("rethreshold", runs(cli)[-1]["id"], "--threshold", "ISSUE=1.0", "--dry-run", "--json")
    assert [json.loads(line)["id"] for line in as_json.stdout.splitlines()] == ["a", "b"]
    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert runs(cli)[0]["dry_run"]


def test_undo_takes_it_back_and_then_the_run_before(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    cli(*RUN, "--threshold", "0.5")
    before = written(out)
    cli("rethreshold", "--threshold", "1.0")
    undone = cli("undo")
    assert undone.returncode == 0, undone.stdout
    assert written(out) == before
    assert cli("undo", runs(cli)[-1]["id"]).returncode == 0
    assert written(out) == {}


def test_undo_of_a_run_that_was_cut_otherwise_since_names_what_to_undo_first(
    cli: Cli, tmp_path: Path
) -> None:
    cli(*RUN, "--threshold", "0.5")
    cli("rethreshold", "--threshold", "ISSUE=1.0")
    later, first = (run["id"] for run in runs(cli))
    done = cli("undo", first)
    assert done.returncode == 3
    assert f"later runs have written over this one: earmark undo {later}, then this one again" in done.stderr
    for run in (later, first):
        cli("undo", run)
    assert written(tmp_path / "out.jsonl") == {}


def test_a_later_run_under_the_same_cuts_takes_the_results_over(cli: Cli) -> None:
    cli(*RUN, "--threshold", "0.5")
    cli("rethreshold", "--threshold", "0.9")
    later = cli(*RUN, "--threshold", "0.9")
    assert "finished: 3 unchanged" in later.stderr
    (entry,) = json.loads(cli("show", "a", "--run", runs(cli)[0]["id"], "--json").stdout)["runs"]
    assert entry["reason"] == "done by an earlier run"
    other = cli(*RUN, "--threshold", "0.5")
    assert "written" in other.stderr


def test_it_needs_neither_texts_nor_catalog_nor_model(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN, "--threshold", "0.5")
    (tmp_path / "catalog.csv").unlink()
    (tmp_path / "chats.jsonl").write_text("")
    done = cli("rethreshold", "--threshold", "1.0")
    assert done.returncode == 0, done.stderr
    assert "1 unchanged, 2 written" in done.stderr
    assert runs(cli)[0]["source"] == f"rethreshold:{runs(cli)[-1]['id']}"


def test_what_the_run_did_not_process_is_left_out_with_a_note(cli: Cli, tmp_path: Path) -> None:
    with (tmp_path / "chats.jsonl").open("a") as chats:
        chats.write("{broken\n")
    assert cli(*RUN, "--threshold", "0.5").returncode == 3
    done = cli("rethreshold", "--threshold", "1.0")
    assert done.returncode == 0
    assert f"left out: 1 that run {runs(cli)[-1]['id']} did not process" in done.stderr


def test_what_a_later_run_has_read_anew_is_left_alone_with_a_note(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN, "--threshold", "0.5")
    first = runs(cli)[0]["id"]
    (tmp_path / "chats.jsonl").write_text(
        json.dumps({"id": "a", "text": "zoom is slow, slack is fine"}) + "\n"
    )
    cli(*RUN, "--threshold", "0.5")
    newest = written(tmp_path / "out.jsonl")["a"]
    done = cli("rethreshold", first, "--threshold", "1.0")
    assert "left out: 1 that a later run has read anew" in done.stderr
    assert written(tmp_path / "out.jsonl")["a"] == newest


def test_where_nothing_is_left_to_judge_again_no_run_begins(cli: Cli, tmp_path: Path) -> None:
    """An empty run would be the latest, and hide the one that is meant."""
    cli(*RUN, "--threshold", "0.5")
    first = runs(cli)[0]["id"]
    cli(*RUN, "--threshold", "0.5", "--scorer", "heuristic")
    before = written(tmp_path / "out.jsonl")
    done = cli("rethreshold", first, "--threshold", "1.0")
    assert (done.returncode, f"run {first} holds nothing to judge again" in done.stderr) == (2, True)
    assert len(runs(cli)) == 2
    assert written(tmp_path / "out.jsonl") == before


def test_what_was_stopped_and_then_cut_otherwise_is_not_offered_again(cli: Cli, tmp_path: Path) -> None:
    """To resume the stopped one would bring its cuts back over the newer ones."""
    cli(*RUN, "--threshold", "0.5")
    first = runs(cli)[0]["id"]
    with closing(sqlite3.connect(tmp_path / ".earmark/journal.db")) as journal, journal:
        assert "finished" in cli("rethreshold", first, "--threshold", "0.9").stderr
        stopped = runs(cli)[0]["id"]
        journal.execute("UPDATE items SET state = 'intended' WHERE run_id = ?", [stopped])
    done = cli("rethreshold", first, "--threshold", "0.6")
    assert done.returncode == 0, done.stderr
    assert "not finished either" not in done.stderr


def test_a_label_that_nothing_has_is_refused_before_a_run_begins(cli: Cli) -> None:
    cli(*RUN, "--threshold", "0.5")
    done = cli("rethreshold", "--threshold", "COLOUR=0.5")
    assert (done.returncode, "told for COLOUR" in done.stderr) == (2, True)
    assert len(runs(cli)) == 1


def test_another_place_to_write_to_is_refused(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN, "--threshold", "0.5")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    journal = tmp_path / ".earmark/journal.db"
    done = subprocess.run(
        [sys.executable, "-m", "earmark", "rethreshold", "--threshold=1", f"--journal={journal}"],
        cwd=elsewhere,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.returncode, "wrote to another target" in done.stderr) == (2, True)


def started(folder: Path, arguments: list[str], env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "earmark", *arguments],
        cwd=folder,
        env=environment(folder, env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_when(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    """Kill it as soon as something happened; fail when it ended before."""
    end = time.monotonic() + DEADLINE
    while not happened():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < end, "it never came so far"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=DEADLINE)


def test_killed_at_several_points_and_resumed_it_ends_as_if_undisturbed(cli: Cli, tmp_path: Path) -> None:
    lines = [{"id": f"c{n:04}", "text": f"slack keeps crashing, item {n} never arrived"} for n in range(400)]
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert cli(*RUN, "--threshold", "0.5").returncode == 0
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        source = tmp_path / ".earmark" / name
        if source.exists():
            (tmp_path / f"calm-{name}").write_bytes(source.read_bytes())
    out, calm = tmp_path / "out.jsonl", tmp_path / "calm-out.jsonl"
    first = out.read_bytes()
    assert cli("rethreshold", "--threshold", "ISSUE=1", "--journal", "calm-journal.db").returncode == 0
    calm.write_bytes(out.read_bytes())
    assert calm.read_bytes() != first
    out.write_bytes(first)
    arguments = ["rethreshold", "--threshold", "ISSUE=1"]
    for more in (1, 150, 300):
        process = started(tmp_path, arguments)
        killed_when(process, lambda least=400 + more: out.read_bytes().count(b"\n") >= least)  # type: ignore[misc]
        arguments = ["resume"]
    done = cli("resume")
    assert done.returncode == 0, done.stderr
    assert "finished: 400 written" in done.stderr
    assert out.read_bytes() == calm.read_bytes()
    assert cli("undo").returncode == 0
    assert out.read_bytes() == first


def test_against_the_service_it_changes_what_changes_reads_no_text_and_is_undone(
    cli: Cli, sandbox: Sandbox, tmp_path: Path
) -> None:
    env = pointed_at(sandbox) | {"EARMARK_MODEL": "none"}
    first = cli("run", "--source", "genesys", "--since", "9w", "--limit", "40", "--threshold", "0.5", env=env)
    assert first.returncode in {0, 3}, first.stderr
    low, writes = sandbox.snapshot(), len(sandbox.state.writes)
    process = started(tmp_path, ["rethreshold", "--threshold", "ISSUE=0.95"], env)
    killed_when(process, lambda: len(sandbox.state.writes) > writes)
    done = cli("resume", env=env)
    assert done.returncode == 0, done.stderr
    high = sandbox.snapshot()
    assert high != low
    repeated = Counter(write.conversation for write in sandbox.state.writes[writes:])
    assert sum(count - 1 for count in repeated.values()) <= 8, "only what was in flight may be sent again"
    told = runs(cli)[0]
    assert told["conversations"].keys() <= {"written", "unchanged"}
    assert 0 < told["usage"]["requests"] < 3 * len(repeated), "no text is fetched again"
    assert "unchanged" in cli("rethreshold", "--threshold", "ISSUE=0.95", env=env).stderr
    assert sandbox.snapshot() == high
    assert cli("undo", runs(cli)[1]["id"], env=env).returncode == 0
    assert sandbox.snapshot() == low
