"""Earmark's own model: words per second, time to the first result, peak memory, and what quantisation costs.

    python bench/tagger.py [PATH …] [--model FOLDER] [--conversations N] [--graphs]

PATHs are JSONL files (or .gz) of conversations with messages; by default the sandbox's own. The model is the packaged
one unless a folder is named. Speed is that of whole conversations through the extractor, with the message cache
and the shortcut for trivial messages, and without either; by the clock and by CPU time (a busy machine blurs the
former). `--graphs` compares the model's graph with the same weights in 32-bit floats.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from extraction import ANNOTATED, conversation, read

from earmark.extract import ExtractConfig, open_extractor, packaged
from earmark.extract.tagger import component
from earmark.extract.tagger.encoder import Encoder
from earmark.extract.tagger.folder import read_folder
from earmark.extract.tagger.windows import Window, windows
from earmark.extract.tagger.wordpiece import WordPiece
from earmark.extract.tagger.words import words_of
from earmark.model import Conversation

ROUNDS = 3


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of CPU time."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def speed(conversations: list[Conversation], model: Path, cache: int) -> None:
    words = sum(len(message.text.split()) for talk in conversations for message in talk.messages)
    extractor = open_extractor(ExtractConfig(model=str(model), cache_messages=cache))
    clock, cpu = timed(lambda: sum(len(found) for found in extractor.extract(conversations)))
    name = "with cache and shortcut" if cache else "without either"
    print(f"    {name:24} {words / clock:9,.0f} words/s   {words / cpu:9,.0f} words a CPU second")


def first_result(path: Path, model: Path) -> None:
    command = [sys.executable, "-m", "earmark", "extract", str(path), "--model", str(model)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        print(f"    first result after {time.perf_counter() - start:.1f} s")
        process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    print(f"    peak memory {usage.ru_maxrss / 1024:,.0f} MB")


def compare_graphs(conversations: list[Conversation], model: Path) -> None:
    from earmark.train.graph import build_graph, read_weights

    files = read_folder(model / "earmark_spans")
    texts = dict.fromkeys(message.text for talk in conversations for message in talk.messages)
    cut = list(_windows(texts, WordPiece(files.vocabulary), files.config.max_pieces))
    exact = build_graph(read_weights(files.graph), heads=files.config.heads, quantised=False)
    tags = {}
    for name, graph in (("32-bit floats", exact), ("as packaged", files.graph)):
        encoder = Encoder(graph, len(files.config.tags), threads=1)
        encoder.emissions([window.pieces for window in cut[:100]])
        found: list[np.ndarray] = []
        _, cpu = timed(lambda e=encoder, f=found: f.extend(e.emissions([window.pieces for window in cut])))
        rate = sum(map(len, found)) / cpu
        first = [s[w.firsts].argmax(axis=1) for s, w in zip(found, cut, strict=True)]
        tags[name] = np.concatenate(first)
        print(f"    {name:16} {len(graph) / 1e6:6.1f} MB   {rate:9,.0f} pieces a CPU second")
    one, other = tags.values()
    print(f"    another best tag for {np.mean(one != other):.2%} of the words")


def _windows(texts: dict[str, None], tokenizer: WordPiece, most: int) -> list[Window]:
    return [
        window
        for text in texts
        for window in windows([word for _, word in words_of(text)], tokenizer, most, most // 4)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="*", default=[ANNOTATED])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--conversations", type=int, help="only the first so many of each file")
    parser.add_argument("--graphs", action="store_true")
    options = parser.parse_args()
    model = options.model or packaged()
    rows = [row for path in options.paths for row in read(path)[: options.conversations]]
    conversations = [conversation(number, row) for number, row in enumerate(rows)]
    print(f"{len(conversations)} conversations, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    for _ in range(ROUNDS):
        speed(conversations, model, cache=8_000)
        with patch.object(component, "is_trivial", lambda _: False):
            speed(conversations, model, cache=0)
    first_result(options.paths[0], model)
    if options.graphs:
        compare_graphs(conversations, model)


if __name__ == "__main__":
    main()
