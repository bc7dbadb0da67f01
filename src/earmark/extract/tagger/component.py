"""The spaCy component `earmark_spans_v1`: proposes what Earmark's own model finds, with a probability a span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Token
from spacy.util import ensure_path, from_bytes, to_bytes

from earmark.errors import ModelMissingError
from earmark.extract.candidate import Candidate, propose, tell
from earmark.extract.tagger.encoder import Encoder
from earmark.extract.tagger.folder import FILES, TaggerFiles, read_folder, write_folder
from earmark.extract.tagger.spans import Found, Reading, read_texts
from earmark.extract.tagger.trivial import is_noise, is_trivial
from earmark.extract.tagger.windows import Window, windows
from earmark.extract.tagger.wordpiece import WordPiece
from earmark.extract.tagger.words import word_tokens

FACTORY, NAME = "earmark_spans_v1", "earmark_spans"
UNSURE_FROM = 0.02
"""How probable a word's label must be for a candidate beside the best path."""


class SpanTagger:
    """Finds spans with an encoder and a CRF. The same texts give the same spans, alone or in any batch.

    Safe in threads and processes; a pickle carries the weights.
    """

    def __init__(self, files: TaggerFiles | None = None, threads: int = 0) -> None:
        self._threads = threads
        self._files: TaggerFiles | None = None
        if files is not None:
            self.set_files(files)

    def set_files(self, files: TaggerFiles) -> None:
        """Use these weights from now on.

        Raises:
            ModelMissingError: The vocabulary is not one of WordPiece.
        """
        try:
            self._tokenizer = WordPiece(files.vocabulary)
        except ValueError as error:
            raise ModelMissingError(f"the model cannot be used: {error}", hint="train it again") from None
        self._encoder = Encoder(files.graph, len(files.config.tags), self._threads)
        self._files = files

    @property
    def files(self) -> TaggerFiles:
        """Configuration, vocabulary and graph.

        Raises:
            ModelMissingError: None were given so far.
        """
        if self._files is None:
            raise ModelMissingError(
                f"{FACTORY} has no weights",
                hint="load a pipeline that has them: spacy.load('earmark'), or one that `earmark train` wrote",
            )
        return self._files

    def __call__(self, doc: Doc) -> Doc:
        self._tag([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 256) -> Iterator[Doc]:
        """Tag documents in batches; the result is that of one call each."""
        rest = iter(stream)
        while docs := list(islice(rest, batch_size)):
            self._tag(docs)
            yield from docs

    def _tag(self, docs: Sequence[Doc]) -> None:
        tokens = [word_tokens(doc) for doc in docs]
        cut = [(n, window) for n, words in enumerate(tokens) for window in self._windows(words)]
        readings = self._read([window for _, window in cut])
        opinions: dict[int, NDArray[np.float64]] = {}
        for (n, window), reading in zip(cut, readings, strict=True):
            if reading is None:
                continue
            propose(docs[n], (_candidate(tokens[n], window.start, span) for span in reading.spans))
            opinion = opinions.setdefault(n, np.full((len(docs[n]), reading.inside.shape[1]), np.nan))
            decided = tokens[n][window.start : window.start + len(reading.inside)]
            opinion[[token.i for token in decided]] = reading.inside
        for n, opinion in opinions.items():
            tell(docs[n], dict(zip(self.files.config.labels(), opinion.T.tolist(), strict=True)))

    def _windows(self, tokens: Sequence[Token]) -> Iterator[Window]:
        words = [token.text for token in tokens]
        if not is_trivial(words):
            config = self.files.config
            cut = windows(words, self._tokenizer, config.max_pieces, config.context_pieces)
            yield from (window for window in cut if _says_something(words[window.start : window.end]))

    def _read(self, cut: Sequence[Window]) -> list[Reading | None]:
        emissions = self._encoder.emissions([window.pieces for window in cut]) if cut else []
        decided = [scores[window.firsts] for window, scores in zip(cut, emissions, strict=True)]
        return read_texts(decided, self.files.config, least=UNSURE_FROM) if cut else []

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        del exclude
        write_folder(ensure_path(path), self.files)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> SpanTagger:
        """Read and check the weights.

        Raises:
            ModelMissingError: They are missing or damaged.
        """
        del exclude
        self.set_files(read_folder(ensure_path(path)))
        return self

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        del exclude
        parts = self.files.as_parts()
        return to_bytes({name: partial(parts.__getitem__, name) for name in FILES}, ())

    def from_bytes(self, data: bytes, *, exclude: Sequence[str] = ()) -> SpanTagger:
        del exclude
        parts: dict[str, bytes] = {}
        from_bytes(data, {name: partial(parts.__setitem__, name) for name in FILES}, ())
        self.set_files(TaggerFiles.of_parts(parts, "these bytes"))
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._files, self._threads))


def _says_something(words: Sequence[str]) -> bool:
    return not (is_trivial(words) or is_noise(words))


def _candidate(tokens: Sequence[Token], offset: int, span: Found) -> Candidate:
    first, last = tokens[offset + span.start], tokens[offset + span.end - 1]
    return Candidate(
        first.idx,
        last.idx + len(last),
        span.label,
        "model",
        probability=None if span.unsure else round(span.probability, 4),
        evidence={"exact": round(span.exact, 6)},
        unsure=span.unsure,
    )


@Language.factory(FACTORY, default_config={"threads": 0})
def make_spans(nlp: Language, name: str, threads: int) -> SpanTagger:
    """`threads` 0 uses the CPUs that the process may use, at most 4."""
    del nlp, name
    return SpanTagger(threads=threads)
