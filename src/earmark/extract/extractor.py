"""From conversations to mentions: normalise, look up, run the pipeline on what is new, map back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from spacy.tokens import Span

from earmark.extract.cache import MessageCache
from earmark.extract.components import SPANS, UNSURE
from earmark.extract.config import ExtractConfig
from earmark.extract.normalise import Normalised, chunks, normalise
from earmark.extract.pipeline import build
from earmark.model import Conversation, Mention

_ZONE_WORDS = 40_000


@dataclass(frozen=True, slots=True)
class _Piece:
    """A message, or a part of a very long one, made ready for the pipeline."""

    message_index: int
    offset: int
    content: Normalised


@dataclass(frozen=True, slots=True)
class _Finding:
    """A span as plain values, so that no document has to be kept."""

    start: int
    end: int
    label: str
    source: str
    canonical_id: str | None
    name: str | None
    probability: float | None
    evidence: Mapping[str, float]
    unsure: bool


_Findings = tuple[_Finding, ...]


class SpacyExtractor:
    """An `earmark.ports.Extractor` around a spaCy pipeline. One caller at a time."""

    def __init__(self, config: ExtractConfig) -> None:
        pipeline = build(config)
        self._nlp = pipeline.nlp
        self._zone = ExitStack()
        self._zone_words = 0
        self.warnings = pipeline.warnings
        self._config = config
        self._facts = pipeline.facts
        self._fingerprint = pipeline.fingerprint
        self._cache: MessageCache[_Findings] = MessageCache(config.cache_messages)

    @property
    def fingerprint(self) -> str:
        """Changes exactly when the same text could give other mentions."""
        return self._fingerprint

    @property
    def facts(self) -> Mapping[str, str]:
        """Name, version, model, catalog and rules with their hashes, for reports."""
        return self._facts

    def extract(self, conversations: Sequence[Conversation]) -> Iterator[tuple[Mention, ...]]:
        """Yield the mentions of each conversation in text order; deterministic, never fails on text."""
        for batch in self._batches(conversations):
            found = self._find(piece.content.text for _, pieces in batch for piece in pieces)
            for conversation, pieces in batch:
                yield tuple(
                    _mention(conversation, piece, finding)
                    for piece in pieces
                    for finding in found[piece.content.text]
                )

    def _batches(
        self, conversations: Iterable[Conversation]
    ) -> Iterator[list[tuple[Conversation, list[_Piece]]]]:
        batch: list[tuple[Conversation, list[_Piece]]] = []
        words = 0
        for conversation in conversations:
            pieces = list(self._pieces(conversation))
            batch.append((conversation, pieces))
            words += sum(_words(piece.content.text) for piece in pieces)
            if words >= self._config.batch_words:
                yield batch
                batch, words = [], 0
        if batch:
            yield batch

    def _pieces(self, conversation: Conversation) -> Iterator[_Piece]:
        for index, message in enumerate(conversation.messages):
            if message.sender not in self._config.senders:
                continue
            for offset, part in chunks(message.text):
                content = normalise(part)
                if any(character.isalnum() for character in content.text):
                    yield _Piece(index, offset, content)

    def _find(self, texts: Iterable[str]) -> Mapping[str, _Findings]:
        found: dict[str, _Findings] = {}
        new: dict[str, None] = {}
        for text in texts:
            known = self._cache.get(text)
            if known is None:
                new[text] = None
            else:
                found[text] = known
        for group in _by_words(new, self._config.batch_words):
            found.update(self._run(group))
        return found

    def _run(self, texts: list[str]) -> Iterator[tuple[str, _Findings]]:
        self._renew_zone(sum(map(_words, texts)))
        for text, doc in zip(texts, self._nlp.pipe(texts, batch_size=len(texts)), strict=True):
            found = [(span, False) for span in doc.spans[SPANS]]
            found += [(span, True) for span in doc.spans[UNSURE]]
            found.sort(key=lambda item: item[0].start_char)
            findings = tuple(_finding(span, unsure=unsure) for span, unsure in found)
            self._cache.put(text, findings)
            yield text, findings

    def _renew_zone(self, words: int) -> None:
        """Keep memory flat over any run: spaCy forgets the words of earlier texts now and then.

        It learns the first words for good, and only those have a place in the tokenizer's cache.
        """
        self._zone_words += words
        if self._zone_words > _ZONE_WORDS:
            self._zone.close()
            self._zone.enter_context(self._nlp.memory_zone())
            self._zone_words = words


def _words(text: str) -> int:
    return text.count(" ") + 1


def _by_words(texts: Iterable[str], most: int) -> Iterator[list[str]]:
    group: list[str] = []
    words = 0
    for text in texts:
        group.append(text)
        words += _words(text)
        if words >= most:
            yield group
            group, words = [], 0
    if group:
        yield group


def _finding(span: Span, *, unsure: bool) -> _Finding:
    return _Finding(
        start=span.start_char,
        end=span.end_char,
        label=span.label_,
        source=span._.source,
        canonical_id=span.kb_id_ or None,
        name=span._.canonical_name,
        probability=span._.probability,
        evidence=span._.evidence,
        unsure=unsure,
    )


def _mention(conversation: Conversation, piece: _Piece, finding: _Finding) -> Mention:
    message = conversation.messages[piece.message_index]
    first, last = piece.content.original(finding.start, finding.end)
    start, end = piece.offset + first, piece.offset + last
    return Mention(
        message_index=piece.message_index,
        start=start,
        end=end,
        text=message.text[start:end],
        label=finding.label,
        source=finding.source,
        sender=message.sender,
        canonical_id=finding.canonical_id,
        name=finding.name,
        probability=finding.probability,
        evidence=finding.evidence,
        unsure=finding.unsure,
    )
