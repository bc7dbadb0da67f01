"""Messages that cannot hold a product or an issue: greetings, thanks, yes and no, numbers, punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_WORDS = """
hi hello hey hiya howdy greetings welcome bye goodbye cheers
good great nice lovely perfect awesome excellent wonderful brilliant morning afternoon evening day night
thanks thank thankyou thx ty you u ur very so much many again for your time
please pls yes yep yeah yea yup no nope nah ok okay okey k sure alright right correct indeed exactly
sorry oh ah hmm um hm wow lol haha
i am the is that this it and my of have to we
one moment minute second seconds minutes moments just
there sir madam mam ma'am miss mr mrs ms
"""
_MANY = 32
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_SAYS_NOTHING = frozenset(_WORDS.split())


def is_trivial(words: Iterable[str]) -> bool:
    """Whether all words are of the kind that says nothing, or hold no letter."""
    return all(_says_nothing(word) for word in words)


def is_noise(words: Sequence[str]) -> bool:
    """Whether there are many words and none of them has two letters together: a wall of signs names nothing."""
    return len(words) >= _MANY and not any(map(_TWO_LETTERS.search, words))


def _says_nothing(word: str) -> bool:
    return word.lower() in _SAYS_NOTHING or not any(character.isalpha() for character in word)
