"""Many regular expressions over one text in linear time (RE2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import re2

from earmark.errors import CatalogError

_SET_BYTES = 256 << 20  # the most that all patterns together may take


class BadPatternError(ValueError):
    """A regular expression that RE2 refuses, or that matches the empty text."""


def compile_pattern(pattern: str, *, case_sensitive: bool = False) -> Any:
    """Compile one expression.

    Raises:
        BadPatternError: With the reason in words.
    """
    options = re2.Options()
    options.case_sensitive = case_sensitive
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not a valid expression"
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise BadPatternError(text) from None
    if compiled.search("") is not None:
        raise BadPatternError("it matches the empty text")
    return compiled


class PatternSet:
    """Finds all matches of all patterns: one pass tells which occur, only those are searched again."""

    def __init__(self, patterns: Sequence[tuple[str, bool]]) -> None:
        """Take (expression, case sensitive) pairs; their positions are the indices in results.

        Raises:
            BadPatternError: One cannot be used.
            CatalogError: All of them together need too much memory.
        """
        self._patterns = [compile_pattern(text, case_sensitive=strict) for text, strict in patterns]
        self._set = (
            compile_set([text if strict else f"(?i:{text})" for text, strict in patterns])
            if patterns
            else None
        )

    def finditer(self, text: str) -> Iterator[tuple[int, Any]]:
        """Yield (index, match) with character offsets, pattern by pattern."""
        if self._set is None:
            return
        for index in sorted(self._set.Match(text) or ()):
            for match in self._patterns[index].finditer(text):
                yield index, match


def compile_set(expressions: Sequence[str]) -> Any:
    """Compile expressions into one automaton that tells which of them occur in a text.

    Raises:
        CatalogError: All of them together need too much memory.
    """
    options = re2.Options()
    options.max_mem = _SET_BYTES
    options.log_errors = False
    together = re2.Set.SearchSet(options)
    try:
        for expression in expressions:
            together.Add(expression)
        together.Compile()
    except re2.error:
        raise CatalogError(
            f"{len(expressions)} patterns together are too large",
            hint="join some of them, or use aliases instead",
        ) from None
    return together
