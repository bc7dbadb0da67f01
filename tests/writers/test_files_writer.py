"""The file writer keeps one line a conversation, other people's keys, and what was there before a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from earmark.errors import BusyError, OutputError
from earmark.model import ISSUE, PRODUCT, Change, Json, Listing, Record
from earmark.writers.files import FilesWriter

KEYS = {PRODUCT: "extracted_products", ISSUE: "extracted_issues"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out" / "attributes.jsonl"


OPEN: list[FilesWriter] = []


@pytest.fixture(autouse=True)
def closed_at_the_end() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def opened(path: Path) -> FilesWriter:
    writer = FilesWriter(path, KEYS)
    OPEN.append(writer)
    writer.prepare()
    return writer


def put(writer: FilesWriter, conversation_id: str, after: dict[str, Json]) -> Record:
    base = writer.read(Listing(conversation_id))
    before = {key: base.values[key] for key in KEYS.values() if key in base.values}
    return writer.apply(Change(conversation_id, before, after, base))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_written_record_is_read_back_before_and_after_closing(path: Path) -> None:
    writer = opened(path)
    put(writer, "a", {"extracted_products": ["Slack"]})
    assert writer.read(Listing("a")).values == {"extracted_products": ["Slack"]}
    writer.close()
    assert opened(path).read(Listing("a")).values == {"extracted_products": ["Slack"]}


def test_the_file_ends_in_order_of_id_with_one_line_a_conversation(path: Path) -> None:
    writer = opened(path)
    for conversation_id in ("b", "a", "b"):
        put(writer, conversation_id, {"extracted_products": [f"{conversation_id} product"]})
    writer.close()
    assert [line["id"] for line in lines(path)] == ["a", "b"]


def test_keys_and_fields_of_others_stay(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"id": "a", "attributes": {"theirs": 1}, "note": "kept"}\n')
    writer = opened(path)
    put(writer, "a", {"extracted_products": ["Slack"]})
    writer.close()
    assert lines(path) == [
        {"id": "a", "attributes": {"theirs": 1, "extracted_products": ["Slack"]}, "note": "kept"}
    ]


def test_a_line_that_was_cut_off_by_a_crash_is_dropped_and_the_rest_kept(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"id": "a", "attributes": {}}\n{"id": "b", "attribu')
    writer = opened(path)
    assert (writer.read(Listing("a")).exists, writer.read(Listing("b")).exists) == (True, False)
    put(writer, "b", {"extracted_products": []})
    writer.close()
    assert [line["id"] for line in lines(path)] == ["a", "b"]


def test_a_file_of_somebody_elses_lines_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"name": "no id"}\n')
    with pytest.raises(OutputError, match=r"attributes\.jsonl:1"):
        opened(path)
    assert path.read_text() == '{"name": "no id"}\n'


def test_removing_a_record_removes_its_line(path: Path) -> None:
    writer = opened(path)
    put(writer, "a", {"extracted_products": ["Slack"]})
    base = writer.read(Listing("a"))
    writer.apply(Change("a", dict(base.values), {}, base, removes_record=True))
    assert not writer.read(Listing("a")).exists
    writer.close()
    assert lines(path) == []


def test_a_file_in_order_is_not_rewritten(path: Path) -> None:
    writer = opened(path)
    put(writer, "a", {"extracted_products": ["Slack"]})
    writer.close()
    before = path.stat()
    opened(path).close()
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_two_runs_cannot_write_one_file(path: Path) -> None:
    first = opened(path)
    with pytest.raises(BusyError, match="another run is writing"):
        opened(path)
    first.close()
    assert opened(path).read(Listing("a")).exists is False


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        opened(tmp_path / "file" / "x.jsonl")
    with pytest.raises(OutputError, match="of no kind"):
        opened(tmp_path / "x.xlsx")
