"""The page that publishes the exam says what the exam's figures say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from exam.publish import FIGURES, PAGE, filled

ROOT = Path(__file__).parents[2]
PUBLISHED = json.loads((ROOT / FIGURES).read_text(encoding="utf-8"))


def test_the_page_holds_the_figures_of_the_last_release_exam() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    assert page == filled(page, PUBLISHED)


def test_what_is_published_has_passed() -> None:
    assert PUBLISHED["passed"]
    assert PUBLISHED["violations"] == 0


def test_a_page_without_a_place_for_the_figures_is_refused() -> None:
    with pytest.raises(SystemExit, match="no part named figures"):
        filled("# Reliability", PUBLISHED)
