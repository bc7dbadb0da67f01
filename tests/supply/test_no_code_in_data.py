"""Nothing that is read can run: no unpickling, no evaluating, and no file in the package that could ask for it."""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from earmark.extract.pickles import refuse_pickles

SOURCE = Path(__file__).parent.parent.parent / "src"
MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "pickletools",
}
MODULES |= {"jsonpickle", "yaml", "srsly.cloudpickle", "numpy.lib.format", "torch.serialization"}
CALLS = {"eval", "exec", "compile", "__import__", "breakpoint"}
METHODS = {
    "pickle_loads",
    "pickle_dumps",
    "read_pickle",
    "to_pickle",
    "unsafe_load",
    "full_load",
    "load_pickle",
}
LOADERS = {"torch", "np", "numpy"}
"""Whose `load` may unpickle."""


def unsafe(code: str) -> list[str]:
    return [found for node in ast.walk(ast.parse(code)) for found in _found(node)]


def _found(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (each.name for each in names if _forbidden(each.name))
        case ast.ImportFrom(module=str(module), names=names):
            full = [module, *(f"{module}.{each.name}" for each in names)]
            yield from (name for name in full if _forbidden(name))
            yield from (each.name for each in names if each.name in METHODS)
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield name
        case ast.Attribute(attr=name) if name in METHODS:
            yield name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="load")) if name in LOADERS:
            yield f"{name}.load"
        case ast.keyword(arg="allow_pickle" | "weights_only"):
            yield str(node.arg)
        case ast.keyword(arg="shell", value=ast.Constant(value=True)):
            yield "shell"


def _forbidden(module: str) -> bool:
    return module in MODULES or module.split(".", maxsplit=1)[0] in MODULES


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import pickle", ["pickle"]),
        ("import pickle as p, json", ["pickle"]),
        ("from pickle import loads", ["pickle", "pickle.loads"]),
        ("def f():\n    import joblib", ["joblib"]),
        ("from srsly import cloudpickle", ["srsly.cloudpickle"]),
        ("from srsly import pickle_loads", ["pickle_loads"]),
        ("import srsly\nsrsly.pickle_loads(b'')", ["pickle_loads"]),
        ("eval('1')", ["eval"]),
        ("exec('')", ["exec"]),
        ("import torch\ntorch.load(path)", ["torch.load"]),
        ("np.load(path, allow_pickle=True)", ["np.load", "allow_pickle"]),
        ("import yaml", ["yaml"]),
        ("subprocess.run('x', shell=True)", ["shell"]),
        ("re.compile('x'); json.loads('{}'); model.eval()", []),
    ],
)
def test_what_could_run_data_is_recognised(code: str, told: list[str]) -> None:
    assert sorted(unsafe(code)) == sorted(told)


def test_no_source_file_can_run_what_it_reads() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 100
    found = {str(path.relative_to(SOURCE)): unsafe(path.read_text(encoding="utf-8")) for path in files}
    assert {name: told for name, told in found.items() if told} == {}


def test_no_file_of_the_package_is_a_pickle_or_an_archive() -> None:
    """Of what is packed, only text, ONNX, msgpack and one gzip of text."""
    refuse_pickles(SOURCE / "earmark")
    for path in filter(Path.is_file, (SOURCE / "earmark").rglob("*")):
        if "__pycache__" not in path.parts:
            assert not zipfile.is_zipfile(path), path
