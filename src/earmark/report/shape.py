"""What a report is made of: plain frozen records, ready to be rendered in any form.

Counts are conversations unless a name says otherwise. Shares are fractions of the processed
conversations, 0–1, with a 95 % interval. Weeks are ISO weeks in UTC, named by their Monday.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from earmark.model import RAISED, Assertion, Nearness, RunFacts, State, Verdict

BINS = 10
"""Confidence histograms have this many equal bins over [0, 1]; the last one includes 1."""

DIMENSIONS = ("queue", "channel", "language")
"""What conversations are sliced by. Findings are sliced by sender besides."""

ASIDE = tuple(assertion for assertion in Assertion if assertion not in RAISED)
"""What a finding that was set aside can be."""

NameCount = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trend:
    """The last full week against the one before it, as counts, and the change in share.

    `direction` is "up" or "down" only where the change is more than chance would give any one of all the
    entities that are compared, in 95 % of reports; otherwise it is "steady". The interval of `change` is
    that of this entity alone.
    """

    last: int
    previous: int
    change: Share
    direction: str


@dataclass(frozen=True, slots=True)
class Week:
    """`full` is false where the period covers only some of its seven days."""

    monday: date
    conversations: int
    full: bool

    @property
    def name(self) -> str:
        """As ISO 8601 writes it: "2025-W07"."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"


@dataclass(frozen=True, slots=True)
class EntityStats:
    """One product or issue over all conversations in which it was kept.

    `resolved` is in how many of its conversations it was settled at the end, `resolved_share` what part of
    them that is. `weeks` runs parallel to `Report.weeks`. `confidence` holds conversations per bin, `unscored`
    those without a score. `forms` are the commonest of the `form_count` surface forms, each with the
    conversations it occurs in.
    """

    label: str
    id: str
    name: str
    linked: bool
    conversations: int
    mentions: int
    share: Share
    resolved: int
    resolved_share: Share
    forms: tuple[NameCount, ...]
    form_count: int
    weeks: tuple[int, ...]
    trend: Trend | None
    confidence: tuple[int, ...]
    unscored: int
    queue: tuple[NameCount, ...]
    channel: tuple[NameCount, ...]
    language: tuple[NameCount, ...]
    sender: tuple[NameCount, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """One product or issue in the conversations in which it was found and does not count as raised.

    In `kept` others it was raised. `review` ones lie between the two cuts; in those of `aside` it was sure
    enough, and negated, hypothetical, … (every member of `ASIDE` is a key).
    """

    label: str
    id: str
    name: str
    kept: int
    review: int
    aside: Mapping[Assertion, int]

    @property
    def set_aside(self) -> int:
        return sum(self.aside.values())

    @property
    def conversations(self) -> int:
        """In how many it was found, whatever was decided short of dropping it."""
        return self.kept + self.review + self.set_aside


@dataclass(frozen=True, slots=True)
class LabelStats:
    """One label over all conversations: distinct entities, and how findings were decided.

    A finding is one entity in one conversation. `hidden` entities are counted here and listed nowhere,
    because they are rarer than `Report.min_count`. `confidence` maps each verdict to findings per bin.
    `resolved` findings are among those kept; `aside` says what those set aside were.
    """

    label: str
    entities: int
    hidden: int
    conversations: int
    mentions: int
    findings: Mapping[Verdict, int]
    resolved: int
    aside: Mapping[Assertion, int]
    confidence: Mapping[Verdict, tuple[int, ...]]
    unscored: int


@dataclass(frozen=True, slots=True)
class Slice:
    """The processed conversations that share one value of a dimension, and what is commonest in them."""

    dimension: str
    value: str
    conversations: int
    with_entities: int
    products: tuple[NameCount, ...]
    issues: tuple[NameCount, ...]


@dataclass(frozen=True, slots=True)
class PairStats:
    """A product and an issue that were raised, and said close to each other, in so many conversations.

    `nearness` counts each of these once, by how close the two came (every `Nearness` is a key).
    """

    product_id: str
    issue_id: str
    conversations: int
    nearness: Mapping[Nearness, int]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Conversations in which a product (row) and an issue (column) occur together; 0 below `Report.min_count`."""

    products: tuple[NameCount, ...]
    issues: tuple[NameCount, ...]
    cells: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A conversation that needs attention."""

    id: str
    state: State
    reason: str
    correlation_id: str | None


@dataclass(frozen=True, slots=True)
class Attention:
    """Conversations that were not processed, or only in part, or whose outcome is open.

    `reasons` holds the commonest reasons of each state, `examples` the first conversations of each.
    """

    total: int
    reasons: tuple[tuple[State, str, int], ...]
    examples: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """`seen` conversations were listed, `processed` ones were read and analysed: the denominator.

    `undated` ones are in no week: without a start, or from before the earliest week. `unattached` findings
    belong to a conversation that was not processed, and are counted nowhere else.
    """

    seen: int
    processed: int
    with_entities: int
    messages: int
    undated: int
    unattached: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is promised of a label's precision, as the scorer said when the run began; unknown parts are None.

    `status` is "in force", "void", "not reached" or "none", `reason` says why. Of `accepted` labelled entities
    at or above `threshold` so many were `errors`: with probability `assurance` at least the share `bound` is
    right, where `target` was the goal. It holds for `channels` (for all where there are none) and leaves
    `not_covered` of the processed conversations without a promise. `missing_labels` would be needed to reach it.
    """

    label: str
    status: str
    target: float | None = None
    assurance: float | None = None
    threshold: float | None = None
    bound: float | None = None
    accepted: int | None = None
    errors: int | None = None
    missing_labels: int | None = None
    reason: str = ""
    channels: tuple[str, ...] = ()
    not_covered: int = 0

    @property
    def in_force(self) -> bool:
        return self.status == "in force"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is reported of a run. Entities come commonest first.

    `apart` holds what was found and not raised, most often set aside first; `pairs` the commonest first.
    `confidence_kind` is "probability", "evidence", "mixed", or "none" when nothing was found.
    `compared` names the last two full weeks, (previous, last), where there are two.
    """

    run: RunFacts
    confidence_kind: str
    min_count: int
    totals: Totals
    states: tuple[tuple[State, int], ...]
    labels: tuple[LabelStats, ...]
    entities: tuple[EntityStats, ...]
    weeks: tuple[Week, ...]
    compared: tuple[str, str] | None
    matrix: Matrix
    slices: tuple[Slice, ...]
    attention: Attention
    apart: tuple[Apart, ...]
    pairs: tuple[PairStats, ...]
    certificates: tuple[Certificate, ...]

    @property
    def asserted(self) -> bool:
        """Whether anything shows that the run told raised from negated: earlier ones did not."""
        return any(label.resolved or label.findings[Verdict.ASIDE] for label in self.labels)

    def of(self, label: str) -> tuple[EntityStats, ...]:
        """Entities of one label, commonest first."""
        return tuple(entity for entity in self.entities if entity.label == label)

    @property
    def duration_seconds(self) -> float | None:
        if self.run.finished_at is None:
            return None
        return (self.run.finished_at - self.run.started_at).total_seconds()

    @property
    def requests_per_conversation(self) -> float | None:
        return self.run.usage.requests / self.totals.processed if self.totals.processed else None
