"""The tagger as spaCy knows it: the same spans in any company, however it is stored, in threads and processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import shutil
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from tests.extract.tagger.tiny import VOCAB, config, weights

from earmark.errors import ModelMissingError
from earmark.extract.tagger.component import FACTORY, SpanTagger
from earmark.extract.tagger.package import write_pipeline
from earmark.train.graph import build_graph

TEXTS = [
    "my Router is broken, the app crashes",
    "The kettle!!! it is 20 years old",
    "app",
    "hello, thanks",
    "",
    "  \n ",
    "the router and the kettle and my app " * 20,
    "x" * 500,
    "中国 😀 naïve Ünïcode",
    *(f"{'my ' * count}router {count} is broken" for count in range(1, 30)),
]

Spans = list[tuple[int, int, str, float]]


def spans(nlp: Language, text: str) -> Spans:
    doc = nlp(text)
    return [(s.start_char, s.end_char, s.label_, s._.probability) for s in doc.spans["earmark"]]


@pytest.fixture(scope="module")
def nlp(tiny: Path) -> Language:
    return spacy.load(tiny)


@pytest.fixture(scope="module")
def expected(nlp: Language) -> list[Spans]:
    found = [spans(nlp, text) for text in TEXTS]
    assert sum(map(len, found)) > 30  # the comparisons below mean something
    return found


def test_a_loaded_pipeline_sets_entities_and_spans_with_probabilities(nlp: Language) -> None:
    doc = nlp("my Router is broken, the app crashes")
    assert doc.ents
    assert [str(span) for span in doc.ents] == [str(span) for span in doc.spans["earmark"]]
    assert {span.label_ for span in doc.ents} <= {"PRODUCT", "ISSUE"}
    for span in doc.spans["earmark"]:
        assert span._.source == "model"
        assert span._.confidence == span._.probability
        assert 0 < span._.probability <= 1


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_batches_of_any_size_find_the_same_to_the_last_digit(
    nlp: Language, expected: list[Spans], size: int
) -> None:
    for order in (1, -1):
        docs = nlp.pipe(TEXTS[::order], batch_size=size)
        found = [
            [(s.start_char, s.end_char, s.label_, s._.probability) for s in doc.spans["earmark"]]
            for doc in docs
        ]
        assert found == expected[::order]


WAYS: dict[str, Callable[[Language, Path], Language]] = {
    "bytes": lambda nlp, folder: spacy.load(folder).from_bytes(nlp.to_bytes()),
    "pickle": lambda nlp, _: pickle.loads(pickle.dumps(nlp)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_stored_and_restored_it_finds_the_same(
    nlp: Language,
    tiny: Path,
    expected: list[Spans],
    way: Callable[[Language, Path], Language],
) -> None:
    restored = way(nlp, tiny)
    assert [spans(restored, text) for text in TEXTS] == expected


def test_saved_again_it_finds_the_same(nlp: Language, expected: list[Spans], tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "copy")
    again = spacy.load(tmp_path / "copy")
    assert [spans(again, text) for text in TEXTS] == expected


def test_threads_share_one_tagger(nlp: Language, expected: list[Spans]) -> None:
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: [spans(nlp, text) for text in TEXTS], range(8)):
            assert found == expected


def found_in_process(nlp: Language) -> list[Spans]:
    return [spans(nlp, text) for text in TEXTS]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_open_their_own(nlp: Language, expected: list[Spans], method: str) -> None:
    """Also where the parent, whose session has been used, is forked."""
    context = multiprocessing.get_context(method)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of a fork beside threads
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            assert pool.submit(found_in_process, nlp).result(timeout=60) == expected


def test_nothing_is_asked_of_the_network(
    tiny: Path, expected: list[Spans], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert spans(spacy.load(tiny), TEXTS[0]) == expected[0]


FORKS_AND_ENDS = """
import os, signal, sys, spacy
nlp = spacy.load(sys.argv[1])
assert list(nlp.pipe(["my router is broken", "the app"]))
pid = os.fork()
if pid == 0:
    signal.alarm(20)
    nlp("my router is broken")
    sys.exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_the_runtime_reports_to_nobody_and_forked_processes_end(tiny: Path, tmp_path: Path) -> None:
    """Its telemetry writes an identity into the home folder, and its thread is waited for where there is none."""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS_AND_ENDS, str(tiny)],
        env={"HOME": str(tmp_path), "PATH": os.defpath},
        check=True,
        timeout=60,
    )
    assert list(tmp_path.iterdir()) == []


