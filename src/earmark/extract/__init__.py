"""Finds products and issues in messages. The only room that imports spaCy, and only when it is used.

`open_extractor(ExtractConfig(...))` gives what the flow needs; `build_pipeline` gives the bare spaCy pipeline
to load, extend, save or retrain.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.extract.config import BUILTIN_RULES, DEFAULT_LABEL_MAP, ExtractConfig

if TYPE_CHECKING:
    from spacy.language import Language

    from earmark.extract.extractor import SpacyExtractor

# Read by OpenBLAS when numpy is first imported. A second thread takes twice the CPU for the same wall time.
if "numpy" not in sys.modules:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

PACKAGED = Path(__file__).parent / "pipelines" / "en_earmark_chat"

__all__ = [
    "BUILTIN_RULES",
    "DEFAULT_LABEL_MAP",
    "ExtractConfig",
    "build_pipeline",
    "load_packaged",
    "open_extractor",
    "packaged",
]


def open_extractor(config: ExtractConfig | None = None) -> SpacyExtractor:
    """Load everything the configuration names and return an `earmark.ports.Extractor`.

    Raises:
        ModelMissingError: The spaCy model is not installed or cannot be loaded.
        CatalogError: A catalog or rules file cannot be used; says which line.
    """
    from earmark.extract.extractor import SpacyExtractor

    return SpacyExtractor(config or ExtractConfig())


def build_pipeline(config: ExtractConfig | None = None) -> Language:
    """Return the configured pipeline as an ordinary `spacy.Language`.

    Raises:
        ModelMissingError, CatalogError: As `open_extractor`.
    """
    from earmark.extract.pipeline import build

    return build(config or ExtractConfig()).nlp


def packaged() -> Path:
    """The folder of Earmark's own model, an ordinary spaCy pipeline.

    Raises:
        ModelMissingError: This installation came without it.
    """
    from earmark.errors import ModelMissingError

    if not (PACKAGED / "meta.json").is_file():
        raise ModelMissingError(
            "this installation came without Earmark's own model",
            hint="install Earmark again, name another model, or set the model to none",
        )
    return PACKAGED


def load_packaged(**overrides: Any) -> Language:
    """Load Earmark's own model; `overrides` are those of `spacy.load`.

    Raises:
        ModelMissingError: It is missing, or its files are not those of its manifest.
    """
    from spacy.util import load_model_from_path

    from earmark.extract.manifest import check_model

    folder = packaged()
    check_model(folder)
    return load_model_from_path(folder, **overrides)
