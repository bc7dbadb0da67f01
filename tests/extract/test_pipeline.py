"""The spaCy pipeline: components by name, spans and their extensions, saving, loading and pickling."""

from __future__ import annotations

import pickle
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from earmark.errors import CatalogError
from earmark.extract import ExtractConfig, build_pipeline

CATALOG = """id,name,label,aliases,pattern
p1,Kettle 300,PRODUCT,kettle,KT-\\d{3}
p2,credit card,PRODUCT,,
p3,internet connection,PRODUCT,,
i1,loud whistle,ISSUE,,
"""
TEXTS = (
    "My Kettle 300 won't turn on and I lost my credit card.",
    "no internet connection, charged twice",
    "KT-440 with a loud whistle, see https://kettle.example/kettle or kettle@example.com",
)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalog") / "shop.csv"
    path.write_text(CATALOG)
    return path


@pytest.fixture(scope="module")
def nlp(catalog: Path) -> Language:
    return build_pipeline(ExtractConfig(catalogs=(catalog,)))


def spans(doc: Doc) -> list[tuple[str, str, str, str, float]]:
    return [(s.text, s.label_, s.kb_id_, s._.source, s._.confidence) for s in doc.spans["earmark"]]


def test_finds_names_phrases_and_article_numbers(nlp: Language) -> None:
    assert [[row[:4] for row in spans(nlp(text))] for text in TEXTS] == [
        [
            ("Kettle 300", "PRODUCT", "p1", "catalog"),
            ("won't turn on", "ISSUE", "issue:not-doing:turn on", "rules"),
            ("lost", "ISSUE", "issue:lost", "rules"),
            ("credit card", "PRODUCT", "p2", "catalog"),
        ],
        [
            ("no internet connection", "ISSUE", "issue:no-something:internet", "rules"),
            ("charged twice", "ISSUE", "issue:charged-twice", "rules"),
        ],
        [
            ("KT-440", "PRODUCT", "p1", "catalog"),
            ("loud whistle", "ISSUE", "i1", "catalog"),
        ],
    ]


def test_doc_ents_and_the_span_group_agree(nlp: Language) -> None:
    doc = nlp(TEXTS[0])
    assert [span.text for span in doc.ents] == [span.text for span in doc.spans["earmark"]]
    assert not [key for key in doc.user_data if str(key).startswith("earmark.")]


def test_spans_say_who_found_them_and_how_well_they_match(nlp: Language) -> None:
    doc, article = nlp(TEXTS[0]), nlp(TEXTS[2])
    kettle, wont, _, _ = doc.spans["earmark"]
    assert (kettle._.canonical_name, kettle._.confidence) == ("Kettle 300", 0.87)
    assert kettle._.evidence == {"match": 1.0}
    assert wont._.evidence == {"rule": 0.82}
    assert article.spans["earmark"][0]._.evidence == {"match": 0.85}


def test_components_are_factories_that_spacy_finds_by_their_versioned_names(nlp: Language) -> None:
    advertised = {point.name for point in entry_points(group="spacy_factories")}
    assert set(nlp.pipe_names) <= advertised
    assert all(name.startswith("earmark_") and name.endswith("_v1") for name in nlp.pipe_names)


def test_a_saved_pipeline_loads_and_finds_the_same(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert [spans(loaded(text)) for text in TEXTS] == [spans(nlp(text)) for text in TEXTS]


def test_bytes_and_pickles_find_the_same(nlp: Language) -> None:
    other = build_pipeline(ExtractConfig(use_rules=False)).from_bytes(nlp.to_bytes())
    copy = pickle.loads(pickle.dumps(nlp))
    expected = [spans(nlp(text)) for text in TEXTS]
    assert [spans(other(text)) for text in TEXTS] == expected
    assert [spans(copy(text)) for text in TEXTS] == expected


def test_documents_survive_being_stored(nlp: Language) -> None:
    doc = nlp(TEXTS[0])
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert spans(again) == spans(doc)


def test_token_patterns_are_matched(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    path.write_text('{"label":"PRODUCT","pattern":[{"LOWER":"plan"},{"IS_DIGIT":true}],"id":"plan"}\n')
    doc = build_pipeline(ExtractConfig(catalogs=(path,)))("Plan 9 or plan B")
    assert [(span.text, span.kb_id_) for span in doc.ents] == [("Plan 9", "plan")]


def test_without_rules_only_the_catalog_speaks(catalog: Path) -> None:
    doc = build_pipeline(ExtractConfig(catalogs=(catalog,), use_rules=False))(TEXTS[0])
    assert {span._.source for span in doc.spans["earmark"]} == {"catalog"}


def test_a_name_for_two_entries_is_refused_when_the_pipeline_is_built(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("id,name\np1,Oven\np2,OVEN\n")
    with pytest.raises(CatalogError, match=r"shop\.csv:2.*shop\.csv:3"):
        build_pipeline(ExtractConfig(catalogs=(path,)))


def test_scores_of_a_span_categorizer_become_probabilities() -> None:
    nlp = build_pipeline(ExtractConfig(use_rules=False))
    doc = nlp.make_doc("my old Blender hums")
    doc.spans["sc"] = [Span(doc, 2, 3, label="PRODUCT"), Span(doc, 3, 4, label="NOISE")]
    doc.spans["sc"].attrs["scores"] = [0.75, 0.9]
    for _, component in nlp.pipeline:
        doc = component(doc)
    assert spans(doc) == [("Blender", "PRODUCT", "", "model", 0.75)]
