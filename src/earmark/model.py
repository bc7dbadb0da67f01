"""The frozen types that cross stages. No I/O, no behaviour beyond small look-ups.

Offsets count characters of `Message.text` as it was received; they never move. Times are aware UTC
datetimes. Labels are open strings; `PRODUCT` and `ISSUE` are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

PRODUCT = "PRODUCT"
ISSUE = "ISSUE"

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


class Sender(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


class Verdict(StrEnum):
    """What is done with an entity. Only what is kept is written and counted as raised."""

    KEEP = "keep"
    REVIEW = "review"  # between the two cuts: for a person to decide
    ASIDE = "aside"  # sure enough, and not raised (negated, hypothetical, …): reported apart, never written
    DROP = "drop"


class Assertion(StrEnum):
    """What is said of a problem, as far as the conversation got."""

    PRESENT = "present"
    RESOLVED = "resolved"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"
    HISTORICAL = "historical"
    ASKED = "asked"  # by the agent, and not affirmed


RAISED = frozenset({Assertion.PRESENT, Assertion.RESOLVED})
"""What counts as raised in the conversation."""


class Nearness(StrEnum):
    """How close a product and an issue were said, closest first."""

    CLAUSE = "clause"
    MESSAGE = "message"
    NEIGHBOURS = "neighbours"  # in messages that follow each other


class State(StrEnum):
    """Where a conversation stands in a run. The journal holds one row a conversation and run."""

    LISTED = "listed"  # seen in the listing, nothing done yet
    PENDING = "pending"  # its text is not ready; has a next attempt time
    PLANNED = "planned"  # dry run: a change is due and was not sent
    INTENDED = "intended"  # the change is durable and may have been sent
    WRITTEN = "written"  # the service confirmed the change
    UNCHANGED = "unchanged"  # processed; nothing had to be written
    SKIPPED = "skipped"  # cannot be processed (bad input); has a reason
    GONE = "gone"  # deleted after it was listed
    CONFLICT = "conflict"  # somebody else changed our keys meanwhile; left alone
    FAILED = "failed"  # has a reason and, where known, a correlation id
    ERASED = "erased"  # on request; nothing but this is known of it any more


PROCESSED = frozenset({State.PLANNED, State.INTENDED, State.WRITTEN, State.UNCHANGED, State.CONFLICT})
"""States in which the text was read and analysed: the denominator of a report."""

SETTLED = frozenset(State) - {State.LISTED, State.PENDING, State.INTENDED}
"""States that a resumed run leaves alone."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `text` is exactly what was said, offsets point into it."""

    id: str
    sender: Sender
    text: str
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a conversation; `purpose` as the service spells it (`customer`, `agent`, `acd`, …)."""

    id: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A finished conversation with its text, messages in the order in which they were sent."""

    id: str
    messages: tuple[Message, ...]
    channel: str = "unknown"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    queue: str | None = None
    language: str | None = None
    participants: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A conversation as the listing shows it; `conversation` is set when the listing carries the text.

    `revision` changes whenever the text may have changed (an end time, a content hash): with the
    extractor's fingerprint it decides whether an earlier result still stands. `sessions` are the
    customer's communication ids.
    """

    id: str
    channel: str = "unknown"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    queue: str | None = None
    revision: str = ""
    participants: tuple[Participant, ...] = ()
    sessions: tuple[str, ...] = ()
    conversation: Conversation | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something in the input that is no conversation: `where` names it ("chats.jsonl:17")."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """A batch of a listing. `cursor` resumes the listing after this page; None when it is the last."""

    listings: tuple[Listing, ...]
    cursor: str | None = None
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """Which conversations: those that ended in [since, until). None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def contains(self, moment: datetime) -> bool:
        """Whether a moment lies in the window."""
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Ready:
    """The text of a conversation has arrived."""

    conversation: Conversation

    @property
    def id(self) -> str:
        return self.conversation.id


@dataclass(frozen=True, slots=True)
class NotReady:
    """The service has not finished preparing the text; ask again after `wait_seconds`."""

    id: str
    reason: str
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Gone:
    """The conversation was deleted after it was listed."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The text of this one conversation cannot be had."""

    id: str
    reason: str
    correlation_id: str | None = None


Fetched: TypeAlias = Ready | NotReady | Gone | Unreadable


