"""Pieces and shapes of words: equal to the reference tokenizer of BERT, for ordinary and for hostile text."""

from __future__ import annotations

import time

import pytest

from earmark.extract.tagger.wordpiece import WordPiece, shape

PIECES = """
[PAD] [UNK] [CLS] [SEP] the ro ##uter router ##s can ' t won - ! ? / @ # $ % 20 ##20 x ##0 cafe naive uber
中 国 a ##b don i ##phone ##15 λογο ##σ istanbul “ ” … € ™ fi ½ e ##mail я
"""
VOCAB = PIECES.split()
TOKENIZER = WordPiece(VOCAB)

REFERENCE = [  # made-up words, and what the reference (BERT's uncased WordPiece, strip_accents) makes of them
    ("router", "router"),
    ("Routers", "router ##s"),
    ("ROUTER", "router"),
    ("rooter", "[UNK]"),
    ("can't", "can ' t"),
    ("won’t", "won [UNK] t"),
    ("x200", "x ##20 ##0"),
    ("X20", "x ##20"),
    ("iPhone15", "i ##phone ##15"),
    ("i-phone", "i - [UNK]"),
    ("Café", "cafe"),
    ("CAFE\u0301", "cafe"),
    ("naïve", "naive"),
    ("Über", "uber"),
    ("straße", "[UNK]"),
    ("İstanbul", "istanbul"),
    ("ΛΟΓΟΣ", "λογο ##σ"),
    ("中国", "中 国"),
    ("a中b", "a 中 [UNK]"),
    ("!!!", "! ! !"),
    ("don't!?", "don ' t ! ?"),
    ("a/the", "a / the"),
    ("@router", "@ router"),
    ("20%", "20 %"),
    ("$20", "$ 20"),
    ("“the”", "“ the ”"),
    ("the…", "the …"),
    ("€20", "€ ##20"),
    ("™", "™"),
    ("ﬁx", "[UNK]"),
    ("½", "½"),
    ("email", "e ##mail"),
    ("router\u200b", "router"),
    ("rou\u200bter", "router"),
    ("ro\x00uter", "router"),
    ("\ufeffrouter", "router"),
    ("rou\xadter", "router"),
    ("router\ufffd", "router"),
    ("\u202erouter", "router"),
    ("the\ue000", "the"),
    ("😀", "[UNK]"),
    ("the😀", "[UNK]"),
    ("👩\u200d👧", "[UNK]"),
    ("я", "я"),
    ("a\xa0a", "a a"),
    ("a\ta", "a a"),
    ("a\x0bb", "a ##b"),
    ("a\u2028a", "a a"),
    ("##s", "# # [UNK]"),
    ("ｒｏｕｔｅｒ", "[UNK]"),
    ("a" * 101, "[UNK]"),
    ("q" * 101 + "!a", "[UNK] ! a"),
    ("a" + "\u0301" * 300, "a"),
]


@pytest.mark.parametrize(("word", "expected"), REFERENCE, ids=[ascii(word)[:30] for word, _ in REFERENCE])
def test_pieces_are_those_of_the_reference(word: str, expected: str) -> None:
    assert " ".join(VOCAB[number] for number in TOKENIZER.pieces(word)) == expected


@pytest.mark.parametrize("word", ["", "\u200b", "\u0301", "\x00", chr(0xD83D)])
def test_every_word_has_a_piece(word: str) -> None:
    assert TOKENIZER.pieces(word) == (TOKENIZER.unknown,)


def test_a_word_has_thirty_pieces_at_most() -> None:
    assert TOKENIZER.pieces("!" * 64) == TOKENIZER.pieces("!") * 30


def test_what_is_remembered_is_what_is_computed() -> None:
    fresh = WordPiece(VOCAB)
    for word, _ in REFERENCE:
        assert fresh.pieces(word) == fresh.pieces(word) == TOKENIZER.pieces(word)


def test_a_vocabulary_without_the_special_pieces_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[SEP\]"):
        WordPiece(["[UNK]", "[CLS]", "the"])


@pytest.mark.parametrize("unit", ["a", "a,", "!", "中", "😀", "\u0301", "\x00"])
def test_a_long_run_without_a_space_takes_linear_time(unit: str) -> None:
    start = time.process_time()
    TOKENIZER.pieces(unit * 200_000)
    assert time.process_time() - start < 5


SHAPES = [
    ("router", 0),
    ("...", 0),
    ("", 0),
    ("中国", 0),
    ("won't", 0),
    ("Router", 1),
    ("I", 1),
    ("Won't", 1),
    ("-Router", 1),
    ("OK", 2),
    ("U.S.", 2),
    ("iPhone", 3),
    ("PlayStation", 3),
    ("eBay", 3),
    ("T-Mobile", 3),
    ("2", 4),
    ("mp3", 4),
    ("X200", 5),
    ("Model3", 5),
    ("PS5", 6),
    ("iPhone15", 7),
]


@pytest.mark.parametrize(("word", "expected"), SHAPES)
def test_shapes_tell_case_and_digits(word: str, expected: int) -> None:
    assert shape(word) == expected
