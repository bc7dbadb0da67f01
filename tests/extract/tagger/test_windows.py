"""Texts longer than the encoder reads: every word is decided on once, with context, in linear time."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.extract.tagger.tiny import VOCAB

from earmark.extract import ExtractConfig, open_extractor
from earmark.extract.extractor import SpacyExtractor
from earmark.extract.tagger.windows import windows
from earmark.extract.tagger.wordpiece import WordPiece
from earmark.model import Conversation, Message, Sender

TOKENIZER = WordPiece(VOCAB)
WORDS = st.lists(
    st.sampled_from(["the", "router", ".", "abcdefgh", "!" * 40, "x" * 90, "?", "中"]), max_size=200
)


@given(WORDS, st.sampled_from([(8, 0), (16, 4), (48, 12), (128, 32)]))
def test_every_word_is_decided_on_exactly_once(words: list[str], sizes: tuple[int, int]) -> None:
    most, context = sizes
    reached = 0
    for window in windows(words, TOKENIZER, most, context):
        assert window.start == reached < window.end
        assert len(window.firsts) == window.end - window.start
        assert len(window.pieces.ids) == len(window.pieces.shapes) <= most
        for word, first in zip(words[window.start : window.end], window.firsts, strict=True):
            assert window.pieces.ids[first] == TOKENIZER.pieces(word)[0]
        reached = window.end
    assert reached == len(words)


def test_a_text_that_fits_is_one_window() -> None:
    (window,) = windows(["the", "router"], TOKENIZER, 4, 1)
    assert list(window.pieces.ids) == [TOKENIZER.first, *map(VOCAB.index, ("the", "router")), TOKENIZER.last]


def test_words_at_a_cut_have_context_on_both_sides() -> None:
    words = ["router"] * 500
    cut = list(windows(words, TOKENIZER, 128, 32))
    for window in cut[1:-1]:
        assert window.firsts[0] > 8
        assert len(window.pieces.ids) - window.firsts[-1] > 8


def test_the_cut_comes_after_a_pause_where_there_is_one() -> None:
    words = ["router"] * 101 + ["."] + ["router"] * 60
    first, *_ = windows(words, TOKENIZER, 128, 32)
    assert words[first.end - 1] == "."


@pytest.fixture(scope="module")
def folder(tiny: Path) -> str:
    return str(tiny)


@pytest.mark.parametrize(
    "unit", ["!", '"', "😀", "a", "\u0301\u0323", "\x00", "a,", "router ", "\ud83d", "中"]
)
def test_hostile_runs_take_linear_time_and_fail_nothing(folder: str, unit: str) -> None:
    """8 times the text takes about 8 times the CPU time; quadratic growth would take 64 times."""

    def seconds(characters: int) -> float:
        text = "x" + unit * (characters // len(unit))
        start = time.process_time()
        (found,) = _extractor(folder).extract([Conversation("c", (Message("m", Sender.CUSTOMER, text),))])
        assert all(text[mention.start : mention.end] == mention.text for mention in found)
        return time.process_time() - start

    seconds(1_000)
    base = min(seconds(2_500) for _ in range(2))
    assert seconds(20_000) < 30 * max(base, 0.02)


@given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_spans_lie_inside_the_text_as_it_was_received(folder: str, texts: list[str]) -> None:
    talk = Conversation("c", tuple(Message(str(n), Sender.CUSTOMER, text) for n, text in enumerate(texts)))
    (found,) = _extractor(folder).extract([talk])
    for mention in found:
        assert texts[mention.message_index][mention.start : mention.end] == mention.text


@cache
def _extractor(folder: str) -> SpacyExtractor:
    return open_extractor(ExtractConfig(model=folder, cache_messages=0))
