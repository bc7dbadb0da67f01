"""Fault 27: messages, conversations and lines without end are cut at a limit, and everything says so."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from earmark.sandbox import Sandbox
from exam.hostile.program import beyond, earmark
from exam.organisation import pointed_at
from exam.rows import Row

MARK = "truncated_input"
SAID = "my router is broken and "
MOST_MEGABYTES, MOST_SECONDS = 1024, 90.0
MESSAGES, IN_SANDBOX, UNPACKED_MEGABYTES = 1_000_000, 50_000, 512


def long_message(folder: Path) -> Iterator[str]:
    """10 MB in one message, with the model that comes with Earmark."""
    chats = folder / "chats.jsonl"
    chats.write_text(json.dumps({"id": "long", "text": SAID * (10_000_000 // len(SAID))}) + "\n" + _short())
    yield from _read(folder, "files:chats.jsonl", "--model", "earmark")


def endless_conversation(folder: Path) -> Iterator[str]:
    """A million messages of one conversation, row by row."""
    with (folder / "chats.csv").open("w") as chats:
        chats.write("id,sender,text\n")
        for number in range(MESSAGES):
            chats.write(f"long,customer,message {number}: {SAID}\n")
        chats.write(f"short,customer,{SAID}\n")
    yield from _read(folder, "files:chats.csv", "--model", "none")


def compressed_bomb(folder: Path) -> Iterator[str]:
    """A file of a few hundred kilobytes that unpacks to half a gigabyte without a line end."""
    with gzip.open(folder / "chats.jsonl.gz", "wb", compresslevel=9) as chats:
        chats.write(_short().encode())
        for _ in range(UNPACKED_MEGABYTES):
            chats.write(b" " * (1 << 20))
    ended = earmark(folder, *_run("files:chats.jsonl.gz", "--model", "none"))
    yield from beyond(ended, codes=(3,), seconds=MOST_SECONDS, megabytes=MOST_MEGABYTES)
    yield from unsaid(_report(folder), "16 MiB", "the rest was not read")


def long_conversation_of_the_service(folder: Path) -> Iterator[str]:
    """50,000 messages from Genesys Cloud: bounded, and the others are done."""
    messages = [{"sender": "customer", "text": f"{number} {SAID}"} for number in range(IN_SANDBOX)]
    seeds: list[dict[str, Any]] = [{"id": "long", "messages": messages}, {"id": "short", "text": SAID}]
    with Sandbox(seeds, rate_limit=60_000) as sandbox:
        env = {**pointed_at(sandbox), "EARMARK_PACE": "0.02"}
        flags = ("--since", "4w", "--model", "none", "--report", "report.json")
        ended = earmark(folder, "run", "--source", "genesys", *flags, env=env)
        written = sandbox.snapshot()["custom_attributes"]
    yield from beyond(ended, codes=(0, 3), seconds=MOST_SECONDS, megabytes=MOST_MEGABYTES)
    yield from unsaid(_report(folder), MARK)
    if not written:
        yield "nothing was written, not even of the other conversation"


def _short() -> str:
    return json.dumps({"id": "short", "text": SAID}) + "\n"


def _run(source: str, *more: str) -> tuple[str, ...]:
    return ("run", "--source", source, "--writer", "files:attributes.jsonl", "--report", "report.json", *more)


def _read(folder: Path, source: str, *more: str) -> Iterator[str]:
    ended = earmark(folder, *_run(source, *more))
    yield from beyond(ended, codes=(0, 3), seconds=MOST_SECONDS, megabytes=MOST_MEGABYTES)
    yield from unsaid(_report(folder), MARK)
    written = [json.loads(line)["id"] for line in (folder / "attributes.jsonl").read_text().splitlines()]
    if written != ["long", "short"]:
        yield f"attributes of {written}, not of long and short"


def _report(folder: Path) -> dict[str, Any]:
    path = folder / "report.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def unsaid(report: dict[str, Any], *marks: str) -> Iterator[str]:
    """Yield what a report does not say of what was left out."""
    text = json.dumps(report)
    for mark in marks:
        if mark not in text:
            yield f"the report does not say {mark!r}"


ROWS = (
    Row(27, "a message of 10 MB", "cut at 20,000 characters, and marked", long_message),
    Row(27, "a conversation of 1,000,000 messages", "cut at 5,000 messages, and marked", endless_conversation),
    Row(27, "50,000 messages from the service", "read up to a limit; the rest of the run is done",
        long_conversation_of_the_service),
    Row(27, "a compressed file that unpacks without end", "refused with its line", compressed_bomb),
)  # fmt: skip
