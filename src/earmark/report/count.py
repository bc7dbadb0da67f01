"""From rows to a report. Pure: no clock, no files, the same rows give the same report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from earmark.model import ISSUE, PRODUCT, ConversationRow, EntityRow, PairRow, RunFacts, State, Verdict
from earmark.report import census as conversations_census
from earmark.report import certificates
from earmark.report import pairs as close_pairs
from earmark.report import tally as findings_tally
from earmark.report.census import Census, Facets
from earmark.report.intervals import wilson, z_among
from earmark.report.shape import (
    ASIDE,
    BINS,
    DIMENSIONS,
    Apart,
    EntityStats,
    LabelStats,
    Matrix,
    NameCount,
    Report,
    Slice,
    Totals,
    Week,
)
from earmark.report.tally import Key, Ledger, Rest, Tally
from earmark.report.weeks import covered, last_two_full, lay_out, trend

MATRIX_SIDE = 12
FORMS = 50
COMMONEST = 5


def build(
    facts: RunFacts,
    conversations: Iterable[ConversationRow],
    entities: Iterable[EntityRow],
    pairs: Iterable[PairRow] = (),
    *,
    min_count: int = 1,
) -> Report:
    """Count a run.

    The iterables are read once, one after the other, each in any order; rows may be generated. Only findings
    with verdict KEEP in processed conversations make an entity, and only these make a pair.

    Args:
        facts: What is known of the run besides its rows.
        conversations: Every conversation of the run, one row each.
        entities: Every finding of the run, one row per conversation, label and canonical id.
        pairs: Every product and issue that were said close to each other; earlier runs have none.
        min_count: Entities in fewer conversations than this are counted under their label, not listed;
            nor are pairs and surface forms of fewer, nor what was found in fewer and not raised.
    """
    census = conversations_census.take(conversations)
    ledger = findings_tally.count(entities, census)
    frame = _frame(facts, census, min_count)
    listed = {key: tally for key, tally in ledger.kept.items() if len(tally.conversations) >= min_count}
    z = z_among(_compared(listed.values(), frame))
    stats = sorted((_entity(key, tally, frame, z) for key, tally in listed.items()), key=_commonest_first)
    pair = frame.compared
    return Report(
        run=facts,
        confidence_kind=ledger.kind,
        min_count=min_count,
        totals=_totals(census, ledger, frame),
        states=tuple((state, census.states[state]) for state in State if census.states[state]),
        labels=_labels(ledger, listed),
        entities=tuple(stats),
        weeks=frame.weeks,
        compared=(frame.weeks[pair[0]].name, frame.weeks[pair[1]].name) if pair else None,
        matrix=_matrix(stats, listed, min_count),
        slices=_slices(stats, census, ledger),
        attention=census.attention(),
        apart=_apart(ledger, min_count),
        pairs=close_pairs.count(pairs, census, ledger, min_count),
        certificates=certificates.read(facts.confidence, _by_channel(census)),
    )


def label_order(label: str) -> tuple[int, str]:
    """Products, issues, then whatever else there is by name."""
    known = (PRODUCT, ISSUE)
    return (known.index(label) if label in known else len(known), label)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What every entity is measured against."""

    processed: int
    facets: tuple[Facets, ...]
    weeks: tuple[Week, ...]
    compared: tuple[int, int] | None
    min_count: int


def _frame(facts: RunFacts, census: Census, min_count: int) -> _Frame:
    facets = tuple(census.facets)
    counts: Counter[date] = Counter()
    for number, count in census.by_facet().items():
        if monday := facets[number].monday:
            counts[monday] += count
    days = covered(facts.window, census.first_day, census.last_day, facts.started_at.date())
    weeks = lay_out(days, counts)
    return _Frame(census.processed, facets, weeks, last_two_full(weeks), min_count)


def _compared(tallies: Iterable[Tally], frame: _Frame) -> int:
    """How many entities occur in the two weeks that are compared."""
    mondays = {frame.weeks[position].monday for position in frame.compared or ()}
    numbers = {number for number, facets in enumerate(frame.facets) if facets.monday in mondays}
    return sum(not numbers.isdisjoint(tally.facets) for tally in tallies)


def _commonest_first(entity: EntityStats) -> tuple[int, str, tuple[int, str], str]:
    return (-entity.conversations, entity.name, label_order(entity.label), entity.id)


