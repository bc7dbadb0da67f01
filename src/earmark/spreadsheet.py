"""Text in cells: what somebody wrote in a chat must not run as a formula where a table is opened."""

from __future__ import annotations

import unicodedata

_FORMULA_STARTS = frozenset("=+-@\t\r\n\0")


def guarded(text: str) -> str:
    """The text, with a leading single quote if it would start a formula, also by a full-width sign."""
    plain = unicodedata.normalize("NFKC", text)
    starts = {plain[:1], "".join(char for char in plain if not _ignorable(char))[:1]}
    return "'" + text if starts & _FORMULA_STARTS else text


def _ignorable(char: str) -> bool:
    return char == " " or unicodedata.category(char) == "Cf"
