"""Counting findings: one entity in one conversation, as the journal keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isnan

from earmark.model import Assertion, EntityRow, Verdict
from earmark.report.census import Census
from earmark.report.shape import BINS

Key = tuple[str, str]
"""(label, canonical id): what makes two findings the same entity."""


@dataclass(slots=True)
class Tally:
    """What is known of one entity so far. `conversations` holds census numbers."""

    linked: bool = False
    mentions: int = 0
    resolved: int = 0
    conversations: set[int] = field(default_factory=set)
    facets: Counter[int] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    senders: Counter[str] = field(default_factory=Counter)
    confidence: list[int] = field(default_factory=lambda: [0] * BINS)
    unscored: int = 0

    def name(self) -> str:
        return commonest(self.names)


@dataclass(slots=True)
class Rest:
    """Where one entity was found and not kept: left for review, or set aside for what was said of it."""

    conversations: set[int] = field(default_factory=set)
    names: Counter[str] = field(default_factory=Counter)
    aside: Counter[Assertion] = field(default_factory=Counter)
    review: int = 0

    def name(self) -> str:
        return commonest(self.names)


@dataclass(slots=True)
class Ledger:
    """All findings: those worth a look by entity, and how every one of them was decided, by label."""

    kept: dict[Key, Tally] = field(default_factory=dict)
    rest: dict[Key, Rest] = field(default_factory=dict)
    findings: dict[str, Counter[Verdict]] = field(default_factory=dict)
    confidence: dict[tuple[str, Verdict], list[int]] = field(default_factory=dict)
    unscored: Counter[str] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)
    unattached: int = 0

    @property
    def kind(self) -> str:
        if not self.kinds:
            return "none"
        return next(iter(self.kinds)) if len(self.kinds) == 1 else "mixed"


def commonest(names: Counter[str]) -> str:
    """The most frequent name; among equals the first in the alphabet."""
    return min(names, key=lambda name: (-names[name], name))


def bin_of(confidence: float | None) -> int | None:
    """The histogram bin of a confidence; None where there is none (also for NaN)."""
    if confidence is None or isnan(confidence):
        return None
    return min(BINS - 1, max(0, int(min(1.0, max(0.0, confidence)) * BINS)))


def count(rows: Iterable[EntityRow], census: Census) -> Ledger:
    """Count the findings of processed conversations; a finding that is repeated counts once."""
    ledger = Ledger()
    for row in rows:
        number = census.numbers.get(row.conversation_id, -1)
        if number < 0:
            ledger.unattached += 1
        elif row.verdict is Verdict.KEEP:
            _keep(ledger, row, number, census.facet_of[number])
        elif row.verdict is Verdict.DROP:
            _note_verdict(ledger, row)
        else:
            _set_apart(ledger, row, number)
    return ledger


def _keep(ledger: Ledger, row: EntityRow, number: int, facet: int) -> None:
    key = (row.label, row.canonical_id)
    tally = ledger.kept.get(key)
    if tally is None:
        tally = ledger.kept[key] = Tally()
    elif number in tally.conversations:
        return
    where = _note_verdict(ledger, row)
    tally.conversations.add(number)
    tally.facets[facet] += 1
    tally.linked = tally.linked or row.linked
    tally.mentions += row.mentions
    tally.resolved += row.assertion is Assertion.RESOLVED
    tally.names[row.name or row.canonical_id] += 1
    for form in set(row.forms):
        tally.forms[form] += 1
    for sender in set(row.senders):
        tally.senders[sender] += 1
    if where is None:
        tally.unscored += 1
    else:
        tally.confidence[where] += 1


def _set_apart(ledger: Ledger, row: EntityRow, number: int) -> None:
    rest = ledger.rest.setdefault((row.label, row.canonical_id), Rest())
    if number in rest.conversations:
        return
    _note_verdict(ledger, row)
    rest.conversations.add(number)
    rest.names[row.name or row.canonical_id] += 1
    if row.verdict is Verdict.ASIDE:
        rest.aside[row.assertion] += 1
    else:
        rest.review += 1


def _note_verdict(ledger: Ledger, row: EntityRow) -> int | None:
    """Count the decision under its label; give the finding's histogram bin."""
    verdicts = ledger.findings.get(row.label)
    if verdicts is None:
        verdicts = ledger.findings[row.label] = Counter()
    verdicts[row.verdict] += 1
    where = bin_of(row.confidence)
    if where is None:
        ledger.unscored[row.label] += 1
        return None
    ledger.kinds.add(row.confidence_kind)
    bins = ledger.confidence.get((row.label, row.verdict))
    if bins is None:
        bins = ledger.confidence[row.label, row.verdict] = [0] * BINS
    bins[where] += 1
    return where
