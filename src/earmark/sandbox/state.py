"""What the sandbox knows: conversations, what was written to them, and who wrote it."""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from earmark.sandbox.chats import Chat, named
from earmark.sandbox.gate import Gate
from earmark.sandbox.records import Records, Stored
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.schemas import Schemas
from earmark.sandbox.seed import in_order

MOST_ASKED = 100_000
"""Requests that are remembered one by one, the latest."""


@dataclass(frozen=True)
class Write:
    """An applied write: `store` is custom_attributes, participants, interactions or schemas.

    `attributes` are those that the request carried; `version` and `divisions` the record's after it.
    """

    who: str
    store: str
    action: str
    conversation: str
    record: str
    attributes: Mapping[str, Any]
    at: float
    version: int | None = None
    divisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its route, the conversation of its path or "", when it came, whether a fault struck it.

    `status` is that of the answer, even where it never left.
    """

    route: str
    conversation: str
    status: int
    at: float
    struck: bool = False


@dataclass
class Options:
    """How this organisation behaves; the fields are described at `Sandbox`."""

    schema: bool = True
    search_lag: float = 0.0
    search_hides: frozenset[str] = frozenset()
    customattributes_search: bool = True
    interactions_patch: str = "merge"
    data_lag: float = 0.0
    largest_page: int | None = None


@dataclass
class Job:
    """An asynchronous analytics query: what it found, how often it was polled, how far it was read."""

    chats: list[Chat]
    submitted: float
    polls: int = 0
    position: int = 0
    offered: int = 0
    state: str = ""


@dataclass
class Batch:
    """A batch download: its results, and how often it was polled."""

    results: list[dict[str, Any]]
    polls: int = 0


@dataclass
class State:
    """Everything that changes. Handlers run one at a time under `lock`; take it to look from outside."""

    chats: dict[str, Chat]
    gate: Gate
    options: Options
    lock: threading.RLock = field(default_factory=threading.RLock)
    writes: list[Write] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    asked: deque[Asked] = field(default_factory=lambda: deque(maxlen=MOST_ASKED))
    faults: Counter[str] = field(default_factory=Counter)
    participants: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    interactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    jobs_submitted: int = 0

    def __post_init__(self) -> None:
        self.clock = self.gate.clock
        self.schemas = Schemas(self.clock, with_default=self.options.schema)
        self.records = Records(self.clock, self.schemas)
        self._search: tuple[str, list[Chat]] = ("", [])
        self._list(self.chats.values())
        self._queues: set[str] = {queue for chat in self._listing for queue in chat.queues}

    @classmethod
    def seeded(cls, seeds: Iterable[dict[str, Any]], today: date, gate: Gate, options: Options) -> State:
        """Return a fresh organisation with these conversations."""
        state = cls(in_order(seeds, today), gate, options)
        for chat in state.chats.values():
            if chat.record is not None:
                state.records.put_foreign(chat.id, chat.record["attributes"], chat.record["divisions"])
        return state

    def chat(self, identity: str) -> Chat:
        """Return a conversation that can be read.

        Raises:
            RefusalError: 404, there is none, or it was deleted.
        """
        chat = self.chats.get(identity.lower())
        if chat is None or chat.gone:
            raise RefusalError(404)
        return chat

    def listed(self) -> list[Chat]:
        """Return what a listing may show, oldest first."""
        return self._listing

    def started_between(self, start: int, end: int) -> list[Chat]:
        return self._listing[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def search(self, key: str, find: Callable[[], list[Chat]]) -> list[Chat]:
        """Return what `find` finds; the pages of one query, which follow each other, share it."""
        if self._search[0] != key:
            self._search = (key, find())
        return self._search[1]

    def queues(self) -> list[str]:
        return sorted(self._queues)

    def add(self, chat: Chat) -> None:
        """Let a conversation arrive; it is listed from now on, where its start puts it."""
        self.chats[chat.id] = chat
        self._list(sorted([*self._listing, chat], key=lambda each: (each.start, each.id)))
        self._queues |= set(chat.queues)

    def _list(self, chats: Iterable[Chat]) -> None:
        self._listing = list(chats)
        self._starts = [chat.start for chat in self._listing]
        self._search = ("", [])

    def delete(self, identity: str) -> None:
        """Erase a conversation and all that was written to it."""
        chat = self.chats[identity]
        chat.gone = True
        self._list(other for other in self._listing if other is not chat)
        self.records.erase(identity)
        self.participants.pop(identity, None)
        self.interactions.pop(identity, None)

    def log(
        self, who: str, store: str, action: str, conversation: str, record: str, attributes: Mapping[str, Any]
    ) -> None:
        """Note an applied write to participants, interactions or schemas."""
        self.writes.append(Write(who, store, action, conversation, record, _copy(attributes), self.clock()))

    def log_record(self, who: str, action: str, stored: Stored, attributes: Mapping[str, Any]) -> None:
        """Note an applied write to a custom attributes record."""
        self.writes.append(
            Write(
                who,
                "custom_attributes",
                action,
                stored.conversation,
                stored.id,
                _copy(attributes),
                self.clock(),
                stored.version,
                tuple(stored.divisions),
            )
        )

    def change_as_other(self, conversation: str) -> None:
        """Give every record of a conversation a new version, as somebody else's change would."""
        for stored in self.records.of(conversation):
            stored.touch({}, self.clock())
            self.log_record("other", "patch", stored, {})

    def snapshot(self) -> dict[str, Any]:
        """Return everything that was written, without versions and times: what end states are compared by."""
        return {
            "custom_attributes": self.records.snapshot(),
            "participants": _copy(self.participants),
            "interactions": _copy(self.interactions),
        }


def next_id(kind: str, existing: int) -> str:
    return named(kind, existing + 1)


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value, sort_keys=True))
