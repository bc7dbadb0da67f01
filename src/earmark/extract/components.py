"""Earmark's spaCy components. Each proposes candidates; `earmark_resolve_v1` decides and sets the spans.

    earmark_labels_v1       takes over what the model found, under our labels
    earmark_catalog_v1      the customer's own names
    earmark_issue_rules_v1  issue phrases
    earmark_resolve_v1      `doc.ents` and `doc.spans["earmark"]`, without overlaps; `doc.spans["earmark_unsure"]`
    earmark_confidence_v1   `span._.confidence`

Spans carry `_.source`, `_.canonical_name`, `_.probability`, `_.evidence` and `_.confidence`; `kb_id_` is the
canonical id.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from math import isnan
from pathlib import Path
from typing import Any, Self

from spacy.language import Language
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.util import ensure_path
from spacy.vocab import Vocab

from earmark.catalog.entry import Entry
from earmark.catalog.ladder import SKU
from earmark.catalog.names import NameFinder
from earmark.confidence.heuristic import heuristic_confidence
from earmark.extract.candidate import Candidate, Opinion, propose, take, text_of, told
from earmark.extract.resolve import left_over, resolve
from earmark.extract.rules import RuleFinder, parse_rules
from earmark.extract.token_patterns import token_pattern_problems
from earmark.regexes import PatternSet

_STRETCH = 40  # tokens in which a token pattern is looked for at once; half of them are looked at twice
SPANS, UNSURE = "earmark", "earmark_unsure"
_EXTENSIONS: dict[str, Any] = {
    "confidence": None,
    "source": None,
    "evidence": None,
    "canonical_name": None,
    "probability": None,
}


def _register_extensions() -> None:
    for name, default in _EXTENSIONS.items():
        if not Span.has_extension(name):
            Span.set_extension(name, default=default)


_register_extensions()


class _Stateful(ABC):
    """Saves and loads what `state` gives and `set_state` takes, in the ways that spaCy asks for."""

    file_name = ""

    @abstractmethod
    def state(self) -> Any: ...

    @abstractmethod
    def set_state(self, state: Any) -> None: ...

    def to_bytes(self, *, exclude: tuple[str, ...] = ()) -> bytes:
        del exclude
        return json.dumps(self.state()).encode()

    def from_bytes(self, data: bytes, *, exclude: tuple[str, ...] = ()) -> Self:
        del exclude
        self.set_state(json.loads(data))
        return self

    def to_disk(self, path: str | Path, *, exclude: tuple[str, ...] = ()) -> None:
        del exclude
        folder = ensure_path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.file_name).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, *, exclude: tuple[str, ...] = ()) -> Self:
        del exclude
        return self.from_bytes((ensure_path(path) / self.file_name).read_bytes())


class CatalogMatcher(_Stateful):
    """Finds the names, article numbers and token patterns of a catalog."""

    file_name = "catalog.json"

    def __init__(self, vocab: Vocab, entries: tuple[Entry, ...] = ()) -> None:
        self._vocab = vocab
        self.set_entries(entries)

    def set_entries(self, entries: tuple[Entry, ...]) -> None:
        """Use this catalog from now on.

        Raises:
            CatalogError: One spelling stands for two entries, or spaCy refuses a token pattern.
        """
        for problem in token_pattern_problems(entries):
            raise problem.error()
        self.entries = entries
        self._names = NameFinder(entries)
        patterns = [(index, text) for index, entry in enumerate(entries) for text in entry.patterns]
        self._article_entries = [index for index, _ in patterns]
        self._articles = PatternSet([(text, entries[index].case_sensitive) for index, text in patterns])
        self._tokens = Matcher(self._vocab)
        for index, entry in enumerate(entries):
            if entry.token_patterns:
                patterns_of = [list(tokens) for tokens in entry.token_patterns]
                self._tokens.add(str(index), patterns_of, greedy="LONGEST")

    @property
    def warnings(self) -> list[str]:
        """Aliases that were ignored, and why."""
        return self._names.warnings

    def __call__(self, doc: Doc) -> Doc:
        propose(doc, self._candidates(doc))
        return doc

    def _candidates(self, doc: Doc) -> Iterator[Candidate]:
        text = text_of(doc)
        for found in self._names(text):
            yield self._candidate(found.start, found.end, found.index, found.match)
        for number, match in self._articles.finditer(text):
            if _whole_words(text, *match.span()):
                yield self._candidate(match.start(), match.end(), self._article_entries[number], SKU)
        for start, end, index in self._token_matches(doc):
            yield self._candidate(start, end, index, SKU)

    def _token_matches(self, doc: Doc) -> Iterator[tuple[int, int, int]]:
        """Characters and entry of each match, in stretches: the matcher's work is quadratic in their length."""
        if not len(self._tokens):
            return
        known: set[tuple[int, int, int]] = set()
        for first in range(0, len(doc), _STRETCH // 2):
            for span in self._tokens(doc[first : first + _STRETCH], as_spans=True):
                known.add((span.start_char, span.end_char, int(span.label_)))
        yield from sorted(known)

    def _candidate(self, start: int, end: int, index: int, match: float) -> Candidate:
        entry = self.entries[index]
        return Candidate(start, end, entry.label, "catalog", entry.id, entry.name, evidence={"match": match})

    def state(self) -> Any:
        return [asdict(entry) for entry in self.entries]

    def set_state(self, state: Any) -> None:
        self.set_entries(tuple(_entry(row) for row in state))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._vocab, self.entries))


