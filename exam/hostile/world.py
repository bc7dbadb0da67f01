"""A world whose every text is hostile: names, ids, queues, files, and what people say."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = {
    "alpaca": "<img src=x onerror=alert(1)>",
    "badger": "</script><script>alert(1)</script>",
    "caribou": "\"><svg onload='alert(1)'>",
    "dormouse": "javascript:alert(1)",
    "echidna": "[x](javascript:alert(1))",
    "ferret": '=HYPERLINK("http://x.example")',
    "gazelle": "+1+1",
    "heron": "-2+3",
    "ibex": "@SUM(A1)",
    "jackal": "＝1+1",
    "kestrel": "{{7*7}}",
    "lemur": "{% raw %}",
    "marmot": "${7*7}",
    "narwhal": "%s%n%x",
    "ocelot": "../../escape",
    "puffin": "\u202egnp.exe",
    "quail": "[/bold] [red]x[/red] :bomb:",
}
"""An animal that people speak of → what the catalog calls it."""

STEERING = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b2J",
    "\r\nX-Evil: 1\r\n",
    "nul \0 and del \x7f",
    "\x1b]8;;https://x.example\x07link\x1b]8;;\x07",
)
ODD_FILE = "a\x1b[31mred=1.jsonl"


def names() -> set[str]:
    """What the catalog's products are called."""
    return {f"{hostile} {animal}" for animal, hostile in NAMES.items()}


def write_catalog(path: Path) -> None:
    """A product and an issue an animal, with hostile ids and names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "name", "label", "aliases"))
        for animal, hostile in NAMES.items():
            rows.writerow((f"{hostile}-{animal}", f"{hostile} {animal}", "PRODUCT", animal))
            issue = f"{hostile} squeak of {animal}"
            rows.writerow((f"{hostile}-squeak-{animal}", issue, "ISSUE", f"squeaks like {animal}"))


def conversations() -> Iterator[dict[str, Any]]:
    """One an animal; each also says something that steers terminals."""
    for number, (animal, hostile) in enumerate(NAMES.items()):
        steering = STEERING[number % len(STEERING)]
        half = steering[: len(steering) // 2] + steering[len(steering) // 2 :].replace("\n", "")
        said = f"{hostile} my {animal[:2]}{half}{animal[2:]} and my {animal} squeaks like {animal} {steering}"
        yield {
            "id": f"{hostile} {number}" if hostile.isprintable() else f"c{number}",
            "queue": f"{hostile}{steering}",
            "channel": f"{hostile}{steering}",
            "language": hostile,
            "messages": [{"sender": "customer", "text": said}, {"sender": "agent", "text": hostile}],
        }


def write_chats(folder: Path) -> None:
    """A folder with two files; one has a name that steers terminals, and lines that are refused."""
    folder.mkdir()
    lines = "".join(json.dumps(each) + "\n" for each in conversations())
    (folder / "chats.jsonl").write_text(lines)
    refused = json.dumps({"id": "a\x1b[31m", "text": "x"}) + "\n{\x1b[31m\n"
    (folder / ODD_FILE).write_text(refused)
