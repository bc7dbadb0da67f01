"""Where words begin, and how strong the breaks between them are."""

from __future__ import annotations

import pytest

from earmark.context.clauses import Break, read

BREAKS = [
    ("one two", Break.NONE),
    ("one, two", Break.COMMA),
    ("one (two", Break.COMMA),
    ("one – two", Break.COMMA),
    ("one. two", Break.STOP),
    ("one.two", Break.STOP),
    ("one\ntwo", Break.STOP),
    ("one 😡 two", Break.STOP),
    ("one; two", Break.STOP),
    ("one ‘two", Break.NONE),
    ("one\u200btwo", Break.NONE),
    ("re-start", Break.NONE),
    ("1,200", Break.NONE),
    ("3.5", Break.NONE),
    ("19:42", Break.NONE),
    ("one but", Break.TURN),
    ("one because", Break.LINK),
    ("one, because", Break.COMMA),
]


@pytest.mark.parametrize(("text", "kind"), BREAKS, ids=[repr(row[0]) for row in BREAKS])
def test_what_stands_between_two_words_is_weighed(text: str, kind: Break) -> None:
    assert read(text).breaks[1] == kind


def test_and_begins_a_statement_only_before_what_can_begin_one() -> None:
    assert read("dents and scratches").breaks[1] == Break.NONE
    assert read("dents and it hums").breaks[1] == Break.LINK


def test_commas_of_a_list_that_ends_in_or_are_no_breaks() -> None:
    assert read("no dents, scratches or cracks").breaks[2] == Break.NONE
    assert read("no, it hums").breaks[1] == Break.COMMA


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Don’t", "dont"),
        ("DON'T", "dont"),
        ("nooooo", "no"),
        ("we're", "weare"),
        ("were", "were"),
        ("100", "100"),
    ],
)
def test_words_are_folded_to_one_spelling(text: str, word: str) -> None:
    assert read(text).words == (word,)


def test_a_range_of_characters_finds_the_words_it_touches() -> None:
    words = read("my app keeps crashing")
    assert words.range_of(7, 21) == (2, 4)
    assert words.range_of(8, 9) == (2, 3)
    assert words.range_of(6, 7) == (2, 2)


def test_a_question_is_known_from_its_mark() -> None:
    words = read("Is it on? It is.")
    assert words.asks(1)
    assert words.asks(3)
    assert not words.asks(4)
