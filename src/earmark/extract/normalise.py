"""Makes any text safe and comparable for the pipeline, and finds the way back to the original.

Compatibility forms are folded (NFKC), curly quotes and dashes straightened, invisible and control characters
dropped, lone surrogates replaced, and long runs without a space broken: spaCy's tokenizer is quadratic on
them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from earmark.naming import STRAIGHT

CHUNK_CHARACTERS = 20_000
_LONGEST_RUN = 64
_MOST_FOLDED = 8  # characters that one may become; more is a whole phrase in one sign, and 18 times the work
_MOST_MARKS = 8  # combining marks after one letter; more is noise, and their canonical order costs n²
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ONE_FOR_ONE = STRAIGHT | {ord(c): "\n" for c in "\r\u2028\u2029\x85"} | {0xA0: " "}
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
    "\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
"""Marks, letters and noncharacters that show nothing: variation selectors, joiners, fillers."""
_DROPPED = frozenset("™℠®©")  # NFKC would spell the first two out and glue them to the name


@dataclass(frozen=True, slots=True)
class Normalised:
    """Text for the pipeline. `starts[i]` and `ends[i]` are where its i-th character comes from."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Map characters [start, end) (not empty) back to the text that was normalised."""
        return self.starts[start], self.ends[end - 1]


def chunks(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, piece), at most 20,000 characters each, cut at a space where there is one near."""
    start = 0
    while start < len(text):
        end = min(len(text), start + CHUNK_CHARACTERS)
        if end < len(text):
            gap = max(text.rfind(" ", end - 200, end), text.rfind("\n", end - 200, end))
            end = gap + 1 if gap > start else end
        yield start, text[start:end]
        start = end


def normalise(text: str) -> Normalised:
    """Fold a text. Time and size are linear in its length, and no input fails."""
    text = text.translate(_ONE_FOR_ONE)
    if _is_plain(text):
        return Normalised(text, range(len(text)), range(1, len(text) + 1))
    kept: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    run = 0
    for start, end in _clusters(text):
        for character in _fold(text[start:end]):
            run = 0 if character.isspace() else run + 1
            if run > _LONGEST_RUN:
                kept.append(" ")
                starts.append(start)
                ends.append(start)
                run = 1
            kept.append(character)
            starts.append(start)
            ends.append(end)
    return Normalised("".join(kept), starts, ends)


def _is_plain(text: str) -> bool:
    return (
        text.isascii()
        and not _CONTROL.search(text)
        and all(len(word) <= _LONGEST_RUN for word in text.split())
    )


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the bounds of each character together with the marks that combine with it."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and end - start <= _MOST_MARKS and unicodedata.combining(text[end]):
            end += 1
        yield start, end
        start = end


def _fold(cluster: str) -> str:
    if cluster.isascii() and cluster.isprintable():
        return cluster
    if cluster in _DROPPED:
        return ""
    folded = unicodedata.normalize("NFKC", cluster).translate(_ONE_FOR_ONE)
    if len(folded) > _MOST_MARKS + _MOST_FOLDED:
        folded = cluster
    return "".join(_visible(character) for character in folded)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    if (category in {"Cf", "Cc"} and character not in "\n\t") or _UNSEEN.match(character):
        return ""
    return character
