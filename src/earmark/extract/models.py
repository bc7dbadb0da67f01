"""Loads any installed spaCy pipeline, with the parts that finding entities needs and no others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.util import is_package
from thinc.api import NumpyOps

from earmark.errors import ModelMissingError
from earmark.extract.manifest import MANIFEST, check_model, model_files, sha256
from earmark.extract.pickles import refuse_pickles

_NOT_NEEDED = frozenset(
    {
        "attribute_ruler",
        "lemmatizer",
        "morphologizer",
        "parser",
        "sentencizer",
        "senter",
        "tagger",
        "textcat",
        "textcat_multilabel",
        "trainable_lemmatizer",
    }
)
_EMBEDDERS = frozenset({"tok2vec", "transformer", "curated_transformer"})
_RULERS = frozenset({"entity_ruler", "span_ruler"})  # their patterns may ask for tags

# Pipelines on PyTorch keep its weights inside their msgpack: they shall never be more than weights.
os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"


def load_model(name: str) -> Language:
    """Load a pipeline by package name or path, after a look at its files.

    Raises:
        ModelMissingError: It is not installed, or a package that it builds on is not; its files are not those
            of its manifest, or hold a pickle.
    """
    for folder in _folders(name):
        refuse_pickles(folder)
        if (folder / MANIFEST).exists():
            check_model(folder)
    try:
        nlp = spacy.load(name)
    except OSError as error:
        raise _missing(name, error) from error
    except (ImportError, ValueError) as error:
        raise _incomplete(name, error) from error
    _drop_unneeded(nlp)
    _use_numpy(nlp)
    return nlp


def _folders(name: str) -> Iterator[Path]:
    """Where the files of a pipeline lie; nothing of it is imported for that."""
    if not is_package(name):
        configs = Path(name).glob("config.cfg")  # without one it is no pipeline, and may be anybody's folder
    else:
        found = find_spec(name)
        places = (found and found.submodule_search_locations) or ()
        configs = (config for place in places for config in Path(place).glob("*/config.cfg"))
    yield from (config.parent for config in configs)


def content_hash(nlp: Language) -> str:
    """A hash over the files that a pipeline was loaded from: settings, vocabulary and weights, not its card."""
    digest = hashlib.sha256()
    for name, path in model_files(nlp.path):
        digest.update(name.encode())
        digest.update(sha256(path))
    return digest.hexdigest()


def _missing(name: str, error: OSError) -> ModelMissingError:
    if Path(name).exists():
        return ModelMissingError(
            f"{name} holds no spaCy pipeline that can be read ({type(error).__name__})",
            hint="give the folder that `spacy train` wrote: the one with config.cfg and meta.json",
        )
    if name.startswith("en_core_web_"):
        hint = f"python -m spacy download {name}"
    else:
        hint = f"pip install {name}, or give the path of a pipeline on disk"
    return ModelMissingError(f"the spaCy model {name!r} is not installed", hint=hint)


def _incomplete(name: str, error: Exception) -> ModelMissingError:
    reason = " ".join(str(error).split())
    if "curated" in reason:
        package = "spacy-curated-transformers"
    elif "transformer" in reason:
        package = "spacy-transformers"
    else:
        return ModelMissingError(
            f"the spaCy model {name!r} cannot be loaded: {reason[:300]}",
            hint="check it with `python -m spacy validate`, and install what its page lists",
        )
    return ModelMissingError(
        f"the spaCy model {name!r} is a transformer pipeline, and {package} is not installed",
        hint=f"pip install {package}",
    )


def _drop_unneeded(nlp: Language) -> None:
    factories = {name: nlp.get_pipe_meta(name).factory for name in nlp.pipe_names}
    if _RULERS & set(factories.values()):
        return
    for name, factory in factories.items():
        if factory in _NOT_NEEDED:
            nlp.remove_pipe(name)
    for name, factory in factories.items():
        if factory in _EMBEDDERS and not _has_listener(nlp):
            nlp.remove_pipe(name)


def _has_listener(nlp: Language) -> bool:
    """Whether a component left in the pipeline takes its vectors from a shared embedding component."""
    models = (getattr(component, "model", None) for _, component in nlp.pipeline)
    nodes = (node for model in models if model is not None for node in model.walk())
    return any("listener" in node.name for node in nodes)


def _use_numpy(nlp: Language) -> None:
    """Multiply with numpy instead of blis: the same entities, faster, provided that OpenBLAS keeps to one thread."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        return
    for _, component in nlp.pipeline:
        model = getattr(component, "model", None)
        for node in model.walk() if model is not None else ():
            if node.ops.name == "numpy":
                node.ops = NumpyOps(use_blis=False)
