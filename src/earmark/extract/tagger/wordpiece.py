"""From words to the pieces an uncased BERT knows, and the shape of a word that lower-casing hides.

Training and the runtime share this code: the same word gives the same ids on both sides.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice

SHAPES = 8
_LONGEST = 100  # characters; a longer run without punctuation is unknown as a whole
_MOST_PIECES = 30  # of one word; what follows adds nothing to the first piece, which speaks for the word
_CACHE_WORDS, _CACHE_LONGEST = 50_000, 40
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})
_CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """The WordPiece tokenizer of an uncased BERT, one word at a time. Safe in threads."""

    def __init__(self, vocab: Sequence[str]) -> None:
        """Take the pieces in the order of their ids; `[UNK]`, `[CLS]` and `[SEP]` must be among them.

        Raises:
            ValueError: One of the three is missing.
        """
        self._ids = {piece: number for number, piece in enumerate(vocab)}
        missing = {"[UNK]", "[CLS]", "[SEP]"} - self._ids.keys()
        if missing:
            raise ValueError(f"the vocabulary lacks {min(missing)}")
        self.unknown, self.first, self.last = (self._ids[name] for name in ("[UNK]", "[CLS]", "[SEP]"))
        self._known: dict[str, tuple[int, ...]] = {}

    def pieces(self, word: str) -> tuple[int, ...]:
        """The ids of a word, 1 to 30 of them: a word of which nothing is left is unknown."""
        known = self._known.get(word)
        if known is None:
            known = tuple(islice(self._split(word), _MOST_PIECES)) or (self.unknown,)
            self._remember(word, known)
        return known

    def _remember(self, word: str, ids: tuple[int, ...]) -> None:
        if len(word) > _CACHE_LONGEST:
            return
        if len(self._known) >= _CACHE_WORDS:
            self._known.clear()
        self._known[word] = ids

    def _split(self, word: str) -> Iterator[int]:
        for part in basic_parts(word):
            yield from self._longest_first(part) if len(part) <= _LONGEST else (self.unknown,)

    def _longest_first(self, part: str) -> tuple[int, ...]:
        found: list[int] = []
        start = 0
        while start < len(part):
            prefix = "##" if start else ""
            for end in range(len(part), start, -1):
                number = self._ids.get(prefix + part[start:end])
                if number is not None:
                    break
            else:
                return (self.unknown,)
            found.append(number)
            start = end
        return tuple(found)


def basic_parts(text: str) -> list[str]:
    """Lower-case, strip accents, and split at white space, punctuation and CJK characters."""
    if text.isalnum() and text.isascii():
        return [text.lower()]
    text = unicodedata.normalize("NFD", "".join(_cleaned(text)))
    kept: list[str] = []
    for character in text:
        if unicodedata.category(character) == "Mn":
            continue
        lower = character.lower()
        kept.append(f" {lower} " if _is_punctuation(character) else lower)
    return "".join(kept).split()


def _cleaned(text: str) -> Iterator[str]:
    for character in text:
        if character in " \t\n\r":
            yield " "
        elif character == "\ufffd" or unicodedata.category(character) in _INVISIBLE:
            continue
        elif _is_cjk(character):
            yield f" {character} "
        else:
            yield character


def _is_cjk(character: str) -> bool:
    code = ord(character)
    return code >= 0x3400 and any(first <= code <= last for first, last in _CJK)


def _is_punctuation(character: str) -> bool:
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character).startswith("P")


def shape(word: str) -> int:
    """How a word is written, 0 to 7: its case, plus 4 when it holds a digit.

    0 no letters or none of them a capital, 1 Capitalised or a single capital, 2 ALL CAPITALS, 3 mixed.
    """
    return _case(word) + 4 * any(character.isdigit() for character in word)


def _case(word: str) -> int:
    if word.islower():
        return 0
    letters = [character for character in word if character.isalpha()]
    capitals = [character.isupper() for character in letters]
    if not any(capitals):
        return 0
    if len(letters) > 1 and all(capitals):
        return 2
    return 1 if capitals[0] and not any(capitals[1:]) else 3
