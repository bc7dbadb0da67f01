"""Counting conversations: what became of each, and in which week, queue, channel and language it was."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from earmark.model import PROCESSED, ConversationRow, State
from earmark.report.shape import Attention, Trouble
from earmark.report.weeks import monday_of
from earmark.transcript import TRUNCATED

EXAMPLES = 50
REASONS = 50
UNKNOWN = "unknown"
NO_REASON = "no reason given"

ATTENTION = (
    State.FAILED,
    State.CONFLICT,
    State.SKIPPED,
    State.GONE,
    State.PENDING,
    State.INTENDED,
    State.LISTED,
)
"""States in which somebody may have to do something, the most urgent first."""
DONE = (State.WRITTEN, State.UNCHANGED, State.PLANNED)
"""States that need attention only where a conversation was too long to be read whole."""


@dataclass(frozen=True, slots=True)
class Facets:
    """Where a conversation belongs. Many share the same facets, so they are kept once and numbered."""

    monday: date | None
    queue: str
    channel: str
    language: str


@dataclass(slots=True)
class Census:
    """Costs an id, a number and four bytes a conversation; the rest does not grow with them.

    `numbers` gives each processed conversation its position in `facet_of`, others −1.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    facet_of: array[int] = field(default_factory=lambda: array("I"))
    facets: dict[Facets, int] = field(default_factory=dict)
    states: Counter[State] = field(default_factory=Counter)
    reasons: Counter[tuple[State, str]] = field(default_factory=Counter)
    examples: dict[State, list[Trouble]] = field(
        default_factory=lambda: {state: [] for state in (*ATTENTION, *DONE)}
    )
    first_day: date | None = None
    last_day: date | None = None
    messages: int = 0

    @property
    def processed(self) -> int:
        return len(self.facet_of)

    def by_facet(self) -> Counter[int]:
        return Counter(self.facet_of)

    def attention(self) -> Attention:
        """What needs a look, in the order of `ATTENTION`; what was read in part comes last."""
        rank = {state: position for position, state in enumerate((*ATTENTION, *DONE))}
        common = sorted(self.reasons.items(), key=lambda item: (rank[item[0][0]], -item[1], item[0][1]))
        kept: Counter[State] = Counter()
        reasons = []
        for (state, reason), count in common:
            kept[state] += 1
            if kept[state] <= REASONS:
                reasons.append((state, reason, count))
        return Attention(
            total=sum(self.reasons.values()),
            reasons=tuple(reasons),
            examples=tuple(trouble for state in rank for trouble in self.examples[state]),
        )


def take(rows: Iterable[ConversationRow]) -> Census:
    """Count every conversation once; a repeated id is counted as it came first."""
    census = Census()
    for row in rows:
        if row.id in census.numbers:
            continue
        census.states[row.state] += 1
        if row.state in ATTENTION or (row.reason or "").startswith(TRUNCATED):
            _note_trouble(census, row)
        if row.state in PROCESSED:
            _enrol(census, row)
        else:
            census.numbers[row.id] = -1
    return census


def _enrol(census: Census, row: ConversationRow) -> None:
    monday = monday_of(row.started_at) if row.started_at else None
    facets = Facets(monday, row.queue or UNKNOWN, row.channel or UNKNOWN, row.language or UNKNOWN)
    census.numbers[row.id] = len(census.facet_of)
    census.facet_of.append(census.facets.setdefault(facets, len(census.facets)))
    census.messages += row.messages
    if row.started_at:
        day = row.started_at.date()
        census.first_day = min(census.first_day or day, day)
        census.last_day = max(census.last_day or day, day)


def _note_trouble(census: Census, row: ConversationRow) -> None:
    reason = row.reason or NO_REASON
    census.reasons[row.state, reason] += 1
    if len(census.examples[row.state]) < EXAMPLES:
        census.examples[row.state].append(Trouble(row.id, row.state, reason, row.correlation_id))
