"""Writes a tagger as an ordinary spaCy pipeline: the folder that `spacy.load` takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import spacy

from earmark.extract.manifest import write_manifest
from earmark.extract.pipeline import CONFIDENCE, RESOLVE
from earmark.extract.tagger.component import FACTORY, NAME
from earmark.extract.tagger.config import TaggerConfig
from earmark.extract.tagger.folder import TaggerFiles


def write_pipeline(
    folder: Path, graph: bytes, vocab: Sequence[str], config: Mapping[str, Any], meta: Mapping[str, Any]
) -> None:
    """Write `folder` (created, or written over) with the tagger, what sets `doc.ents`, and a manifest.

    `vocab` are the pieces in the order of their ids, `config` is what `TaggerConfig.of` takes, `meta` goes
    into `meta.json` (name, version, description, license, sources, performance, …).

    Raises:
        ValueError: The configuration does not hold together.
    """
    nlp = spacy.blank("en")
    tagger: Any = nlp.add_pipe(FACTORY, name=NAME)
    tagger.set_files(TaggerFiles(TaggerConfig.of(config), tuple(vocab), graph))
    nlp.add_pipe(RESOLVE)
    nlp.add_pipe(CONFIDENCE)
    nlp.meta.update(meta)
    nlp.to_disk(folder)
    write_manifest(folder)
