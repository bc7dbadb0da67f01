"""Puts the training data together: our written conversations, and our labels joined to public chats.

    python training/prepare.py PATH-TO-DATA build/training

PATH-TO-DATA holds public chats as `public/<name>/*.jsonl.gz` and labelled ones as `annotated/*.jsonl.gz`, one
conversation a line. Of the former only labels are kept here, by id and offset; a text that changed since is
reported and left out. Of the latter one conversation in ten, by the hash of its id, goes to `held_out.jsonl`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LABELS = {"I": ("ISSUE", None), "Pn": ("PRODUCT", "named"), "Pc": ("PRODUCT", "category")}
SENDERS = {"c": "customer", "a": "agent"}
_MARK = re.compile(r"\{([^{}|]+)\|(Pn|Pc|I)\}")

Row = dict[str, Any]


def written(path: Path) -> Iterator[Row]:
    """Conversations of a file in our markup: `# domain:` lines, `c:` and `a:` lines, a blank line between."""
    domain, messages, count = "other", [], 0
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("# domain:"):
            domain = line.removeprefix("# domain:").strip().replace(" ", "_")
        elif line.strip() and not line.startswith("#"):
            messages.append(_message(line))
        elif messages:
            yield {
                "id": f"{path.stem}-{count:04d}",
                "source": f"written/{domain}",
                "channel": "webchat",
                "messages": messages,
            }
            messages, count = [], count + 1


def _message(line: str) -> Row:
    sender, _, marked = line.partition(":")
    text, spans, position = "", [], 0
    marked = marked.strip()
    for mark in _MARK.finditer(marked):
        text += marked[position : mark.start()]
        spans.append(_span(len(text), len(text) + len(mark[1]), mark[2]))
        text += mark[1]
        position = mark.end()
    return {"sender": SENDERS[sender], "text": text + marked[position:], "spans": spans}


def _span(start: int, end: int, code: str) -> Row:
    label, kind = LABELS[code]
    return {"start": start, "end": end, "label": label} | ({"kind": kind} if kind else {})


def labelled(path: Path, public: dict[str, Row]) -> Iterator[Row]:
    """The public conversations that a file has labels for, with these labels."""
    for line in path.read_text(encoding="utf-8").splitlines():
        known = json.loads(line)
        row = public.get(known["id"])
        if row is None or fingerprint(row) != known["text"]:
            print(f"{path.name}: {known['id']} is missing or has changed", file=sys.stderr)
            continue
        messages = [{"sender": m["sender"], "text": m["text"], "spans": []} for m in row["messages"]]
        for index, start, end, code in known["spans"]:
            messages[index]["spans"].append(_span(start, end, code))
        yield {"id": row["id"], "source": row["source"], "channel": "webchat", "messages": messages}


def fingerprint(row: Row) -> str:
    """Tells whether a conversation's texts are those that were labelled."""
    texts = json.dumps([message["text"] for message in row["messages"]])
    return hashlib.sha256(texts.encode()).hexdigest()[:16]


def public_conversations(folder: Path) -> dict[str, Row]:
    rows = {}
    for path in sorted(folder.glob("*/*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if "messages" in row:
                    rows[row["id"]] = row
    return rows


def held_out(row: Row) -> bool:
    return int.from_bytes(hashlib.sha256(row["id"].encode()).digest()[:4]) % 10 == 0


def annotated_conversations(folder: Path) -> list[Row]:
    rows = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines]
    return rows


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: python training/prepare.py PATH-TO-DATA OUT")
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    for folder in (data / "public", data / "annotated"):
        if not any(folder.rglob("*.jsonl.gz")):
            sys.exit(f"{folder} holds no conversations (*.jsonl.gz)")
    out.mkdir(parents=True, exist_ok=True)
    public = public_conversations(data / "public")
    for path in sorted((HERE / "written").glob("*.txt")):
        _write(out / f"{path.stem}.jsonl", written(path))
    for path in sorted((HERE / "labels").glob("*.jsonl")):
        _write(out / path.name, labelled(path, public))
    annotated = annotated_conversations(data / "annotated")
    _write(out / "annotated.jsonl", (row for row in annotated if not held_out(row)))
    _write(out / "held_out.jsonl", (row for row in annotated if held_out(row)))


def _write(path: Path, rows: Iterable[Row]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")
    print(f"{path}: {len(lines)} conversations")


if __name__ == "__main__":
    main()
