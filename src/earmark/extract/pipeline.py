"""Puts the pipeline together: a model (or none), the catalog, the rules, and who decides between them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import spacy
from spacy.about import __version__ as spacy_version
from spacy.language import Language

from earmark.catalog import entries_hash, load_catalogs
from earmark.extract.components import CatalogMatcher, IssueRules
from earmark.extract.config import ExtractConfig
from earmark.extract.manifest import MANIFEST
from earmark.extract.models import content_hash, load_model
from earmark.extract.rules import load_rules

LABELS, CATALOG, RULES = "earmark_labels_v1", "earmark_catalog_v1", "earmark_issue_rules_v1"
TAGGER = "earmark_spans_v1"
RESOLVE, CONFIDENCE = "earmark_resolve_v1", "earmark_confidence_v1"


@dataclass(frozen=True)
class Pipeline:
    """A pipeline, what it was made of, and what the catalog's owner should know."""

    nlp: Language
    facts: Mapping[str, str]
    fingerprint: str
    warnings: tuple[str, ...]


def build(config: ExtractConfig) -> Pipeline:
    """Load and connect everything that the configuration names.

    Raises:
        ModelMissingError: The spaCy model is not installed or cannot be loaded.
        CatalogError: A catalog or rules file cannot be used.
    """
    nlp = load_model(config.model) if config.model else spacy.blank("en")
    model = _model_facts(nlp) if config.model else {"model": "none", "model_hash": ""}
    for name in {RESOLVE, CONFIDENCE} & set(nlp.pipe_names):
        nlp.remove_pipe(name)  # they come last, whatever the model brought along
    _ensure(nlp, LABELS, {"label_map": dict(config.label_map)})
    catalog = _add_catalog(nlp, config)
    rules = _add_rules(nlp, config)
    _ensure(nlp, RESOLVE)
    _ensure(nlp, CONFIDENCE)
    made_of = {
        "name": "earmark",
        "version": version("earmark"),
        "spacy": spacy_version,
        **model,
        "catalog": f"{len(catalog.entries)} entries",
        "catalog_hash": entries_hash(catalog.entries),
        "rules": f"{len(rules.rules.rules)} rules{', for names' * rules.only_names}",
        "rules_hash": _hash([rules.only_names, list(rules.documents)]),
        "reading_hash": _hash([dict(config.label_map), sorted(config.senders)]),
    }
    facts = made_of | ({"model_files": _files(nlp)} if config.model else {})
    return Pipeline(nlp, facts, _hash(made_of), tuple(catalog.warnings))


def _model_facts(nlp: Language) -> dict[str, str]:
    name = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
    return {"model": name, "model_hash": content_hash(nlp)}


def _files(nlp: Language) -> str:
    return "those of its manifest" if (nlp.path / MANIFEST).exists() else "unchecked, it has no manifest"


def _ensure(nlp: Language, factory: str, config: dict[str, object] | None = None) -> Any:
    """The component of that name, added at the end unless the model brought one along."""
    if factory not in nlp.pipe_names:
        return nlp.add_pipe(factory, config=config or {})
    return nlp.get_pipe(factory)


def _add_catalog(nlp: Language, config: ExtractConfig) -> CatalogMatcher:
    matcher: CatalogMatcher = _ensure(nlp, CATALOG)
    if config.entries or config.catalogs:
        matcher.set_entries((*config.entries, *load_catalogs(config.catalogs)))
    return matcher


def _add_rules(nlp: Language, config: ExtractConfig) -> IssueRules:
    brought = RULES in nlp.pipe_names
    rules: IssueRules = _ensure(nlp, RULES)
    if config.use_rules is False:
        rules.set_documents(())
    elif not brought:
        rules.set_documents(load_rules(config.rules))
    rules.only_names = config.use_rules is None and _has_tagger(nlp)
    return rules


def _has_tagger(nlp: Language) -> bool:
    return any(nlp.get_pipe_meta(name).factory == TAGGER for name in nlp.pipe_names)


def _hash(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
