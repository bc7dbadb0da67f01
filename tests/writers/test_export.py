"""Entities as files: every form says the same, and a file is whole or absent."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from earmark.errors import InputError, OutputError
from earmark.model import Conversation, Decision, Entity, Mention, Message, Score, Sender, Verdict
from earmark.writers.export import COLUMNS, Analysed, write

TEXT = "my =slack \ud83d keeps crashing"


def analysed(name: str = "Slack") -> Iterator[Analysed]:
    mention = Mention(0, 3, 9, "=slack", "PRODUCT", "catalog", Sender.CUSTOMER)
    entity = Entity("PRODUCT", "prd-slack", name, Score(0.9, "evidence", {"match": 0.9}), (mention,))
    message = Message("m1", Sender.CUSTOMER, TEXT)
    yield Conversation("c1", (message,)), (Decision(entity, Verdict.KEEP, "0.90 reaches 0.70"),)
    yield Conversation("c2", (message,)), ()


def test_all_forms_hold_the_same_mentions(tmp_path: Path) -> None:
    for suffix in ("jsonl", "csv", "parquet"):
        write(analysed(), tmp_path / f"out.{suffix}")
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    (cells,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert tuple(row) == tuple(cells) == COLUMNS
    assert second == {"id": "c2", "entities": []}
    mention = first["entities"][0]["mentions"][0]
    assert TEXT[mention["start"] : mention["end"]] == mention["text"] == cells["text"] == "=slack"
    assert (row["text"], row["start"], row["confidence"]) == ("'=slack", "3", "0.9")


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
