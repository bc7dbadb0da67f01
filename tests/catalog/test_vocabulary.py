"""The sketches leave out no word that the edits allow: the index finds what comparing every word would find."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from earmark.catalog.vocabulary import Bend, Vocabulary, edit_limit

WORD = st.text(alphabet="abcdeé", min_size=1, max_size=10) | st.text(alphabet="ab12", min_size=1, max_size=5)


@st.composite
def words_and_a_typo(draw: st.DrawFn) -> tuple[list[str], str]:
    """A vocabulary and a word near one of its words."""
    words = draw(st.lists(WORD, min_size=1, max_size=30))
    letters = list(draw(st.sampled_from(words)))
    for _ in range(draw(st.integers(0, 3))):
        letters.insert(draw(st.integers(0, len(letters))), draw(st.sampled_from("abcde")))
        del letters[draw(st.integers(0, len(letters) - 1))]
    return words, "".join(letters) or "a"


@given(words_and_a_typo())
def test_near_words_are_exactly_those_within_the_edits(given_words: tuple[list[str], str]) -> None:
    words, word = given_words
    vocabulary = Vocabulary(words)
    near = {vocabulary.words[number]: edits for number, edits in vocabulary.near(word, Bend.USUAL).items()}
    for known in set(words):
        edits = OSA.distance(word, known)
        allowed = edits <= edit_limit(known) and word.isalpha() and len(word) >= 3
        inflected = known in {word, f"{word}s", word.removesuffix("s")}
        assert (known in near) == (allowed or inflected), known
        if allowed and not inflected:
            assert near[known] == edits


@given(words_and_a_typo())
def test_nothing_is_bent_where_nothing_may_be(given_words: tuple[list[str], str]) -> None:
    words, word = given_words
    vocabulary = Vocabulary(words)
    assert {vocabulary.words[number] for number in vocabulary.near(word, Bend.NONE)} <= {word, f"{word}s"}


@given(words_and_a_typo())
def test_one_more_edit_never_loses_a_word_but_for_its_first_letter(
    given_words: tuple[list[str], str],
) -> None:
    words, word = given_words
    vocabulary = Vocabulary(words)
    usual, more = (vocabulary.near(word, bend) for bend in (Bend.USUAL, Bend.MORE))
    kept = {n for n in usual if vocabulary.words[n][0] == word[0] and len(vocabulary.words[n]) > 4}
    assert kept <= more.keys()


def test_a_vocabulary_may_be_empty() -> None:
    assert Vocabulary([]).near("word", Bend.MORE) == {}
