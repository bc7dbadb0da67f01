"""`earmark calibrate` as a user meets it: fit, use, refuse; nothing is promised that was not earned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Cli

from earmark.calibrate import files
from earmark.cli.calibrate import calibrate

BASE = {"source": "shop", "channel": "webchat"}
GOOD = ("my {} keeps crashing since monday", "keeps crashing")
PRODUCTS = ("kettle", "router", "headset", "printer", "tablet", "camera", "modem", "speaker")


def span(text: str, part: str, label: str) -> dict[str, Any]:
    start = text.index(part)
    return {"start": start, "end": start + len(part), "label": label}


def conversation(number: int) -> dict[str, Any]:
    """Half of them name a product and a problem; the others hold words that look like some."""
    product = PRODUCTS[number % len(PRODUCTS)]
    if number % 2:
        text = f"hello, is the {product} store open on sunday? order {number}"
        spans = []
    else:
        text = GOOD[0].format(product)
        spans = [span(text, product, "PRODUCT"), span(text, GOOD[1], "ISSUE")]
    return BASE | {"id": f"c{number}", "messages": [{"sender": "customer", "text": text, "spans": spans}]}


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    rows = [json.dumps(conversation(number)) for number in range(80)]
    (tmp_path / "gold.jsonl").write_text("\n".join(rows))
    return tmp_path / "gold.jsonl"


def test_a_calibration_is_made_and_then_in_force(cli: Cli, gold: Path) -> None:
    made = cli("calibrate", "gold.jsonl", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["schema"] == "earmark.calibrate/1"
    assert told["fitted"]["conversations"] == 80
    assert "ids" not in told["fitted"]
    assert {each["threshold"] for each in told["certificates"].values()} == {None}
    measured = cli("evaluate", "gold.jsonl", "--calibration", "calibration.json", "--json")
    assert measured.returncode == 0, measured.stderr
    assert "80 of these 80 conversations went into the calibration" in measured.stderr
    confidence = json.loads(measured.stdout)["confidence"]
    assert confidence["kind"] == "probability"
    assert {"heuristic", "model", "isotonic", "surface"} == set(confidence["baselines"])


def test_what_is_said_names_what_is_missing(cli: Cli, gold: Path) -> None:
    made = cli("calibrate", "gold.jsonl")
    assert made.returncode == 0, made.stderr
    assert "no threshold is certified for 95% right with 95% assurance: too few conversations" in made.stdout
    assert "calibration.json: use it with --calibration calibration.json" in made.stdout


def test_a_calibration_of_another_model_is_refused_with_both_hashes(
    cli: Cli, gold: Path, tmp_path: Path
) -> None:
    assert cli("calibrate", "gold.jsonl").returncode == 0
    path = tmp_path / "calibration.json"
    other = json.loads(path.read_text())
    known, other["made_for"]["model_hash"] = other["made_for"]["model_hash"], "f" * 64
    del other["sha256"]
    path.write_text(json.dumps(other))
    refused = cli("evaluate", "gold.jsonl", "--calibration", "calibration.json")
    assert refused.returncode == 2
    assert "ffffffffffff" in refused.stderr
    assert known[:12] in refused.stderr


def test_labels_that_the_first_calibration_has_seen_are_owned_up_to(
    cli: Cli, gold: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("calibrate", "gold.jsonl", "--out", "came-along.json").returncode == 0
    monkeypatch.setattr(files, "PACKAGED", gold.parent / "came-along.json")
    calibrate([gold])
    assert "80 of these 80 conversations went into the calibration that came with" in capsys.readouterr().err


def test_the_labels_are_never_written_over(cli: Cli, gold: Path) -> None:
    before = gold.read_bytes()
    assert cli("calibrate", "gold.jsonl", "--out", "gold.jsonl").returncode == 1
    assert gold.read_bytes() == before


def test_a_label_that_could_not_be_fitted_is_named(cli: Cli, tmp_path: Path) -> None:
    """Its entities get evidence: nobody should take that for a probability."""
    rows = [conversation(number) for number in range(40)]
    for (message,) in (row["messages"] for row in rows):
        message["text"] = message["text"].replace("keeps crashing", "was delivered")
        message["spans"] = [each for each in message["spans"] if each["label"] == "PRODUCT"]
    (tmp_path / "gold.jsonl").write_text("\n".join(map(json.dumps, rows)))
    made = cli("calibrate", "gold.jsonl")
    assert made.returncode == 0, made.stderr
    assert "ISSUE: not calibrated, for want of right and of wrong candidates" in made.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("calibrate", "missing.jsonl"), 1, "cannot be read"),
        (("calibrate", "gold.jsonl", "--target-precision", "1.5"), 2, "target-precision"),
        (("calibrate", "gold.jsonl", "--out", "no/where.json"), 1, "cannot be written"),
        (("calibrate", "missing.jsonl", "--out", "no/where.json"), 1, "cannot be written"),
        (("calibrate", "gold.jsonl", "--out", "./gold.jsonl"), 1, "is what the calibration is made from"),
        (
            ("calibrate", "gold.jsonl", "--catalog", "catalog.csv", "--out", "catalog.csv"),
            1,
            "is what the calibration is made from",
        ),
        (("calibrate", "empty.jsonl"), 2, "nothing to calibrate on"),
        (("calibrate", "overlap.jsonl"), 1, "overlap.jsonl:1: message 0: the spans at 0 and 2 overlap"),
        (("calibrate", "beyond.jsonl"), 1, "no part of its 5 characters"),
        (("calibrate", "label.jsonl"), 1, "the label is none of PRODUCT, ISSUE"),
        (("evaluate", "gold.jsonl", "--calibration", "gold.jsonl"), 2, "no calibration"),
        (("evaluate", "gold.jsonl", "--calibration", "missing.json"), 2, "cannot be read"),
        (
            ("evaluate", "gold.jsonl", "--model", "none", "--scorer", "calibrated"),
            2,
            "no calibration for the model",
        ),
    ],
)
def test_bad_input_is_one_line_and_a_code(
    cli: Cli, gold: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    def message(text: str, *spans: dict[str, Any]) -> str:
        return json.dumps(
            BASE | {"id": "x", "messages": [{"sender": "customer", "text": text, "spans": spans}]}
        )

    product = {"label": "PRODUCT"}
    overlap = message("my kettle", product | {"start": 0, "end": 4}, product | {"start": 2, "end": 6})
    (tmp_path / "overlap.jsonl").write_text(overlap)
    (tmp_path / "beyond.jsonl").write_text(message("hello", product | {"start": 0, "end": 9}))
    (tmp_path / "label.jsonl").write_text(message("hello", {"label": "PERSON", "start": 0, "end": 4}))
    (tmp_path / "empty.jsonl").write_text(message("hello"))
    (tmp_path / "catalog.csv").write_text("id,name\nprd-hub2,Hub 2\n")
    done = cli(*arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
