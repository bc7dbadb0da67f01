"""The linker that calls issues by their type, or by the normal form of their phrase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from earmark.model import ISSUE, Conversation, Mention
from earmark.taxonomy.phrase import normal_phrase
from earmark.taxonomy.taxonomy import IssueType, Taxonomy

_RULE = "issue:"


class IssueNamer:
    """Names every issue that no catalog knows.

    An issue has the type of its own words, else that of the rule that named it. Where neither has one it keeps the
    name of its rule, and without a rule its normal form is its name.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy

    @property
    def fingerprint(self) -> str:
        return self._taxonomy.fingerprint

    def link(self, conversation: Conversation, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """The same mentions in the same order, issues with id and name; harmless when repeated."""
        return tuple(self._named(mention) if _is_ours(mention) else mention for mention in mentions)

    def _named(self, mention: Mention) -> Mention:
        kind = self._type(mention)
        if kind is not None:
            return replace(mention, canonical_id=kind.canonical_id, name=kind.name)
        return mention if mention.canonical_id else replace(mention, name=normal_phrase(mention.text))

    def _type(self, mention: Mention) -> IssueType | None:
        kind = self._taxonomy.type_of(mention.text)
        if kind is None and mention.canonical_id and mention.name:
            return self._taxonomy.type_of(mention.name)
        return kind


def _is_ours(mention: Mention) -> bool:
    """An issue that neither a catalog nor an earlier pass has named."""
    by_catalog = mention.source == "catalog" or "match" in mention.evidence  # found there, or linked to it
    named = mention.canonical_id is not None and not mention.canonical_id.startswith(_RULE)
    return mention.label == ISSUE and not by_catalog and not named
