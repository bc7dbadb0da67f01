"""A training from labelled files to a pipeline folder: hold out, fit each seed, average, measure, export."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from earmark import __version__
from earmark.errors import ConfigError, OutputError
from earmark.extract.tagger.wordpiece import WordPiece
from earmark.gold import Gold, GoldFile, read_gold
from earmark.train.batches import Batcher
from earmark.train.card import Made
from earmark.train.examples import TAGS, Example, examples
from earmark.train.export import export
from earmark.train.figures import Agreement
from earmark.train.fit import Fit, State, Step, average
from earmark.train.network import Tagger
from earmark.train.predict import agreement, config_of, emissions, scored_spans
from earmark.train.recipe import Recipe
from earmark.train.soften import Weights, fit_logistic
from earmark.train.start import Start, read_start, tagger_from
from earmark.train.workplace import destination, workplace

_HELD_OUT = 10  # one conversation in so many, where no development set is given
_FEW = 100  # spans; fewer say too little of a probability
Figures = dict[str, Agreement]


@dataclass(frozen=True, slots=True)
class Task:
    """What to train on, from where, how, and where to. Without `dev` every tenth conversation is held out.

    With `refit` the model is trained once more on everything after it was measured, the held-out
    conversations included; figures and calibration then are those of the first training, which is written
    beside the other as `OUT.measured`. `notes` is Markdown that ends the card.
    """

    data: tuple[Path, ...]
    out: Path
    start: Path
    recipe: Recipe
    dev: tuple[Path, ...] = ()
    refit: bool = False
    name: str = "en_earmark_own"
    version: str = "1.0.0"
    notes: Path | None = None


@dataclass(frozen=True, slots=True)
class Teller:
    """What a training reports on its way: each step, and a line of text now and then."""

    step: Callable[[str, Step], None]
    line: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every run of a training shares."""

    start: Start
    recipe: Recipe
    batcher: Batcher
    folder: Path
    tell: Teller

    def tagger(self) -> Tagger:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return tagger_from(self.start, TAGS, self.recipe.dropout).to(device)


def train(task: Task, tell: Teller) -> Figures:
    """Train as asked, write the pipeline with its card, and return how well it did on the development set.

    Finished runs are kept in `OUT.work/` until the pipeline is written, so that a training that was
    interrupted goes on with the next run.

    Raises:
        ConfigError, InputError: Start, recipe, data or destination cannot be used; says which.
        BusyError: Another training writes to the same folder.
        OutputError: A finished run cannot be written.
    """
    _must_be_named(task.name, task.version)
    out = destination(task.out, task.start)
    start = read_start(task.start)
    gold, dev = _data(task)
    notes = _notes(task.notes)
    learned, held = examples(gold.conversations), examples(dev.conversations)
    _must_hold_spans(learned, "training data")
    _must_hold_spans(held, "development set")
    tell.line(f"{len(learned):,} messages to learn from, {len(held):,} to measure on")
    with workplace(out, _key(task, (*gold.files, *dev.files), start)) as folder:
        bench = _Bench(start, task.recipe, _batcher(start, task.recipe), folder, tell)
        tagger, figures, seeds = _fitted(bench, learned, held)
        made = Made(
            name=task.name,
            version=task.version,
            recipe=_followed(task.recipe, seeds),
            files=gold.files,
            measured_on=dev.files,
            learned=len(learned),
            held_out=len(held),
            refitted=False,
            figures=figures,
            calibration=_calibration(tagger, bench, held),
            notes=notes,
        )
        if task.refit:
            export(tagger, start, out.with_name(f"{out.name}.measured"), made)
            everything = examples((*gold.conversations, *dev.conversations))
            tagger, made = _refitted(bench, everything, seeds), replace(made, refitted=True)
        export(tagger, start, out, made)
    return figures


def _must_be_named(name: str, version: str) -> None:
    if not re.fullmatch(r"en_[a-z0-9_]+", name):
        raise ConfigError(f"{name!r} is no name of an English pipeline", hint="write en_ and a-z, 0-9 or _")
    if not re.fullmatch(r"\d+\.\d+\.\d+[\w.+-]*", version, re.ASCII):
        raise ConfigError(f"{version!r} is no version", hint="write three numbers, as in 1.0.0")


def _data(task: Task) -> tuple[Gold, Gold]:
    """The training data, and the development set: given, or taken out of the data by the ids' hashes."""
    gold = read_gold(task.data)
    if task.dev:
        known = {labelled.conversation.id for labelled in gold.conversations}
        dev = read_gold(task.dev)
        both = next((each for each in dev.conversations if each.conversation.id in known), None)
        if both:
            raise ConfigError(
                "a conversation of the development set is in the training data too", ref=both.conversation.id
            )
        return gold, dev
    held = tuple(each for each in gold.conversations if _is_held_out(each.conversation.id))
    kept = tuple(each for each in gold.conversations if not _is_held_out(each.conversation.id))
    return replace(gold, conversations=kept), Gold(held, ())


def _followed(recipe: Recipe, seeds: Sequence[int]) -> dict[str, Any]:
    """The recipe for the card; of several runs, which are in the weights."""
    several = len(recipe.seeds) > 1
    kept = f"the average of seeds {', '.join(map(str, seeds))}" if len(seeds) > 1 else f"seed {seeds[0]}"
    return recipe.as_dict() | ({"kept": kept} if several else {})


