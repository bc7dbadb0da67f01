"""Puts the figures of an exam into its page: `python -m exam.publish build/exam.json`.

The figures are kept beside the page, as `docs/exam.json`; a test compares the two.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE, FIGURES = Path("docs/reliability.md"), Path("docs/exam.json")


def filled(page: str, figures: dict[str, Any]) -> str:
    """The page with each part between `<!-- NAME -->` and `<!-- end -->` made of the figures."""
    parts = {"figures": _figures(figures), "planted": _planted(figures), "matrix": _matrix(figures)}
    for name, lines in parts.items():
        told = "\n".join(lines)
        part = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", page, re.DOTALL)
        if part is None:
            raise SystemExit(f"{PAGE} has no part named {name}")
        page = page[: part.start(1)] + told + page[part.end(1) :]
    return page


def _figures(told: dict[str, Any]) -> Iterator[str]:
    about = told["about"]
    yield f"The {told['size']} exam of Earmark {about['earmark']} on Python {about['python']}, {about['cores']} cores:"
    yield "\n| | trials | SIGKILLs | faults injected | violations |\n|---|---|---|---|---|"
    for kind in told["kinds"]:
        counts = " | ".join(f"{kind[name]:,}" for name in ("trials", "kills", "faults", "violations"))
        yield f"| {kind['kind']} | {counts} |"
    yield f"\nFaults of the matrix as expected: {told['faults_as_expected']} of {told['faults']}."
    yield f"Planted bugs caught: {told['planted_caught']} of {told['planted']}; a naive writer fails."
    yield f"It took {told['seconds'] / 60:.0f} minutes."


def _planted(told: dict[str, Any]) -> Iterator[str]:
    yield "| bug | given away by |\n|---|---|"
    for name, caught in told["caught_by"].items():
        yield f"| {name} | {', '.join(caught) or 'nothing'} |"


def _matrix(told: dict[str, Any]) -> Iterator[str]:
    yield "| # | fault, for example | cases | expected | |\n|---|---|---|---|---|"
    for row in told["matrix"]:
        good = "✓" if row["as_expected"] else "✗"
        yield f"| {row['number']} | {row['fault']} | {row['cases']:,} | {row['expected']} | {good} |"


if __name__ == "__main__":
    figures = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")
