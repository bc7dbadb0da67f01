"""Every verb as a user meets it: what is printed where, and with which exit code."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.conftest import Cli, environment

CHATS = (
    '{"id": "a", "messages": [{"sender": "customer", "text": "my slack keeps crashing"}]}\n'
    '{"id": "b", "messages": [{"sender": "customer", "text": "thanks, bye"}]}\n'
)
CATALOG = "id,name,label,aliases\nprd-slack,Slack,PRODUCT,\n"
RUN = (
    "run",
    "--source",
    "chats.jsonl",
    "--writer",
    "files:out.jsonl",
    "--catalog",
    "catalog.csv",
    "--threshold",
    "0.5",
)


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text(CHATS)
    (tmp_path / "catalog.csv").write_text(CATALOG)


def test_run_writes_attributes_and_prints_the_report_on_stdout(cli: Cli, tmp_path: Path) -> None:
    done = cli(*RUN, "--report", "report.html", "--report", "report.json")
    assert done.returncode == 0, done.stderr
    assert "Slack" in done.stdout
    assert "finished: 1 unchanged, 1 written" in done.stderr
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["attributes"]["extracted_products"] == ["Slack"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["products"], report["total_interactions_processed"]) == ({"Slack": 1}, 2)
    assert "<html" in (tmp_path / "report.html").read_text()


def test_a_skipped_line_makes_the_exit_code_3(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text(CHATS + "{broken\n")
    done = cli(*RUN, "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["total_interactions_processed"] == 2
    assert "1 skipped" in done.stderr


def test_plan_shows_what_would_change_and_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    done = cli("plan", *RUN[1:])
    assert done.returncode == 0, done.stderr
    assert "extracted_products: (absent) → Slack" in done.stdout
    assert (tmp_path / "out.jsonl").read_text() == ""
    as_json = cli("run", "--dry-run", "--json", *RUN[1:])
    assert [json.loads(line)["id"] for line in as_json.stdout.splitlines()] == ["a"]


def test_undo_takes_a_run_back_and_says_so(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN)
    dry = cli("undo", "--dry-run")
    assert (dry.returncode, "1 planned" in dry.stdout) == (0, True)
    assert json.loads(cli("undo", "--json").stdout)["counts"] == {"undone": 1}
    assert (tmp_path / "out.jsonl").read_text() == ""
    assert "nothing to take back" in cli("undo").stdout


def test_undo_leaves_what_others_changed_and_exits_3(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN)
    line = json.loads((tmp_path / "out.jsonl").read_text())
    line["attributes"]["extracted_products"] = ["edited by hand"]
    (tmp_path / "out.jsonl").write_text(json.dumps(line) + "\n")
    done = cli("undo")
    assert done.returncode == 3
    assert "changed since: extracted_products" in done.stdout
    assert "later runs" not in done.stderr
    kept = json.loads((tmp_path / "out.jsonl").read_text())
    assert kept["attributes"] == {"extracted_products": ["edited by hand"]}


def test_reading_verbs_speak_json(cli: Cli) -> None:
    cli(*RUN)
    (run,) = json.loads(cli("runs", "--json").stdout)["runs"]
    assert run["conversations"] == {"unchanged": 1, "written": 1}
    report = json.loads(cli("report", run["id"], "--json").stdout)
    assert report["schema"] == "earmark.report/2"
    shown = json.loads(cli("show", "a", "--json").stdout)["runs"][0]
    slack = next(entity for entity in shown["entities"] if entity["name"] == "Slack")
    (mention,) = slack["mentions"]
    assert mention == {"message": 0, "start": 3, "end": 8, "sender": "customer", "found_by": "catalog"}
    assert shown["changes"][0]["after"]["extracted_products"] == ["Slack"]
    settings = json.loads(cli("config", "--json", env={"EARMARK_THRESHOLD": "0.4"}).stdout)["settings"]
    threshold = next(item for item in settings if item["name"] == "threshold")
    assert (threshold["value"], threshold["origin"]) == (0.4, "environment EARMARK_THRESHOLD")


def test_every_json_document_names_its_schema(cli: Cli) -> None:
    cli(*RUN)
    for verb, *rest in (["runs"], ["show", "a"], ["report"], ["config"], ["undo", "--dry-run"], ["doctor"]):
        printed = json.loads(cli(verb, *rest, "--json").stdout)
        assert printed["schema"] == f"earmark.{verb}/{2 if verb in {'show', 'report'} else 1}"


def test_json_is_printed_whatever_is_in_it(cli: Cli) -> None:
    printed = json.loads(cli("config", "--json", env={"EARMARK_MODEL": "half \udcff"}).stdout)
    assert "half \udcff" in [item["value"] for item in printed["settings"]]


def test_show_explains_a_confidence(cli: Cli) -> None:
    cli(*RUN, "--scorer", "evidence")
    shown = cli("show", "a").stdout
    assert "keep   PRODUCT  Slack  [prd-slack]" in shown
    assert "evidence 1.00 from match 1.00" in shown


def test_config_masks_secrets(cli: Cli) -> None:
    shown = cli("config", env={"GENESYS_CLIENT_SECRET": "hush-hush"})
    assert "hush-hush" not in shown.stdout + shown.stderr
    assert "********" in shown.stdout


def test_extract_prints_one_object_a_conversation_with_offsets(cli: Cli) -> None:
    done = cli("extract", "-", "--catalog", "catalog.csv", "--threshold", "0.5", stdin=CHATS)
    first, second = map(json.loads, done.stdout.splitlines())
    slack = next(entity for entity in first["entities"] if entity["name"] == "Slack")
    (mention,) = slack["mentions"]
    assert "my slack keeps crashing"[mention["start"] : mention["end"]] == mention["text"] == "slack"
    assert (slack["confidence_kind"], second) == ("probability", {"id": "b", "entities": [], "pairs": []})


def test_extract_writes_tables(cli: Cli, tmp_path: Path) -> None:
    for name in ("out.csv", "out.parquet"):
        done = cli("extract", "chats.jsonl", "-o", name, "--catalog", "catalog.csv", "--threshold", "0.5")
        assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["name"] for row in rows] == [row["name"] for row in table]
    assert rows[-1]["start"] == str(table[-1]["start"])


def test_thresholds_may_be_given_by_label(cli: Cli) -> None:
    done = cli(
        "extract", "chats.jsonl", "--catalog", "catalog.csv", "--threshold", "0.5", "--threshold", "ISSUE=1"
    )
    labels = {entity["label"] for line in done.stdout.splitlines() for entity in json.loads(line)["entities"]}
    assert labels == {"PRODUCT"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run",), 2, "no source is named"),
        (("run", "--source", "carrier-pigeon"), 2, "is no source"),
        (("run", "--source", "missing.jsonl"), 1, "there is no file"),
        (("run", "--source", "chats.jsonl", "--writer", "chats.jsonl"), 2, "overwrite the source"),
        (("run", "--source", "chats.jsonl", "--threshold", "high"), 2, "no number"),
        (("run", "--source", "chats.jsonl", "--threshold", "7"), 2, "threshold (from flag)"),
        (("run", "--source", "chats.jsonl", "--threshold", "FOO=.5"), 2, "told for FOO"),
        (("run", "--source", "chats.jsonl", "--review", "ISSUE=low"), 2, "--review 'ISSUE=low' is no number"),
        (("extract", "chats.jsonl", "--review", "FOO=.5"), 2, "a review cut is told for FOO"),
        (("rethreshold",), 2, "no cut is named"),
        (("rethreshold", "--threshold", "0.5"), 1, "has no run"),
        (("run", "--source", "chats.jsonl", "--since", "yesterday"), 2, "is no time"),
        (("run", "--source", "chats.jsonl", "--scorer", "magic"), 2, "no scorer"),
        (
            ("run", "--source", "chats.jsonl", "--model", "en_core_web_sm"),
            2,
            "python -m spacy download en_core_web_sm",
        ),
        (("run", "--source", "chats.jsonl", "--catalog", "none.csv"), 2, "none.csv"),
        (("run", "--source", "chats.jsonl", "--report", "x.pdf"), 1, "cannot be written as"),
        (("run", "--source", "chats.jsonl", "--report", "no/x.html"), 1, "there is no folder no"),
        (("run", "--source", ".", "--writer", "./out.jsonl"), 2, "part of the source folder"),
        (("extract", "chats.jsonl", "-o", "./chats.jsonl"), 2, "overwrite the source"),
        (("run", "--source", "genesys"), 2, "GENESYS_CLIENT_ID"),
        (("run", "--source", "interactions"), 2, "GENESYS_CLIENT_SECRET"),
        (("report",), 1, "no journal"),
        (("resume", "20990101-000000-beef"), 1, "no run 20990101"),
        (("show", "nobody"), 1, "no journal"),
        (("extract", "chats.jsonl", "-o", "out.xlsx"), 1, "cannot be written as"),
    ],
)
def test_a_mistake_is_one_clear_line_and_an_exit_code(
    cli: Cli, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = cli(*arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_costs_no_run_and_no_input(cli: Cli, tmp_path: Path) -> None:
    assert cli(*RUN, "--report", "x.pdf").returncode == 1
    assert not (tmp_path / "out.jsonl").exists()
    assert cli("extract", "chats.jsonl", "-o", "chats.jsonl").returncode == 2
    assert (tmp_path / "chats.jsonl").read_text() == CHATS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("verb", [("report",), ("report", "--json"), ("runs",), ("extract", "chats.jsonl")])
def test_an_output_that_is_full_is_one_clear_line(cli: Cli, tmp_path: Path, verb: tuple[str, ...]) -> None:
    assert cli(*RUN).returncode == 0
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "earmark", *verb],
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "the output cannot be used: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_verb_has_help(cli: Cli) -> None:
    listed = cli("--help").stdout
    for verb in (
        "run",
        "plan",
        "resume",
        "undo",
        "extract",
        "report",
        "runs",
        "show",
        "doctor",
        "sandbox",
        "config",
    ):
        assert verb in listed
        assert cli(verb, "--help").returncode == 0


def test_a_reader_that_goes_away_is_no_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "many.jsonl").write_text("".join(CHATS.replace('"a"', f'"{n}"') for n in range(3000)))
    command = f"{sys.executable} -m earmark extract many.jsonl | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert json.loads(done.stdout)["id"] == "0"
    assert "Traceback" not in done.stderr