def test_without_weights_it_says_where_to_get_them() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe(FACTORY)
    with pytest.raises(ModelMissingError, match="no weights"):
        nlp("my router is broken")


def damaged(folder: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    path = folder / "earmark_spans" / name
    path.write_bytes(change(path.read_bytes()))
    return folder


def with_settings(**changes: object) -> Callable[[bytes], bytes]:
    return lambda data: json.dumps(json.loads(data) | changes).encode()


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "graph cut off": ("model.onnx", lambda data: data[:1000], "model.onnx is not the one"),
    "one bit of the graph": (
        "model.onnx",
        lambda data: data[:999] + bytes([data[999] ^ 1]) + data[1000:],
        "not the one",
    ),
    "graph empty": ("model.onnx", lambda _: b"", "model.onnx is not the one"),
    "a piece missing": ("vocab.txt", lambda data: data.replace(b"router\n", b""), "vocab.txt is not the one"),
    "vocabulary not text": ("vocab.txt", lambda _: b"\xff\xfe", "vocab.txt|cannot be used"),
    "settings cut off": ("config.json", lambda data: data[:50], "cannot be used"),
    "settings a list": ("config.json", lambda _: b"[]", "cannot be used"),
    "no hashes": ("config.json", with_settings(sha256={}), "is not the one"),
    "hashes no table": ("config.json", with_settings(sha256="abc"), "cannot be used"),
    "format of the future": ("config.json", with_settings(format=99), "format is 99"),
    "no tags": ("config.json", with_settings(tags=[]), "tags are not"),
    "foreign tags": ("config.json", with_settings(tags=["O", "X-PRODUCT"]), "tags are not"),
    "other tags": ("config.json", with_settings(tags=["O", "B-PRODUCT"]), "does not fit its tags"),
    "no chain": ("config.json", with_settings(crf={}), "cannot be read"),
    "calibration of two": ("config.json", with_settings(calibration={"ISSUE": [1, 2]}), "cannot be used"),
    "windows of nothing": ("config.json", with_settings(max_pieces=0), "context_pieces"),
}


@pytest.mark.parametrize(("name", "change", "message"), DAMAGE.values(), ids=DAMAGE)
def test_damaged_files_are_a_clear_error(
    tiny: Path, tmp_path: Path, name: str, change: Callable[[bytes], bytes], message: str
) -> None:
    folder = damaged(shutil.copytree(tiny, tmp_path / "damaged"), name, change)
    with pytest.raises(ModelMissingError, match=message) as caught:
        spacy.load(folder)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["config.json", "vocab.txt", "model.onnx"])
def test_a_missing_file_is_named(tiny: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(tiny, tmp_path / "damaged")
    (folder / "earmark_spans" / name).unlink()
    with pytest.raises(ModelMissingError, match=name):
        spacy.load(folder)


def test_a_graph_that_cannot_run_is_a_clear_error(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "a", b"no graph", VOCAB, config(), {})
    with pytest.raises(ModelMissingError, match="cannot be opened by onnxruntime"):
        spacy.load(tmp_path / "a")("my router")


def test_a_graph_for_other_tags_is_a_clear_error(tmp_path: Path) -> None:
    fewer = weights() | {name: weights()[name][:3] for name in ("head.weight", "head.bias")}
    write_pipeline(tmp_path / "a", build_graph(fewer, heads=4, max_pieces=48), VOCAB, config(), {})
    with pytest.raises(ModelMissingError, match="does not fit its tags"):
        spacy.load(tmp_path / "a")("my router")


def test_a_vocabulary_without_special_pieces_is_a_clear_error(tmp_path: Path) -> None:
    write_pipeline_without = [piece for piece in VOCAB if piece != "[SEP]"]
    with pytest.raises(ModelMissingError, match=r"\[SEP\]"):
        write_pipeline(tmp_path / "a", b"", write_pipeline_without, config(), {})


def test_the_factory_is_found_by_its_versioned_name() -> None:
    assert isinstance(spacy.blank("en").add_pipe("earmark_spans_v1"), SpanTagger)
