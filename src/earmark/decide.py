"""Mentions become entities, and each entity is kept or dropped, with the reason in words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from earmark.model import Decision, Entity, Mention, Score, Verdict

_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,64}\.\w{2}")
_LONG_NUMBER = re.compile(r"(?<![\dx])(?:\d[ .()/-]{0,2}){9,}")
_EDGES = " \t\n\r.,;:!?\"'()[]{}<>*_~`“”‘’…"


@dataclass(frozen=True, slots=True)
class Policy:
    """The cut: an entity is kept when its confidence reaches the threshold of its label."""

    threshold: float = 0.7
    per_label: Mapping[str, float] = field(default_factory=dict)

    def cut(self, label: str) -> float:
        return self.per_label.get(label, self.threshold)


def entities(mentions: Iterable[Mention], score: Callable[[Mention], Score]) -> tuple[Entity, ...]:
    """Group mentions of one thing; the entity is as sure as its surest mention.

    Mentions that hold an e-mail address or a long number are left out altogether: what might be personal
    data reaches neither an attribute nor the journal.
    """
    groups: dict[tuple[str, str], list[Mention]] = {}
    for mention in mentions:
        if not looks_personal(mention.name or mention.text):
            groups.setdefault((mention.label, identity(mention)), []).append(mention)
    return tuple(
        _entity(label, canonical_id, group, score) for (label, canonical_id), group in sorted(groups.items())
    )


def _entity(label: str, canonical_id: str, group: list[Mention], score: Callable[[Mention], Score]) -> Entity:
    scores = [score(mention) for mention in group]
    best = max(scores, key=lambda found: -1.0 if found.value is None else found.value)
    name = next((mention.name for mention in group if mention.name), None) or normal_form(group[0].text)
    return Entity(label, canonical_id, name, best, tuple(group))


def decide(found: Iterable[Entity], policy: Policy) -> tuple[Decision, ...]:
    """Judge each entity; the order is by confidence, then name."""
    judged = [_judge(entity, policy) for entity in found]
    return tuple(
        sorted(judged, key=lambda d: (-(d.entity.score.value or 0.0), d.entity.name, d.entity.canonical_id))
    )


def _judge(entity: Entity, policy: Policy) -> Decision:
    cut = policy.cut(entity.label)
    value = entity.score.value
    if value is None:
        return Decision(entity, Verdict.DROP, "no confidence")
    if value >= cut:
        return Decision(entity, Verdict.KEEP, f"{value:.2f} reaches {cut:.2f}")
    return Decision(entity, Verdict.DROP, f"{value:.2f} is below {cut:.2f}")


def identity(mention: Mention) -> str:
    """The stable id of what a mention names: its catalog or rule id, else its normal form."""
    return mention.canonical_id or f"{mention.label.lower()}:{normal_form(mention.text)}"


def normal_form(text: str) -> str:
    """Folded for comparison: NFKC, case, white space, edge punctuation, curly apostrophes."""
    visible = "".join(
        c
        for c in unicodedata.normalize("NFKC", text)
        if unicodedata.category(c) not in {"Cf", "Cc", "Cs"} or c.isspace()
    )
    return " ".join(visible.casefold().replace("’", "'").split()).strip(_EDGES) or text.strip()


def looks_personal(text: str) -> bool:
    """Whether a name holds an e-mail address or nine digits in a row (cards, phones, accounts)."""
    folded = normal_form(text)
    return bool(_EMAIL.search(folded) or _LONG_NUMBER.search(folded))
