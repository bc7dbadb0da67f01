"""Gives mentions that another finder found the id of a catalog entry, and unknown products a name of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from earmark.catalog.entry import Entry, entries_hash
from earmark.catalog.index import Fit, NameIndex, bare
from earmark.catalog.kinship import Kinship
from earmark.catalog.ladder import CONTEXT
from earmark.catalog.names import is_another_model
from earmark.catalog.spelling import fold
from earmark.catalog.words import FUNCTION_WORDS
from earmark.model import ISSUE, PRODUCT, Conversation, Mention
from earmark.naming import product_form

_RULES = "catalog-linker/2"
_REMEMBERED = 20_000
_FURTHER = 30  # characters that may hold the two words after a mention


@dataclass(frozen=True, slots=True)
class Link:
    """The entry that a text means, and how sure that is: similarity and margin to the runner-up, both 0–1."""

    entry: Entry
    similarity: float
    margin: float
    match: float

    @property
    def evidence(self) -> dict[str, float]:
        return {"match": self.match, "similarity": self.similarity, "margin": self.margin}


class CatalogLinker:
    """An `earmark.ports.Linker` over a catalog; without entries it only names products."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.entries = entries
        self._kinship = Kinship(entries)
        self._indexes = {
            label: NameIndex(entries, [n for n, entry in enumerate(entries) if entry.label == label])
            for label in (PRODUCT, ISSUE)
        }
        self._short = _short_names(entries)
        self.fingerprint = f"{_RULES}:{entries_hash(entries)}"
        self.find = lru_cache(_REMEMBERED)(self._find)

    def link(self, conversation: Conversation, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """The same mentions, those that name an entry with its id, name and evidence; linked ones are left alone."""
        linked = [self._linked(mention, self._said(conversation, mention)) for mention in mentions]
        named = {mention.canonical_id for mention in linked if mention.canonical_id}
        return tuple(_named(self._linked(mention, self._meant(mention, named))) for mention in linked)

    def index(self, label: str) -> NameIndex:
        """The names of the entries of one label."""
        return self._indexes[label]

    def _said(self, conversation: Conversation, mention: Mention) -> Link | None:
        """The entry that a mention names by itself; None where the text goes on to name another model."""
        text = conversation.messages[mention.message_index].text
        here = fold(text[mention.start : mention.end + _FURTHER])
        goes_on = is_another_model(here, 0, mention.end - mention.start)
        return None if goes_on else self.find(mention.label, mention.text)

    def _find(self, label: str, text: str) -> Link | None:
        """The one entry that a text names by itself; None where none fits, or several fit equally well."""
        fits = self._indexes[label].fits(text) if label in self._indexes else []
        if not fits or (len(fits) > 1 and fits[0].rank == fits[1].rank):
            return None
        best = fits[0]
        margin = best.similarity - max((_against(best, rival) for rival in fits[1:]), default=0.0)
        return Link(
            self.entries[best.index], best.similarity, round(min(max(margin, 0.0), 1.0), 4), best.match
        )

    def _meant(self, mention: Mention, named: Iterable[str | None]) -> Link | None:
        """The one entry with this short name that the conversation speaks of.

        Entries that it names come first; then those of which it names a parent or a variant.
        """
        if mention.canonical_id:
            return None
        entries = self._short.get((mention.label, bare(mention.text)), ())
        itself = [entry for entry in entries if entry.id in named]
        fitting = itself or [*islice((entry for entry in entries if self._has_kin(entry, named)), 2)]
        return Link(fitting[0], 1.0, 1.0, CONTEXT) if len(fitting) == 1 else None

    def _has_kin(self, entry: Entry, named: Iterable[str | None]) -> bool:
        return any(identity and self._kinship.related(entry.id, identity) for identity in named)

    @staticmethod
    def _linked(mention: Mention, found: Link | None) -> Mention:
        if found is None or mention.canonical_id:
            return mention
        return replace(
            mention,
            canonical_id=found.entry.id,
            name=found.entry.name,
            evidence={**mention.evidence, **found.evidence},
        )


def _named(mention: Mention) -> Mention:
    if mention.label != PRODUCT or mention.canonical_id or mention.name:
        return mention
    return replace(mention, name=product_form(mention.text))


def _against(best: Fit, rival: Fit) -> float:
    """A rival's similarity, less what it leaves of the text."""
    return rival.similarity * min(1.0, rival.words / best.words)


def _short_names(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        for key in dict.fromkeys(map(bare, entry.short)).keys() - FUNCTION_WORDS:
            found.setdefault((entry.label, key), []).append(entry)
    return found
