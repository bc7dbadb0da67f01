"""Turns what a finder knows of a mention into one number, and says whether that number is a probability.

Two scorers, both uncalibrated and therefore called `evidence`:

- `evidence` (default) takes the strongest of what the finder measured: how a catalog name matched, how
  precise a rule family proved on labelled chats, the model's own probability; where there is none of
  these, the contract's heuristic.
- `heuristic` is the contract's formula over the text alone.
"""

from __future__ import annotations

from earmark.confidence.heuristic import heuristic_confidence
from earmark.errors import ConfigError
from earmark.model import Mention, Score
from earmark.ports import Scorer

EVIDENCE = "evidence"


class EvidenceScorer:
    """The strongest piece of evidence a mention carries."""

    name = "evidence"

    def score(self, mention: Mention) -> Score:
        parts = {name: value for name, value in mention.evidence.items() if name != "heuristic"}
        if mention.probability is not None:
            parts["model"] = mention.probability
        if not parts:
            parts["heuristic"] = heuristic_confidence(mention.text)
        return Score(round(max(parts.values()), 4), EVIDENCE, parts)


class HeuristicScorer:
    """Length, stop words and capitals; kept for compatibility with the interactions contract."""

    name = "heuristic"

    def score(self, mention: Mention) -> Score:
        value = heuristic_confidence(mention.text)
        return Score(value, EVIDENCE, {"heuristic": value})


SCORERS: dict[str, type[EvidenceScorer] | type[HeuristicScorer]] = {
    scorer.name: scorer for scorer in (EvidenceScorer, HeuristicScorer)
}


def open_scorer(name: str) -> Scorer:
    """The scorer of that name.

    Raises:
        ConfigError: There is none; the message lists those that exist.
    """
    try:
        return SCORERS[name]()
    except KeyError:
        raise ConfigError(
            f"there is no scorer {name!r}", hint=f"choose one of: {', '.join(sorted(SCORERS))}"
        ) from None
