"""A message as words with the breaks between them: where phrases, clauses and sentences end. Pure."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any


class Break(IntEnum):
    """What stands before a word, weakest first."""

    NONE = 0
    LINK = 1  # "because", "and it": another statement begins
    COMMA = 2  # , : ( ) and dashes between words
    TURN = 3  # "but", "though"
    STOP = 4  # . ! ? ; line ends, emoji
    END = 5  # never inside a message


_WORD = re.compile(r"\w+(?:['’‘ʼ´`＇]\w+)*")
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ´`＇"))
_CONTRACTED = {"were": "weare", "well": "wewill", "ill": "iwill"}  # other words without the apostrophe
_STRETCHED = re.compile(r"([^\W\d])\1{2,}")  # "nooo"
_STOPS = frozenset(".!?;…\n\r。！？")
_COMMAS = frozenset(",:()[]–—|，")
_SILENT = frozenset(" \t'\"‘’“”`´*_~#@&%$£€/\\+=<>-\u00a0\u200b\u200c\u200d\u2060\ufeff\ufe0f")
_LIST_ITEM = 3  # words between the comma and the "or" of a list


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, folded, with their characters [starts[i], ends[i]) of it.

    `breaks[i]` stands before word i and `breaks[len(words)]` after the last; `stops` are the places of the
    sentence ends among them, `questions` those with a question mark.
    """

    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    breaks: tuple[Break, ...]
    stops: tuple[int, ...]
    questions: frozenset[int]

    def range_of(self, start: int, end: int) -> tuple[int, int]:
        """The words [first, last) that characters [start, end) touch."""
        first = bisect_right(self.ends, start)
        return first, max(first, bisect_left(self.starts, end))

    def asks(self, last: int) -> bool:
        """Whether the sentence that holds the word before `last` ends with a question mark."""
        place = bisect_left(self.stops, last)
        return place < len(self.stops) and self.stops[place] in self.questions

    def before(self, first: int, least: Break, most: int) -> range:
        """The words before word `first`, back to a break that is no weaker than `least`, at most so many."""
        begin = first
        while begin > 0 and first - begin < most and self.breaks[begin] < least:
            begin -= 1
        return range(begin, first)

    def after(self, last: int, least: Break, most: int) -> range:
        """The words from `last` on, up to such a break, at most so many."""
        end = last
        while self.breaks[end] < least and end - last < most:
            end += 1
        return range(last, end)

    def closed(self, first: int, last: int, least: Break) -> bool:
        """Whether such a break stands before any of the words [first, last] (the last one included)."""
        return any(kind >= least for kind in self.breaks[first : last + 1])


def read(text: str) -> Words:
    """Take a text apart. Linear in its length, for any text."""
    words, starts, ends, gaps = [], [], [], []
    done = 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        words.append(_folded(match.group()))
        starts.append(start)
        ends.append(end)
        gaps.append(text[done:start])
        done = end
    gaps.append(text[done:])
    breaks = _breaks(words, gaps)
    stops = tuple(i for i, kind in enumerate(breaks) if kind >= Break.STOP)
    questions = frozenset(i for i in stops if "?" in gaps[i] or "？" in gaps[i])
    return Words(tuple(words), tuple(starts), tuple(ends), breaks, stops, questions)


@lru_cache(maxsize=1 << 15)
def _folded(word: str) -> str:
    plain = word.casefold()
    if not plain.isalnum():
        bare = plain.translate(_APOSTROPHES)
        plain = _CONTRACTED.get(bare, bare)
    return _STRETCHED.sub(r"\1", plain)


def _breaks(words: list[str], gaps: list[str]) -> tuple[Break, ...]:
    breaks = [Break.NONE if gap == " " else _of_gap(gap, words, i) for i, gap in enumerate(gaps)]
    breaks[0], breaks[-1] = Break.STOP, Break.END
    turn, link, join, openers = _break_words()
    for i, word in enumerate(words[1:], 1):
        if word in turn:
            breaks[i] = max(breaks[i], Break.TURN)
        elif word in link or (word in join and i + 1 < len(words) and words[i + 1] in openers):
            breaks[i] = max(breaks[i], Break.LINK)
        if breaks[i] is Break.COMMA and _is_list(words, breaks, i):
            breaks[i] = Break.NONE
    return tuple(breaks)


def _of_gap(gap: str, words: list[str], i: int) -> Break:
    if len(gap) == 1 and _within_a_number(gap, words, i):
        return Break.NONE
    return max(map(_of_character, gap), default=Break.NONE) if gap.strip("-/") else Break.NONE


def _within_a_number(gap: str, words: list[str], i: int) -> bool:
    return gap in ".,:" and 0 < i < len(words) and words[i - 1][-1].isdigit() and words[i][0].isdigit()


def _of_character(character: str) -> Break:
    if character in _STOPS:
        return Break.STOP
    if character in _COMMAS:
        return Break.COMMA
    return Break.NONE if character in _SILENT else Break.STOP


def _is_list(words: list[str], breaks: list[Break], i: int) -> bool:
    """Whether the comma before word i stands in "crashes, freezes or errors"."""
    for j in range(i + 1, min(i + 2 + _LIST_ITEM, len(words))):
        if words[j] in {"or", "nor"}:
            return True
        if breaks[j] > Break.COMMA:
            return False
    return False


@cache
def tables() -> dict[str, Any]:
    """The rules as they are written in `data/cues.toml`."""
    return tomllib.loads(_written("cues.toml"))


def fingerprint() -> str:
    """Changes exactly when the rules do."""
    return sha256(_written("cues.toml").encode()).hexdigest()


def _written(name: str) -> str:
    return files("earmark.context").joinpath("data", name).read_text(encoding="utf-8")


@cache
def _break_words() -> tuple[frozenset[str], ...]:
    written = tables()["breaks"]
    return tuple(frozenset(written[name].split("|")) for name in ("turn", "link", "join", "openers"))
