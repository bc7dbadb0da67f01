"""How right the issue rules are on labelled chats, overall and by family.

    python bench/rule_precision.py PATH [PATH …] [--catalog CSV] [--wrong FAMILY] [--missed]

A path is a JSONL file (or .gz) of conversations whose messages carry `spans`, or a folder of them. A match is
right when it overlaps an annotated ISSUE; `exact` asks for the same characters. The shares printed for the
families are what belongs under [precision] in issue_rules.toml.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from earmark.extract import BUILTIN_RULES, ExtractConfig, open_extractor
from earmark.extract.rules import load_rules, parse_rules
from earmark.model import ISSUE, Conversation, Message, Sender

Span = tuple[int, int, int]


def labelled(paths: list[Path]) -> Iterator[tuple[Conversation, set[Span]]]:
    """Yield conversations with their annotated issues as (message index, start, end)."""
    files = [file for path in paths for file in (sorted(path.glob("*.jsonl*")) if path.is_dir() else [path])]
    for file in files:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for number, line in enumerate(data.decode().split("\n")):
            if line:
                yield parse(f"{file.name}:{number}", json.loads(line))


def parse(identity: str, row: dict[str, Any]) -> tuple[Conversation, set[Span]]:
    messages = tuple(
        Message(str(i), Sender(message["sender"]), message["text"])
        for i, message in enumerate(row["messages"])
    )
    issues = {
        (i, span["start"], span["end"])
        for i, message in enumerate(row["messages"])
        for span in message.get("spans", ())
        if span["label"] == ISSUE and message["sender"] != "system"
    }
    return Conversation(identity, messages), issues


def overlaps(span: Span, others: set[Span]) -> bool:
    return any(span[0] == o[0] and span[1] < o[2] and o[1] < span[2] for o in others)


def rate(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def scores(found: int, right: int, wanted: int, reached: int) -> str:
    precision, recall = rate(right, found), rate(reached, wanted)
    f1 = rate(2 * precision * recall, precision + recall) if precision + recall else 0.0
    return f"P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--catalog", type=Path, action="append", default=[])
    parser.add_argument("--by-rule", action="store_true", help="a line for each rule instead of each family")
    parser.add_argument("--wrong", help="print the wrong matches of that family or rule")
    parser.add_argument("--missed", action="store_true", help="print the annotated issues that were missed")
    return parser.parse_args()


class Tally:
    """Counts over all conversations."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.right: Counter[str] = Counter()
        self.exact = self.wanted = self.reached = 0

    def add(self, ours: dict[Span, str], issues: set[Span]) -> None:
        self.wanted += len(issues)
        self.reached += sum(overlaps(issue, set(ours)) for issue in issues)
        self.exact += len(ours.keys() & issues)
        for span, group in ours.items():
            self.found[group] += 1
            self.right[group] += overlaps(span, issues)

    def print(self) -> None:
        for group, found in self.found.most_common():
            right = self.right[group]
            print(f"{group:24} {found:5} found  {right:5} right  {rate(right, found):.3f}")
        found, right = self.found.total(), self.right.total()
        print(f"overlap  {scores(found, right, self.wanted, self.reached)}   ({found} of {self.wanted})")
        print(f"exact    {scores(found, self.exact, self.wanted, self.exact)}")


def main() -> None:
    options = arguments()
    extractor = open_extractor(ExtractConfig(catalogs=tuple(options.catalog)))
    group_of = {
        rule.id: rule.id if options.by_rule else rule.family
        for rule in parse_rules(load_rules((BUILTIN_RULES,))).rules
    }
    rows = list(labelled(options.paths))
    tally = Tally()
    for (conversation, issues), mentions in zip(
        rows, extractor.extract([row[0] for row in rows]), strict=True
    ):
        ours = {
            (m.message_index, m.start, m.end): group_of[(m.canonical_id or "").split(":")[1]]
            for m in mentions
            if m.source == "rules"
        }
        tally.add(ours, issues)
        show(conversation, [s for s, g in ours.items() if g == options.wrong and not overlaps(s, issues)])
        if options.missed:
            show(conversation, [issue for issue in sorted(issues) if not overlaps(issue, set(ours))])
    tally.print()


def show(conversation: Conversation, spans: list[Span]) -> None:
    for index, start, end in spans:
        text = conversation.messages[index].text.replace("\n", " ")
        print(f"    {text[max(0, start - 50) : start]!r} [{text[start:end]}] {text[end : end + 40]!r}")


if __name__ == "__main__":
    main()
