"""The tables in a terminal of the usual width: numbers may wrap, and none is cut off."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from tests.evaluate.cases import Oracle, chat, gold_span, labelled

from earmark.confidence import open_scorer
from earmark.decide import Policy
from earmark.evaluate import Evaluation, Pipeline, evaluate, print_comparison, print_evaluation, yardstick
from earmark.findings import Judge
from earmark.gold import GoldFile
from earmark.model import Sender

CHAT = chat("my hub")
GOLD = [labelled(CHAT, gold_span(CHAT, "hub", "PRODUCT", kind="named"))]
STICK = yardstick(GOLD, [Sender.CUSTOMER])
FILES = (GoldFile("gold.jsonl", "a" * 64, 1),)


def named(name: str) -> Evaluation:
    opened = Pipeline(name, Oracle(GOLD), Judge((), open_scorer("evidence"), Policy(0.7)), 0.5)
    return evaluate(opened, STICK)


@pytest.mark.parametrize("compared", [False, True])
def test_eighty_columns_show_every_number_whole(compared: bool) -> None:
    console = Console(width=80, file=StringIO())
    if compared:
        print_comparison(console, STICK, FILES, [named("default"), named("none")], str)
    else:
        print_evaluation(console, STICK, FILES, named("default"), str)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "…" not in text
    assert text.count("(1.00–1.00)") == (6 if compared else 21)
