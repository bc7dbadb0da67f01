"""What a text is called once case, spacing and typography no longer matter. Pure."""

from __future__ import annotations

import re
import unicodedata

_EDGES = " \t\n\r.,;:!?\"'()[]{}<>*_~`“”‘’…"
STRAIGHT: dict[int, str] = {
    ord(character): plain
    for plain, characters in {"'": "‘’‛′ʼʹ＇`´", '"': "“”„‟″«»＂", "-": "‐‑‒–—―−－"}.items()
    for character in characters
}
"""Typographic quotes and dashes → those of a keyboard, one for one."""

_MARKS = str.maketrans("", "", "™℠®©")  # NFKC would spell the first two out and glue them to the name
_LEADING = re.compile(
    r"(?:(?:my|the|your|our|his|her|their|its|this|that|these|those|some|any)\b|an? (?!\d))['\s]*"
)
_POSSESSIVE = re.compile(r"'s?$")
_BREAK = re.compile(r"(?<=[^\W\d_]{2})-(?=\w)|(?<=\d)-(?=[^\W\d_])|_")
_DIGIT = re.compile(r"\d")
_WORD_NUMBER = re.compile(r"(?<!\w)([^\W\d_]{2,})(?=\d)")
_NUMBER_WORD = re.compile(r"(\d)(?=[^\W\d_]{3,}(?!\w))")
_LETTER_NUMBER = re.compile(r"(?<![\w'])([b-hj-z])[ -](?=\d)")
_SAME_IN_PLURAL = frozenset(
    {
        "windows",
        "teams",
        "series",
        "species",
        "news",
        "lens",
        "plus",
        "express",
        "business",
        "wireless",
        "canvas",
    }
    | {"macos", "chromeos", "chaos", "atlas", "sims", "always"}
)
_IN_IE = frozenset({"movies", "cookies", "selfies", "zombies", "smoothies", "hoodies"})
_STEPS = 8  # each changes what the next one sees; real names are done after two


def normal_form(text: str) -> str:
    """Folded for comparison: NFKC, case, white space, edge punctuation, curly apostrophes."""
    visible = "".join(
        c
        for c in unicodedata.normalize("NFKC", text)
        if unicodedata.category(c) not in {"Cf", "Cc", "Cs"} or c.isspace()
    )
    return " ".join(visible.casefold().replace("’", "'").split()).strip(_EDGES) or text.strip()


def as_typed(text: str) -> str:
    """The text as a keyboard would give it: NFKC, straight quotes and dashes, no trade marks, nothing invisible."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text.translate(_MARKS).translate(STRAIGHT)).translate(STRAIGHT)
    return "".join(c for c in folded if c.isspace() or unicodedata.category(c) not in {"Cf", "Cc", "Cs"})


def spaced(folded: str) -> str:
    """Word and number in their usual spacing: "iphone15" → "iphone 15", "x 200" → "x200"; "24h2" stays."""
    parted = _BREAK.sub(" ", folded) if "-" in folded or "_" in folded else folded
    if not _DIGIT.search(parted):
        return parted
    return _LETTER_NUMBER.sub(r"\1", _NUMBER_WORD.sub(r"\1 ", _WORD_NUMBER.sub(r"\1 ", parted)))


def product_form(text: str) -> str:
    """What an unknown product is called, whatever the spelling: "My iPhone15", "iphone-15" → "iphone 15".

    Lower case; determiners go, a plural at the end becomes a singular, words and numbers stand apart. Its own
    product form; never empty where the text is not.
    """
    known = normal_form(as_typed(text)) or normal_form(text)
    for _ in range(_STEPS):
        plainer = _plainer(known)
        if plainer == known:
            break
        known = plainer
    return known


def _plainer(name: str) -> str:
    shorter = _POSSESSIVE.sub("", _LEADING.sub("", name, count=1))
    kept = shorter if any(c.isalnum() for c in shorter) else name
    *others, last = normal_form(spaced(kept)).split(" ")
    return normal_form(" ".join((*others, singular(last))))


def singular(word: str) -> str:
    """A regular English plural, in lower case, without its ending; other words as they are."""
    if len(word) < 4 or not word.isalpha() or word in _SAME_IN_PLURAL or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word[:-1] if word in _IN_IE else word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]
