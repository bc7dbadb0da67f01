"""The organisation that is written to: a sandbox, and somebody else who works in it at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from earmark.sandbox import FaultPlan, Sandbox, Write
from earmark.sandbox.chats import conversation_id
from earmark.sandbox.schemas import EARMARK_SCHEMA
from exam.conversations import seeds

STORES = {
    "custom_attributes": "custom_attributes",
    "participant_data": "participants",
    "interactions": "interactions",
}
"""Writer → the store of the sandbox that it writes to."""

WRITES = ("customattributes.put", "customattributes.delete", "participants.patch", "interactions.patch")
OURS = ("extracted_products", "extracted_issues")
DESK = "desk_note_text"
MOST_EDITS = 2
"""Edits of the record that is being written, a conversation: more than ATTEMPTS would be a conflict, rightly."""


def is_ours(key: str) -> bool:
    return key.startswith(OURS)


@dataclass
class Neighbour:
    """Another system: before a write of ours takes effect, it changes its own keys of the same conversation."""

    store: str
    draw: Random
    share: float = 0.5
    edits: Counter[str] = field(default_factory=Counter)
    sandbox: Sandbox | None = None

    def __call__(self, route: str, conversation: str) -> None:
        if self.sandbox is None or route not in WRITES or conversation not in self.sandbox.state.chats:
            return
        self.edits[conversation] += 1
        if self.draw.random() >= self.share:
            return
        note = f"edit {self.edits[conversation]} of {conversation}"
        if self.store != "custom_attributes":
            self.sandbox.edit_as_other(conversation, {"crm_note": note}, store=self.store)
            return
        self.sandbox.edit_as_other(conversation, {"grade_text": note})
        own = [one for one in self.sandbox.state.records.of(conversation) if one.schema == EARMARK_SCHEMA]
        if own and self.edits[f"{conversation}/record"] < MOST_EDITS:
            self.edits[f"{conversation}/record"] += 1
            divisions = [f"division-{self.edits[conversation]}"]
            self.sandbox.edit_as_other(conversation, {DESK: note}, record=own[0].id, divisions=divisions)


class Organisation:
    """A sandbox with the exam's conversations, a neighbour, and what either of them held at first."""

    def __init__(
        self,
        writer: str,
        *,
        seed: int = 0,
        faults: FaultPlan | None = None,
        share: float = 0.5,
        **options: Any,
    ) -> None:
        self.writer = writer
        self.store = STORES[writer]
        self.neighbour = Neighbour(self.store, Random(seed), share)
        self.conversations = options.pop("conversations", None) or seeds()
        options = {"rate_limit": 600_000} | options
        self.sandbox = Sandbox(self.conversations, faults=faults, meanwhile=self.neighbour, **options)
        self.sandbox.start()
        self.neighbour.sandbox = self.sandbox
        if EARMARK_SCHEMA in self.sandbox.state.schemas.versions:
            self._add_field()
        if self.store == "custom_attributes":
            for seed_ in self.conversations[:3]:  # some have a record of others from the start
                self.sandbox.edit_as_other(conversation_id(seed_["id"]), {"grade_text": "at first"})
        self.initial = self.sandbox.snapshot()
        self.sandbox.state.writes.clear()

    @property
    def writes(self) -> list[Write]:
        return list(self.sandbox.state.writes)

    @property
    def variables(self) -> Mapping[str, str]:
        """What points Earmark here, with short pauses."""
        source = "interactions" if self.writer == "interactions" else "genesys"
        return {
            **pointed_at(self.sandbox),
            "EARMARK_SOURCE": source,
            "EARMARK_WRITER": self.writer,
            "EARMARK_PACE": "0.01",
            "EARMARK_CATALOG": "catalog.csv",
            "EARMARK_MODEL": "none",
        }

    def close(self) -> None:
        self.sandbox.stop()

    def _add_field(self) -> None:
        """Give our schema a field that another team keeps."""
        schemas = self.sandbox.state.schemas
        current = schemas.current(EARMARK_SCHEMA)
        text = {"allOf": [{"$ref": "#/definitions/text"}], "title": "Desk note", "maxLength": 100}
        document = current["jsonSchema"]
        properties = document["properties"] | {DESK: text}
        body = current | {"jsonSchema": document | {"properties": properties}}
        schemas.change(EARMARK_SCHEMA, body)


def pointed_at(sandbox: Sandbox) -> dict[str, str]:
    """The variables that point Earmark at a sandbox."""
    return {
        "GENESYSCLOUD_REGION": sandbox.url,
        "GENESYSCLOUD_OAUTHCLIENT_ID": sandbox.client_id,
        "GENESYSCLOUD_OAUTHCLIENT_SECRET": sandbox.client_secret,
    }
