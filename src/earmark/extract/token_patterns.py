"""Token lists in spaCy's pattern format, as spaCy sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spacy.errors import MatchPatternError
from spacy.matcher import Matcher
from spacy.vocab import Vocab

from earmark.catalog.entry import Entry, Problem


def token_pattern_problems(entries: Iterable[Entry]) -> Iterator[Problem]:
    """What spaCy's Matcher would refuse."""
    matcher = Matcher(Vocab(), validate=True)
    for entry in entries:
        for tokens in entry.token_patterns:
            try:
                matcher.add(entry.id, [list(tokens)])
            except (MatchPatternError, ValueError) as error:
                reason = " ".join(str(error).split())
                yield Problem(entry.where, f"spaCy refuses the token pattern: {reason}")
