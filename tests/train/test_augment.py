"""Noise changes how words are written and never how many there are."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from earmark.train.augment import Noise, misspelt

WORDS = st.lists(st.text(min_size=1, max_size=12), max_size=20)


@given(WORDS, st.integers())
def test_labels_stay_in_place_because_no_word_comes_or_goes(words: list[str], seed: int) -> None:
    noise = Noise(lower=0.4, upper=0.4, typed_badly=1.0, spoilt=1.0)
    assert len(noise(words, random.Random(seed))) == len(words)


@given(st.text(alphabet="abcdefgh", min_size=4, max_size=12), st.integers())
def test_a_misspelt_word_keeps_its_ends_and_loses_or_gains_one_letter_at_most(word: str, seed: int) -> None:
    spoilt = misspelt(word, random.Random(seed))
    assert (spoilt[0], spoilt[-1]) == (word[0], word[-1])
    assert abs(len(spoilt) - len(word)) <= 1


def test_short_words_and_numbers_are_never_misspelt() -> None:
    assert [misspelt(word, random.Random(1)) for word in ("tv", "x200", "a-b-c", "the")] == [
        "tv",
        "x200",
        "a-b-c",
        "the",
    ]


def test_without_noise_the_words_are_as_they_were() -> None:
    words = ("My", "Hub", "2")
    assert Noise(lower=0, upper=0, typed_badly=0)(words, random.Random(3)) == words
