"""One form for the many ways in which people write one problem."""

from __future__ import annotations

import time
import tomllib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.taxonomy import normal_phrase
from earmark.taxonomy.words import TABLE, Phrase, Replacements, words

WORDS = words()
VOCABULARY = sorted(
    {
        word
        for table in (WORDS.frames, WORDS.synonyms)
        for rows in table.values()
        for pair in rows
        for phrase in pair
        for word in phrase
    }
    | WORDS.stop_words
    | WORDS.particles
    | WORDS.particle_verbs
    | {"won't", "Can’t", "isnt", "screen", "5.99", "£3", "100%", "Phones", "charging"}
)

SAME = [
    (
        "not turn on",
        ["won't turn on", "doesnt switch on", "not turning on", "it is NOT powering on", "can’t turn it on"],
    ),
    (
        "not turn on",
        [
            "unable to switch on",
            "refuses to turn on",
            "won't boot",
            "no longer turns on",
            "does not power up",
        ],
    ),
    (
        "not log in",
        ["can't sign in", "CANNOT LOG ON", "unable to log-in", "not able to sign in", "wont let me log in"],
    ),
    ("app not work", ["the app stopped working", "app doesn't work anymore", "my app isn't working"]),
    (
        "not arrive",
        ["never arrived", "hasn't turned up", "didn't come", "has not been delivered", "still not arrived"],
    ),
    ("charge twice", ["charged me twice", "it charged me two times", "was charged 2x"]),
    ("turn off tv", ["turns the TV off", "switches my telly off"]),
    ("not receive parcel", ["never got my parcel", "didn't receive the parcels"]),
    ("break screen", ["broken screen", "broken screens"]),
    ("no signal", ["no signal", "without any signal", "zero signal"]),
]


@pytest.mark.parametrize(("expected", "phrase"), [(form, phrase) for form, rows in SAME for phrase in rows])
def test_spellings_of_one_problem_share_a_readable_form(expected: str, phrase: str) -> None:
    assert normal_phrase(phrase) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("turns on by itself", "won't turn on"),
        ("turns on", "turns off"),
        ("not charging", "charged twice"),
        ("error 43", "error 44"),
        ("no refund", "refund"),
        ("screen flickers", "sound flickers"),
    ],
)
def test_problems_that_differ_stay_apart(one: str, other: str) -> None:
    assert normal_phrase(one) != normal_phrase(other)


@pytest.mark.parametrize(
    ("phrase", "form"),
    [
        ("not here", "not here"),
        ("it is", "it is"),
        ("???", "???"),
        ("  ...  ", "..."),
        ("", ""),
        ("won't let me", "not let me"),
    ],
)
def test_a_phrase_of_words_that_tell_nothing_keeps_them(phrase: str, form: str) -> None:
    assert normal_phrase(phrase) == form


@given(st.text(max_size=300))
def test_any_text_has_a_form_that_is_its_own(text: str) -> None:
    form = normal_phrase(text)
    assert normal_phrase(form) == form


@given(st.lists(st.sampled_from(VOCABULARY), max_size=14))
def test_any_sequence_of_the_words_that_are_rewritten_has_a_form_that_is_its_own(sequence: list[str]) -> None:
    form = normal_phrase(" ".join(sequence))
    assert normal_phrase(form) == form


@given(
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=8),
    st.sampled_from(["  ", "\n", " \t ", "\u00a0"]),
)
def test_case_spacing_and_typography_do_not_matter(sequence: list[str], gap: str) -> None:
    plain = normal_phrase(" ".join(sequence))
    assert normal_phrase(gap.join(sequence).upper().replace("'", "’") + gap) == plain
    assert normal_phrase(" ".join(word[:1] + "\u200b" + word[1:] for word in sequence)) == plain


def test_rewriting_ends_whatever_the_phrase() -> None:
    """Each replacement takes out a word that none brings back, or one that only the former bring, or shortens."""
    every = [*pairs(WORDS.frames), *pairs(WORDS.synonyms)]
    rest = [pair for pair in every if not taken(pair) - brought(every)]
    endless = [pair for pair in rest if not taken(pair) - brought(rest) and len(pair[1]) >= len(pair[0])]
    assert every
    assert not endless


def taken(pair: tuple[Phrase, Phrase]) -> set[str]:
    return set(Counter(pair[0]) - Counter(pair[1]))


def brought(several: list[tuple[Phrase, Phrase]]) -> set[str]:
    return {word for old, new in several for word in Counter(new) - Counter(old)}


def pairs(table: Replacements) -> list[tuple[Phrase, Phrase]]:
    return [pair for rows in table.values() for pair in rows]


def test_what_is_replaced_and_what_replaces_it_are_base_forms() -> None:
    """Otherwise an entry would never be found, or be changed again."""
    for table in (WORDS.frames, WORDS.synonyms):
        for old, new in pairs(table):
            assert tuple(map(WORDS.base_form, old)) == old
            assert tuple(map(WORDS.base_form, new)) == new


def test_every_base_form_is_its_own() -> None:
    assert WORDS.base_forms
    for form, base in WORDS.base_forms.items():
        assert WORDS.base_form(base) == base, form


def test_no_word_is_listed_as_two_things() -> None:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    spellings = set(table["spellings"])
    assert not spellings & WORDS.as_they_are
    assert not spellings & set(table["verbs"].split())
    assert not WORDS.stop_words & WORDS.particles


@pytest.mark.parametrize(
    ("form", "base"),
    [
        ("charging", "charge"), ("stopped", "stop"), ("cancelled", "cancel"), ("canceled", "cancel"), ("tries", "try"),
        ("dying", "die"), ("froze", "freeze"), ("boxes", "box"), ("batteries", "battery"), ("photos", "photo"),
        ("missing", "missing"), ("news", "news"), ("customer's", "customer"), ("couldn't", "not"), ("access", "access"),
        ("glasses", "glass"), ("speed", "speed"), ("shipping", "shipping"),
        ("recieved", "receive"), ("0x80070057", "0x80070057"),
    ],
)  # fmt: skip
def test_words_take_their_base_form(form: str, base: str) -> None:
    assert WORDS.base_form(form) == base


@pytest.mark.parametrize(
    "hostile", ["not " * 50_000, "x" * 500_000, "won't " * 30_000, "\u0301" * 100_000, "a's" * 90_000]
)
def test_long_phrases_take_no_time(hostile: str) -> None:
    began = time.perf_counter()
    form = normal_phrase(hostile)
    assert time.perf_counter() - began < 0.5
    assert len(form) <= max(1000, len(hostile.split(maxsplit=1)[0]))
