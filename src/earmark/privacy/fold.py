"""Makes what hides plain, with the way back: invisible characters dropped, every script's digits made ASCII."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols that show nothing
_GLUE = frozenset("™℠®©")  # compatibility would spell the first two out and glue them to a name
_PLAIN = str.maketrans(
    dict.fromkeys("‘’‛′ʼ＇`´", "'") | dict.fromkeys("−", "-") | dict.fromkeys("·•∙⋅。", ".")
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Text for the finders. `starts[i]` and `ends[i]` are where its i-th character comes from."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Map characters [start, end) (not empty) back to the text that was folded."""
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """Fold a text; time and size are linear in its length, and no input fails."""
    if text.isascii() and not _CONTROL.search(text):
        return Folded(text, range(len(text)), range(1, len(text) + 1))
    kept: list[str] = []
    starts: list[int] = []
    for place, character in enumerate(text):
        for plain in _plain(character):
            kept.append(plain)
            starts.append(place)
    return Folded("".join(kept), starts, [start + 1 for start in starts])


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs":
        return " "
    if category == "Pd":
        return "-"
    if character in "\n\t" or category in {"Zl", "Zp"}:
        return "\n"
    if category in {"Cf", "Cc", "Cs", "Mn", "Me"} or character in _BLANK or character in _GLUE:
        return ""
    return unicodedata.normalize("NFKC", character).translate(_PLAIN)
