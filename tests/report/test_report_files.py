"""A report on disk: the suffix names the form, and the file is whole or absent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from earmark.errors import OutputError
from earmark.model import ConversationRow, EntityRow, RunFacts, State, Usage, Verdict, Window
from earmark.report import Report, build, to_json, write


@pytest.fixture
def report() -> Report:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    facts = RunFacts(
        "r1", moment, moment, "finished", "files", "none", Window(), False, {}, "evidence", {}, Usage()
    )
    row = ConversationRow("c0", State.WRITTEN, None, "webchat", None, None, moment, 1)
    found = EntityRow(
        "c0", "PRODUCT", "p", "half \ud83d", Verdict.KEEP, 0.9, "evidence", 1, ("x",), ("customer",), True
    )
    return build(facts, [row], [found])


def test_the_suffix_names_the_form_whatever_its_case(report: Report, tmp_path: Path) -> None:
    for name in ("report.html", "report.JSON", "report.csv", "report.Pairs.csv", "pairs.csv", "impairs.csv"):
        write(report, tmp_path / name)
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!")
    assert (tmp_path / "report.csv").read_text("utf-8").startswith("label,id,name")
    for name, start in (("report.Pairs", "product_id,"), ("pairs", "product_id,"), ("impairs", "label,id")):
        assert (tmp_path / f"{name}.csv").read_text("utf-8").startswith(start)
    saved = json.loads((tmp_path / "report.JSON").read_text("utf-8"))
    assert saved["total_interactions_processed"] == to_json(report)["total_interactions_processed"] == 1
    assert list(saved["products"]) == ["half ?"]


@pytest.mark.parametrize("name", ["report.pdf", "report", "nowhere/report.csv"])
def test_what_cannot_be_written_says_what_to_do(report: Report, tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError) as caught:
        write(report, tmp_path / name)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []
