"""What a finder proposes, before it is decided which proposals stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc

_CANDIDATES, _TEXT, _OPINION = "earmark.candidates", "earmark.text", "earmark.opinion"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible mention, characters [start, end) of `doc.text`.

    `core` bounds the part of an issue that states the problem; what follows is its object. `fixed` issues
    keep product words inside the core ("no internet connection"). What `only_names` is no mention by itself
    and lends its name to what another finder found in the same place. What is `unsure` its finder would not have
    chosen; it is kept apart, and takes nothing from what was chosen.
    """

    start: int
    end: int
    label: str
    source: str
    canonical_id: str | None = None
    name: str | None = None
    probability: float | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    core: tuple[int, int] | None = None
    fixed: bool = False
    only_names: bool = False
    unsure: bool = False


Opinion = Mapping[str, Sequence[float]]
"""How probable a model finds each label at each token of a document; NaN where it did not look."""


def text_of(doc: Doc) -> str:
    """The document's text, put together once: spaCy joins all tokens each time it is asked."""
    text: str | None = doc.user_data.get(_TEXT)
    if text is None:
        text = doc.user_data[_TEXT] = doc.text
    return text


def propose(doc: Doc, candidates: Iterator[Candidate]) -> None:
    """Add candidates to the document for `earmark_resolve_v1` to decide on."""
    doc.user_data.setdefault(_CANDIDATES, []).extend(candidates)


def take(doc: Doc) -> list[Candidate]:
    """Remove and return what was proposed so far."""
    doc.user_data.pop(_TEXT, None)
    return list(doc.user_data.pop(_CANDIDATES, []))


def tell(doc: Doc, opinion: Opinion) -> None:
    """Note what a model thinks of each token, for what others find there."""
    doc.user_data[_OPINION] = opinion


def told(doc: Doc) -> Opinion:
    """Remove and return what a model thinks of each token; empty where none said anything."""
    opinion: Opinion = doc.user_data.pop(_OPINION, {})
    return opinion
