"""Writes a trained tagger as a pipeline: graph, vocabulary, configuration, meta data, card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.extract.tagger.package import write_pipeline
from earmark.gold import GoldFile
from earmark.train.card import Card
from earmark.train.figures import Agreement
from earmark.train.graph import build_graph, prune
from earmark.train.network import Tagger
from earmark.train.predict import config_of
from earmark.train.soften import Weights
from earmark.train.start import Start

CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Made:
    """How a tagger came about, for its card."""

    name: str
    version: str
    recipe: Mapping[str, Any]
    files: Sequence[GoldFile]
    measured_on: Sequence[GoldFile]
    learned: int
    held_out: int
    refitted: bool
    figures: Mapping[str, Agreement]
    calibration: Mapping[str, Weights]
    notes: str = ""


def export(tagger: Tagger, start: Start, out: Path, made: Made) -> None:
    """Write the pipeline folder and its card; pieces that English chats do not need are left out."""
    weights = {
        name: values.detach().cpu().float().numpy()
        for name, values in tagger.state_dict().items()
        if not name.startswith("crf.")
    }
    pruned, vocabulary = prune(weights, start.vocabulary)
    config = config_of(tagger, made.calibration)
    graph = build_graph(pruned, heads=start.heads, max_pieces=config.max_pieces)
    meta = {
        "name": made.name.removeprefix("en_"),
        "version": made.version,
        "description": "PRODUCT and ISSUE in support chats",
        "spacy_version": ">=3.8.0,<3.9.0",
        "performance": {label: figures.as_dict() for label, figures in made.figures.items()},
    }
    write_pipeline(out, graph, vocabulary, config.as_dict(), meta)
    (out / CARD).write_text(_card(start, made, graph).markdown(), encoding="utf-8")


def _card(start: Start, made: Made, graph: bytes) -> Card:
    return Card(
        name=made.name,
        version=made.version,
        sha256=hashlib.sha256(graph).hexdigest(),
        start=f"{start.name}, SHA-256 `{start.sha256[:16]}…`",
        files=made.files,
        measured_on=made.measured_on,
        learned=made.learned,
        held_out=made.held_out,
        refitted=made.refitted,
        figures=made.figures,
        recipe=made.recipe,
        notes=made.notes,
    )
