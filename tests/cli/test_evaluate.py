"""`earmark evaluate` as a user meets it: tables and JSON on stdout, mistakes as one line, no chat text elsewhere."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
import spacy
from tests.conftest import Cli

DOC = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
TIMED = re.compile(r"words/s, loaded in|^  pipeline ")


def fenced(language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    return str(block)


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(fenced("jsonl"))
    (tmp_path / "catalog.csv").write_text(fenced("csv"))


def printed(cli: Cli, *arguments: str) -> Any:
    done = cli("evaluate", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def steady(text: str) -> list[str]:
    """The lines without what differs from machine to machine and with the rules."""
    return [line.rstrip() for line in text.splitlines() if not TIMED.search(line)]


def test_the_documented_example_is_what_comes_out(cli: Cli) -> None:
    command, _, output = fenced("console").partition("\n")
    done = cli(*command.removeprefix("$ earmark ").split())
    assert done.returncode == 0, done.stderr
    assert steady(done.stdout) == steady(output)


def test_every_view_and_special_name_is_documented() -> None:
    for name in ("exact", "full", "overlap", "document", "document_found", "document_overlap"):
        assert f"| `{name}` |" in DOC
    for name in ("default", "catalog", "rules", "none", "heuristic"):
        assert f"| `{name}` |" in DOC


def test_json_has_the_figures_that_others_build_on(cli: Cli) -> None:
    data = printed(cli, "gold.jsonl", "--model", "none", "--catalog", "catalog.csv")
    assert data["schema"] == "earmark.evaluate/1"
    product = data["labels"]["PRODUCT"]
    for view in ("exact", "overlap", "document"):
        assert {"precision", "recall", "f1"} <= product[view].keys()
    assert (product["support"], product["ece"], product["exact"]["tp"]) == (3, None, 2)
    assert product["document"]["recall"] == 0.5
    assert data["kinds"]["category"]["PRODUCT"]["exact"]["precision"] is None
    assert {"ece", "brier", "auroc"} <= data["confidence"].keys()
    assert data["words_per_second"] > 0
    assert data["gold"]["files"][0]["conversations"] == 3
    assert data["pipeline"]["thresholds"] == {"PRODUCT": 0.7, "ISSUE": 0.7}
    assert "errors" not in data


def test_errors_go_into_the_json_when_asked_for(cli: Cli) -> None:
    data = printed(cli, "gold.jsonl", "--model", "rules", "--errors")
    kinds = sorted((error["kind"], error["label"], error["where"]) for error in data["errors"])
    assert kinds == [
        ("missed", "PRODUCT", "gold.jsonl:1"),
        ("missed", "PRODUCT", "gold.jsonl:1"),
        ("missed", "PRODUCT", "gold.jsonl:2"),
        ("wrong_extent", "ISSUE", "gold.jsonl:2"),
    ]
    (extent,) = (error for error in data["errors"] if error["kind"] == "wrong_extent")
    assert (extent["gold"]["start"], extent["found"]["start"], extent["message"]) == (32, 37, 0)
    assert extent["text"] == "i was charged twice and my lamp {came [broken]}"


def test_pipelines_are_compared_in_one_table_and_one_json(cli: Cli) -> None:
    names = ("none", "catalog", "rules", "heuristic")
    asked = [part for name in names for part in ("--model", name)]
    data = printed(cli, "gold.jsonl", "--catalog", "catalog.csv", *asked)
    tp = {
        each["pipeline"]["name"]: [each["labels"][label]["exact"]["tp"] for label in ("PRODUCT", "ISSUE")]
        for each in data["pipelines"]
    }
    assert tp == {"none": [2, 2], "catalog": [2, 0], "rules": [0, 2], "heuristic": [2, 2]}
    assert [each["pipeline"]["scorer"] for each in data["pipelines"]] == ["evidence"] * 3 + ["heuristic"]
    table = cli("evaluate", "gold.jsonl", "--catalog", "catalog.csv", *asked).stdout
    for name in names:
        assert len(re.findall(rf"^  {name} ", table, re.MULTILINE)) == 2


def test_any_pipeline_is_measured_by_its_path(cli: Cli, tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PRODUCT", "pattern": "lamp"}])
    nlp.to_disk(tmp_path / "lamps")
    data = printed(cli, "gold.jsonl", "--model", "lamps", "--no-rules")
    assert (data["pipeline"]["name"], data["labels"]["PRODUCT"]["exact"]["tp"]) == ("lamps", 1)
    assert data["labels"]["ISSUE"]["exact"]["precision"] is None


def test_flags_and_settings_change_what_is_measured(cli: Cli, tmp_path: Path) -> None:
    base = ("gold.jsonl", "--model", "none", "--catalog", "catalog.csv")
    assert printed(cli, *base, "--threshold", "ISSUE=1")["labels"]["ISSUE"]["document"]["recall"] == 0.0
    assert printed(cli, *base, "--no-rules")["labels"]["ISSUE"]["exact"]["recall"] == 0.0
    rules = printed(cli, "gold.jsonl", "--model", "rules", "--no-rules")
    assert rules["labels"]["ISSUE"]["exact"]["tp"] == 2  # the name says what is measured
    assert printed(cli, *base, "--limit", "1")["gold"]["conversations"] == 1
    assert printed(cli, *base, "--scorer", "heuristic")["pipeline"]["scorer"] == "heuristic"
    (tmp_path / "earmark.toml").write_text('senders = ["customer"]\n')
    only = printed(cli, *base)
    assert (only["gold"]["senders"], only["labels"]["PRODUCT"]["support"]) == (["customer"], 2)


def test_several_files_are_one_set(cli: Cli, tmp_path: Path) -> None:
    more = {"id": "c9", "source": "bank", "messages": [{"sender": "agent", "text": "hi", "spans": []}]}
    (tmp_path / "more.jsonl.gz").write_bytes(gzip.compress(json.dumps(more).encode()))
    data = printed(cli, "gold.jsonl", "more.jsonl.gz", "--model", "rules")
    assert [file["conversations"] for file in data["gold"]["files"]] == [3, 1]
    assert data["gold"]["conversations"] == 4


def test_what_terminals_could_act_on_is_not_printed(cli: Cli, tmp_path: Path) -> None:
    row = {
        "id": "c1",
        "source": "evil \x1b[31m [bold]",
        "messages": [
            {
                "sender": "customer",
                "text": "my \x1b[2J \ud800 lamp [red]",
                "spans": [{"start": 10, "end": 14, "label": "PRODUCT"}],
            }
        ],
    }
    (tmp_path / "evil.jsonl").write_text(json.dumps(row) + "\n")
    done = cli("evaluate", "evil.jsonl", "--model", "rules", "--errors")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "[bold]" in done.stdout
    assert "{lamp} [red]" in done.stdout
    as_json = cli("evaluate", "evil.jsonl", "--model", "rules", "--errors", "--json")
    assert json.loads(as_json.stdout)["errors"][0]["text"] == "my \x1b[2J \ud800 {lamp} [red]"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("missing.jsonl",), 1, "missing.jsonl cannot be read: No such file"),
        (("empty.jsonl",), 1, "holds no conversations"),
        (("gold.jsonl", "gold.jsonl"), 1, "gold.jsonl:1: the id is already used in gold.jsonl:1"),
        (("bad.jsonl",), 1, "bad.jsonl:2: message 0, span at 3: its text is not what stands there"),
        (("binary.jsonl",), 1, "binary.jsonl:1: not UTF-8"),
        (("gold.jsonl", "--model", "catalog"), 2, "--catalog FILE"),
        (("gold.jsonl", "--model", "rules", "--model", "nope"), 2, "'nope' is not installed"),
        (("gold.jsonl", "--scorer", "magic"), 2, "no scorer"),
        (("gold.jsonl", "--threshold", "high"), 2, "no number"),
        (("gold.jsonl", "--catalog", "none.csv"), 2, "none.csv"),
        ((), 2, "GOLD"),
    ],
)
def test_a_mistake_is_one_clear_line_an_exit_code_and_no_chat_text(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    bad = {"start": 3, "end": 9, "label": "PRODUCT", "text": "lantern"}
    message = {"sender": "customer", "text": "my secret lamp", "spans": [bad]}
    lines = [{"id": "c8", "messages": []}, {"id": "c9", "messages": [message]}]
    (tmp_path / "bad.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "binary.jsonl").write_bytes(bytes(range(128, 256)))
    done = cli("evaluate", *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert done.stdout == ""
    assert not re.search("Traceback|secret|lantern", done.stderr)
