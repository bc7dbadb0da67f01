"""The wheel: built without asking for anything, the same twice, with its bill of materials, and no more."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from requirements.lock import RUNTIME, Pin, pins
from requirements.sbom import PROJECT, SBOM, bill
from tests.conftest import environment

from earmark import __version__

ROOT = Path(__file__).parent.parent.parent
BOM = f"earmark-{__version__}.dist-info/sboms/earmark.cdx.json"
LARGEST, MODEL = 1_000_000, "earmark/extract/pipelines/en_earmark_chat/earmark_spans/model.onnx"
MODEL_LARGEST, WHEEL_LARGEST = 30_000_000, 30_000_000
KINDS = {
    ".py",
    ".typed",
    ".json",
    ".toml",
    ".csv",
    ".jsonl",
    ".gz",
    ".txt",
    ".md",
    ".cfg",
    ".onnx",
    ".html",
    ".css",
}
KINDS |= {".js", ".bin"}
BARE = {"SHA256SUMS", "tokenizer", "key2row", "vectors", "METADATA", "WHEEL", "RECORD", "LICENSE"}


def built(out: Path) -> Path:
    """Build with the tools that are here, and without a network."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(command, env=environment(out, nowhere), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def opened(wheel: Path) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(wheel) as archive:
        yield archive


@pytest.fixture(scope="module")
def bom(opened: zipfile.ZipFile) -> Any:
    return json.loads(opened.read(BOM))


def test_two_builds_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert (
        hashlib.sha256(built(tmp_path).read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()
    )


def test_the_committed_bill_of_materials_is_that_of_the_lock() -> None:
    """Where this fails: `make wheel` or `python -m requirements.sbom` writes it anew."""
    assert SBOM.read_text(encoding="utf-8") == bill(PROJECT, RUNTIME)


def test_the_bill_says_what_it_is_and_whose(bom: Any) -> None:
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bom["serialNumber"])
    own = bom["metadata"]["component"]
    assert (own["name"], own["version"], own["licenses"]) == (
        "earmark",
        __version__,
        [{"license": {"id": "Apache-2.0"}}],
    )


def test_the_bill_names_every_runtime_dependency_with_version_and_hashes(bom: Any) -> None:
    listed = {(each["name"], each["version"]): each for each in bom["components"]}
    locked = list(pins(RUNTIME.read_text(encoding="utf-8")))
    assert listed.keys() == {(pin.name, pin.version) for pin in locked}
    for pin in locked:
        assert hashes(listed[pin.name, pin.version]) == set(pin.hashes)
        assert listed[pin.name, pin.version]["purl"] == f"pkg:pypi/{pin.name}@{pin.version}"


def hashes(component: Any) -> set[str]:
    (files,) = component["externalReferences"]
    assert {each["alg"] for each in files["hashes"]} == {"SHA-256"}
    return {each["content"] for each in files["hashes"]}


def test_the_bill_tells_who_needs_what(bom: Any) -> None:
    needs = {each["ref"]: set(each.get("dependsOn", ())) for each in bom["dependencies"]}
    assert needs.keys() == {"earmark", *(each["bom-ref"] for each in bom["components"])}
    asked = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[<>=]", each)[0].lower().replace("_", "-") for each in asked}
    assert {ref.removeprefix("pkg:pypi/").partition("@")[0] for ref in needs["earmark"]} == names
    reached = {"earmark"}
    while more := {need for ref in reached for need in needs[ref]} - reached:
        reached |= more
    assert reached == needs.keys()


def test_another_lock_gives_another_bill(tmp_path: Path) -> None:
    text = RUNTIME.read_text(encoding="utf-8")
    first: Pin = next(pins(text))
    other = tmp_path / "lock.txt"
    other.write_text(text.replace(first.hashes[0], "0" * 64), encoding="utf-8")
    values, known = json.loads(bill(PROJECT, other)), json.loads(bill(PROJECT, RUNTIME))
    assert values["serialNumber"] != known["serialNumber"]
    assert "0" * 64 in json.dumps(values)


def test_nothing_is_in_it_but_the_package_of_known_kinds_and_sizes(
    wheel: Path, opened: zipfile.ZipFile
) -> None:
    assert wheel.stat().st_size < WHEEL_LARGEST
    for entry in opened.infolist():
        path = PurePosixPath(entry.filename)
        assert path.parts[0] in {"earmark", f"earmark-{__version__}.dist-info"}
        assert not {"tests", "exam", "bench", "training", "requirements", "__pycache__"} & set(path.parts)
        assert path.suffix in KINDS or path.name in BARE, path
        assert entry.file_size <= (MODEL_LARGEST if entry.filename == MODEL else LARGEST), path


def test_its_record_names_every_file_with_its_hash(opened: zipfile.ZipFile) -> None:
    record = f"earmark-{__version__}.dist-info/RECORD"
    rows = {name: digest for name, digest, _ in csv.reader(io.StringIO(opened.read(record).decode()))}
    assert rows.keys() == set(opened.namelist())
    for name, digest in rows.items():
        if name != record:
            found = base64.urlsafe_b64encode(hashlib.sha256(opened.read(name)).digest()).rstrip(b"=")
            assert digest == f"sha256={found.decode()}", name


def test_installed_it_runs_and_its_model_is_whole(wheel: Path, tmp_path: Path) -> None:
    """Into a folder of its own, beside the packages that are here already."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(tmp_path / "site"), str(wheel)], check=True)
    env = environment(tmp_path, {"PYTHONPATH": str(tmp_path / "site")})
    code = "import earmark, spacy; print(earmark.__file__, spacy.load('earmark').meta['name'])"
    for arguments, expected in (
        (["-m", "earmark", "--version"], __version__),
        (["-c", code], f"{tmp_path / 'site' / 'earmark' / '__init__.py'} earmark_chat"),
    ):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout.strip()[-len(expected) :]) == (0, expected), done.stderr
