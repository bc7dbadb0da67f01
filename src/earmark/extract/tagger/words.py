"""The words of a text: what spaCy's tokenizer makes of it, without white space."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Token


def word_tokens(doc: Doc) -> list[Token]:
    """The tokens that are words; punctuation marks are words too."""
    return [token for token in doc if not token.is_space]


def words_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield (first character, word) of a text as the packaged pipeline sees it. For training."""
    for token in word_tokens(_tokenizer().make_doc(text)):
        yield token.idx, token.text


@cache
def _tokenizer() -> Language:
    return spacy.blank("en")
