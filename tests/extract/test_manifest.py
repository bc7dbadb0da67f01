"""A model is loaded only where every byte of every file is what was made, and where none is a pickle."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from tests.extract.tagger.tiny import write_tiny

from earmark import extract
from earmark.errors import ModelMissingError
from earmark.extract import ExtractConfig, open_extractor, packaged
from earmark.extract.manifest import MANIFEST, check_model, model_files, write_manifest
from earmark.extract.models import load_model
from earmark.extract.pickles import refuse_pickles

FILES = [name for name, _ in model_files(packaged())]
PLACES = {"first": 0.0, "middle": 0.5, "last": 1.0}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged model, to be damaged and mended again."""
    return Path(shutil.copytree(packaged(), tmp_path_factory.mktemp("copy") / "model"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pipeline as `earmark train` writes it."""
    return write_tiny(tmp_path_factory.mktemp("trained") / "model")


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a model may reach spaCy."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a damaged model was loaded")

    monkeypatch.setattr(spacy, "load", refuse)
    monkeypatch.setattr(spacy.util, "load_model_from_path", refuse)


def flip(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[round(place * (len(content) - 1))] ^= 1
    path.write_bytes(content)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_in_the_packaged_model_is_told_and_nothing_is_loaded(
    name: str, place: str, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extract, "PACKAGED", copy)
    flip(copy / name, PLACES[place])
    try:
        with pytest.raises(ModelMissingError, match=f"{name} is not the file that its manifest names"):
            extract.load_packaged()
    finally:
        flip(copy / name, PLACES[place])
    check_model(copy)


@pytest.mark.usefixtures("unread")
def test_a_flipped_bit_anywhere_in_the_manifest_is_told(trained: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(trained, tmp_path / "model"))
    manifest = (other / MANIFEST).read_bytes()
    for place in range(len(manifest)):
        changed = bytearray(manifest)
        changed[place] ^= 1
        (other / MANIFEST).write_bytes(changed)
        with pytest.raises(ModelMissingError, match="is not loaded"):
            check_model(other)


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def with_file(name: str, content: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    return write


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without("meta.json"), "meta.json is missing"),
        (without("earmark_spans/model.onnx"), "earmark_spans/model.onnx is missing"),
        (with_file("vocab/more", b"?"), "vocab/more is not named in its manifest"),
        (with_file("code.py", b"raise SystemExit"), "code.py is not named in its manifest"),
        (with_file(MANIFEST, b""), "cannot be read"),
        (with_file(MANIFEST, b"nothing of the kind\n"), "cannot be read"),
        (with_file(MANIFEST, b"\xff\xfe"), "cannot be read"),
    ],
)
def test_what_is_missing_or_too_much_is_told(
    change: Callable[[Path], None], told: str, trained: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(trained, tmp_path / "model"))
    change(other)
    with pytest.raises(ModelMissingError, match=told) as caught:
        load_model(str(other))
    assert MANIFEST in (caught.value.hint or "")


def test_the_packaged_model_is_not_loaded_without_its_manifest(
    copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(extract, "PACKAGED", copy)
    (copy / MANIFEST).rename(tmp_path / MANIFEST)
    try:
        with pytest.raises(ModelMissingError, match=f"its manifest {MANIFEST} cannot be read"):
            extract.load_packaged()
    finally:
        shutil.copy(tmp_path / MANIFEST, copy / MANIFEST)


def test_a_pipeline_written_over_another_has_a_manifest_of_its_own(tmp_path: Path) -> None:
    first = write_tiny(tmp_path / "model")
    (first / "README.md").write_text("a card, which may be edited\n")
    write_tiny(first)
    check_model(first)
    (first / "README.md").write_text("edited\n")
    assert extracted_facts(str(first))["model_files"] == "those of its manifest"


def test_a_model_without_a_manifest_is_loaded_and_said_to_be_unchecked(tmp_path: Path) -> None:
    """Pipelines of others have none. What is said of the check is no part of the fingerprint."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "theirs")
    config = ExtractConfig(model=str(tmp_path / "theirs"))
    before = open_extractor(config)
    assert before.facts["model_files"] == "unchecked, it has no manifest"
    write_manifest(tmp_path / "theirs")
    after = open_extractor(config)
    assert after.facts["model_files"] == "those of its manifest"
    assert (before.fingerprint, before.facts["model_hash"]) == (after.fingerprint, after.facts["model_hash"])


def extracted_facts(model: str) -> dict[str, str]:
    return dict(open_extractor(ExtractConfig(model=model)).facts)


def test_an_installed_model_is_checked_before_its_package_is_imported(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's own code would load the model."""
    package = tmp_path / "en_test_chat"
    data = Path(shutil.copytree(trained, package / "en_test_chat-1.2.3"))
    (package / "__init__.py").write_text("raise AssertionError('imported')\n")
    about = tmp_path / "en_test_chat-1.2.3.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: en_test_chat\nVersion: 1.2.3\n")
    monkeypatch.syspath_prepend(tmp_path)
    flip(data / "tokenizer", 0.5)
    with pytest.raises(ModelMissingError, match="tokenizer is not the file"):
        load_model("en_test_chat")
    assert "en_test_chat" not in sys.modules


class Harm:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.trace),)


def archive(content: bytes) -> bytes:
    """As PyTorch saves a model."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("archive/version", "3")
        opened.writestr("archive/data.pkl", content)
    return packed.getvalue()


NAMED = ("vocab/thing.pkl", "model.PICKLE", "ner/weights.pt")
UNNAMED = ("ner/model", "cfg")
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
PICKLES = [(name, protocol, False) for name in NAMED for protocol in PROTOCOLS]
PICKLES += [(name, protocol, False) for name in UNNAMED for protocol in PROTOCOLS if protocol >= 2]
PICKLES += [(name, 0, True) for name in (*NAMED, *UNNAMED)]


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(("name", "protocol", "packed"), PICKLES)
def test_a_model_with_a_pickle_is_refused_and_the_pickle_is_not_read(
    name: str, protocol: int, packed: bool, tmp_path: Path
) -> None:
    """By its name, by how it begins, or inside an archive; protocols before 2 begin with anything."""
    content = pickle.dumps(Harm(tmp_path / "harmed"), protocol=protocol)
    spacy.blank("en").to_disk(tmp_path / "model")
    with_file(name, archive(content) if packed else content)(tmp_path / "model")
    with pytest.raises(ModelMissingError, match=f"{name} is a pickle"):
        load_model(str(tmp_path / "model"))
    assert not (tmp_path / "harmed").exists()


def test_weights_that_spacy_keeps_inside_msgpack_are_no_pickle_of_ours(tmp_path: Path) -> None:
    """Transformer pipelines end with PyTorch's archive; PyTorch is told to read weights and nothing else."""
    nlp = spacy.blank("en")
    nlp.to_disk(tmp_path / "model")
    with_file("transformer/model", b"\x84\xa5nodes" + archive(b"\x80\x02."))(tmp_path / "model")
    refuse_pickles(tmp_path / "model")
    assert os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] == "1"


def test_the_check_of_the_packaged_model_takes_no_time_to_speak_of() -> None:
    def seconds() -> float:
        begun = time.perf_counter()
        check_model(packaged())
        return time.perf_counter() - begun

    assert min(seconds() for _ in range(5)) < 0.15  # 0.025 s on two cores that are not busy
