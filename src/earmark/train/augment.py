"""Small disturbances of the words, so that case and spelling are no crutch: labels stay as they are."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Noise:
    """Shares of the messages that lose their capitals or gain them, or that are typed badly.

    In a badly typed message each word of four letters or more is spoilt with probability `spoilt`.
    """

    lower: Share = 0.1
    upper: Share = 0.02
    typed_badly: Share = 0.3
    spoilt: Share = 0.03

    def __call__(self, words: Sequence[str], chance: random.Random) -> Sequence[str]:
        draw = chance.random()
        if draw < self.lower:
            words = [word.lower() for word in words]
        elif draw < self.lower + self.upper:
            words = [word.upper() for word in words]
        if chance.random() < self.typed_badly:
            words = [self._typed(word, chance) for word in words]
        return words

    def _typed(self, word: str, chance: random.Random) -> str:
        return misspelt(word, chance) if chance.random() < self.spoilt else word


def misspelt(word: str, chance: random.Random) -> str:
    """Drop, swap, double or replace one letter inside a word; the first and the last stay."""
    if len(word) < 4 or not word.isalpha():
        return word
    at = chance.randrange(1, len(word) - 2)
    before, letter, following, rest = word[:at], word[at], word[at + 1], word[at + 2 :]
    return chance.choice(
        (
            before + following + rest,
            before + following + letter + rest,
            before + letter + letter + following + rest,
            before + chance.choice(string.ascii_lowercase) + following + rest,
        )
    )
