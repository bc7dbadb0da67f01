"""The strongest of what the finders measured; no probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from earmark.confidence.heuristic import heuristic_confidence
from earmark.model import Conversation, Json, Mention, Score

EVIDENCE = "evidence"
_MEASURED = ("match", "rule")


class EvidenceScorer:
    """As sure as the surest mention, and that as sure as its strongest piece of evidence.

    How a catalog name matched, how precise a rule's family proved on labelled chats, the model's own
    probability; where there is none of these, the contract's heuristic.
    """

    name = "evidence"
    fingerprint = "evidence/1"
    facts: Mapping[str, Json] = {"scorer": name, "kind": EVIDENCE}

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        del conversation
        return [_surest([_of_mention(mention) for mention in group]) for group in groups]


class HeuristicScorer:
    """Length, stop words and capitals; kept for compatibility with the interactions contract."""

    name = "heuristic"
    fingerprint = "heuristic/1"
    facts: Mapping[str, Json] = {"scorer": name, "kind": EVIDENCE}

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        del conversation
        return [_surest([_by_look(mention) for mention in group]) for group in groups]


def _surest(scores: Sequence[Score]) -> Score:
    return max(scores, key=lambda found: -1.0 if found.value is None else found.value)


def _of_mention(mention: Mention) -> Score:
    parts = {name: mention.evidence[name] for name in _MEASURED if name in mention.evidence}
    if mention.probability is not None:
        parts["model"] = mention.probability
    if not parts:
        return _by_look(mention)
    return Score(round(max(parts.values()), 4), EVIDENCE, parts)


def _by_look(mention: Mention) -> Score:
    """What its finder would not have chosen has no evidence: its look says nothing."""
    if mention.unsure:
        return Score(None, EVIDENCE)
    value = heuristic_confidence(mention.text)
    return Score(value, EVIDENCE, {"heuristic": value})
