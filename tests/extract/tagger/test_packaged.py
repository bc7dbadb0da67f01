"""The pipeline that comes with Earmark, under the name that spaCy knows it by."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import spacy

from earmark import extract
from earmark.errors import ModelMissingError
from earmark.extract import ExtractConfig, open_extractor


def test_spacy_loads_it_as_earmark() -> None:
    doc = spacy.load("earmark")("my Galaxy S21 keeps crashing")
    assert [(span.text, span.label_) for span in doc.ents] == [
        ("Galaxy S21", "PRODUCT"),
        ("keeps crashing", "ISSUE"),
    ]
    assert all(span._.probability > 0.5 for span in doc.spans["earmark"])


def test_overrides_of_spacy_reach_it() -> None:
    assert spacy.load("earmark", exclude=["earmark_confidence_v1"]).pipe_names[-1] == "earmark_resolve_v1"


def test_the_extractors_facts_name_it() -> None:
    extractor = open_extractor(ExtractConfig(model="earmark"))
    assert extractor.facts["model"].startswith("en_earmark_chat ")
    assert len(extractor.facts["model_hash"]) == 64


def test_an_installation_without_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(extract, "PACKAGED", tmp_path / "gone")
    with pytest.raises(ModelMissingError, match="without Earmark's own model"):
        spacy.load("earmark")


def test_its_card_names_the_weights_that_are_there_and_ends_with_the_authors_notes() -> None:
    card = (extract.packaged() / "README.md").read_text(encoding="utf-8")
    graph = (extract.packaged() / "earmark_spans" / "model.onnx").read_bytes()
    notes = Path(__file__).parents[3] / "training" / "notes.md"
    assert hashlib.sha256(graph).hexdigest() in card
    assert card.rstrip().endswith(notes.read_text(encoding="utf-8").rstrip())