def _entry(row: Mapping[str, Any]) -> Entry:
    return replace(
        Entry(**row),
        aliases=tuple(row["aliases"]),
        patterns=tuple(row["patterns"]),
        token_patterns=tuple(tuple(tokens) for tokens in row["token_patterns"]),
        short=tuple(row.get("short", ())),
    )


def _whole_words(text: str, start: int, end: int) -> bool:
    inside = (text[start].isalnum(), text[end - 1].isalnum())
    before, after = text[:start][-1:], text[end : end + 1]
    return not (inside[0] and before.isalnum()) and not (inside[1] and after.isalnum())


class IssueRules(_Stateful):
    """Finds issue phrases; its state is the content of the rules files.

    With `only_names` they are no mentions by themselves, and name what the model found.
    """

    file_name = "rules.json"

    def __init__(self, documents: tuple[dict[str, Any], ...] = (), only_names: bool = False) -> None:
        self.only_names = only_names
        self.set_documents(documents)

    def set_documents(self, documents: tuple[dict[str, Any], ...]) -> None:
        """Use these rules from now on.

        Raises:
            CatalogError: A rule cannot be used.
        """
        self.documents = documents
        self.rules = parse_rules(documents)
        self._find = RuleFinder(self.rules)

    def __call__(self, doc: Doc) -> Doc:
        found = self._find(text_of(doc))
        propose(doc, (replace(each, only_names=self.only_names) for each in found))
        return doc

    def state(self) -> Any:
        return {"documents": list(self.documents), "only_names": self.only_names}

    def set_state(self, state: Any) -> None:
        self.only_names = state["only_names"]
        self.set_documents(tuple(state["documents"]))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.documents, self.only_names))


class Labels:
    """Proposes the model's entities under our labels; labels that the map lacks are dropped.

    A span categorizer's spans count too, with their scores as probabilities.
    """

    def __init__(self, label_map: Mapping[str, str], spans_key: str) -> None:
        self.label_map = dict(label_map)
        self.spans_key = spans_key

    def __call__(self, doc: Doc) -> Doc:
        propose(doc, self._candidates(doc))
        return doc

    def _candidates(self, doc: Doc) -> Iterator[Candidate]:
        for span in doc.ents:
            yield from self._candidate(span, None)
        group = doc.spans.get(self.spans_key, ())
        scores = group.attrs.get("scores", ()) if group else ()
        for span, score in zip(group, scores, strict=False):
            yield from self._candidate(span, float(score))

    def _candidate(self, span: Span, probability: float | None) -> Iterator[Candidate]:
        label = self.label_map.get(span.label_)
        if label is not None:
            yield Candidate(span.start_char, span.end_char, label, "model", probability=probability)


