"""Fault 28: whatever a text repeats, extraction and judgement take less than a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from earmark.catalog import Entry
from earmark.catalog.linker import CatalogLinker
from earmark.confidence import EvidenceScorer
from earmark.decide import Policy
from earmark.extract import ExtractConfig, open_extractor, packaged
from earmark.findings import Judge
from earmark.model import Conversation, Message, Sender
from earmark.taxonomy import IssueNamer, load_taxonomy
from earmark.transcript import tidy
from exam.rows import Row

LIMIT = 1.0
SIGNS = 60_000
ENTRIES = (Entry("p-router", "Nimbus Router", aliases=("X200",), patterns=(r"XR-\d{4}",)),)
WALLS: Mapping[str, str] = {
    "exclamation marks": "!" * SIGNS,
    "brackets": "(" * SIGNS,
    "emoji": "😀" * SIGNS,
    "emoji that join": "👩\u200d" * (SIGNS // 2),
    "quotes": '"' * SIGNS,
    "smileys": ":)" * (SIGNS // 2),
    "dotted letters": "a.b.c.d." * (SIGNS // 8),
    "snowmen": "☃" * SIGNS,
    "a million letters": "a" * 1_000_000,
    "a million capitals": "A" * 1_000_000,
    "snowmen behind a link": "https://shop.example/" + "☃" * SIGNS,
    "a path without end": "https://shop.example/" + "a.b/" * (SIGNS // 4),
    "nested brackets": "[{(" * (SIGNS // 6) + ")}]" * (SIGNS // 6),
    "line ends": "\n" * 100_000,
    "zalgo": ("a" + "\u0301" * 50) * (SIGNS // 51),
    "one sign that means a phrase": "\ufdfa" * SIGNS,
    "at signs": "a@" * (SIGNS // 2),
    "digits": "1" * SIGNS,
    "cards": "4111 1111 " * (SIGNS // 10),
    "commas": ",a" * (SIGNS // 2),
    "half characters": "\ud83d" * SIGNS,
}


def without_model(_folder: Path) -> Iterator[str]:
    """Catalog, rules and everything behind them."""
    yield from slow(_work(None), WALLS)


def with_model(_folder: Path) -> Iterator[str]:
    """The same with the model that comes with Earmark."""
    yield from slow(_work(str(packaged())), WALLS)


def slow(work: Callable[[str], object], texts: Mapping[str, str], limit: float = LIMIT) -> Iterator[str]:
    """Yield the texts on which the work takes more than `limit` seconds, twice: others use the machine too."""
    work("my Nimbus Router is broken, write to jo@shop.example or 4111 1111 1111 1111")
    for name, text in texts.items():
        if (took := min(_seconds(work, text), _seconds(work, f"{text} "))) > limit:
            yield f"{name}: {took:.2f} s"


def _seconds(work: Callable[[str], object], text: str) -> float:
    began, used = time.perf_counter(), time.process_time()
    work(text)
    return min(time.perf_counter() - began, time.process_time() - used)


def _work(model: str | None) -> Callable[[str], object]:
    extractor = open_extractor(ExtractConfig(model=model, entries=ENTRIES, cache_messages=0))
    linkers = (CatalogLinker(ENTRIES), IssueNamer(load_taxonomy()))
    judge = Judge(linkers, EvidenceScorer(), Policy())

    def work(text: str) -> object:
        conversation = tidy(Conversation("c", (Message("0", Sender.CUSTOMER, text),)))
        (mentions,) = extractor.extract([conversation])
        return judge(conversation, mentions)

    return work


ROWS = (
    Row(28, "walls of signs, no model", "less than a second each", without_model),
    Row(28, "walls of signs, the packaged model", "less than a second each", with_model),
)
