"""How well phrases get the issue type that a person gives them, and how many get one at all.

    python bench/taxonomy.py TABLE [TABLE …] [--wrong] [--confusion]
    python bench/taxonomy.py --coverage PATH [PATH …]

A table has a phrase, a tab and a type (or "other") on each line. Coverage takes JSONL files (or .gz) of labelled chats,
whose messages carry `spans`, or folders of them, and counts their ISSUE spans.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from earmark.model import ISSUE
from earmark.taxonomy import Taxonomy, load_taxonomy

OTHER = "other"
Answer = tuple[str, str, str]
"""Phrase, the type that a person gives it, the type that it gets."""


def table(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    return [(row[0], row[1].strip()) for row in rows]


def spans(paths: list[Path]) -> Iterator[str]:
    files = [file for path in paths for file in (sorted(path.glob("*.jsonl*")) if path.is_dir() else [path])]
    for file in files:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for line in filter(None, data.decode().split("\n")):
            yield from issues(line)


def issues(line: str) -> Iterator[str]:
    for message in json.loads(line)["messages"]:
        for span in message.get("spans", ()):
            if span["label"] == ISSUE:
                yield message["text"][span["start"] : span["end"]]


def type_of(taxonomy: Taxonomy, phrase: str) -> str:
    kind = taxonomy.type_of(phrase)
    return kind.id if kind else OTHER


def share(part: int, whole: int) -> str:
    return f"{part / whole if whole else 0:.3f}  ({part} of {whole})"


def print_figures(name: str, answers: list[Answer]) -> None:
    typed = [(right, got) for _, right, got in answers if right != OTHER]
    others = [got for _, right, got in answers if right == OTHER]
    print(f"{name}: {len(answers)} phrases")
    print(
        "  right                        ", share(sum(right == got for _, right, got in answers), len(answers))
    )
    print("  of those that have a type    ", share(sum(right == got for right, got in typed), len(typed)))
    print(
        "    given another              ",
        share(sum(got not in {right, OTHER} for right, got in typed), len(typed)),
    )
    print("    given none                 ", share(sum(got == OTHER for _, got in typed), len(typed)))
    print("  of those without, given one  ", share(sum(got != OTHER for got in others), len(others)))
    print("  given a type                 ", share(sum(got != OTHER for _, _, got in answers), len(answers)))


def print_confusion(answers: list[Answer]) -> None:
    for (right, got), count in Counter(
        (right, got) for _, right, got in answers if right != got
    ).most_common():
        print(f"  {count:3}  {right} → {got}")


def print_wrong(answers: list[Answer]) -> None:
    for phrase, right, got in answers:
        if right != got:
            print(f"  {right} → {got}: {phrase}")


def print_coverage(taxonomy: Taxonomy, paths: list[Path]) -> None:
    phrases = list(spans(paths))
    began = time.perf_counter()
    found = Counter(type_of(taxonomy, phrase) for phrase in phrases)
    spent = time.perf_counter() - began
    print("given a type", share(len(phrases) - found[OTHER], len(phrases)))
    print(f"{1e6 * spent / max(1, len(phrases)):.0f} µs a phrase")
    for kind, count in found.most_common():
        print(f"  {count:5}  {kind}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--coverage", action="store_true", help="the paths are labelled chats")
    parser.add_argument("--wrong", action="store_true", help="print the phrases that get another type")
    parser.add_argument("--confusion", action="store_true", help="print which types are taken for which")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    taxonomy = load_taxonomy()
    if options.coverage:
        print_coverage(taxonomy, options.paths)
        return
    for path in options.paths:
        answers = [(phrase, right, type_of(taxonomy, phrase)) for phrase, right in table(path)]
        print_figures(path.name, answers)
        if options.confusion:
            print_confusion(answers)
        if options.wrong:
            print_wrong(answers)


if __name__ == "__main__":
    main()