def _notes(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({type(error).__name__})") from None


def _is_held_out(conversation_id: str) -> bool:
    return int.from_bytes(hashlib.sha256(conversation_id.encode()).digest()[:4]) % _HELD_OUT == 0


def _must_hold_spans(messages: Sequence[Example], what: str) -> None:
    for label in ("PRODUCT", "ISSUE"):
        if not any(TAGS[tag][2:] == label for example in messages for tag in example.tags):
            raise ConfigError(
                f"the {what} holds no {label}: there is nothing to learn or to measure",
                hint="label more conversations, or name a development set with --dev",
            )


def _batcher(start: Start, recipe: Recipe) -> Batcher:
    return Batcher(WordPiece(start.vocabulary), recipe.batch_pieces)


def _fitted(
    bench: _Bench, learned: Sequence[Example], held: Sequence[Example]
) -> tuple[Tagger, Figures, tuple[int, ...]]:
    """Fit every seed, keep each at its best epoch, and take their average if it is no worse than the best.

    The seeds that went into the weights come back, too.
    """
    seeds = tuple(dict.fromkeys(bench.recipe.seeds))
    states = [_run(bench, "fit", seed, learned, held) for seed in seeds]
    choices: list[tuple[list[State], tuple[int, ...]]]
    choices = [([state], (seed,)) for state, seed in zip(states, seeds, strict=True)]
    if len(seeds) > 1:
        choices.insert(0, (states, seeds))
    tagger = bench.tagger()
    measured = []
    for chosen, these in choices:
        tagger.load_state_dict(average(chosen))
        measured.append(_measure(tagger, bench.batcher, held))
        if len(seeds) > 1:
            bench.tell.line(f"{_called(these)}: {in_words(measured[-1])}")
    best = max(range(len(choices)), key=lambda number: _worth(measured[number]))
    chosen, these = choices[best]
    if len(seeds) > 1:
        bench.tell.line(f"{_called(these)} is kept")
    tagger.load_state_dict(average(chosen))
    return tagger, measured[best], these


def _called(seeds: Sequence[int]) -> str:
    return "the average of the runs" if len(seeds) > 1 else f"seed {seeds[0]} alone"


def _refitted(bench: _Bench, everything: Sequence[Example], seeds: Sequence[int]) -> Tagger:
    """The same once more on everything: the runs that were kept when measured, and no others."""
    states = [_run(bench, "refit", seed, everything, ()) for seed in seeds]
    tagger = bench.tagger()
    tagger.load_state_dict(average(states))
    return tagger


def _run(bench: _Bench, kind: str, seed: int, learned: Sequence[Example], held: Sequence[Example]) -> State:
    """The weights of one run; read from its checkpoint when it ran before."""
    checkpoint = bench.folder / f"{kind}-{seed}.safetensors"
    if checkpoint.exists():
        bench.tell.line(f"{kind} {seed} was finished before")
        return load_file(checkpoint)
    torch.manual_seed(seed)
    tagger = bench.tagger()
    state = _best_epoch(bench, tagger, f"{kind} {seed}", seed, learned, held)
    _keep(state, checkpoint)
    return state


def _keep(state: State, checkpoint: Path) -> None:
    partial = checkpoint.with_suffix(".partial")
    try:
        save_file(state, partial)
    except SafetensorError as error:
        raise OutputError(f"{partial} cannot be written: {error}") from None
    partial.replace(checkpoint)


def _best_epoch(
    bench: _Bench, tagger: Tagger, name: str, seed: int, learned: Sequence[Example], held: Sequence[Example]
) -> State:
    """Train; with a development set stop when patience is out, and go back to the best epoch."""
    best, best_worth, since = _copy(tagger), -1.0, 0
    run = Fit(tagger, bench.batcher, bench.recipe, seed)
    for epoch in run.epochs(learned, lambda step: bench.tell.step(name, step)):
        if not held:
            best = _copy(tagger)
            continue
        figures = _measure(tagger, bench.batcher, held)
        bench.tell.line(f"{name}, epoch {epoch}: {in_words(figures)}")
        since += 1
        if _worth(figures) > best_worth:
            best, best_worth, since = _copy(tagger), _worth(figures), 0
        if since >= bench.recipe.patience:
            break
    return best


def _copy(tagger: Tagger) -> State:
    return {name: values.detach().cpu().clone() for name, values in tagger.state_dict().items()}


def _measure(tagger: Tagger, batcher: Batcher, held: Sequence[Example]) -> Figures:
    return agreement(held, emissions(tagger, batcher, held), config_of(tagger))


def _worth(figures: Figures) -> float:
    return sum(label.exact + label.overlap for label in figures.values())


def in_words(figures: Figures) -> str:
    """One line: overlap and exact F1 of each label."""
    return ", ".join(
        f"{label} {found.overlap:.3f} overlap {found.exact:.3f} exact" for label, found in figures.items()
    )


def _calibration(tagger: Tagger, bench: _Bench, held: Sequence[Example]) -> dict[str, Weights]:
    """Fitted on what is found in the held-out messages; where that is too little, the start's stays."""
    scored = scored_spans(held, emissions(tagger, bench.batcher, held), tagger)
    known = bench.start.calibration
    return {
        label: known[label]
        if label in known and len(spans) < _FEW
        else fit_logistic([each.scores for each in spans], [each.right for each in spans])
        for label, spans in scored.items()
    }


def _key(task: Task, files: Sequence[GoldFile], start: Start) -> str:
    """Names what finished runs belong to: another recipe, start, development set or data has another one."""
    content = {
        "version": __version__,
        "recipe": task.recipe.as_dict() | {"seeds": None},
        "files": [file.sha256 for file in files],
        "dev": len(task.dev),
        "start": start.sha256,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
