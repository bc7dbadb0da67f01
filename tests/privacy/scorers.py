"""A scorer that is sure of everything, so that only the privacy filter decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from earmark.model import Conversation, Json, Mention, Score


class Sure:
    """Confidence 1 for every entity."""

    name = "sure"
    fingerprint = "sure"
    facts: Mapping[str, Json] = {}

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        return [Score(1.0, "evidence")] * len(groups)
