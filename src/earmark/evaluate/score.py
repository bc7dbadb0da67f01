"""Counts what is right, invented and missed in one conversation, span by span and entity by entity. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from earmark.confidence.features import features
from earmark.evaluate.baselines import Sighted
from earmark.evaluate.calibration import Claim
from earmark.evaluate.case import Case, touching
from earmark.evaluate.figures import Cell, Counts
from earmark.evaluate.matching import exact, matching, overlap, pair_spans
from earmark.gold import KINDS, LABELS, GoldSpan
from earmark.model import ISSUE, Decision, Mention, Verdict

EXACT, OVERLAP, FULL = "exact", "overlap", "full"
DOCUMENT, DOCUMENT_FOUND, DOCUMENT_OVERLAP = "document", "document_found", "document_overlap"
SPAN_VIEWS = (EXACT, OVERLAP)
DOCUMENT_VIEWS = (DOCUMENT, DOCUMENT_FOUND, DOCUMENT_OVERLAP)
BY_LABEL, BY_SOURCE, BY_SENDER, BY_KIND = "label", "source", "sender", "kind"

TRUE, INVENTED, MISSED = Counts(tp=1), Counts(fp=1), Counts(fn=1)


@dataclass(frozen=True, slots=True)
class Judged:
    """A number that the pipeline gave for a label, and whether what it was given for is right."""

    label: str
    claim: Claim
    exact: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """One conversation's counts, the mentions that have a probability, the entities that have a confidence."""

    counts: dict[Cell, Counts]
    mentions: tuple[Judged, ...]
    entities: tuple[Sighted, ...]


class _Tally:
    def __init__(self) -> None:
        self.counts: dict[Cell, Counts] = defaultdict(Counts)

    def add(self, cell: Cell, counts: Counts) -> None:
        self.counts[cell] = self.counts[cell].plus(counts)


def standard_cells() -> Iterator[Cell]:
    """The cells that are reported whether or not anything falls into them."""
    for label in LABELS:
        for view in (*SPAN_VIEWS, *DOCUMENT_VIEWS):
            yield Cell(BY_LABEL, "", label, view)
    yield Cell(BY_LABEL, "", ISSUE, FULL)


def score(case: Case) -> Scored:
    """Judge one conversation."""
    tally = _Tally()
    _score_spans(case, tally)
    sure_first = sorted(case.decisions, key=_doubt)
    right = set(matching(touching([decision.entity for decision in sure_first], case.entities)))
    _score_documents(case, sure_first, right, tally)
    values = features(case.gold.conversation, [decision.entity.mentions for decision in sure_first])
    sighted = tuple(
        Sighted(case.gold.conversation.id, decision.entity, values[number], number in right)
        for number, decision in enumerate(sure_first)
        if decision.entity.score.value is not None
    )
    return Scored(dict(tally.counts), _judged_mentions(case), sighted)


def _doubt(decision: Decision) -> tuple[float, str, str]:
    value = decision.entity.score.value
    return (1.0 if value is None else -value, decision.entity.label, decision.entity.canonical_id)


def _score_spans(case: Case, tally: _Tally) -> None:
    for view, likeness in ((EXACT, exact), (OVERLAP, overlap)):
        pairs = pair_spans(case.gold.spans, case.mentions, likeness)
        for number, span in enumerate(case.gold.spans):
            outcome = TRUE if number in pairs else MISSED
            for part, value in _parts(case, span):
                tally.add(Cell(part, value, span.label, view), outcome)
        invented = set(range(len(case.mentions))) - set(pairs.values())
        for number in invented:
            for part, value in _parts(case, case.mentions[number]):
                tally.add(Cell(part, value, case.mentions[number].label, view), INVENTED)
    tally.add(Cell(BY_LABEL, "", ISSUE, FULL), _full_counts(case))


def _parts(case: Case, span: GoldSpan | Mention) -> Iterator[tuple[str, str]]:
    """Where a span counts. A found one has no kind: only the recall of a kind is defined."""
    yield BY_LABEL, ""
    yield BY_SOURCE, case.gold.source
    yield BY_SENDER, case.gold.conversation.messages[span.message_index].sender.value
    if isinstance(span, GoldSpan) and span.kind in KINDS:
        yield BY_KIND, span.kind


def _full_counts(case: Case) -> Counts:
    """Issues for which the whole phrase is as good as the part that people marked."""
    gold = [span for span in case.gold.spans if span.label == ISSUE]
    found = [mention for mention in case.mentions if mention.label == ISSUE]
    as_marked = pair_spans(gold, found, exact)
    left = [span for number, span in enumerate(gold) if number not in as_marked]
    free = [mention for number, mention in enumerate(found) if number not in as_marked.values()]
    whole = pair_spans([_whole(span) for span in left], free, exact)
    right = len(as_marked) + len(whole)
    return Counts(right, len(found) - right, len(gold) - right)


def _whole(span: GoldSpan) -> GoldSpan:
    if span.full_start is None or span.full_end is None:
        return span
    return replace(span, start=span.full_start, end=span.full_end)


def _judged_mentions(case: Case) -> tuple[Judged, ...]:
    hits = set(pair_spans(case.gold.spans, case.mentions, overlap).values())
    exact_hits = set(pair_spans(case.gold.spans, case.mentions, exact).values())
    return tuple(
        Judged(mention.label, (mention.probability, number in hits), number in exact_hits)
        for number, mention in enumerate(case.mentions)
        if mention.probability is not None
    )


def _score_documents(case: Case, sure_first: list[Decision], right: set[int], tally: _Tally) -> None:
    kept = [decision.verdict is Verdict.KEEP for decision in sure_first]
    for label in LABELS:
        gold = {entity.canonical_id for entity in case.entities if entity.label == label}
        ours = [number for number, decision in enumerate(sure_first) if decision.entity.label == label]
        ours_kept = [number for number in ours if kept[number]]
        chosen = [entity for n in ours if not (entity := sure_first[n].entity).unsure]
        hits = len(right & set(ours_kept))
        views = {
            DOCUMENT: _set_counts(gold, (sure_first[n].entity.canonical_id for n in ours_kept)),
            DOCUMENT_FOUND: _set_counts(gold, (e.canonical_id for e in chosen)),
            DOCUMENT_OVERLAP: Counts(hits, len(ours_kept) - hits, len(gold) - hits),
        }
        for view, counts in views.items():
            tally.add(Cell(BY_LABEL, "", label, view), counts)
        tally.add(Cell(BY_SOURCE, case.gold.source, label, DOCUMENT), views[DOCUMENT])


def _set_counts(gold: set[str], found: Iterable[str]) -> Counts:
    ours = set(found)
    return Counts(len(gold & ours), len(ours - gold), len(gold - ours))
