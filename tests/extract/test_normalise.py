"""Normalising: what becomes of odd characters, and that every span finds its way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.extract.normalise import CHUNK_CHARACTERS, chunks, normalise


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("plain text, kept", "plain text, kept"),
        ("won’t “start”", 'won\'t "start"'),
        ("well – really—yes", "well - really-yes"),
        ("ｉＰｈｏｎｅ　１５", "iPhone 15"),
        ("Acme\u200bRouter", "AcmeRouter"),
        ("\ufeffAcme", "Acme"),
        ("Ac\x00me", "Acme"),
        ("\u202eabc\u202c", "abc"),
        ("a\ud83db", "a\ufffdb"),
        ("line\r\nend\u2028next", "line\n\nend\nnext"),
        ("ﬁle", "file"),
        ("e\u0301t\u00e9", "été"),
        ("Bose™ QC®", "Bose QC"),
        ("tab\there", "tab\there"),
        ("a\xa0b", "a b"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert normalise(text).text == folded


@pytest.mark.parametrize("run", ["!" * 200, "a" * 200, "😀" * 200, "é" * 200])
def test_long_runs_are_broken_and_map_back(run: str) -> None:
    """No run without a space is longer than 64 characters: spaCy's tokenizer is quadratic on them."""
    content = normalise(run)
    assert max(map(len, content.text.split())) <= 64
    assert content.original(0, len(content.text)) == (0, len(run))


@given(st.text(st.characters(), max_size=300), st.data())
def test_any_span_maps_to_an_ordered_span_of_the_original(text: str, data: st.DataObject) -> None:
    """Whatever the characters: bounds are within the text, in order, and single characters come from one place."""
    content = normalise(text)
    assert len(content.starts) == len(content.ends) == len(content.text)
    if content.text:
        start = data.draw(st.integers(0, len(content.text) - 1))
        end = data.draw(st.integers(start + 1, len(content.text)))
        first, last = content.original(start, end)
        assert 0 <= first <= last <= len(text)
    content.text.encode()


@given(st.text(max_size=200), st.integers(0, 3))
def test_chunks_put_together_are_the_text(text: str, times: int) -> None:
    long = text * (1 + times * 300)
    parts = list(chunks(long))
    assert "".join(part for _, part in parts) == long
    assert all(len(part) <= CHUNK_CHARACTERS and long[at : at + len(part)] == part for at, part in parts)


def test_chunks_end_at_a_space() -> None:
    parts = [part for _, part in chunks("word " * 9_000)]
    assert len(parts) == 3
    assert all(part.endswith(" ") for part in parts)
