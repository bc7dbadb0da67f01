"""Token patterns that spaCy's Matcher would refuse are told with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.catalog.entry import Entry
from earmark.errors import CatalogError
from earmark.extract import ExtractConfig, build_pipeline
from earmark.extract.token_patterns import token_pattern_problems

GOOD = Entry("p1", "plan", token_patterns=(({"LOWER": "plan"}, {"IS_DIGIT": True}),), where="shop.jsonl:1")
BAD = Entry("p2", "pan", token_patterns=(({"LOWER": "x", "OP": "%"},),), where="shop.jsonl:2")


def test_only_what_spacy_refuses_is_a_problem() -> None:
    (problem,) = token_pattern_problems((GOOD, BAD))
    assert str(problem).startswith("shop.jsonl:2: spaCy refuses the token pattern")
    assert problem.severe


def test_a_pipeline_with_such_a_pattern_is_not_built(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    path.write_text('{"label":"PRODUCT","pattern":[{"LOWER":"x","OP":"%"}],"id":"p"}\n')
    with pytest.raises(CatalogError, match=r"shop\.jsonl:1: spaCy refuses"):
        build_pipeline(ExtractConfig(catalogs=(path,)))
