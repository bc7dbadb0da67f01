"""Any spaCy model, by name or path: the way of a trained, packaged and installed pipeline, and what goes wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed

from earmark.errors import ModelMissingError
from earmark.extract import ExtractConfig, open_extractor
from earmark.extract.models import load_model
from earmark.model import Conversation, Message, Sender

NAME = "en_earmark_proof"
THINGS = ("Zorvex", "Quillo", "Brantik", "Melvora", "Tundrix", "Pavello")
FRAMES = (
    "my {} arrived today",
    "the {} is great",
    "i bought a {} last week",
    "please send the {} back",
    "does {} have a warranty",
    "{} support told me so",
)

NOTHING = (
    "it won't open and i can't start it",
    "today it arrived and won't work",
    "hello, thanks",
    "why won't it start",
)


def trained() -> Language:
    """A pipeline with parts that finding entities does not need, and a recogniser for invented brands."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe(
        "ner", config={"model": {"@architectures": "spacy.TransitionBasedParser.v2", "tok2vec": SMALL}}
    )
    examples = []
    for thing in THINGS:
        for frame in FRAMES:
            text = frame.format(thing)
            start = text.index(thing)
            annotation = {"entities": [(start, start + len(thing), "ORG")]}
            examples.append(Example.from_dict(nlp.make_doc(text), annotation))
    examples += [Example.from_dict(nlp.make_doc(text), {"entities": []}) for text in NOTHING]
    fix_random_seed(0)
    nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples)
    return nlp


SMALL = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 2,
    "embed_size": 300,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Train, `spacy package`, `pip install`: the package is importable while the module's tests run."""
    folder = tmp_path_factory.mktemp("proof")
    nlp = trained()
    nlp.to_disk(folder / "model")
    (folder / "out").mkdir()
    package = [sys.executable, "-m", "spacy", "package", str(folder / "model"), str(folder / "out")]
    subprocess.run([*package, "--name", "earmark_proof", "--version", "0.1.0", "--build", "none"], check=True)
    source = folder / "out" / f"{NAME}-0.1.0"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
    ]
    subprocess.run([*install, "--target", str(folder / "site"), str(source)], check=True)
    sys.path.insert(0, str(folder / "site"))
    yield folder
    sys.path.remove(str(folder / "site"))
    sys.modules.pop(NAME, None)


def extracted(model: str, text: str) -> list[tuple[str, str, str]]:
    extractor = open_extractor(ExtractConfig(model=model))
    (found,) = extractor.extract([Conversation("c", (Message("m", Sender.CUSTOMER, text),))])
    return [(mention.text, mention.label, mention.source) for mention in found]


TEXT = "my Zorvex arrived today and won't start"
EXPECTED = [("Zorvex", "PRODUCT", "model"), ("won't start", "ISSUE", "rules")]


def test_a_packaged_and_installed_model_is_loaded_by_its_name(installed: Path) -> None:
    assert extracted(NAME, TEXT) == EXPECTED


def test_the_same_model_is_loaded_by_its_path(installed: Path) -> None:
    assert extracted(str(installed / "model"), TEXT) == EXPECTED


def test_facts_name_the_model_and_the_fingerprint_knows_its_files(installed: Path, tmp_path: Path) -> None:
    same = shutil.copytree(installed / "model", tmp_path / "same")
    other = shutil.copytree(installed / "model", tmp_path / "other")
    weights = other / "ner" / "model"
    weights.write_bytes(weights.read_bytes().replace(b"maxout", b"MAXOUT", 1))
    original = open_extractor(ExtractConfig(model=str(installed / "model")))
    assert original.facts["model"] == "en_pipeline 0.0.0"
    assert open_extractor(ExtractConfig(model=str(same))).fingerprint == original.fingerprint
    assert open_extractor(ExtractConfig(model=str(other))).fingerprint != original.fingerprint


def test_labels_outside_the_map_are_ignored(installed: Path) -> None:
    config = ExtractConfig(model=NAME, label_map={"GPE": "PRODUCT"}, use_rules=False)
    (found,) = open_extractor(config).extract([Conversation("c", (Message("m", Sender.CUSTOMER, TEXT),))])
    assert found == ()


def test_only_what_finds_entities_is_kept(installed: Path) -> None:
    assert load_model(NAME).pipe_names == ["ner"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("en_core_web_sm", "python -m spacy download en_core_web_sm"),
        ("en_core_web_trf", "python -m spacy download en_core_web_trf"),
        ("en_shop_chat", "pip install en_shop_chat, or give the path of a pipeline on disk"),
    ],
)
def test_a_missing_model_says_how_to_get_it(name: str, hint: str) -> None:
    with pytest.raises(ModelMissingError) as caught:
        open_extractor(ExtractConfig(model=name))
    assert caught.value.hint == hint
    assert name in caught.value.message


def test_a_folder_that_holds_no_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="no spaCy pipeline"):
        load_model(str(tmp_path))


def test_a_transformer_pipeline_without_its_package_says_which_is_missing(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "trf")
    config = (tmp_path / "trf" / "config.cfg").read_text()
    for written in ("components.{}", 'factory = "{}"', '["{}"]'):
        config = config.replace(written.format("sentencizer"), written.format("transformer"))
    (tmp_path / "trf" / "config.cfg").write_text(config)
    with pytest.raises(ModelMissingError, match="transformer pipeline") as caught:
        load_model(str(tmp_path / "trf"))
    assert caught.value.hint == "pip install spacy-transformers"


def test_a_shared_embedding_stays_exactly_where_something_listens(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96}
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}})
    nlp.add_pipe(
        "ner", config={"model": {"@architectures": "spacy.TransitionBasedParser.v2", "tok2vec": listener}}
    )
    doc = nlp.make_doc("a Zorvex")
    example = Example.from_dict(doc, {"tags": ["A", "B"], "entities": [(2, 8, "ORG")]})
    nlp.initialize(lambda: [example])
    nlp.to_disk(tmp_path / "listening")
    assert load_model(str(tmp_path / "listening")).pipe_names == ["tok2vec", "ner"]
    nlp.remove_pipe("ner")
    nlp.add_pipe(
        "ner", config={"model": {"@architectures": "spacy.TransitionBasedParser.v2", "tok2vec": SMALL}}
    )
    nlp.initialize(lambda: [example])
    nlp.to_disk(tmp_path / "alone")
    assert load_model(str(tmp_path / "alone")).pipe_names == ["ner"]
