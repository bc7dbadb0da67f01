"""Token lists in spaCy's pattern format: which of its attributes a catalog may use."""

from __future__ import annotations

from typing import Any

from earmark.errors import CatalogError

_ATTRIBUTES = frozenset(
    {"ORTH", "TEXT", "LOWER", "NORM", "SHAPE", "PREFIX", "SUFFIX", "LENGTH", "SPACY", "OP"}
)
_FLAGS = ("IS_", "LIKE_")  # IS_DIGIT, LIKE_NUM, …: all of them look at the token's text alone
_SENTENCE_FLAGS = frozenset({"IS_SENT_START", "IS_SENT_END"})
_COMPARISONS = frozenset({"IN", "NOT_IN", "==", "!=", ">=", "<=", ">", "<"})


def check_token_pattern(where: str, pattern: list[Any]) -> None:
    """Refuse what spaCy's Matcher would reject, attributes that need a tagger, and unbounded expressions.

    Raises:
        CatalogError: Says which line and what is wrong with it.
    """
    if not pattern or not all(isinstance(token, dict) for token in pattern):
        raise CatalogError(f"{where}: a token pattern is a non-empty list of objects")
    for token in pattern:
        for attribute, value in token.items():
            _check_attribute(where, attribute, value)
    _ask_spacy(where, pattern)


def _check_attribute(where: str, attribute: str, value: object) -> None:
    known = attribute.upper()
    if known in _SENTENCE_FLAGS or (known not in _ATTRIBUTES and not known.startswith(_FLAGS)):
        raise CatalogError(
            f"{where}: token attribute {attribute!r} is not supported",
            hint=f"one of {', '.join(sorted(_ATTRIBUTES))}, IS_…, LIKE_…",
        )
    if isinstance(value, dict) and not value.keys() <= _COMPARISONS:
        raise CatalogError(
            f"{where}: {attribute} compares with {', '.join(sorted(value.keys() - _COMPARISONS))}",
            hint="expressions go into the pattern column of a CSV catalog",
        )


def _ask_spacy(where: str, pattern: list[Any]) -> None:
    from spacy.errors import MatchPatternError
    from spacy.matcher import Matcher
    from spacy.vocab import Vocab

    try:
        Matcher(Vocab(), validate=True).add("pattern", [pattern])
    except (MatchPatternError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CatalogError(f"{where}: spaCy refuses the token pattern: {reason}") from None
