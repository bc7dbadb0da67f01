"""`earmark train`: a model of one's own from one's own labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli import common

if TYPE_CHECKING:
    from earmark.train.figures import Agreement
    from earmark.train.fit import Step
    from earmark.train.job import Teller
    from earmark.train.recipe import Recipe


DataOption = Annotated[
    list[Path], typer.Option(metavar="FILE", help="Labelled conversations, JSONL (.gz too); repeatable.")
]
OutOption = Annotated[Path, typer.Option(metavar="FOLDER", help="Where the pipeline is written.")]
DevOption = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Labelled conversations to measure on; else every tenth is held out."),
]
StartOption = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="A pipeline or BERT checkpoint to start from; else Earmark's own."),
]
RecipeOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Settings of the training, TOML.")]
EpochsOption = Annotated[int | None, typer.Option(min=1, max=100, help="Times through the data, at most.")]
SeedOption = Annotated[
    list[int] | None,
    typer.Option(min=0, max=2**63 - 1, metavar="N", help="Several: one run each, and their average."),
]
RefitOption = Annotated[bool, typer.Option("--refit", help="Once measured, train again on everything.")]
NameOption = Annotated[str, typer.Option(metavar="NAME", help="The pipeline's name.")]
VersionOption = Annotated[str, typer.Option(metavar="N.N.N", help="The pipeline's version.")]
NotesOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Markdown that ends the model card.")]


def train(
    data: DataOption,
    out: OutOption,
    dev: DevOption = None,
    start: StartOption = None,
    recipe: RecipeOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    refit: RefitOption = False,
    name: NameOption = "en_earmark_own",
    version: VersionOption = "1.0.0",
    notes: NotesOption = None,
    json: common.JsonOption = False,
) -> None:
    """Train a PRODUCT / ISSUE model on labelled conversations and write it as a spaCy pipeline with its card."""
    _needs_torch()
    from earmark.extract import packaged
    from earmark.train.job import Task, train

    task = Task(
        data=tuple(data),
        out=out,
        start=start or packaged(),
        recipe=_recipe(recipe, start, epochs, seed),
        dev=tuple(dev or ()),
        refit=refit,
        name=name,
        version=version,
        notes=notes,
    )
    with _telling() as tell:
        figures = train(task, tell)
    if json:
        labels = {label: each.as_dict() for label, each in figures.items()}
        common.emit({"pipeline": str(out), "labels": labels})
    else:
        _show(out, figures)


def _show(out: Path, figures: Mapping[str, Agreement]) -> None:
    for label, each in figures.items():
        common.say(f"{label}: F1 {each.overlap:.3f} overlap, {each.exact:.3f} exact ({each.given} labelled)")
    common.say(f"{out}: use it with --model {out}, measure it with `earmark evaluate GOLD --model {out}`")


def _needs_torch() -> None:
    """Say what is missing before anything is read.

    Raises:
        ConfigError: The training extra is not installed.
    """
    from importlib.util import find_spec

    from earmark.errors import ConfigError

    missing = [name for name in ("torch", "onnx", "safetensors") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"training needs {', '.join(missing)}, which the product itself does not",
            hint='pip install "earmark[train]"',
        )


def _recipe(path: Path | None, start: Path | None, epochs: int | None, seeds: list[int] | None) -> Recipe:
    """The recipe of the file; without one, a model that was trained before learns gently."""
    from earmark.train.recipe import GENTLE, Recipe, read_recipe

    untaught = start is not None and (start / "model.safetensors").is_file()
    recipe = read_recipe(path) if path else Recipe() if untaught else GENTLE
    if epochs:
        recipe = replace(recipe, epochs=epochs)
    return replace(recipe, seeds=tuple(seeds)) if seeds else recipe


@contextmanager
def _telling() -> Iterator[Teller]:
    """A progress bar on a terminal, a line now and then elsewhere; both on stderr."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from earmark.train.job import Teller

    console = common.console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=None, loss=0.0, run="")

        def step(run: str, now: Step) -> None:
            if progress.tasks[0].fields["run"] != run:  # the time that is left is this run's
                progress.reset(bar, total=now.total, run=run, loss=now.loss)
            progress.update(
                bar,
                description=f"{run}, epoch {now.epoch}",
                completed=now.done,
                total=now.total,
                loss=now.loss,
            )
            if not console.is_terminal and now.done % 100 == 0:
                common.talk(f"{run}: {now.done} of {now.total}, loss {now.loss:.3f}")

        yield Teller(step, lambda text: progress.console.print(text, markup=False, soft_wrap=True))