class Resolve:
    """Decides which candidates stand and sets them as `doc.ents` and `doc.spans["earmark"]`.

    What its finder would not have chosen, and nothing that stands touches, goes to `doc.spans["earmark_unsure"]`.
    """

    def __call__(self, doc: Doc) -> Doc:
        text, opinion = text_of(doc), told(doc)
        snapped = [_snap(doc, candidate) for candidate in take(doc)]
        candidates = [candidate for candidate in snapped if candidate is not None]
        chosen = resolve(text, candidates)
        spans = [span for candidate in chosen for span in _spans(doc, candidate, opinion)]
        doc.ents = spans
        doc.spans[SPANS] = spans
        unsure = left_over(chosen, candidates)
        doc.spans[UNSURE] = [span for candidate in unsure for span in _spans(doc, candidate, opinion)]
        return doc


def _snap(doc: Doc, candidate: Candidate) -> Candidate | None:
    """Widen to whole tokens; None inside an address, where a name is no mention."""
    span = doc.char_span(candidate.start, candidate.end, alignment_mode="expand")
    if span is None or any(token.like_url or token.like_email for token in span):
        return None
    return replace(candidate, start=span.start_char, end=span.end_char)


def _spans(doc: Doc, candidate: Candidate, opinion: Opinion) -> Iterator[Span]:
    span = doc.char_span(
        candidate.start,
        candidate.end,
        label=candidate.label,
        kb_id=candidate.canonical_id or "",
        alignment_mode="expand",
    )
    if span is None:
        return
    span._.source = candidate.source
    span._.canonical_name = candidate.name
    span._.probability = candidate.probability
    span._.evidence = dict(candidate.evidence) | _opinion_of(span, opinion)
    yield span


def _opinion_of(span: Span, opinion: Opinion) -> dict[str, float]:
    """How probable a model finds the span's label at its surest word, and any other label at its surest."""
    surest = {
        label: max((value for value in values[span.start : span.end] if not isnan(value)), default=None)
        for label, values in opinion.items()
    }
    own = surest.pop(span.label_, None)
    if own is None:
        return {}
    rival = max((value for value in surest.values() if value is not None), default=0.0)
    return {"inside": round(own, 6), "rival": round(rival, 6)}


class Confidence:
    """Sets `span._.confidence`: the model's probability where it gives one, else the heuristic."""

    def __call__(self, doc: Doc) -> Doc:
        for span in doc.spans.get(SPANS, ()):
            known = span._.probability
            span._.confidence = heuristic_confidence(span.text) if known is None else known
        return doc


@Language.factory("earmark_catalog_v1")
def make_catalog(nlp: Language, name: str) -> CatalogMatcher:
    del name
    return CatalogMatcher(nlp.vocab)


@Language.factory("earmark_issue_rules_v1")
def make_issue_rules(nlp: Language, name: str) -> IssueRules:
    del nlp, name
    return IssueRules()


@Language.factory("earmark_labels_v1", default_config={"label_map": {}, "spans_key": "sc"})
def make_labels(nlp: Language, name: str, label_map: dict[str, str], spans_key: str) -> Labels:
    del nlp, name
    return Labels(label_map, spans_key)


@Language.factory("earmark_resolve_v1", assigns=["doc.ents", "doc.spans"])
def make_resolve(nlp: Language, name: str) -> Resolve:
    del nlp, name
    return Resolve()


@Language.factory("earmark_confidence_v1", requires=["doc.spans"], assigns=["span._.confidence"])
def make_confidence(nlp: Language, name: str) -> Confidence:
    del nlp, name
    return Confidence()
