"""From mentions to what is decided about them: privacy → link → context → confidence → decide → pairs. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from earmark import context
from earmark.context import asserted, pairs
from earmark.decide import Policy, decide, entities
from earmark.model import Conversation, Findings, Mention
from earmark.ports import Linker, Scorer
from earmark.privacy import cleared


@dataclass(frozen=True, slots=True)
class Judge:
    """What decides about mentions: who names them (in this order), who scores them, and the cuts."""

    linkers: tuple[Linker, ...]
    scorer: Scorer
    policy: Policy

    @property
    def fingerprint(self) -> str:
        """Changes exactly when the same mentions could lead to other decisions."""
        named = [linker.fingerprint for linker in self.linkers]
        parts = [named, context.fingerprint(), self.scorer.fingerprint, asdict(self.policy)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def __call__(self, conversation: Conversation, mentions: Sequence[Mention]) -> Findings:
        """Everything that is decided about one conversation."""
        found = entities(conversation, self.read(conversation, mentions), self.scorer)
        return Findings(decide(found, self.policy), pairs(conversation, found))

    def read(self, conversation: Conversation, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """The mentions that may be kept, named, each with what is said of it."""
        kept = cleared(conversation, mentions)
        for linker in self.linkers:
            kept = linker.link(conversation, kept)
        return asserted(conversation, kept)
