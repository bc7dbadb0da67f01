"""How well phrases get the issue type that a person gives them, and how many get one at all.

    python bench/taxonomy.py TABLE [TABLE …] [--wrong] [--confusion]
    python bench/taxonomy.py --coverage PATH [PATH …]

A table has a phrase, a tab and a type (or "other") on each line. Coverage takes labelled chats, JSONL (or .gz) whose
messages carry `spans`, or folders of them, and counts the ISSUE spans.
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
from earmark.taxonomy import load_taxonomy

OTHER = "other"


def rows(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            phrase, kind = line.split("\t")[:2]
            yield phrase, kind.strip()


def spans(paths: list[Path]) -> Iterator[str]:
    files = [file for path in paths for file in (sorted(path.glob("*.jsonl*")) if path.is_dir() else [path])]
    for file in files:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for line in filter(None, data.decode().split("\n")):
            for message in json.loads(line)["messages"]:
                for span in message.get("spans", ()):
                    if span["label"] == ISSUE:
                        yield message["text"][span["start"] : span["end"]]


def given(phrase: str) -> str:
    kind = load().type_of(phrase)
    return kind.id if kind else OTHER


_LOADED = []


def load():
    if not _LOADED:
        _LOADED.append(load_taxonomy())
    return _LOADED[0]


def measure(path: Path, wrong: bool, confusion: bool) -> None:
    table = [(phrase, kind, given(phrase)) for phrase, kind in rows(path)]
    right = sum(kind == found for _, kind, found in table)
    typed = [(kind, found) for _, kind, found in table if kind != OTHER]
    other = [found for _, kind, found in table if kind == OTHER]
    print(f"{path.name}: {len(table)} phrases")
    print(f"  accuracy            {right / len(table):.3f}")
    print(
        f"  of those with a type: right {sum(k == f for k, f in typed) / len(typed):.3f}, another type {sum(f not in (k, OTHER) for k, f in typed) / len(typed):.3f}, none {sum(f == OTHER for k, f in typed) / len(typed):.3f}"
    )
    print(f"  others wrongly typed {sum(f != OTHER for f in other) / max(1, len(other)):.3f} ({len(other)})")
    print(f"  coverage {sum(f != OTHER for _, _, f in table) / len(table):.3f}")
    if wrong:
        for phrase, kind, found in table:
            if kind != found:
                print(f"    {kind:>16} → {found:16} {phrase}")
    if confusion:
        for (kind, found), n in Counter((k, f) for _, k, f in table if k != f).most_common():
            print(f"    {n:3} {kind:>16} → {found}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--confusion", action="store_true")
    options = parser.parse_args()
    if options.coverage:
        began = time.perf_counter()
        found = Counter(given(phrase) for phrase in spans(options.paths))
        print(
            f"{found.total()} phrases, {1 - found[OTHER] / found.total():.3f} typed, {time.perf_counter() - began:.2f} s"
        )
        for kind, n in found.most_common():
            print(f"  {n:5} {kind}")
    else:
        for path in options.paths:
            measure(path, options.wrong, options.confusion)


if __name__ == "__main__":
    main()
