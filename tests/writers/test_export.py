"""Entities as files: every form says the same, and a file is whole or absent."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from earmark.errors import InputError, OutputError
from earmark.model import (
    Assertion,
    Conversation,
    Cue,
    Decision,
    Entity,
    Findings,
    Mention,
    Message,
    Nearness,
    Pair,
    Score,
    Sender,
    Verdict,
)
from earmark.writers.export import COLUMNS, Analysed, as_object, write

TEXT = "my =slack \ud83d keeps crashing"


def decisions(name: str = "Slack") -> tuple[Decision, ...]:
    slack = Mention(0, 3, 9, "=slack", "PRODUCT", "catalog", Sender.CUSTOMER)
    crash = Mention(0, 12, 26, "keeps crashing", "ISSUE", "model", Sender.CUSTOMER)
    score = Score(0.9, "probability", {"match": 0.9})
    product = Entity("PRODUCT", "prd-slack", name, score, (slack,))
    cue = Cue("fixed now", 2, 5, 14)
    issue = Entity("ISSUE", "=crash", "keeps crashing", score, (crash,), Assertion.RESOLVED, cue)
    return tuple(Decision(entity, Verdict.KEEP, "0.90 reaches 0.70") for entity in (product, issue))


PAIRS = (
    Pair("prd-slack", "=crash", Nearness.CLAUSE, 0, 0),
    Pair("prd-slack", "below the cut", Nearness.MESSAGE, 0, 0),
    Pair("=crash", "prd-slack", Nearness.MESSAGE, 0, 0),
)


def analysed(name: str = "Slack") -> Iterator[Analysed]:
    message = Message("m1", Sender.CUSTOMER, TEXT)
    yield Conversation("c1", (message,)), Findings(decisions(name), PAIRS)
    yield Conversation("c2", (message,)), Findings()


def test_all_forms_hold_the_same_mentions(tmp_path: Path) -> None:
    for suffix in ("jsonl", "csv", "parquet"):
        write(analysed(), tmp_path / f"out.{suffix}")
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        row, issue_row = csv.DictReader(file)
    cells, issue_cells = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert tuple(row) == tuple(cells) == COLUMNS
    assert second == {"id": "c2", "entities": [], "pairs": []}
    mention = first["entities"][0]["mentions"][0]
    assert TEXT[mention["start"] : mention["end"]] == mention["text"] == cells["text"] == "=slack"
    assert (row["text"], row["start"], row["confidence"]) == ("'=slack", "3", "0.9")
    told = ("assertion", "cue", "cue_message", "cue_start", "cue_end", "pairs")
    assert [row[name] for name in told] == ["present", "", "", "", "", "clause =crash"]
    assert [cells[name] for name in told] == ["present", None, None, None, None, "clause =crash"]
    assert [issue_row[name] for name in told] == ["resolved", "fixed now", "2", "5", "14", "clause prd-slack"]
    assert [issue_cells[name] for name in told] == ["resolved", "fixed now", 2, 5, 14, "clause prd-slack"]
    cue = {"name": "fixed now", "message": 2, "start": 5, "end": 14}
    assert [(one["assertion"], one["cue"]) for one in first["entities"]] == [
        ("present", None), ("resolved", cue),
    ]  # fmt: skip


def test_pairs_are_told_of_the_entities_that_are_told() -> None:
    """With what is below the cut left out, nothing points to it; products and issues are not mixed up."""
    conversation = Conversation("c1", ())
    pair: dict[str, object] = {"product": "prd-slack", "issue": "=crash", "nearness": "clause"}
    pair |= {"product_message": 0, "issue_message": 0}
    assert as_object(conversation, Findings(decisions(), PAIRS))["pairs"] == [pair]
    assert as_object(conversation, Findings(decisions()[:1], PAIRS))["pairs"] == []


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_half_a_character_is_no_obstacle(tmp_path: Path, suffix: str) -> None:
    write(analysed("half \ud83d"), tmp_path / f"out.{suffix}")
    assert b"half" in (tmp_path / f"out.{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_input_that_breaks_off_leaves_no_file(tmp_path: Path, suffix: str) -> None:
    def broken() -> Iterator[Analysed]:
        yield from analysed()
        raise InputError("the rest cannot be read")

    with pytest.raises(InputError):
        write(broken(), tmp_path / f"out.{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.xlsx", "nowhere/out.csv"])
def test_what_cannot_be_written_says_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError) as caught:
        write(analysed(), tmp_path / name)
    assert caught.value.hint