def _ranked(counts: Mapping[str, int]) -> tuple[NameCount, ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _entity(key: Key, tally: Tally, frame: _Frame, z: float) -> EntityStats:
    label, canonical_id = key
    weekly: Counter[date | None] = Counter()
    sliced: dict[str, Counter[str]] = {dimension: Counter() for dimension in DIMENSIONS}
    for number, count in tally.facets.items():
        facets = frame.facets[number]
        weekly[facets.monday] += count
        for dimension, counter in sliced.items():
            counter[getattr(facets, dimension)] += count
    counts = tuple(weekly[week.monday] for week in frame.weeks)
    return EntityStats(
        label=label,
        id=canonical_id,
        name=tally.name(),
        linked=tally.linked,
        conversations=len(tally.conversations),
        mentions=tally.mentions,
        share=wilson(len(tally.conversations), frame.processed),
        resolved=tally.resolved,
        resolved_share=wilson(tally.resolved, len(tally.conversations)),
        forms=tuple(form for form in _ranked(tally.forms)[:FORMS] if form[1] >= frame.min_count),
        form_count=len(tally.forms),
        weeks=counts,
        trend=trend(counts, frame.weeks, frame.compared, z),
        confidence=tuple(tally.confidence),
        unscored=tally.unscored,
        queue=_ranked(sliced["queue"]),
        channel=_ranked(sliced["channel"]),
        language=_ranked(sliced["language"]),
        sender=_ranked(tally.senders),
    )


def _totals(census: Census, ledger: Ledger, frame: _Frame) -> Totals:
    return Totals(
        seen=len(census.numbers),
        processed=census.processed,
        with_entities=len(_together(ledger.kept.values())),
        messages=census.messages,
        undated=census.processed - sum(week.conversations for week in frame.weeks),
        unattached=ledger.unattached,
    )


def _together(tallies: Iterable[Tally]) -> set[int]:
    """The conversations in which any of them occurs."""
    return set().union(*(tally.conversations for tally in tallies))


def _labels(ledger: Ledger, listed: Mapping[Key, Tally]) -> tuple[LabelStats, ...]:
    labels = sorted({PRODUCT, ISSUE} | ledger.findings.keys(), key=label_order)
    return tuple(_label(label, ledger, listed) for label in labels)


def _label(label: str, ledger: Ledger, listed: Mapping[Key, Tally]) -> LabelStats:
    tallies = [tally for key, tally in ledger.kept.items() if key[0] == label]
    rests = [rest for key, rest in ledger.rest.items() if key[0] == label]
    findings = ledger.findings.get(label, Counter())
    return LabelStats(
        label=label,
        entities=len(tallies),
        hidden=len(tallies) - sum(key[0] == label for key in listed),
        conversations=len(_together(tallies)),
        mentions=sum(tally.mentions for tally in tallies),
        findings={verdict: findings[verdict] for verdict in Verdict},
        resolved=sum(tally.resolved for tally in tallies),
        aside={assertion: sum(rest.aside[assertion] for rest in rests) for assertion in ASIDE},
        confidence={
            verdict: tuple(ledger.confidence.get((label, verdict), [0] * BINS)) for verdict in Verdict
        },
        unscored=ledger.unscored[label],
    )


def _apart(ledger: Ledger, min_count: int) -> tuple[Apart, ...]:
    found = (_one_apart(key, rest, ledger.kept.get(key)) for key, rest in ledger.rest.items())
    listed = [apart for apart in found if apart.conversations >= min_count]
    return tuple(
        sorted(listed, key=lambda one: (-one.set_aside, -one.review, label_order(one.label), one.id))
    )


def _one_apart(key: Key, rest: Rest, tally: Tally | None) -> Apart:
    label, canonical_id = key
    return Apart(
        label=label,
        id=canonical_id,
        name=tally.name() if tally else rest.name(),
        kept=len(tally.conversations) if tally else 0,
        review=rest.review,
        aside={assertion: rest.aside[assertion] for assertion in ASIDE},
    )


def _by_channel(census: Census) -> Counter[str]:
    counts: Counter[str] = Counter()
    facets = tuple(census.facets)
    for number, count in census.by_facet().items():
        counts[facets[number].channel] += count
    return counts


def _matrix(stats: Sequence[EntityStats], tallies: Mapping[Key, Tally], min_count: int) -> Matrix:
    products = [entity for entity in stats if entity.label == PRODUCT][:MATRIX_SIDE]
    issues = [entity for entity in stats if entity.label == ISSUE][:MATRIX_SIDE]

    def both(product: EntityStats, issue: EntityStats) -> int:
        where = tallies[PRODUCT, product.id].conversations
        common = len(where & tallies[ISSUE, issue.id].conversations)
        return common if common >= min_count else 0

    return Matrix(
        products=tuple((product.id, product.conversations) for product in products),
        issues=tuple((issue.id, issue.conversations) for issue in issues),
        cells=tuple(tuple(both(product, issue) for issue in issues) for product in products),
    )


def _slices(stats: Sequence[EntityStats], census: Census, ledger: Ledger) -> tuple[Slice, ...]:
    facets = tuple(census.facets)
    annotated = Counter(census.facet_of[number] for number in _together(ledger.kept.values()))
    everyone = census.by_facet()
    slices: list[Slice] = []
    for dimension in DIMENSIONS:
        counts: Counter[str] = Counter()
        with_entities: Counter[str] = Counter()
        for number, count in everyone.items():
            value = getattr(facets[number], dimension)
            counts[value] += count
            with_entities[value] += annotated[number]
        products = _commonest_by(dimension, stats, PRODUCT)
        issues = _commonest_by(dimension, stats, ISSUE)
        slices += (
            Slice(
                dimension, value, count, with_entities[value], products.get(value, ()), issues.get(value, ())
            )
            for value, count in _ranked(counts)
        )
    return tuple(slices)


def _commonest_by(
    dimension: str, stats: Sequence[EntityStats], label: str
) -> dict[str, tuple[NameCount, ...]]:
    """Per value of the dimension, the ids of the commonest entities of one label."""
    by_value: dict[str, Counter[str]] = {}
    for entity in stats:
        if entity.label == label:
            for value, count in getattr(entity, dimension):
                by_value.setdefault(value, Counter())[entity.id] = count
    return {value: tuple(counts.most_common(COMMONEST)) for value, counts in by_value.items()}
