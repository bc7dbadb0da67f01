"""`earmark calibrate`: a confidence that means something on one's own conversations, and a threshold that follows."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli import common

if TYPE_CHECKING:
    from earmark.calibrate import Candidate
    from earmark.confidence.calibration import Calibration
    from earmark.gold import Gold
    from earmark.settings import Settings

TargetOption = Annotated[
    float,
    typer.Option(
        min=0.5, max=0.999, metavar="P", help="How often a kept entity of a conversation must be right."
    ),
]
AssuranceOption = Annotated[
    float, typer.Option(min=0.5, max=0.999, metavar="P", help="How sure that has to be.")
]
OutOption = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="Where the calibration is written.")
]


def calibrate(
    gold: Annotated[
        list[Path], typer.Argument(metavar="GOLD", help="Labelled conversations, JSONL (.gz too).")
    ],
    target_precision: TargetOption = 0.95,
    assurance: AssuranceOption = 0.95,
    out: OutOption = Path("calibration.json"),
    model: common.ModelOption = None,
    catalog: common.CatalogOption = None,
    json: common.JsonOption = False,
) -> None:
    """Fit the confidence on labelled conversations, and find the threshold that keeps a promise of precision."""
    from earmark.calibrate import Goal, check_place, write_calibration
    from earmark.gold import read_gold

    chosen = common.settings(model=model, catalog=catalog, scorer="evidence")
    check_place(out, [*gold, *chosen.catalog, *chosen.issue_types])
    made = _made(chosen, read_gold(gold), Goal(target_precision, assurance))
    write_calibration(made, out)
    if json:
        common.emit(_as_json(made, out))
    else:
        _show(made, out)


def _made(chosen: Settings, gold: Gold, goal: Any) -> Calibration:
    """Sample with the pipeline in force, starting from the calibration that came with its model, if one did."""
    from earmark.assemble import workshop
    from earmark.calibrate import calibrate, packaged, running, sample
    from earmark.cli.sitting import progress

    known = gold.conversations
    channels = {each.conversation.id: each.conversation.channel for each in known}
    with workshop(chosen, common.talk) as shop:
        extractor, judge = shop.extractor(), shop.judge()
        with progress(len(known)) as watch:
            candidates: list[Candidate] = sample(extractor, judge, known, lambda count: watch("read", count))
        made_for = running(extractor, judge.linkers)
    prior = packaged(made_for["model_hash"])
    if prior:
        _own_up(prior, channels)
    return calibrate(candidates, channels, made_for, goal=goal, prior=prior.labels if prior else {})


def _own_up(prior: Calibration, ids: Collection[str]) -> None:
    """Say where the fit starts from what it has already learned of these conversations."""
    if known := prior.known(ids):
        common.talk(
            f"warning: {known:,} of these {len(ids):,} conversations went into the calibration that came with "
            "the model: figures and certificates on them flatter"
        )


def _as_json(made: Calibration, out: Path) -> dict[str, Any]:
    from earmark.confidence.calibration import as_dict

    known = as_dict(made)
    fitted = {name: value for name, value in known["fitted"].items() if name != "ids"}
    return {
        "schema": "earmark.calibrate/1",
        "file": str(out),
        "hash": made.hash,
        "fitted": fitted,
        "labels": sorted(made.labels),
        "figures": known["figures"],
        "certificates": known["certificates"],
    }


def _show(made: Calibration, out: Path) -> None:
    from earmark.confidence.wording import promise
    from earmark.gold import LABELS

    fitted = made.fitted
    rough = " (few: a rough fit)" if fitted.provisional else ""
    common.say(f"fitted on {fitted.candidates:,} candidates in {fitted.conversations:,} conversations{rough}")
    figures = ", ".join(
        f"{name} {'–' if value is None else f'{value:.3f}'}" for name, value in made.figures.items()
    )
    common.say(f"cross-validated by conversation: {figures}")
    for label, certificate in sorted(made.certificates.items()):
        common.say(f"{label}: {promise(certificate)}")
    for label in sorted(set(LABELS) - set(made.labels)):
        common.say(
            f"{label}: not calibrated, for want of right and of wrong candidates: it gets evidence, no probability"
        )
    common.say(f'{out}: use it with --calibration {out}, or calibration = "{out}" in earmark.toml')
