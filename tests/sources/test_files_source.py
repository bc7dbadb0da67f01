"""Files: every shape that loads, and a clear word with a line number for what does not."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from earmark.errors import InputError
from earmark.model import Conversation, Rejected, Sender, Window
from earmark.sources import files
from earmark.sources.files import LONGEST_RECORD, FilesSource

CHAT: dict[str, Any] = {
    "id": "c1",
    "source": "shop",
    "channel": "webchat",
    "messages": [
        {"sender": "customer", "text": "it broke", "spans": [{"start": 3, "end": 8, "label": "ISSUE"}]},
        {"sender": "agent", "text": "which one?"},
    ],
    "meta": {},
}


def read(path: Path | str, window: Window | None = None) -> tuple[list[Conversation], list[Rejected]]:
    pages = list(FilesSource(str(path)).pages(window or Window()))
    conversations = [x.conversation for page in pages for x in page.listings if x.conversation]
    return conversations, [reject for page in pages for reject in page.rejected]


def lines(path: Path, *rows: Any) -> Path:
    data = b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["chats.jsonl", "chats.jsonl.gz", "chats.ndjson"])
def test_labelled_conversations_load_as_they_are(tmp_path: Path, name: str) -> None:
    (conversation,), rejected = read(lines(tmp_path / name, CHAT))
    assert rejected == []
    assert (conversation.id, conversation.channel) == ("c1", "webchat")
    assert [(m.sender, m.text) for m in conversation.messages] == [
        (Sender.CUSTOMER, "it broke"),
        (Sender.AGENT, "which one?"),
    ]


def test_a_plain_text_is_one_message_of_the_customer(tmp_path: Path) -> None:
    (conversation,), _ = read(lines(tmp_path / "x.jsonl", {"id": 7, "text": "hello"}))
    assert (conversation.id, conversation.messages[0].sender, conversation.messages[0].text) == (
        "7",
        Sender.CUSTOMER,
        "hello",
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{broken\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "not JSON"),
        (b'{"id": "x", "text": "\xff"}\n', "not UTF-8"),
        ([1, 2], "not a JSON object"),
        ({"text": "no id"}, "no id"),
        ({"id": True, "text": "x"}, "no id"),
        ({"id": " ", "text": "x"}, "empty"),
        ({"id": "a\x00b", "text": "x"}, "not printable"),
        ({"id": "\ud83d", "text": "x"}, "not printable"),
        ({"id": "x"}, "neither messages nor a text"),
        ({"id": "x", "messages": ["hello"]}, "message 0 is not an object"),
        ({"id": "x", "messages": [{"text": 5}]}, "not a string"),
        ({"id": "x", "messages": [{"sender": "martian", "text": "hi"}]}, "unknown sender"),
        ({"id": "x", "text": "x", "started_at": "yesterday"}, "no ISO 8601 time"),
        ({"id": "x", "text": "x", "started_at": "0001-01-01T00:00:00+14:00"}, "no ISO 8601 time"),
        ({"id": "x", "text": "x", "ended_at": "9999-12-31T23:00:00-12:00"}, "no ISO 8601 time"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path, line: Any, reason: str) -> None:
    conversations, (reject,) = read(lines(tmp_path / "x.jsonl", CHAT, line, CHAT | {"id": "c2"}))
    assert [c.id for c in conversations] == ["c1", "c2"]
    assert reject.where == "x.jsonl:2"
    assert reason in reject.reason
    assert "no id" in reject.reason or "hi" not in reject.reason.split()


def test_blank_lines_and_a_byte_order_mark_are_no_errors(tmp_path: Path) -> None:
    conversations, rejected = read(lines(tmp_path / "x.jsonl", b"\xef\xbb\xbf", CHAT, b"\n", b"   \n"))
    assert (len(conversations), rejected) == (1, [])


def test_a_compressed_file_that_ends_early_gives_what_it_holds(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl.gz", *[CHAT | {"id": f"c{n}", "text": str(n) * 50} for n in range(2000)])
    path.write_bytes(path.read_bytes()[:-200])
    conversations, (reject,) = read(path)
    assert conversations
    assert "damaged" in reject.reason


def test_csv_holds_a_conversation_or_a_message_a_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        'id,sender,text\na,customer,"it ""broke"",\nagain"\na,agent,sorry\nb,,hello\n', encoding="utf-8"
    )
    conversations, rejected = read(path)
    assert rejected == []
    assert [[(m.sender.value, m.text) for m in c.messages] for c in conversations] == [
        [("customer", 'it "broke",\nagain'), ("agent", "sorry")],
        [("customer", "hello")],
    ]


def test_a_bad_csv_row_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,text\na,ok\nb,one,too many\nc,\xff\n,no id\nd,ok\n")
    conversations, rejected = read(path)
    assert [c.id for c in conversations] == ["a", "d"]
    assert [(r.where, r.reason) for r in rejected] == [
        ("x.csv:3", "more fields than columns"),
        ("x.csv:4", "not UTF-8"),
        ("x.csv:5", "an id that is empty, longer than 256 characters or not printable"),
    ]


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_a_table_without_the_columns_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".csv"):
        path.write_text("name,words\na,b\n")
    else:
        pq.write_table(pa.table({"name": ["a"], "words": ["b"]}), path)
    with pytest.raises(InputError, match="needs the columns id and text"):
        read(path)


def test_parquet_holds_texts_or_lists_of_messages(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a", "b"], "text": ["one", "two"]}), tmp_path / "texts.parquet")
    nested = pa.table({"id": ["a"], "messages": [[{"sender": "agent", "text": "one"}]]})
    pq.write_table(nested, tmp_path / "nested.parquet")
    texts, _ = read(tmp_path / "texts.parquet")
    (chat,), _ = read(tmp_path / "nested.parquet")
    assert [c.messages[0].text for c in texts] == ["one", "two"]
    assert (chat.messages[0].sender, chat.messages[0].text) == (Sender.AGENT, "one")


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match="no readable Parquet"):
        read(tmp_path / "x.parquet")


@pytest.mark.parametrize("name", ["missing.jsonl", "chats.docx"])
def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "chats.docx").write_bytes(b"")
    with pytest.raises(InputError):
        FilesSource(str(tmp_path / name))


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    lines(tmp_path / "b.jsonl", CHAT | {"id": "b"})
    lines(tmp_path / "a.jsonl", CHAT | {"id": "a"})
    (tmp_path / "notes.txt").write_text("no conversations")
    assert [c.id for c in read(tmp_path)[0]] == ["a", "b"]


def test_the_window_applies_to_conversations_that_carry_a_time(tmp_path: Path) -> None:
    old, new = ({"started_at": f"2026-0{month}-01T00:00:00Z", "text": "x", "id": month} for month in (1, 3))
    path = lines(tmp_path / "x.jsonl", old, new, {"id": "undated", "text": "x"})
    window = Window(since=datetime(2026, 2, 1, tzinfo=UTC))
    assert [c.id for c in read(path, window)[0]] == ["3", "undated"]


def test_pages_stay_small_when_conversations_are_large(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", *[{"id": n, "text": "x" * 1_000_000} for n in range(6)])
    assert max(len(page.listings) for page in FilesSource(str(path)).pages(Window())) == 2


def test_the_revision_follows_what_was_said(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", CHAT, CHAT | {"id": "c2"}, {"id": "c3", "text": "it broke"})
    revisions = [x.revision for page in FilesSource(str(path)).pages(Window()) for x in page.listings]
    assert revisions[0] == revisions[1] != revisions[2]


def test_of_a_conversation_without_end_so_much_is_read_as_is_used_and_the_rest_is_reported(
    tmp_path: Path,
) -> None:
    """Rows of one conversation, as many as a file may hold; none of the next one is lost."""
    path = tmp_path / "long.csv"
    path.write_text("id,text\n" + "a,it broke\n" * 7_000 + "b,hello\n")
    (long, short), (rest,) = read(path)
    assert (len(long.messages), short.id) == (5_000, "b")
    assert (rest.where, rest.reason) == (
        "long.csv:2:rows", "truncated_input: 2,000 rows more of conversation a were not read"
    )  # fmt: skip


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz", "x.csv", "x.csv.gz"])
def test_a_line_without_end_is_refused_with_its_number(tmp_path: Path, name: str) -> None:
    """Also one that comes out of a small compressed file."""
    head = b"id,text\n" if ".csv" in name else b""
    path = lines(tmp_path / name, head, b" " * (LONGEST_RECORD + 10) + b"\n", {"id": "b", "text": "hello"})
    found, (refused,) = read(path)
    assert refused.reason.startswith(("a line of more than 16 MiB", "not CSV (a line of more than 16 MiB"))
    assert [each.id for each in found] == ([] if head else ["b"])


def test_a_line_that_goes_on_and_on_ends_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed file of a few kilobytes must not keep a run busy for hours."""
    monkeypatch.setattr(files, "LONGEST_RECORD", 1_000)
    monkeypatch.setattr(files, "LONGEST_SKIPPED", 10_000)
    path = lines(tmp_path / "bomb.jsonl.gz", b" " * 50_000 + b"\n", {"id": "b", "text": "hello"})
    found, refused = read(path)
    assert found == []
    assert [each.where for each in refused] == ["bomb.jsonl.gz:1", "bomb.jsonl.gz:rest"]


def test_a_parquet_row_that_is_too_long_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "text": ["x" * (LONGEST_RECORD + 1), "hello"]}), path)
    (conversation,), (refused,) = read(path)
    assert (conversation.id, refused.where, refused.reason) == (
        "b", "x.parquet:1", "a row of more than 16 MiB"
    )  # fmt: skip
