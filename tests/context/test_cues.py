"""The rules that come with Earmark are sound, and phrases are found where they stand."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from earmark.context.clauses import read, tables
from earmark.context.cues import Sense, rules
from earmark.model import Sender

TABLES = tables()
PHRASES = [(cue["name"], phrase) for cue in TABLES["cue"] for phrase in cue["phrases"]]


def found(text: str, sender: Sender = Sender.CUSTOMER) -> list[tuple[str, str]]:
    """Name and words of each cue that no longer one hides."""
    words = read(text)
    return [
        (one.rule.name, " ".join(words.words[one.first : one.last]))
        for one in rules().find(words, sender)
        if one.within is None
    ]


def test_there_are_rules_enough_and_each_has_a_name_of_its_own() -> None:
    names = Counter(cue["name"] for cue in TABLES["cue"])
    assert len(names) >= 60
    assert set(names.values()) == {1}


def test_every_word_of_a_phrase_is_spelt_as_words_are_read() -> None:
    """A capital or an apostrophe that names no set would never match."""
    for name, phrase in PHRASES:
        for part in phrase.split():
            for word in part.removesuffix("?").split("|"):
                known = word in TABLES["words"] or word in {"..", "^", "$"}
                assert known or (re.fullmatch(r"\w+", word) and read(word).words == (word,)), (name, phrase)


def test_a_phrase_begins_and_ends_with_a_word() -> None:
    for name, phrase in PHRASES:
        parts = phrase.removeprefix("^ ").removesuffix(" $").split()
        assert parts[0] != ".." != parts[-1], (name, phrase)
        assert not all(part.endswith("?") for part in parts), (name, phrase)


def test_every_sense_and_every_field_is_used_as_it_is_explained() -> None:
    fields = {"name", "sense", "phrases", "direction", "reach", "weighty", "within", "stops", "by", "later"}
    fields |= {"question", "fronted", "strict", "about"}
    assert {field for cue in TABLES["cue"] for field in cue} <= fields
    assert {cue["sense"] for cue in TABLES["cue"]} == {sense.value for sense in Sense}


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("it went away", "went-away", "went away"),
        ("ok all good now", "works-now", "all good now"),
        ("it no longer hums", "no-longer", "no longer"),
        ("since last year it hums", None, ""),
        ("no idea why", None, ""),
        ("went. away", None, ""),
    ],
)
def test_phrases_are_found_whole_and_not_over_a_sentence_end(text: str, name: str | None, words: str) -> None:
    cues = found(text)
    if name is None:
        assert not {"no", "long-ago", "went-away"} & {one for one, _ in cues}
    else:
        assert (name, words) in cues


def test_who_speaks_decides_which_rules_count() -> None:
    assert "does-it" in {name for name, _ in found("Does it hum?", Sender.AGENT)}
    assert "does-it" not in {name for name, _ in found("Does it hum?", Sender.CUSTOMER)}
