"""The network in PyTorch: an uncased BERT encoder that also sees how words are written, a head, and a CRF.

Parameters carry the names that BERT checkpoints use, so that a checkpoint loads as it is and what was
trained can be handed to the graph as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.extract.tagger.wordpiece import SHAPES

FORBIDDEN = -10_000.0


@dataclass(frozen=True, slots=True)
class Size:
    """The encoder's dimensions."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    types: int

    @classmethod
    def of(cls, weights: Mapping[str, Tensor], heads: int) -> Size:
        """Read off a checkpoint; only the number of heads is not to be seen in it."""
        words = weights["embeddings.word_embeddings.weight"]
        layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
        return cls(
            vocabulary=words.shape[0],
            hidden=words.shape[1],
            layers=len(layers),
            heads=heads,
            inner=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
            positions=weights["embeddings.position_embeddings.weight"].shape[0],
            types=weights["embeddings.token_type_embeddings.weight"].shape[0],
        )


class Embeddings(nn.Module):
    def __init__(self, size: Size, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(size.vocabulary, size.hidden)
        self.position_embeddings = nn.Embedding(size.positions, size.hidden)
        self.token_type_embeddings = nn.Embedding(size.types, size.hidden)
        self.shape_embeddings = nn.Embedding(SHAPES, size.hidden)
        self.LayerNorm = nn.LayerNorm(size.hidden, eps=1e-12)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.shape_embeddings.weight)  # until it is trained it changes nothing

    def forward(self, pieces: Tensor, shapes: Tensor) -> Tensor:
        places = self.position_embeddings.weight[: pieces.shape[1]] + self.token_type_embeddings.weight[0]
        known = self.word_embeddings(pieces) + places + self.shape_embeddings(shapes)
        out: Tensor = self.dropout(self.LayerNorm(known))
        return out


class SelfAttention(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.query = nn.Linear(size.hidden, size.hidden)
        self.key = nn.Linear(size.hidden, size.hidden)
        self.value = nn.Linear(size.hidden, size.hidden)
        self.heads = size.heads

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        texts, length, hidden = states.shape
        query, key, value = (
            part(states).view(texts, length, self.heads, hidden // self.heads).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        likeness = query @ key.transpose(2, 3) / math.sqrt(hidden // self.heads) + mask.to(query.dtype)
        seen = torch.softmax(likeness, dim=-1).to(value.dtype) @ value
        return seen.transpose(1, 2).reshape(texts, length, hidden)


class Output(nn.Module):
    """A linear layer whose result is added to what went in before."""

    def __init__(self, given: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(given, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, before: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(before + self.dropout(self.dense(states)))
        return out


class Layer(nn.Module):
    def __init__(self, size: Size, dropout: float) -> None:
        super().__init__()
        self.attention = nn.ModuleDict(
            {
                "self": SelfAttention(size),
                "output": Output(size.hidden, size.hidden, dropout),
            }
        )
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(size.hidden, size.inner)})
        self.output = Output(size.inner, size.hidden, dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        seen = self.attention["output"](self.attention["self"](states, mask), states)
        out: Tensor = self.output(functional.gelu(self.intermediate["dense"](seen)), seen)
        return out


class Chain(nn.Module):
    """A linear-chain CRF; moves that make no span are forbidden, the others are learned."""

    start_bar: Tensor
    move_bar: Tensor

    def __init__(self, tags: tuple[str, ...]) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(len(tags)))
        self.transitions = nn.Parameter(torch.zeros(len(tags), len(tags)))
        self.end = nn.Parameter(torch.zeros(len(tags)))
        inside = [tag.startswith("I-") for tag in tags]
        self.register_buffer("start_bar", torch.tensor([FORBIDDEN * barred for barred in inside]), False)
        bars = [[FORBIDDEN * (tag[:2] == "I-" and tag[2:] != before[2:]) for tag in tags] for before in tags]
        self.register_buffer("move_bar", torch.tensor(bars), False)

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Start [K], moves [K from, K to] and end [K], with what is forbidden."""
        return self.start + self.start_bar, self.transitions + self.move_bar, self.end

    def loss(self, emissions: Tensor, tags: Tensor, there: Tensor) -> Tensor:
        """The negative log-likelihood of each text's tags, [texts]."""
        return self._total(emissions, there) - self._score(emissions, tags, there)

    def _total(self, emissions: Tensor, there: Tensor) -> Tensor:
        start, moves, end = self.scores()
        score = start + emissions[:, 0]
        for word in range(1, emissions.shape[1]):
            arrived = torch.logsumexp(score.unsqueeze(2) + moves, dim=1) + emissions[:, word]
            score = torch.where(there[:, word : word + 1], arrived, score)
        return torch.logsumexp(score + end, dim=1)

    def _score(self, emissions: Tensor, tags: Tensor, there: Tensor) -> Tensor:
        start, moves, end = self.scores()
        weight = there.float()
        emitted = (emissions.gather(2, tags.unsqueeze(2)).squeeze(2) * weight).sum(1)
        moved = (moves[tags[:, :-1], tags[:, 1:]] * weight[:, 1:]).sum(1)
        last = tags.gather(1, there.sum(1, keepdim=True) - 1).squeeze(1)
        return emitted + start[tags[:, 0]] + moved + end[last]


class Tagger(nn.Module):
    """Encoder, head and chain. Gives the emissions [texts, words, K] of the words' first pieces."""

    def __init__(self, size: Size, tags: tuple[str, ...], dropout: float) -> None:
        super().__init__()
        self.size, self.tags = size, tags
        self.embeddings = Embeddings(size, dropout)
        layers = nn.ModuleList(Layer(size, dropout) for _ in range(size.layers))
        self.encoder = nn.ModuleDict({"layer": layers})
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(size.hidden, len(tags))
        self.crf = Chain(tags)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def encode(self, pieces: Tensor, shapes: Tensor, real: Tensor) -> Tensor:
        """The states [texts, pieces, hidden]; `real` tells pieces from padding."""
        mask = torch.zeros(real.shape, device=real.device).masked_fill(~real, FORBIDDEN)[:, None, None, :]
        states: Tensor = self.embeddings(pieces, shapes)
        for layer in self.encoder["layer"]:
            states = layer(states, mask)
        return states

    def forward(self, pieces: Tensor, shapes: Tensor, real: Tensor, firsts: Tensor) -> Tensor:
        states = self.encode(pieces, shapes, real)
        words = states.gather(1, firsts.unsqueeze(2).expand(-1, -1, states.shape[2]))
        emissions: Tensor = self.head(self.dropout(words))
        return emissions.float()
