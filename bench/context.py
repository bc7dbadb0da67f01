"""How often the state of a problem (present, resolved, negated, …) is the one that people gave it.

    python bench/context.py [--json] [--table NAME] [--wrong NAME]

The development tables were seen while the rules were written, the held-out table was not.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from earmark.context import asserted
from earmark.model import ISSUE, RAISED, Assertion, Conversation, Mention, Message, Sender

TABLES = Path(__file__).parent.parent / "tests" / "context"
DEVELOPMENT = ("development", "development_second", "development_third")
NAMES = (*DEVELOPMENT, "held_out_second")

Row = dict[str, Any]


def rows(name: str) -> list[Row]:
    text = (TABLES / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def parse(row: Row) -> tuple[Conversation, Mention]:
    messages = tuple(Message(str(i), Sender(m["sender"]), m["text"]) for i, m in enumerate(row["messages"]))
    issue = row["issue"]
    sender = messages[issue["message"]].sender
    mention = Mention(issue["message"], issue["start"], issue["end"], issue["text"], ISSUE, "gold", sender)
    return Conversation(row["id"], messages), mention


def state(row: Row) -> Assertion:
    conversation, mention = parse(row)
    return asserted(conversation, [mention])[0].assertion


def measured(table: list[Row]) -> dict[str, Any]:
    """Accuracy of states and of what is raised, precision and recall by state, confusion, µs a conversation.

    `set_aside` counts the real problems (present) that would not be written.
    """
    state(table[0])  # loads the rules
    begun = time.perf_counter()
    said = [state(row).value for row in table]
    seconds = time.perf_counter() - begun
    true = [row["state"] for row in table]
    pairs = list(zip(true, said, strict=True))
    confusion = Counter(pairs)
    return {
        "conversations": len(table),
        "accuracy": round(sum(t == s for t, s in pairs) / len(table), 4),
        "raised": round(sum((t in RAISED) == (s in RAISED) for t, s in pairs) / len(table), 4),
        "set_aside": sum(t == Assertion.PRESENT and s not in RAISED for t, s in pairs),
        "states": {one.value: of_state(one.value, confusion) for one in Assertion},
        "confusion": {f"{t} → {s}": count for (t, s), count in sorted(confusion.items()) if t != s},
        "microseconds": round(1e6 * seconds / len(table), 1),
    }


def of_state(name: str, confusion: Counter[tuple[str, str]]) -> dict[str, float]:
    right = confusion[name, name]
    said = sum(count for (_, s), count in confusion.items() if s == name)
    true = sum(count for (t, _), count in confusion.items() if t == name)
    return {"conversations": true, "precision": share(right, said), "recall": share(right, true)}


def share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0


def show(name: str, figures: dict[str, Any]) -> None:
    shares = f"{figures['accuracy']:.3f}, raised {figures['raised']:.3f}, set aside {figures['set_aside']}"
    print(f"{name}: {shares} of {figures['conversations']}, {figures['microseconds']} µs each")
    for one, found in figures["states"].items():
        print(f"  {one:13}{found['conversations']:4}  P {found['precision']:.3f}  R {found['recall']:.3f}")
    for pair, count in figures["confusion"].items():
        print(f"    {pair}: {count}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--table", choices=NAMES, action="append")
    parser.add_argument("--wrong", choices=DEVELOPMENT, help="list the conversations that went wrong")
    options = parser.parse_args()
    results = {name: measured(rows(name)) for name in options.table or NAMES}
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
        return
    for name, figures in results.items():
        show(name, figures)
    for row in rows(options.wrong) if options.wrong else ():
        if state(row) != row["state"]:
            print(row["id"], row["state"], "→", state(row), "|", row["note"], "|", row["messages"])


if __name__ == "__main__":
    main()
