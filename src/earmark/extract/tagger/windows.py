"""Cuts texts of any length into windows that the encoder can read, overlapping so that each word has context."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from earmark.extract.tagger.encoder import Pieces
from earmark.extract.tagger.wordpiece import WordPiece, shape

_PAUSES = frozenset(".!?;:,\n")
_LONGEST_WORD = 60  # characters; a longer one is part of an endless run, and its other pieces say nothing
_ENDS = 2  # the first and the last piece of every window


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces to read, and the words [start, end) that this window decides on; `firsts` are their first pieces."""

    pieces: Pieces
    start: int
    end: int
    firsts: Sequence[int]


def windows(words: Sequence[str], tokenizer: WordPiece, most: int, context: int) -> Iterator[Window]:
    """Yield the windows of a text: at most `most` pieces each, `context` of them shared with the next.

    Every word is decided on by exactly one window. The cut is made after a pause where the overlap has one,
    else in its middle. Linear in the length of the text.
    """
    room = most - _ENDS
    ids = [_pieces(word, tokenizer)[:room] for word in words]
    offsets = [0, *accumulate(map(len, ids))]
    start = decided = 0
    while decided < len(words):
        end = bisect_right(offsets, offsets[start] + room) - 1
        cut = end if end == len(words) else _cut(words, offsets, decided + 1, end, context)
        yield _window(words, ids, offsets, (start, end), (decided, cut), tokenizer)
        start, decided = bisect_left(offsets, offsets[end] - context), cut
        if cut < len(words) and offsets[cut + 1] - offsets[start] > room:
            start = cut


def _pieces(word: str, tokenizer: WordPiece) -> tuple[int, ...]:
    pieces = tokenizer.pieces(word)
    return pieces if len(word) <= _LONGEST_WORD else pieces[:1]


def _cut(words: Sequence[str], offsets: Sequence[int], first: int, end: int, context: int) -> int:
    """The word, `first` or later, with which the next window begins to decide: amid the pieces that both read."""
    low = max(first, bisect_left(offsets, offsets[end] - context * 3 // 4))
    high = bisect_right(offsets, offsets[end] - context // 4) - 1
    middle = offsets[end] - context / 2

    def distance(word: int) -> tuple[bool, float]:
        return words[word - 1] not in _PAUSES, abs(offsets[word] - middle)

    return min(range(low, high + 1), key=distance, default=end)


def _window(
    words: Sequence[str],
    ids: Sequence[tuple[int, ...]],
    offsets: Sequence[int],
    read: tuple[int, int],
    decided: tuple[int, int],
    tokenizer: WordPiece,
) -> Window:
    numbers, shapes = [tokenizer.first], [0]
    for word in range(*read):
        numbers.extend(ids[word])
        shapes.extend([shape(words[word])] * len(ids[word]))
    numbers.append(tokenizer.last)
    shapes.append(0)
    firsts = [1 + offsets[word] - offsets[read[0]] for word in range(*decided)]
    return Window(Pieces(numbers, shapes), *decided, firsts)
