"""One training run: from a starting point and a seed to weights."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR

from earmark.errors import ConfigError
from earmark.train.batches import Batch, Batcher
from earmark.train.examples import Example
from earmark.train.network import Tagger
from earmark.train.recipe import Recipe

State = dict[str, Tensor]
_CALMER = "set a lower learning_rate in the recipe"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run stands: steps done and to do, the epoch, the running mean of the loss."""

    done: int
    total: int
    epoch: int
    loss: float


class Fit:
    """Trains a tagger in place, epoch by epoch."""

    def __init__(self, tagger: Tagger, batcher: Batcher, recipe: Recipe, seed: int) -> None:
        torch.manual_seed(seed)
        self._tagger, self._batcher, self._recipe = tagger, batcher, recipe
        self._chance = random.Random(seed)  # noqa: S311
        self._device = next(tagger.parameters()).device
        tagger.embeddings.word_embeddings.weight.requires_grad_(recipe.learn_words)

    def epochs(self, examples: Sequence[Example], tell: Callable[[Step], None]) -> Iterator[int]:
        """Go through the examples once an epoch, and yield the epoch's number after each.

        Raises:
            ConfigError: The loss is no number any more.
        """
        per_epoch = len(self._batcher.plan(examples, random.Random(0)))  # noqa: S311
        total = per_epoch * self._recipe.epochs
        optimizer = self._optimizer()
        pace = LambdaLR(optimizer, _up_and_down(total, self._recipe.warm_up))
        loss = 0.0
        for epoch in range(1, self._recipe.epochs + 1):
            for number, group in enumerate(self._batcher.plan(examples, self._chance)):
                now = self._step(group, optimizer)
                if not math.isfinite(now):
                    raise ConfigError("the training went astray: its loss is no number", hint=_CALMER)
                pace.step()
                loss = 0.98 * loss + 0.02 * now if loss else now
                tell(Step((epoch - 1) * per_epoch + number + 1, total, epoch, loss))
            yield epoch

    def _step(self, group: Sequence[Example], optimizer: torch.optim.Optimizer) -> float:
        self._tagger.train()
        noisy = [self._recipe.noise(example.words, self._chance) for example in group]
        batch = self._batcher.batch(group, noisy).to(self._device)
        loss = self._loss(batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._tagger.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    def _loss(self, batch: Batch) -> Tensor:
        with half_precision(self._device):
            emissions = self._tagger(batch.pieces, batch.shapes, batch.real, batch.firsts)
        chain = self._tagger.crf.loss(emissions, batch.tags, batch.there).sum() / batch.there.sum()
        own = functional.cross_entropy(
            emissions[batch.there],
            batch.tags[batch.there],
            label_smoothing=self._recipe.label_smoothing,
        )
        loss: Tensor = chain + self._recipe.cross_entropy * own
        return loss

    def _optimizer(self) -> torch.optim.Optimizer:
        recipe = self._recipe
        factors = {"head": recipe.head_factor, "crf": recipe.chain_factor}
        groups = [
            {
                "params": [parameter],
                "lr": recipe.learning_rate * factors.get(name.split(".")[0], 1.0),
                "weight_decay": recipe.weight_decay if parameter.dim() > 1 else 0.0,
            }
            for name, parameter in self._tagger.named_parameters()
            if parameter.requires_grad
        ]
        return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)


def half_precision(device: torch.device) -> torch.autocast:
    """bfloat16 where the hardware multiplies it fast, else single precision."""
    fast = device.type != "cpu" or torch.cpu._is_amx_tile_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


def average(states: Sequence[Mapping[str, Tensor]]) -> State:
    """The mean of the weights of several runs from one starting point."""
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}


def _up_and_down(total: int, warm_up: float) -> Callable[[int], float]:
    """The learning rate rises over the first share of the steps and then falls to nothing, both evenly."""
    rising = max(1, int(total * warm_up))

    def factor(step: int) -> float:
        return min((step + 1) / rising, max(0.0, (total - step) / max(1, total - rising)))

    return factor
