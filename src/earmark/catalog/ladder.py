"""How a mention came to its entry, as the evidence `match`: the higher the surer."""

from __future__ import annotations

EXACT = 1.0  # as it is written in the catalog, but for case
INFLECTED = 0.9  # other spaces or hyphens, a plural, a possessive
SKU = 0.85  # an article number, or a token pattern: written as nobody listed it
WORDS = 0.8  # the words of the name in another order, or with padding around them
FUZZY = 0.6  # misspelt
CONTEXT = 0.5  # a short name, and the one thing of that name that the conversation speaks of
