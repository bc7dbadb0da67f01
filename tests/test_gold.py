"""Labelled conversations are read as they are, and what is wrong is refused with its place and no chat text."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from earmark.errors import InputError
from earmark.gold import GoldSpan, read_gold
from earmark.model import Sender

SECRET = "my router is dead"
ROW: dict[str, Any] = {
    "id": "c1",
    "source": "shop",
    "channel": "webchat",
    "messages": [
        {"sender": "system", "text": "joined", "spans": [{"start": 0, "end": 6, "label": "ISSUE"}]},
        {
            "sender": "customer",
            "text": SECRET,
            "spans": [
                {"start": 13, "end": 17, "label": "ISSUE", "text": "dead", "full_start": 3, "full_end": 17},
                {"start": 3, "end": 9, "label": "PRODUCT", "text": "router", "kind": "category"},
            ],
        },
        {"sender": "agent", "text": ""},
    ],
    "meta": {"whatever": 1},
}


def write(path: Path, *rows: Any) -> Path:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def with_span(**span: Any) -> dict[str, Any]:
    return {"id": "c1", "messages": [{"sender": "customer", "text": SECRET, "spans": [span]}]}


@pytest.mark.parametrize("name", ["gold.jsonl", "gold.jsonl.gz"])
def test_a_file_is_read_with_its_spans_in_text_order_and_its_hash(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ROW)
    gold = read_gold([path])
    (labelled,) = gold.conversations
    assert (labelled.source, labelled.where) == ("shop", f"{name}:1")
    assert (labelled.conversation.id, labelled.conversation.channel) == ("c1", "webchat")
    assert [m.sender for m in labelled.conversation.messages] == [
        Sender.SYSTEM,
        Sender.CUSTOMER,
        Sender.AGENT,
    ]
    assert labelled.spans == (
        GoldSpan(1, 3, 9, "PRODUCT", "category"),
        GoldSpan(1, 13, 17, "ISSUE", None, 3, 17),
    )
    (file,) = gold.files
    assert (file.name, file.conversations) == (name, 1)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_pipe_is_read_once_and_has_the_hash_of_what_came(tmp_path: Path) -> None:
    """As the shell's `<(…)` gives one; a second look would find it empty, or wait for ever."""
    content = write(tmp_path / "gold.jsonl", ROW).read_bytes()
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        (file,) = read_gold([Path(f"/dev/fd/{reading}")]).files
    finally:
        os.close(reading)
    assert (file.conversations, file.sha256) == (1, hashlib.sha256(content).hexdigest())


