"""A training from labelled files to a pipeline folder: hold out, fit each seed, average, measure, export."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from earmark.errors import ConfigError
from earmark.extract.tagger.wordpiece import WordPiece
from earmark.gold import Gold, Labelled, read_gold
from earmark.train.batches import Batcher
from earmark.train.examples import TAGS, Example, examples
from earmark.train.export import Made, export
from earmark.train.figures import Agreement
from earmark.train.fit import Fit, State, Step, average
from earmark.train.network import Tagger
from earmark.train.predict import agreement, config_of, emissions, scored_spans
from earmark.train.recipe import Recipe
from earmark.train.soften import Weights, fit_logistic
from earmark.train.start import Start, read_start, tagger_from

_HELD_OUT = 10  # one conversation in so many, where no development set is given
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
        ConfigError, InputError: Start, recipe or data cannot be used; says which.
    """
    start = read_start(task.start)
    gold, dev = _data(task)
    notes = _notes(task.notes)
    bench = _Bench(start, task.recipe, _batcher(start, task.recipe), _work(task, gold), tell)
    learned, held = examples(gold.conversations), examples(dev)
    _must_hold_spans(learned, "training data")
    _must_hold_spans(held, "development set")
    tell.line(f"{len(learned):,} messages to learn from, {len(held):,} to measure on")
    tagger, figures = _fitted(bench, learned, held)
    calibration = _calibration(tagger, bench.batcher, held)
    made = Made(
        name=task.name,
        version=task.version,
        recipe=task.recipe.as_dict(),
        files=gold.files,
        learned=len(learned),
        held_out=len(held),
        refitted=False,
        figures=figures,
        calibration=calibration,
        notes=notes,
    )
    if task.refit:
        export(tagger, start, task.out.with_name(f"{task.out.name}.measured"), made)
        everything = examples((*gold.conversations, *dev))
        tagger, made = _refitted(bench, everything), replace(made, refitted=True)
    export(tagger, start, task.out, made)
    _forget(bench.folder)
    return figures


def _data(task: Task) -> tuple[Gold, tuple[Labelled, ...]]:
    """The training data, and the development set: given, or taken out of the data by the ids' hashes."""
    gold = read_gold(task.data)
    if task.dev:
        known = {labelled.conversation.id for labelled in gold.conversations}
        dev = read_gold(task.dev).conversations
        both = next((each for each in dev if each.conversation.id in known), None)
        if both:
            raise ConfigError(
                "a conversation of the development set is in the training data too", ref=both.conversation.id
            )
        return gold, dev
    held = tuple(each for each in gold.conversations if _is_held_out(each.conversation.id))
    kept = tuple(each for each in gold.conversations if not _is_held_out(each.conversation.id))
    return replace(gold, conversations=kept), held


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


def _fitted(bench: _Bench, learned: Sequence[Example], held: Sequence[Example]) -> tuple[Tagger, Figures]:
    """Fit every seed, keep each at its best epoch, and take their average if it is no worse than the best."""
    states = [_run(bench, "fit", seed, learned, held) for seed in bench.recipe.seeds]
    choices = [average(states), *states] if len(states) > 1 else states
    tagger = bench.tagger()
    measured = []
    for state in choices:
        tagger.load_state_dict(state)
        measured.append(_measure(tagger, bench.batcher, held))
        bench.tell.line(in_words(measured[-1]))
    best = max(range(len(choices)), key=lambda number: _worth(measured[number]))
    if len(states) > 1:
        bench.tell.line("the average of the runs is kept" if best == 0 else f"run {best} beats the average")
    tagger.load_state_dict(choices[best])
    return tagger, measured[best]


def _refitted(bench: _Bench, everything: Sequence[Example]) -> Tagger:
    states = [_run(bench, "refit", seed, everything, ()) for seed in bench.recipe.seeds]
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
    bench.folder.mkdir(parents=True, exist_ok=True)
    partial = checkpoint.with_suffix(".partial")
    save_file(state, partial)
    partial.replace(checkpoint)
    return state


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


def _calibration(tagger: Tagger, batcher: Batcher, held: Sequence[Example]) -> dict[str, Weights]:
    scored = scored_spans(held, emissions(tagger, batcher, held), tagger)
    return {
        label: fit_logistic([each.scores for each in spans], [each.right for each in spans])
        for label, spans in scored.items()
    }


def _work(task: Task, gold: Gold) -> Path:
    """The folder of finished runs; another recipe, start or data has another one."""
    content = {
        "recipe": task.recipe.as_dict() | {"seeds": None},
        "files": [file.sha256 for file in gold.files],
        "dev": [str(path) for path in task.dev],
        "start": str(task.start),
    }
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    return task.out.with_name(f"{task.out.name}.work") / key


def _forget(folder: Path) -> None:
    for checkpoint in folder.glob("*.safetensors"):
        checkpoint.unlink()
    if folder.is_dir():
        folder.rmdir()
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()
