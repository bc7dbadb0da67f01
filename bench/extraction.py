"""Words per second: Earmark's extractor against a plain `nlp(text)` loop with the same model on the same data.

    python bench/extraction.py [PATH] [--rounds N] [--conversations N]

PATH is a JSONL file (or .gz) of conversations with messages; by default the sandbox's own. Two statistical
pipelines are trained briefly on the sandbox's annotated spans and saved: an entity recogniser alone, and one of the
shape of `en_core_web_sm` (tok2vec, tagger, parser, ner). Their quality does not matter here. Contestants:

    plain        spacy.load, then nlp(transcript) one after the other, as the usual script does it
    pipe         spacy.load, then nlp.pipe(transcripts)
    model only   open_extractor with that model, without catalog and rules
    earmark      open_extractor with that model, the catalog and the issue rules

Rounds are interleaved; every round starts with empty caches; medians of CPU time are printed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.extract import ExtractConfig, open_extractor
from earmark.model import Conversation, Message, Sender

if TYPE_CHECKING:  # at run time spaCy, and numpy with it, must not be imported before earmark.extract
    from spacy.language import Language
    from spacy.training import Example

DATA = Path(__file__).parents[1] / "src" / "earmark" / "sandbox" / "data"
CATALOG, ANNOTATED = DATA / "catalog.csv", DATA / "conversations.jsonl.gz"
TOK2VEC = {
    "@architectures": "spacy.Tok2Vec.v2",
    "embed": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 96,
        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
        "rows": [5000, 1000, 2500, 2500],
        "include_static_vectors": False,
    },
    "encode": {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "width": 96,
        "depth": 4,
        "window_size": 1,
        "maxout_pieces": 3,
    },
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "tok2vec"}
TAGS, DEPENDENCIES = [f"T{i}" for i in range(50)], [f"d{i}" for i in range(45)]


def transitions(kind: str, tok2vec: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": {
            "@architectures": "spacy.TransitionBasedParser.v2",
            "state_type": kind,
            "extra_state_tokens": False,
            "hidden_width": 64,
            "maxout_pieces": 2,
            "use_upper": True,
            "tok2vec": tok2vec,
        }
    }


def blank(shape: str) -> Language:
    import spacy

    nlp = spacy.blank("en")
    if shape == "sm":
        nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
        nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": LISTENER}})
        nlp.add_pipe("parser", config={**transitions("parser", LISTENER), "min_action_freq": 1})
    nlp.add_pipe("ner", config=transitions("ner", TOK2VEC))
    return nlp


def read(path: Path) -> list[dict[str, Any]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in data.decode().split("\n") if line]


def conversation(number: int, row: dict[str, Any]) -> Conversation:
    messages = (
        Message(str(i), Sender(message["sender"]), message["text"])
        for i, message in enumerate(row["messages"])
    )
    return Conversation(
        str(row.get("id", number)), tuple(m for m in messages if m.sender is not Sender.SYSTEM)
    )


def train(shape: str, folder: Path) -> None:
    nlp = blank(shape)
    annotated = [message for row in read(ANNOTATED) for message in row["messages"] if message.get("spans")]
    examples = [example(nlp, message) for message in annotated]
    nlp.initialize(lambda: examples)
    shuffle = random.Random(1)
    for _ in range(3):
        shuffle.shuffle(examples)
        for start in range(0, len(examples), 32):
            nlp.update(examples[start : start + 32])
    nlp.to_disk(folder)


def example(nlp: Language, message: dict[str, Any]) -> Example:
    """The annotated entities; tags and a chain of heads are made up, for tagger and parser to have work."""
    from spacy.training import Example
    from spacy.util import filter_spans

    doc = nlp.make_doc(message["text"])
    spans = [
        doc.char_span(span["start"], span["end"], label=span["label"], alignment_mode="expand")
        for span in message["spans"]
    ]
    entities = filter_spans([span for span in spans if span is not None])
    numbers = [token.orth % 1009 for token in doc]
    return Example.from_dict(
        doc,
        {
            "entities": [(span.start_char, span.end_char, span.label_) for span in entities],
            "tags": [TAGS[number % len(TAGS)] for number in numbers],
            "deps": ["ROOT", *(DEPENDENCIES[number % len(DEPENDENCIES)] for number in numbers[1:])],
            "heads": [max(0, i - 1) for i in range(len(doc))],
        },
    )


def seconds(work: Callable[[], object]) -> float:
    """CPU time: all contestants use one thread, and a busy machine blurs it less than the clock."""
    start = time.process_time()
    work()
    return time.process_time() - start


def extractor_run(conversations: list[Conversation], config: ExtractConfig) -> Callable[[], float]:
    def run() -> float:
        extractor = open_extractor(config)
        return seconds(lambda: sum(len(mentions) for mentions in extractor.extract(conversations)))

    return run


def contestants(rows: list[dict[str, Any]], model: Path) -> tuple[int, dict[str, Callable[[], float]]]:
    import spacy

    conversations = [conversation(number, row) for number, row in enumerate(rows)]
    transcripts = ["\n".join(message.text for message in c.messages) for c in conversations]

    def plain() -> float:
        nlp = spacy.load(model)
        return seconds(lambda: [nlp(text).ents for text in transcripts])

    def pipe() -> float:
        nlp = spacy.load(model)
        return seconds(lambda: [doc.ents for doc in nlp.pipe(transcripts)])

    words = sum(len(text.split()) for text in transcripts)
    return words, {
        "plain": plain,
        "pipe": pipe,
        "model only": extractor_run(conversations, ExtractConfig(model=str(model), use_rules=False)),
        "earmark": extractor_run(conversations, ExtractConfig(model=str(model), catalogs=(CATALOG,))),
    }


def race(rows: list[dict[str, Any]], model: Path, rounds: int) -> None:
    words, runs = contestants(rows, model)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(run())
    for name, taken in times.items():
        ratio = statistics.median(slow / fast for slow, fast in zip(times["plain"], taken, strict=True))
        print(f"    {name:12} {words / statistics.median(taken):9,.0f} words/s   {ratio:.2f} x plain")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path, nargs="?", default=ANNOTATED)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--conversations", type=int, help="only the first so many")
    options = parser.parse_args()
    rows = read(options.path)[: options.conversations]
    texts = [message["text"] for row in rows for message in row["messages"]]
    print(
        f"{len(rows)} conversations, {len(texts)} messages, {len(set(texts)) / len(texts):.0%} of them unique"
    )
    for shape in ("ner", "sm"):
        with tempfile.TemporaryDirectory() as folder:
            train(shape, Path(folder))
            print(shape)
            race(rows, Path(folder), options.rounds)


if __name__ == "__main__":
    main()
