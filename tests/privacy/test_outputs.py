"""No canary reaches an output, even where the model takes every three words for a product."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spacy
from spacy.pipeline import EntityRuler
from tests.conftest import Cli
from tests.privacy.texts import PERSONAL

KEPT = "Galaxy S24"
COUNTING = "1234567890123"
REPORTS = ("report.html", "report.json", "report.csv", "report.pairs.csv")


@pytest.fixture
def chats(tmp_path: Path) -> list[str]:
    """A chat a canary in `chats.jsonl`; the canaries that are told from anything else in a page."""
    rows = [
        {"id": f"c{number}", "messages": [{"sender": "customer", "text": f"{KEPT} keeps crashing. {text}"}]}
        for number, (_, text, _) in enumerate(PERSONAL)
    ]
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [canary for _, _, canary in PERSONAL if len(canary) > 5 and canary not in COUNTING]


@pytest.fixture
def everything(tmp_path: Path) -> str:
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    assert isinstance(ruler, EntityRuler)
    ruler.add_patterns([{"label": "PRODUCT", "pattern": [{}] * words} for words in (1, 2, 3)])
    nlp.to_disk(tmp_path / "everything")
    return str(tmp_path / "everything")


def test_no_canary_reaches_attributes_journal_reports_or_the_terminal(
    cli: Cli, chats: list[str], everything: str, tmp_path: Path
) -> None:
    """What was found stays: only what is personal is missing."""
    flags = [flag for name in REPORTS for flag in ("--report", f"out/{name}")]
    (tmp_path / "out").mkdir()
    done = [
        cli(
            *("run", "--source", "files:chats.jsonl", "--model", everything, "--threshold", "0"),
            *("--scorer", "heuristic", "--writer", "files:out/written.jsonl", "--json", *flags),
            *("--journal", "out/journal.db"),
        ),
        cli("catalog", "suggest", "--min-conversations", "1", "--csv", "--journal", "out/journal.db"),
        cli("show", "c0", "--json", "--journal", "out/journal.db"),
    ]
    assert [each.returncode for each in done] == [0, 0, 0]
    told = [each.stdout + each.stderr for each in done]
    files = [path.read_text(errors="replace") for path in (tmp_path / "out").iterdir()]
    everywhere = "\n".join(told + files).casefold()
    assert KEPT.casefold() in everywhere
    assert [canary for canary in chats if canary.casefold() in everywhere] == []
