"""Writes a trained tagger as a pipeline: graph, vocabulary, configuration, meta data, card."""

from __future__ import annotations

import hashlib
from pathlib import Path

from earmark.extract.tagger.package import write_pipeline
from earmark.train.card import Card, Made
from earmark.train.graph import build_graph, prune
from earmark.train.network import Tagger
from earmark.train.predict import config_of
from earmark.train.start import Start

CARD = "README.md"


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
    card = Card(made, f"{start.name}, SHA-256 `{start.sha256[:16]}…`", hashlib.sha256(graph).hexdigest())
    (out / CARD).write_text(card.markdown(), encoding="utf-8")
