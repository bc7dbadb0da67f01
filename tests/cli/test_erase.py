"""`earmark erase` takes conversations out of the journal for good, and says what it leaves elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Cli, pointed_at

from earmark.sandbox import FaultPlan, Sandbox

RUN = ("run", "--source", "chats.jsonl", "--model", "none", "--scorer", "evidence", "--threshold", "0.5")


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    path = tmp_path / "chats.jsonl"
    lines = [{"id": f"canary-{n}", "text": "the app keeps crashing, i was charged twice"} for n in range(4)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def states(cli: Cli) -> list[dict[str, int]]:
    """Conversations by state of each run, newest first."""
    listed = json.loads(cli("runs", "--json").stdout)["runs"]
    return [run["conversations"] for run in listed]


def journal_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / ".earmark").iterdir())


def test_what_is_erased_is_gone_from_disk_and_no_later_run_takes_it_in(
    cli: Cli, chats: Path, tmp_path: Path
) -> None:
    assert cli(*RUN, "--writer", "none").returncode == 0
    (tmp_path / "ids.txt").write_text("\ufeffcanary-1\r\n\n  canary-2  \n", encoding="utf-8")
    done = cli("erase", "canary-0", "unheard-of", "--file", "ids.txt", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["schema"], told["counts"]) == ("earmark.erase/1", {"erased": 3, "unknown": 1})
    kept = journal_bytes(tmp_path)
    assert [n for n in range(4) if f"canary-{n}".encode() in kept] == [3]
    again = cli(*RUN, "--writer", "none")
    assert again.returncode == 0, again.stderr
    assert states(cli) == [{"erased": 3, "unchanged": 1}] * 2
    report = cli("report", "--json")
    assert json.loads(report.stdout)["states"] == {"erased": 3, "unchanged": 1}
    assert json.loads(report.stdout)["total_interactions_processed"] == 1
    assert cli("show", "canary-0").returncode != 0
    repeated = json.loads(cli("erase", "canary-0", "--json").stdout)
    assert repeated["counts"] == {"already_erased": 1}


def test_what_stands_is_erased_only_when_it_was_taken_back_or_is_left_on_purpose(
    cli: Cli, chats: Path, tmp_path: Path
) -> None:
    assert cli(*RUN, "--writer", "files:out.jsonl").returncode == 0
    refused = cli("erase", "canary-0", "canary-1")
    assert refused.returncode == 2
    assert re.search(r"stands in 2 of these .*canary-0, canary-1.*Nothing was erased", refused.stderr)
    (undo,) = re.findall(r"earmark (undo [\w-]+)", refused.stderr)
    assert states(cli) == [{"written": 4}]
    left = cli("erase", "canary-0", "--keep-attributes")
    assert left.returncode == 0
    assert "canary-0: erased from 1 run" in left.stdout
    assert "wrote into 1 of these conversations stays there" in left.stderr
    assert cli(*undo.split()).returncode == 0
    erased = cli("erase", "canary-1")
    assert (erased.returncode, erased.stderr) == (0, "")
    assert states(cli) == [{"erased": 2, "written": 2}]
    assert [json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()] == [
        "canary-0"
    ]


def test_a_dry_run_shows_and_changes_nothing(cli: Cli, chats: Path, tmp_path: Path) -> None:
    assert cli(*RUN, "--writer", "files:out.jsonl").returncode == 0
    before = (tmp_path / ".earmark" / "journal.db").read_bytes()
    shown = cli("erase", "canary-0", "nobody", "--dry-run")
    assert shown.returncode == 0
    assert "canary-0: would be erased from 1 run" in shown.stdout
    assert "nobody: is not in this journal" in shown.stdout
    assert "still stands in 1 of these conversations" in shown.stderr
    assert (tmp_path / ".earmark" / "journal.db").read_bytes() == before


def test_what_the_service_deleted_goes_on_request_and_not_by_itself(cli: Cli, tmp_path: Path) -> None:
    deleted = {"rules": [{"route": "recordings", "times": 2, "fault": {"kind": "delete"}}]}
    with Sandbox(faults=FaultPlan.load(deleted), rate_limit=60_000) as sandbox:
        genesys = ("run", "--source", "genesys", "--since", "9w", "--limit", "5", "--model", "none")
        assert cli(*genesys, env=pointed_at(sandbox)).returncode == 3
    before = states(cli)[0]
    assert before["gone"] == 2
    done: dict[str, Any] = json.loads(cli("erase", "--gone", "--json").stdout)
    assert [(each["status"], each["gone"]) for each in done["conversations"]] == [("erased", True)] * 2
    after = states(cli)[0]
    assert (after.pop("erased"), before.pop("gone")) == (2, 2)
    assert after == before
    assert not any(each["id"].encode() in journal_bytes(tmp_path) for each in done["conversations"])
    nothing = cli("erase", "--gone")
    assert (nothing.returncode, nothing.stdout) == (0, "erase: no conversation is gone\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "no conversation is named"),
        (("--file", "none.txt"), 1, "none.txt cannot be read: No such file"),
        (("--file", "half.txt"), 1, "half.txt cannot be read: it is not UTF-8"),
        (("--gone", "--journal", "elsewhere.db"), 1, "there is no journal at"),
        (("a", "--journal", "elsewhere.db", "--dry-run"), 1, "there is no journal at"),
    ],
)
def test_a_mistake_is_told_and_makes_no_journal(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "half.txt").write_bytes(b"canary-0\n\xff\xfe\n")
    done = cli("erase", *arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "elsewhere.db").exists()
