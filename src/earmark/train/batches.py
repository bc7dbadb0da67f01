"""Examples become tensors: texts of like length together, in few shapes, so that kernels are built once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from earmark.extract.tagger.wordpiece import WordPiece, shape
from earmark.train.examples import Example

Item = TypeVar("Item")
WIDTHS = (8, 12, 16, 24, 32, 48, 64, 96, 128)


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces, shapes and reality [texts, width]; first pieces, presence and tags of the words [texts, words]."""

    pieces: Tensor
    shapes: Tensor
    real: Tensor
    firsts: Tensor
    there: Tensor
    tags: Tensor

    def to(self, device: torch.device) -> Batch:
        moved = (part.to(device) for part in self.parts())
        return Batch(*moved)

    def parts(self) -> tuple[Tensor, ...]:
        return self.pieces, self.shapes, self.real, self.firsts, self.there, self.tags


class Batcher:
    """Makes batches of about so many pieces each."""

    def __init__(self, wordpiece: WordPiece, pieces: int) -> None:
        self._wordpiece, self._pieces = wordpiece, pieces

    def plan(self, examples: Sequence[Example], chance: random.Random) -> list[list[Example]]:
        """Share all examples out at random, once each; a group that is not full borrows to fill up."""
        by_width: dict[int, list[Example]] = {}
        for example in examples:
            by_width.setdefault(self._width(example), []).append(example)
        groups = []
        for width, alike in sorted(by_width.items()):
            chance.shuffle(alike)
            for group in _groups(alike, max(4, self._pieces // width)):
                missing = max(4, self._pieces // width) - len(group)
                groups.append(group + chance.choices(alike, k=missing))
        chance.shuffle(groups)
        return groups

    def in_order(self, examples: Sequence[Example]) -> Iterator[list[int]]:
        """Positions of the examples, grouped by length; for measuring, where nothing may come twice."""
        order = sorted(range(len(examples)), key=lambda number: len(examples[number].words))
        yield from _groups(order, 64)

    def batch(self, group: Sequence[Example], words: Iterable[Sequence[str]] | None = None) -> Batch:
        """Build the tensors; `words` replaces the examples' own (one for one), for spoilt copies."""
        spelt = words or [example.words for example in group]
        rows = [self._row(each) for each in spelt]
        width = _width_for(max(len(pieces) for pieces, _, _ in rows))
        count = max(len(firsts) for _, _, firsts in rows)
        tags = [example.tags[: len(firsts)] for example, (_, _, firsts) in zip(group, rows, strict=True)]
        return Batch(
            pieces=_padded([pieces for pieces, _, _ in rows], width),
            shapes=_padded([shapes for _, shapes, _ in rows], width),
            real=_padded([[1] * len(pieces) for pieces, _, _ in rows], width).bool(),
            firsts=_padded([firsts for _, _, firsts in rows], count),
            there=_padded([[1] * len(firsts) for _, _, firsts in rows], count).bool(),
            tags=_padded(tags, count),
        )

    def _width(self, example: Example) -> int:
        return _width_for(2 + sum(len(self._wordpiece.pieces(word)) for word in example.words))

    def _row(self, words: Sequence[str]) -> tuple[list[int], list[int], list[int]]:
        """Pieces, their shapes, and where each word starts; what exceeds the widest batch is left out."""
        pieces, shapes, firsts = [self._wordpiece.first], [0], []
        for word in words:
            ids = self._wordpiece.pieces(word)
            if len(pieces) + len(ids) >= WIDTHS[-1]:
                break
            firsts.append(len(pieces))
            pieces += ids
            shapes += [shape(word)] * len(ids)
        return [*pieces, self._wordpiece.last], [*shapes, 0], firsts


def _width_for(pieces: int) -> int:
    return next((width for width in WIDTHS if pieces <= width), WIDTHS[-1])


def _groups(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _padded(rows: Sequence[Sequence[int]], width: int) -> Tensor:
    return torch.tensor([[*row, *[0] * (width - len(row))] for row in rows], dtype=torch.long)
