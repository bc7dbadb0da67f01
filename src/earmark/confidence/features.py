"""What is known of an entity, as numbers. No labels are needed; what cannot be known is absent. Pure.

Each number is in a range that a linear model can use; `FEATURES` says what each means, and `VERSION` changes when
any of them is worked out differently.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from earmark.model import Assertion, Conversation, Mention, Sender

VERSION = 1
_SUREST = 8.0  # log-odds; what is surer than that is equally sure
_AROUND = 40  # characters
_WORD = re.compile(r"[^\W_][\w'’-]*")
_OWN = frozenset({"my", "our", "your", "his", "her", "their", "mine", "ur"})
_POINTING = frozenset(
    {"the", "this", "that", "these", "those", "a", "an", "any", "some", "another", "new", "old"}
)
_BESIDE = frozenset(
    {"with", "on", "in", "for", "of", "from", "to", "using", "use", "via", "into", "about", "and"}
)
_DOING = frozenset(
    {
        *(
            "is",
            "isn't",
            "isnt",
            "was",
            "wasn't",
            "are",
            "aren't",
            "were",
            "has",
            "hasn't",
            "had",
            "have",
            "keeps",
        ),
        *(
            "won't",
            "wont",
            "doesn't",
            "doesnt",
            "does",
            "can't",
            "cant",
            "cannot",
            "will",
            "stopped",
            "just",
            "still",
        ),
        *(
            "says",
            "shows",
            "went",
            "goes",
            "got",
            "gets",
            "didn't",
            "didnt",
            "did",
            "not",
            "never",
            "app",
            "account",
        ),
    }
)
_STOP_WORDS = frozenset(
    {
        *(
            "a",
            "an",
            "the",
            "and",
            "or",
            "of",
            "to",
            "in",
            "on",
            "at",
            "for",
            "with",
            "from",
            "by",
            "my",
            "your",
            "our",
        ),
        *(
            "it",
            "its",
            "is",
            "was",
            "are",
            "be",
            "been",
            "i",
            "me",
            "you",
            "we",
            "they",
            "this",
            "that",
            "any",
            "no",
        ),
    }
)


@dataclass(frozen=True)
class Scene:
    """All candidates of a conversation, each a group of mentions of one thing."""

    conversation: Conversation
    groups: Sequence[Sequence[Mention]]

    @cached_property
    def surest(self) -> Mapping[str, Sequence[float]]:
        """How sure the model is of each candidate, by label, rising."""
        known: dict[str, list[float]] = defaultdict(list)
        for group in self.groups:
            known[group[0].label].append(max(_opinion(mention) for mention in group))
        return {label: sorted(values) for label, values in known.items()}

    @cached_property
    def by_message(self) -> Mapping[tuple[int, str], float]:
        """How sure the model is of the surest candidate of a label in a message."""
        known: dict[tuple[int, str], float] = {}
        for mention in (mention for group in self.groups for mention in group):
            place = mention.message_index, mention.label
            known[place] = max(known.get(place, 0.0), _opinion(mention))
        return known

    @cached_property
    def said(self) -> Mapping[str, int]:
        """How often each word is said in the whole conversation."""
        return Counter(
            word for message in self.conversation.messages for word in _WORD.findall(message.text.lower())
        )

    @cached_property
    def heads(self) -> Mapping[tuple[str, str], Sequence[float]]:
        """How sure the model is of the candidates of a label that end in a word, rising."""
        known: dict[tuple[str, str], list[float]] = defaultdict(list)
        for group in self.groups:
            surest = max(_opinion(mention) for mention in group)
            for head in {_head(mention) for mention in group}:
                known[group[0].label, head].append(surest)
        return {key: sorted(values) for key, values in known.items()}


def _head(mention: Mention) -> str:
    words = _WORD.findall(mention.text.lower())
    return words[-1].removesuffix("s") if words else ""


def _opinion(mention: Mention) -> float:
    return mention.evidence.get("inside", 0.0)


@dataclass(frozen=True)
class Sighting:
    """One candidate: its mentions, and the scene in which it stands."""

    scene: Scene
    group: Sequence[Mention]

    @cached_property
    def best(self) -> Mention:
        """The mention that the model is surest of; among equals the first."""
        return max(self.group, key=_opinion)

    @cached_property
    def message(self) -> str:
        """The text in which the best mention stands."""
        return self.scene.conversation.messages[self.best.message_index].text

    @cached_property
    def words(self) -> Sequence[str]:
        return _WORD.findall(self.best.text.lower())

    @cached_property
    def around(self) -> tuple[str, str]:
        """The word before the best mention and the one after it, in lower case; empty where there is none."""
        start, end = self.best.start, self.best.end
        before = _WORD.findall(self.message[max(0, start - _AROUND) : start])
        after = _WORD.search(self.message, end, end + _AROUND)
        return (before[-1].lower() if before else "", after[0].lower() if after else "")


Feature = Callable[[Sighting], float | None]


def _odds(probability: float | None) -> float | None:
    if probability is None:
        return None
    kept = min(max(probability, 1e-9), 1 - 1e-9)
    return max(-_SUREST, min(_SUREST, math.log(kept / (1 - kept))))


def _inside(seen: Sighting) -> float | None:
    return _odds(seen.best.evidence.get("inside"))


def _exact(seen: Sighting) -> float | None:
    known = [mention.evidence["exact"] for mention in seen.group if "exact" in mention.evidence]
    return _odds(max(known)) if known else None


def _rival(seen: Sighting) -> float | None:
    return seen.best.evidence.get("rival")


def _strongest(name: str) -> Feature:
    def feature(seen: Sighting) -> float | None:
        known = [mention.evidence[name] for mention in seen.group if name in mention.evidence]
        return max(known, default=None)

    return feature


def _share(holds: Callable[[Mention], bool]) -> Feature:
    def feature(seen: Sighting) -> float:
        return sum(map(holds, seen.group)) / len(seen.group)

    return feature


def _is(holds: Callable[[Sighting], bool]) -> Feature:
    def feature(seen: Sighting) -> float:
        return float(holds(seen))

    return feature


def _stop_share(seen: Sighting) -> float:
    return sum(word in _STOP_WORDS for word in seen.words) / len(seen.words) if seen.words else 0.0


def _said_by(sender: Sender) -> Feature:
    return _is(lambda seen: any(mention.sender is sender for mention in seen.group))


def _capital(seen: Sighting) -> bool:
    """A capital that no sentence asks for."""
    return any(m.text[:1].isupper() and not _starts_sentence(seen.scene, m) for m in seen.group)


def _starts_sentence(scene: Scene, mention: Mention) -> bool:
    text = scene.conversation.messages[mention.message_index].text
    before = text[max(0, mention.start - _AROUND) : mention.start].rstrip(" \"'(")
    return not before or before[-1] in ".!?\n"


def _rank(seen: Sighting) -> float:
    """How many candidates of this label the model is surer of, as a logarithm."""
    rivals = seen.scene.surest[seen.best.label]
    return math.log1p(len(rivals) - bisect_right(rivals, _opinion(seen.best)))


def _company(seen: Sighting) -> float:
    """How sure the model is of a candidate of another label in the same message."""
    known, here = seen.scene.by_message, seen.best
    return max(
        (known.get((here.message_index, label), 0.0) for label in seen.scene.surest if label != here.label),
        default=0.0,
    )


def _topic(seen: Sighting) -> float:
    """How often its last word is said in the conversation, as a logarithm."""
    return math.log1p(seen.scene.said.get(seen.words[-1], 0)) if seen.words else 0.0


def _kin(seen: Sighting) -> float:
    """How sure the model is of another candidate that ends in the same word ("laptop" beside "Acme laptop")."""
    rivals = list(seen.scene.heads[seen.best.label, _head(seen.best)])
    rivals.remove(max(_opinion(mention) for mention in seen.group))
    return max(rivals, default=0.0)


def _said(assertion: Assertion) -> Feature:
    return _share(lambda mention: mention.assertion is assertion)


FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "model": _inside,  # log-odds that its surest word is part of such a span
        "model_exact": _exact,  # log-odds of this very extent
        "rival": _rival,  # how probable the model finds another label there
        "chosen": _share(lambda mention: not mention.unsure),
        "match": _strongest("match"),  # how a catalog name matched
        "similarity": _strongest("similarity"),
        "margin": _strongest("margin"),
        "rule": _strongest("rule"),  # how precise its rule's family is
        "known": _is(lambda seen: any(mention.canonical_id for mention in seen.group)),
        "mentions": lambda seen: math.log(len(seen.group)),
        "customer": _said_by(Sender.CUSTOMER),
        "agent": _said_by(Sender.AGENT),
        "length": lambda seen: math.log1p(len(seen.best.text)),
        "words": lambda seen: math.log1p(len(seen.words)),
        "stop_share": _stop_share,
        "capital": _is(_capital),
        "digit": _is(lambda seen: any(c.isdigit() for c in seen.best.text)),
        "owned": _is(lambda seen: seen.around[0] in _OWN),
        "pointed_at": _is(lambda seen: seen.around[0] in _POINTING),
        "beside": _is(lambda seen: seen.around[0] in _BESIDE),
        "does": _is(lambda seen: seen.around[1] in _DOING),
        "opens": _is(lambda seen: _starts_sentence(seen.scene, seen.best)),
        "closes": _is(lambda seen: not seen.around[1]),
        "question": _is(lambda seen: "?" in seen.message),
        "message_length": lambda seen: math.log1p(len(seen.message)),
        "early": lambda seen: math.exp(-seen.group[0].message_index / 3),
        "rank": _rank,
        "company": _company,
        "topic": _topic,
        "kin": _kin,
        "talk": lambda seen: math.log1p(len(seen.scene.conversation.messages)),
        "negated": _said(Assertion.NEGATED),
        "hypothetical": _said(Assertion.HYPOTHETICAL),
        "historical": _said(Assertion.HISTORICAL),
        "resolved": _said(Assertion.RESOLVED),
        "asked": _said(Assertion.ASKED),
    }
)

SURFACE = frozenset({"length", "words", "stop_share", "capital", "digit"})
"""What can be told from the look of a name alone."""

Values = Mapping[str, float | None]


def features(conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> list[Values]:
    """The numbers of each group of mentions, all of them candidates of one conversation."""
    scene = Scene(conversation, groups)
    return [_values(Sighting(scene, group)) for group in groups]


def _values(seen: Sighting) -> Values:
    return {name: feature(seen) for name, feature in FEATURES.items()}
