"""A product that is sold under a long number: found where the catalog lists the number, personal elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.privacy.scorers import Sure

from earmark.catalog import load_catalogs
from earmark.decide import Policy
from earmark.extract import ExtractConfig, open_extractor
from earmark.findings import Judge
from earmark.model import Conversation, Message, Sender

ROWS = "id,name,aliases,pattern\nf1,Filter,551209377,\nb1,Belt,,77\\d{8}\n"
TOKENS = (
    '{"id": "t1", "label": "PRODUCT", "pattern": [{"SHAPE": "dddd"}, {"SHAPE": "dddd"}, {"SHAPE": "dddd"}]}\n'
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("my 551209377 leaks", {"f1"}),
        ("order number 551209377, the filter leaks", {"f1"}),
        ("order number 551209377 leaks", set()),
        ("my 7712345678 leaks", set()),
        ("my 1234 5678 9012 leaks", set()),
    ],
)
def test_only_a_listed_number_is_a_product(tmp_path: Path, text: str, found: set[str]) -> None:
    """What a pattern of numbers or tokens fits may be anybody's."""
    (tmp_path / "shop.csv").write_text(ROWS)
    (tmp_path / "tokens.jsonl").write_text(TOKENS)
    entries = load_catalogs([tmp_path / "shop.csv", tmp_path / "tokens.jsonl"])
    extractor = open_extractor(ExtractConfig(model=None, entries=entries, use_rules=False))
    conversation = Conversation("c", (Message("0", Sender.CUSTOMER, text),))
    (mentions,) = extractor.extract([conversation])
    assert mentions
    findings = Judge((), Sure(), Policy(0.0))(conversation, mentions)
    assert {decision.entity.canonical_id for decision in findings.decisions} == found