@dataclass(frozen=True, slots=True)
class Cue:
    """The words that decided an assertion: characters [start, end) of a message, matched by rule `name`."""

    name: str
    message_index: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A product or an issue in one message, characters [start, end) of its text.

    `source` names who found it (`catalog`, `rules`, `model`). `canonical_id` is set when it is linked to a
    catalog entry, an issue type or a rule, `name` to what it is called: canonical where it is linked, else
    its normalised form. `probability` is set when the finder gives one; `evidence` holds the numbers that a
    scorer may use (finder-specific, each 0–1). An `unsure` mention is one that its finder would not have
    chosen: only a calibrated confidence may keep it. `cue` says where an assertion other than present comes from.
    """

    message_index: int
    start: int
    end: int
    text: str
    label: str
    source: str
    sender: Sender
    canonical_id: str | None = None
    name: str | None = None
    probability: float | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    unsure: bool = False
    assertion: Assertion = Assertion.PRESENT
    cue: Cue | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A confidence in [0, 1], or None when there is none. `kind` is `evidence` or `probability`.

    `parts` explain it: the numbers that an `evidence` was made of, or what each feature adds to the log-odds of
    a `probability`.
    """

    value: float | None
    kind: str
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entity:
    """All mentions of one thing in one conversation; `assertion` is where it stood at the end, `cue` why."""

    label: str
    canonical_id: str
    name: str
    score: Score
    mentions: tuple[Mention, ...]
    assertion: Assertion = Assertion.PRESENT
    cue: Cue | None = None

    @property
    def unsure(self) -> bool:
        """Whether no finder would have chosen any of its mentions."""
        return all(mention.unsure for mention in self.mentions)


@dataclass(frozen=True, slots=True)
class Decision:
    """An entity and what is done with it, with the reason in words."""

    entity: Entity
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A product and an issue of one conversation that belong together, by canonical id, and how close they were said.

    The message indices say where they were closest.
    """

    product_id: str
    issue_id: str
    nearness: Nearness
    product_message: int
    issue_message: int


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that was decided about one conversation."""

    decisions: tuple[Decision, ...] = ()
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute that a writer can write. `kind` is `list` (of strings) or `text` (one delimited string).

    Limits count characters; `max_items` bounds a list, `max_length` one item of it or the whole text.
    """

    label: str
    key: str
    kind: str = "list"
    max_items: int | None = None
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a conversation's record holds now: every key of it, ours and others'.

    `details` is the writer's own (divisions, schema id, …) and is handed back to it unchanged.
    """

    conversation_id: str
    exists: bool
    values: Mapping[str, Json] = field(default_factory=dict)
    version: int | None = None
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of our keys in one record. A key that is absent from a side does not exist there.

    `base` is the record as it was read, for the writer's sake. `removes_record` is set when an undo takes
    back a record that the run had created.
    """

    conversation_id: str
    before: Mapping[str, Json]
    after: Mapping[str, Json]
    base: Record
    removes_record: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one conversation; `record` is what the service holds after a write."""

    conversation_id: str
    state: State
    reason: str | None = None
    correlation_id: str | None = None
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run has cost the service's request budget so far."""

    requests: int = 0
    retries: int = 0
    throttled: int = 0
    waited_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `earmark doctor`. `status` is ok, warn or fail; cause and fix are set unless ok."""

    name: str
    status: str
    detail: str
    cause: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation of a run as the journal keeps it and the report reads it."""

    id: str
    state: State
    reason: str | None
    channel: str
    queue: str | None
    language: str | None
    started_at: datetime | None
    messages: int
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class EntityRow:
    """One entity of one conversation as the journal keeps it and the report reads it.

    `forms` are the distinct surface forms, `senders` the distinct senders of its mentions, `mentions`
    how many there are.
    """

    conversation_id: str
    label: str
    canonical_id: str
    name: str
    verdict: Verdict
    confidence: float | None
    confidence_kind: str
    mentions: int
    forms: tuple[str, ...]
    senders: tuple[str, ...]
    linked: bool
    assertion: Assertion = Assertion.PRESENT


@dataclass(frozen=True, slots=True)
class PairRow:
    """A product × issue pair of one conversation as the journal keeps it and the report reads it."""

    conversation_id: str
    product_id: str
    issue_id: str
    nearness: Nearness


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run besides its rows.

    `thresholds` and `review` are the cuts by label: kept from the one, reviewed from the other. `confidence` is what
    the scorer says of itself: kind, calibration, certificates.
    """

    id: str
    started_at: datetime
    finished_at: datetime | None
    status: str
    source: str
    writer: str
    window: Window
    dry_run: bool
    extractor: Mapping[str, str]
    scorer: str
    thresholds: Mapping[str, float]
    usage: Usage
    review: Mapping[str, float] = field(default_factory=dict)
    confidence: Mapping[str, Json] = field(default_factory=dict)