def test_several_files_are_one_set_and_lines_count_from_one_blank_ones_too(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", ROW)
    second = tmp_path / "b.jsonl"
    second.write_text("\ufeff" + json.dumps(ROW | {"id": "c2"}) + "\n\n" + json.dumps(ROW | {"id": "c3"}))
    gold = read_gold([first, second])
    assert [labelled.where for labelled in gold.conversations] == ["a.jsonl:1", "b.jsonl:1", "b.jsonl:3"]
    assert [file.conversations for file in gold.files] == [1, 2]


def test_what_is_not_said_is_unknown_or_nothing(tmp_path: Path) -> None:
    bare = {"id": "c1", "messages": [{"sender": "bot", "text": "hi", "spans": []}]}
    (labelled,) = read_gold([write(tmp_path / "gold.jsonl", bare)]).conversations
    assert (labelled.source, labelled.conversation.channel, labelled.spans) == ("unknown", "unknown", ())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([1], "not a JSON object"),
        ({"id": "c1"}, "no list of messages"),
        ({"id": "c1", "messages": [{"sender": "customer", "text": SECRET}]}, "not labelled"),
        ({"messages": []}, "the id"),
        ({"id": "", "messages": []}, "the id"),
        ({"id": 7, "messages": []}, "the id"),
        ({"id": "a\x1b[2J", "messages": []}, "the id"),
        ({"id": "c1", "messages": [], "source": 3}, "the source is no text"),
        ({"id": "c1", "messages": [{"sender": "customer", "spans": []}]}, "message 0 is no object"),
        ({"id": "c1", "messages": [{"sender": "nobody", "text": SECRET, "spans": []}]}, "the sender"),
        ({"id": "c1", "messages": [{"sender": [], "text": SECRET, "spans": []}]}, "the sender"),
        ({"id": "c1", "messages": [{"sender": "agent", "text": SECRET, "spans": {}}]}, "spans are no list"),
        ({"id": "c1", "messages": [{"sender": "agent", "text": SECRET, "spans": None}]}, "spans are no list"),
        ({"id": "c1", "messages": [{"sender": "agent", "text": SECRET, "spans": [3]}]}, "span is no object"),
        (with_span(start=3, end=99, label="PRODUCT"), "start 3 and end 99 are no part of its 17"),
        (with_span(start=-1, end=9, label="PRODUCT"), "no part"),
        (with_span(start=9, end=9, label="PRODUCT"), "no part"),
        (with_span(start=True, end=9, label="PRODUCT"), "without whole numbers as start"),
        (with_span(start=3.0, end=9, label="PRODUCT"), "without whole numbers as start"),
        (with_span(end=9, label="PRODUCT"), "without whole numbers as start"),
        (with_span(start=3, end=9, label="ROUTER"), "the label is none of PRODUCT, ISSUE"),
        (with_span(start=3, end=9, label=["PRODUCT"]), "the label is none of PRODUCT, ISSUE"),
        (with_span(start=3, end=9, label="PRODUCT", text="Router"), "its text is not what stands there"),
        (with_span(start=3, end=9, label="PRODUCT", kind="brand"), "the kind is none of named, category"),
        (with_span(start=3, end=9, label="ISSUE", full_start=4, full_end=17), "does not hold it"),
        (with_span(start=3, end=9, label="ISSUE", full_start=3), "without whole numbers as full_start"),
    ],
)
def test_a_line_that_is_wrong_is_refused_with_its_place_and_without_its_text(
    tmp_path: Path, row: Any, said: str
) -> None:
    path = write(tmp_path / "gold.jsonl", {"id": "c0", "messages": []}, row)
    with pytest.raises(InputError) as caught:
        read_gold([path])
    assert str(caught.value).startswith("gold.jsonl:2: ")
    assert said in str(caught.value)
    assert not {"router", "dead", "Router"} & set(str(caught.value).split())


def test_overlapping_spans_are_refused(tmp_path: Path) -> None:
    row = with_span(start=3, end=9, label="PRODUCT")
    row["messages"][0]["spans"].append({"start": 8, "end": 17, "label": "ISSUE"})
    with pytest.raises(InputError, match=r"gold\.jsonl:1: message 0: the spans at 3 and 8 overlap"):
        read_gold([write(tmp_path / "gold.jsonl", row)])


def test_spans_may_touch(tmp_path: Path) -> None:
    row = with_span(start=3, end=9, label="PRODUCT")
    row["messages"][0]["spans"].append({"start": 9, "end": 17, "label": "ISSUE"})
    (labelled,) = read_gold([write(tmp_path / "gold.jsonl", row)]).conversations
    assert [span.start for span in labelled.spans] == [3, 9]


def test_an_id_occurs_once_in_all_files(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.jsonl", ROW), write(tmp_path / "b.jsonl", ROW)
    with pytest.raises(InputError, match=r"b\.jsonl:1: the id is already used in a\.jsonl:1 .*c1"):
        read_gold([first, second])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gold.jsonl", b"", "holds no conversations"),
        ("gold.jsonl", b"\n \n", "holds no conversations"),
        ("gold.jsonl", b'{"id": "c1", ', "gold.jsonl:1: not JSON"),
        ("gold.jsonl", b"[" * 100_000, "gold.jsonl:1: not JSON"),
        ("gold.jsonl", b"\x7fELF\x02\x01\x80\xff\n", "gold.jsonl:1: not UTF-8"),
        ("gold.jsonl.gz", b"no gzip at all", "gold.jsonl.gz: the compressed file is damaged"),
        (
            "gold.jsonl.gz",
            gzip.compress(b"{" * 999, mtime=0)[:-9],
            "gold.jsonl.gz: the compressed file is damaged",
        ),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_gold([path])
    assert said in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jsonl", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_gold([path])
