"""Which messages need no model: greetings and the like, never one that may say something."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy

from earmark.extract.tagger.encoder import Encoder
from earmark.extract.tagger.trivial import is_noise, is_trivial
from earmark.extract.tagger.words import words_of


def trivial(text: str) -> bool:
    return is_trivial(word for _, word in words_of(text))


@pytest.mark.parametrize(
    "text",
    ["", "Hi!", "hello there", "Thank you so much :)", "ok", "12345", "yes, 20.50", "😀", "GOOD MORNING sir"],
)
def test_greetings_thanks_and_numbers_need_no_model(text: str) -> None:
    assert trivial(text)


@pytest.mark.parametrize(
    "text", ["hi, my router", "no internet", "X200", "iphone?", "not ok", "hello is it down"]
)
def test_whatever_may_say_something_reaches_the_model(text: str) -> None:
    assert not trivial(text)


def test_a_trivial_message_never_reaches_the_encoder(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = spacy.load(tiny)

    def refuse(*_: object) -> None:
        raise AssertionError("the encoder was asked")

    monkeypatch.setattr(Encoder, "emissions", refuse)
    assert [list(doc.ents) for doc in nlp.pipe(["hello!", "thanks, 20", ""])] == [[], [], []]


@pytest.mark.parametrize("text", ["a.b/", "😀x", "a's ", "x\t", "a-", ",b"])
def test_a_wall_of_signs_is_noise(text: str) -> None:
    """Twenty thousand words of one letter would keep the model busy for seconds."""
    assert is_noise([word for _, word in words_of(text * 500)])


def test_short_words_are_noise_only_where_there_are_many_of_them() -> None:
    assert not is_noise(["X", "?"])
    assert not is_noise(["a"] * 40 + ["tv"])
    assert is_noise(["a"] * 40)
