"""`earmark evaluate`: how good a pipeline is, measured on labelled conversations."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli import common

if TYPE_CHECKING:
    from earmark.evaluate import Evaluation, Pipeline, Yardstick
    from earmark.gold import Gold
    from earmark.settings import Settings

WIDE = 120  # columns where the output is no terminal
DEFAULT = "default"
VARIANTS: dict[str, dict[str, Any]] = {
    DEFAULT: {},
    "catalog": {"model": "none", "rules": False},
    "rules": {"model": "none", "catalog": [], "rules": True},
    "none": {"model": "none"},
    "heuristic": {"source": "interactions", "scorer": "heuristic"},
}
"""Names that stand for no model of that name, and the settings that make the pipeline."""


def evaluate(
    gold: Annotated[
        list[Path], typer.Argument(metavar="GOLD", help="Labelled conversations, JSONL (.gz too).")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A spaCy pipeline by name or path, or default, catalog, rules, none, heuristic; "
            "several are compared.",
        ),
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="List the errors, with the texts.")] = False,
    threshold: common.ThresholdOption = None,
    review: common.ReviewOption = None,
    catalog: common.CatalogOption = None,
    rules: Annotated[
        bool | None, typer.Option("--rules/--no-rules", help="Whether the built-in issue rules are used.")
    ] = None,
    scorer: common.ScorerOption = None,
    calibration: common.CalibrationOption = None,
    limit: common.LimitOption = None,
    json: common.JsonOption = False,
) -> None:
    """Measure what is found against labelled conversations: precision, recall, calibration, speed."""
    from earmark.assemble import senders
    from earmark.evaluate import to_json, yardstick
    from earmark.gold import read_gold

    flags = common.cuts(threshold, review) | {"catalog": catalog, "rules": rules, "scorer": scorer}
    flags["calibration"] = calibration
    chosen = common.settings(source=f"files:{gold[0]}", **flags)
    known = read_gold(gold)
    stick = yardstick(known.conversations[:limit], senders(chosen.senders))
    names = list(dict.fromkeys(model or [DEFAULT]))
    with ExitStack() as closing:
        opened = [_opened(chosen, name, closing) for name in names]
        for pipeline in opened:
            _own_up(pipeline, stick)
        measured = _measured(opened, stick)
    if json:
        common.emit(to_json(stick, known.files, measured, compared=len(names) > 1, errors=errors))
    else:
        _show(stick, known, measured, errors=errors)


def _opened(chosen: Settings, name: str, closing: ExitStack) -> Pipeline:
    """The pipeline of that name under the settings in force; everything is opened before anything is measured.

    Raises:
        ConfigError: It cannot be opened, or holds nothing to measure.
    """
    from earmark.assemble import workshop
    from earmark.errors import ConfigError
    from earmark.evaluate import Pipeline

    if name == "catalog" and not chosen.catalog:
        raise ConfigError("the pipeline 'catalog' needs one", hint="name it with --catalog FILE")
    variant = chosen.model_copy(update=_settings_of(name))
    bench = closing.enter_context(workshop(variant, common.talk))
    began = time.perf_counter()
    extractor, judge = bench.extractor(), bench.judge()
    return Pipeline(name, extractor, judge, time.perf_counter() - began)


def _own_up(pipeline: Pipeline, stick: Yardstick) -> None:
    """Say where the confidence was fitted on what it is measured on."""
    from earmark.confidence import CalibratedScorer

    scorer = pipeline.judge.scorer
    if not isinstance(scorer, CalibratedScorer):
        return
    known = scorer.calibration.known(each.conversation.id for each in stick.conversations)
    if known:
        common.talk(
            f"warning: {known:,} of these {len(stick.conversations):,} conversations went into the calibration: "
            "its figures on them flatter"
        )


def _settings_of(name: str) -> dict[str, Any]:
    """What a name changes; `heuristic` goes without a model where the contract's is not installed."""
    from importlib.util import find_spec

    from earmark.assemble import CONTRACT_MODEL

    if name == "heuristic" and not find_spec(CONTRACT_MODEL):
        common.talk(f"heuristic: {CONTRACT_MODEL} is not installed; measured without a model")
        return VARIANTS[name] | {"model": "none"}
    if name == "heuristic":
        return VARIANTS[name] | {"model": CONTRACT_MODEL}
    return VARIANTS.get(name, {"model": name})


def _measured(pipelines: list[Pipeline], stick: Yardstick) -> list[Evaluation]:
    from earmark.cli.sitting import progress
    from earmark.evaluate import evaluate as measure

    with progress(len(pipelines) * len(stick.conversations)) as watch:
        return [measure(pipeline, stick, lambda count: watch("measured", count)) for pipeline in pipelines]


def _show(stick: Yardstick, known: Gold, measured: list[Evaluation], *, errors: bool) -> None:
    from earmark.evaluate import print_comparison, print_evaluation, print_mistakes

    console = common.console()
    if not console.is_terminal:
        console.width = WIDE
    if len(measured) > 1:
        print_comparison(console, stick, known.files, measured, common.plain)
    else:
        print_evaluation(console, stick, known.files, measured[0], common.plain)
    for evaluation in measured if errors else ():
        if len(measured) > 1:
            common.say(f"\n  {evaluation.pipeline.name}")
        print_mistakes(console, evaluation.mistakes, common.plain)
