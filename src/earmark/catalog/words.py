"""Words that name nothing by themselves."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"
_LISTS = tomllib.loads((_DATA / "words.toml").read_text(encoding="utf-8"))

FUNCTION_WORDS = frozenset(_LISTS["function_words"].split())
"""Found in nearly every message: no alias can mean one thing by such a word."""

PADDING = frozenset(_LISTS["padding"].split())
"""What people say around a name without changing what it names: "my … please", "the … app"."""

GRADES = frozenset(_LISTS["grades"].split())
"""What makes another model of a name that ends with a number: "iPhone 15 Plus" is no "iPhone 15"."""

AFTER_AND = frozenset(_LISTS["after_and"].split())
"""What follows "plus" where it means "and": "the X200 plus a cable"."""

TIERS = frozenset(_LISTS["tiers"].split())
"""Plans and grades: they name a product only beside its name."""

GENERIC = TIERS | frozenset(_LISTS["generic"].split())
"""Everyday nouns and grades: near one of them is near nothing in particular."""


@cache
def english() -> frozenset[str]:
    """Common words from four letters on, with all their forms: whoever writes one has not misspelt a name."""
    lines = (_DATA / "english.txt").read_text(encoding="ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
