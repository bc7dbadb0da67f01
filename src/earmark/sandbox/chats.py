"""One conversation of the sandbox: compact at rest, rendered when somebody asks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

NAMESPACE = uuid5(NAMESPACE_URL, "earmark:sandbox")
HOME_DIVISION = str(uuid5(NAMESPACE, "division/home"))
LONGEST_GAP_MS = 45_000
LONGEST_CHAT_MS = 6 * 3600 * 1000
PURPOSES = {"customer": "customer", "agent": "agent", "bot": "workflow", "system": "acd"}


def named(*names: object) -> str:
    """Return the id of whatever these names lead to, the same one each time."""
    return str(uuid5(NAMESPACE, "/".join(map(str, names))))


def conversation_id(name: str) -> str:
    """Return `name` if it is a UUID, else a UUID of it."""
    try:
        return str(UUID(name))
    except ValueError:
        return named("conversation", name)


def stamp(ms: int) -> str:
    """Epoch milliseconds as the service writes a time."""
    when = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def present(**values: Any) -> dict[str, Any]:
    """Leave out what is None: the service omits a field rather than sending null."""
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that somebody did. `kind` is text, typing, receipt, attachment, quick_reply or button."""

    conversation: str
    index: int
    sender: str
    text: str
    at: int
    kind: str

    @property
    def id(self) -> str:
        return named(self.conversation, "message", self.index)

    @property
    def purpose(self) -> str:
        """Who this is in the service's words."""
        return PURPOSES.get(self.sender, "agent")


@dataclass(frozen=True, slots=True)
class Leg:
    """The time with one queue and its agent, turns [first, last) of the conversation."""

    number: int
    queue: str
    first: int
    last: int
    start: int
    end: int | None
    handover: bool


@dataclass(slots=True)
class Chat:
    """A conversation as it was seeded. Times are epoch milliseconds; `end` is None while it goes on.

    `media` is chat, message or voice; `seed` the messages as JSON; `transfer_at` the turn at which a second
    queue takes over; `reads_left` how often its text is still "not ready"; `gone` means that it is listed
    but cannot be read any more; `attributes` are the customer's, `record` is another system's custom
    attributes.
    """

    id: str
    media: str
    start: int
    end: int | None
    queues: tuple[str, ...]
    seed: bytes
    tag: str | None = None
    language: str | None = None
    transfer_at: int | None = None
    reads_left: int = 0
    gone: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    record: dict[str, Any] | None = None

    @property
    def last_moment(self) -> int:
        return self.start + LONGEST_CHAT_MS if self.end is None else self.end

    def turns(self) -> list[Turn]:
        messages = json.loads(self.seed)
        step = (self.last_moment - self.start) // (len(messages) + 1)
        return [
            Turn(
                self.id,
                index,
                message["sender"],
                message["text"],
                self.start + step * (index + 1),
                message.get("kind", "text"),
            )
            for index, message in enumerate(messages)
        ]

    def legs(self, turns: list[Turn]) -> list[Leg]:
        """Split at the transfer. The turn before it is shown to both agents, so it is in both legs."""
        if self.transfer_at is None or len(self.queues) < 2:
            return [Leg(0, self.queues[0], 0, len(turns), self.start, self.end, handover=False)]
        cut = self.transfer_at
        moment = turns[cut].at
        return [
            Leg(0, self.queues[0], 0, cut, self.start, moment, handover=True),
            Leg(1, self.queues[1], cut - 1, len(turns), moment, self.end, handover=False),
        ]

    def participant(self, purpose: str, leg: int = 0) -> str:
        """Return a participant's id; customer and workflow stay the same over all legs."""
        leg = 0 if purpose in {"customer", "workflow"} else leg
        return named(self.id, "participant", purpose, leg)

    def session(self, leg: int = 0) -> str:
        """Return the customer's communication id in a leg."""
        return named(self.id, "session", leg)


def spoken_end(start: int, messages: int) -> int:
    """Return when a conversation of that many messages is over."""
    return start + min(LONGEST_GAP_MS * (messages + 1), LONGEST_CHAT_MS)
