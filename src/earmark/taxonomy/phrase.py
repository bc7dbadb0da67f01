"""One form for the many ways in which people write one problem. Deterministic; no phrase fails.

"Won't switch on", "doesnt turn on" and "is not turning on" all become "not turn on": case and typography are
folded, words take their base forms, whatever denies becomes "not", a particle goes to its verb, a few synonyms are
unified, and words that tell nothing are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from earmark.taxonomy.words import NOT, Phrase, Replacements, Words, words

_MOST_CHARACTERS, _MOST_WORDS, _LONGEST_WORD = 1000, 24, 40
_QUOTES = str.maketrans(dict.fromkeys("‘’‛′ʼʹ＇`´", "'"))
_INVISIBLE = frozenset({"Cf", "Cc", "Cs"})
_WORD = re.compile(r"[$£€]?\d+(?:[.,:]\d+)*\w*%?|[^\W_]+(?:'[^\W_]+)*")
_SAY_NOTHING_ALONE = frozenset({NOT, "no"})
_FARTHEST_PARTICLE = 3  # words behind its verb


def normal_phrase(phrase: str) -> str:
    """The form that all spellings of a problem share, readable as its name ("not turn on").

    It is its own normal form. A phrase that holds no word is only trimmed.
    """
    return " ".join(normal_words(written_words(phrase))) or " ".join(phrase.split())


def written_words(phrase: str) -> Phrase:
    """The words as they were written, folded: case, curly quotes, compatibility forms, invisible characters."""
    visible = "".join(
        c
        for c in phrase[:_MOST_CHARACTERS].translate(_QUOTES)
        if c.isspace() or unicodedata.category(c) not in _INVISIBLE
    )
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())
    return tuple(word[:_LONGEST_WORD] for word in _WORD.findall(folded)[:_MOST_WORDS])


@lru_cache(maxsize=4096)
def normal_words(written: Phrase) -> Phrase:
    """The normal form, word by word. Rewriting ends: see the tables it is done with."""
    known = words()
    while (simpler := _simpler(written, known)) != written:
        written = simpler
    return written


def _simpler(phrase: Phrase, known: Words) -> Phrase:
    base = tuple(known.base_form(word) for word in phrase)
    framed = _replaced(base, known.frames)
    telling = tuple(word for word in framed if word not in known.stop_words)
    unified = _replaced(_particles_joined(telling, known), known.synonyms)
    return unified if set(unified) - _SAY_NOTHING_ALONE else base


def _replaced(phrase: Phrase, replacements: Replacements) -> Phrase:
    """Each stretch that the table knows, from the left, the longest first."""
    result: list[str] = []
    position = 0
    while position < len(phrase):
        old, new = _match(phrase[position:], replacements)
        result.extend(new)
        position += len(old)
    return tuple(result)


def _match(rest: Phrase, replacements: Replacements) -> tuple[Phrase, Phrase]:
    for old, new in replacements.get(rest[0], ()):
        if rest[: len(old)] == old:
            return old, new
    return rest[:1], rest[:1]


def _particles_joined(phrase: Sequence[str], known: Words) -> Phrase:
    """Put particles behind their verbs: "turn tv on" → "turn on tv"."""
    result = list(phrase)
    for index, word in enumerate(phrase):
        if word in known.particle_verbs:
            _join(result, index, known)
    return tuple(result)


def _join(phrase: list[str], index: int, known: Words) -> None:
    reach = phrase[index + 1 : index + 1 + _FARTHEST_PARTICLE]
    for distance, word in enumerate(reach):
        if word in known.particle_verbs:
            return
        if word in known.particles:
            phrase.insert(index + 1, phrase.pop(index + 1 + distance))
            return
