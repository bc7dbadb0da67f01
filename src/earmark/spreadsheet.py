"""Text in cells: what somebody wrote in a chat must not run as a formula where a table is opened."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_FORMULA_STARTS = frozenset("=+-@\t\r\n\0")


def guarded(text: str) -> str:
    """The text for one cell: control characters, line breaks too, become spaces.

    It gets a leading single quote if it would start a formula, also by a full-width sign, or by what was a tab.
    """
    return _quoted(text) if text.isprintable() else _CONTROL.sub(" ", _quoted(text))


def _quoted(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    starts = {plain[:1], "".join(char for char in plain if not _ignorable(char))[:1]}
    return "'" + text if starts & _FORMULA_STARTS else text


def _ignorable(char: str) -> bool:
    return char == " " or unicodedata.category(char) == "Cf"
