"""Mentions become entities, and each entity is kept, left for review or dropped, with the reason in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from earmark.model import RAISED, Assertion, Conversation, Decision, Entity, Mention, Score, Verdict
from earmark.naming import normal_form
from earmark.ports import Scorer

_SAYS_MOST = (
    frozenset({Assertion.PRESENT, Assertion.RESOLVED, Assertion.NEGATED}),
    frozenset({Assertion.HISTORICAL}),
    frozenset({Assertion.HYPOTHETICAL}),
    frozenset({Assertion.ASKED}),
)
"""What a customer states outweighs what was only supposed or asked."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The two cuts: kept from the threshold of its label on, left for review from the review cut on."""

    threshold: float = 0.7
    per_label: Mapping[str, float] = field(default_factory=dict)
    review: float = 1.0
    review_per_label: Mapping[str, float] = field(default_factory=dict)

    def cut(self, label: str) -> float:
        return self.per_label.get(label, self.threshold)

    def review_cut(self, label: str) -> float:
        """Never above the threshold."""
        return min(self.cut(label), self.review_per_label.get(label, self.review))


def entities(conversation: Conversation, mentions: Iterable[Mention], scorer: Scorer) -> tuple[Entity, ...]:
    """Group mentions of one thing and score the groups.

    Where a finder chose one of them, those that it would not have chosen do not count.
    """
    groups: dict[tuple[str, str], list[Mention]] = {}
    for mention in mentions:
        groups.setdefault((mention.label, identity(mention)), []).append(mention)
    ordered = [(key, _chosen(group)) for key, group in sorted(groups.items(), key=lambda item: item[0])]
    scores = scorer.score(conversation, [group for _, group in ordered])
    return tuple(
        _entity(label, canonical_id, group, score)
        for ((label, canonical_id), group), score in zip(ordered, scores, strict=True)
    )


def _chosen(group: Sequence[Mention]) -> tuple[Mention, ...]:
    return tuple(mention for mention in group if not mention.unsure) or tuple(group)


def _entity(label: str, canonical_id: str, group: tuple[Mention, ...], score: Score) -> Entity:
    name = next((mention.name for mention in group if mention.name), None) or normal_form(group[0].text)
    telling = _telling(group)
    return Entity(label, canonical_id, name, score, group, telling.assertion, telling.cue)


def _telling(group: Sequence[Mention]) -> Mention:
    """The mention that says where the matter stood at the end."""
    ordered = sorted(group, key=lambda mention: (mention.message_index, mention.start), reverse=True)
    return min(ordered, key=lambda mention: _weight(mention.assertion))


def _weight(assertion: Assertion) -> int:
    return next(rank for rank, group in enumerate(_SAYS_MOST) if assertion in group)


def decide(found: Iterable[Entity], policy: Policy) -> tuple[Decision, ...]:
    """Judge each entity; the order is by confidence, then name."""
    judged = [judge(entity, policy) for entity in found]
    return tuple(
        sorted(judged, key=lambda d: (-(d.entity.score.value or 0.0), d.entity.name, d.entity.canonical_id))
    )


def judge(entity: Entity, policy: Policy) -> Decision:
    """What is done with an entity, and why."""
    return Decision(entity, *verdict(entity.label, entity.score.value, entity.assertion, policy))


def verdict(
    label: str, confidence: float | None, assertion: Assertion, policy: Policy
) -> tuple[Verdict, str]:
    """What is done with something of this label, confidence and assertion, and why."""
    cut, review = policy.cut(label), policy.review_cut(label)
    if confidence is None:
        return Verdict.DROP, "no confidence"
    sure, upper, lower = _shown(confidence, cut, review)
    if confidence < review:
        return Verdict.DROP, f"{sure} is below {lower}"
    if confidence < cut:
        return Verdict.REVIEW, f"{sure} is between {lower} and {upper}"
    if assertion not in RAISED:
        return Verdict.ASIDE, f"{sure} reaches {upper}, and it is {assertion}"
    return Verdict.KEEP, f"{sure} reaches {upper}"


def _shown(confidence: float, *cuts: float) -> list[str]:
    """With two decimals, or as many more (up to six) as show the cuts as they are and the confidence beside them."""
    digits = 2
    while digits < 6 and any(
        round(cut, digits) != cut or (round(confidence, digits) == cut != confidence) for cut in cuts
    ):
        digits += 1
    return [f"{number:.{digits}f}" for number in (confidence, *cuts)]


def identity(mention: Mention) -> str:
    """The stable id of what a mention names: its own, else its name, else its normal form."""
    return mention.canonical_id or f"{mention.label.lower()}:{mention.name or normal_form(mention.text)}"
