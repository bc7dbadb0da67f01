"""The one place that decides between candidates that overlap. Pure: numbers in, candidates out.

Catalog names come before what the model found, and that before the phrases of rules, whose extents are less
exact; among equals the longer comes first. An issue that the model found is called what a rule calls its phrase,
so that it is counted as one whatever words it came in. PRODUCT wins over ISSUE, which keeps the part that carries
the problem ("lost my [credit card]" leaves "lost"); only a fixed phrase keeps a product word inside ("no internet
connection").
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate

from earmark.extract.candidate import Candidate
from earmark.model import ISSUE

_RANK = {"catalog": 0, "model": 1, "rules": 2}
_DETERMINERS = "my|the|your|our|his|her|their|a|an|this|that"
_JOINERS = "to|of|on|in|into|with|for|from|and"
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")
_LEFT = re.compile(rf"^(?:(?:{_DETERMINERS}|{_JOINERS}|is|are|was|it|i)\b\W*)+", re.IGNORECASE)
_RIGHT = re.compile(rf"(?:\W*\b(?:{_DETERMINERS}|{_JOINERS}))+$", re.IGNORECASE)
_TELLING = re.compile(r"\w{2,}")


def resolve(text: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Choose candidates that do not overlap, in text order. Deterministic whatever the order given."""
    proposed = sorted((each for each in candidates if not each.unsure), key=_preference)
    ordered = [candidate for candidate in proposed if not candidate.only_names]
    issues = [candidate for candidate in ordered if candidate.label == ISSUE]
    phrases = _Phrases(issues)
    products = _Chosen()
    for candidate in ordered:
        if candidate.label != ISSUE and not phrases.hold(candidate) and not products.touching(candidate):
            products.add(candidate)
    chosen = products.copy()
    for issue in issues:
        rest = _without(text, issue, products.touching(issue))
        if rest is not None and not chosen.touching(rest):
            chosen.add(rest)
    return _named(chosen, [candidate for candidate in proposed if candidate.source == "rules"])


def left_over(chosen: Iterable[Candidate], candidates: Iterable[Candidate]) -> list[Candidate]:
    """What is unsure and touches nothing that was chosen, nor another that is surer; in text order."""
    proposed = list(candidates)
    taken = _Chosen(chosen)
    left = _Chosen()
    for candidate in sorted(proposed, key=lambda each: (-each.evidence.get("exact", 0.0), _preference(each))):
        if candidate.unsure and not taken.touching(candidate) and not left.touching(candidate):
            left.add(candidate)
    return _named(left, [candidate for candidate in proposed if candidate.source == "rules"])


def _named(chosen: _Chosen, phrases: Iterable[Candidate]) -> list[Candidate]:
    """Issues without a name of their own take that of the rule whose phrase they share most with."""
    best: dict[int, Candidate] = {}
    for phrase in phrases:
        for issue in chosen.touching(phrase):
            known = best.get(issue.start)
            if known is None or _shared(issue, phrase) > _shared(issue, known):
                best[issue.start] = phrase
    return [
        replace(each, canonical_id=best[each.start].canonical_id, name=best[each.start].name)
        if each.label == ISSUE and each.canonical_id is None and each.start in best
        else each
        for each in chosen.in_order
    ]


def _shared(one: Candidate, other: Candidate) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


class _Chosen:
    """Candidates that do not overlap, in text order."""

    def __init__(self, candidates: Iterable[Candidate] = ()) -> None:
        self.in_order = list(candidates)
        self._starts = [candidate.start for candidate in self.in_order]
        self._ends = [candidate.end for candidate in self.in_order]

    def copy(self) -> _Chosen:
        return _Chosen(self.in_order)

    def touching(self, candidate: Candidate) -> list[Candidate]:
        """Those that share a character with a candidate."""
        first, last = bisect_right(self._ends, candidate.start), bisect_left(self._starts, candidate.end)
        return self.in_order[first:last]

    def add(self, candidate: Candidate) -> None:
        place = bisect_left(self._starts, candidate.start)
        self.in_order.insert(place, candidate)
        self._starts.insert(place, candidate.start)
        self._ends.insert(place, candidate.end)


class _Phrases:
    """Fixed phrases, and which products are words of one, such as the connection in "no internet connection"."""

    def __init__(self, issues: Iterable[Candidate]) -> None:
        cores = sorted(issue.core for issue in issues if issue.fixed and issue.core is not None)
        self._starts = [start for start, _ in cores]
        self._reach = list(accumulate((end for _, end in cores), max))

    def hold(self, product: Candidate) -> bool:
        before = bisect_left(self._starts, product.start)
        return before > 0 and product.end <= self._reach[before - 1]


def _preference(candidate: Candidate) -> tuple[int, int, int, str, str, str]:
    return (
        _RANK.get(candidate.source, len(_RANK)),
        candidate.start - candidate.end,
        candidate.start,
        candidate.source,
        candidate.label,
        candidate.canonical_id or "",
    )


def _without(text: str, issue: Candidate, products: Iterable[Candidate]) -> Candidate | None:
    """The part of the issue outside the products that holds most of the problem; None if it says nothing."""
    first, last = issue.core or (issue.start, issue.end)
    pieces = [(issue.start, issue.end)]
    for product in products:
        pieces = [rest for piece in pieces for rest in _cut(piece, product)]
    if pieces == [(issue.start, issue.end)]:
        return issue
    trimmed = [piece for piece in (_trim(text, *piece) for piece in pieces) if piece]
    if not trimmed:
        return None
    start, end = max(trimmed, key=lambda piece: (min(piece[1], last) - max(piece[0], first), -piece[0]))
    return replace(issue, start=start, end=end, core=None)


def _cut(piece: tuple[int, int], product: Candidate) -> Iterator[tuple[int, int]]:
    start, end = piece
    if product.end <= start or end <= product.start:
        yield piece
        return
    if start < product.start:
        yield start, product.start
    if product.end < end:
        yield product.end, end


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Cut function words and punctuation from both edges; None when no word remains."""
    piece = _RIGHT.sub("", _EDGE.sub("", text[start:end]))
    piece = _LEFT.sub("", _EDGE.sub("", piece))
    if not _TELLING.search(piece):
        return None
    offset = start + text[start:end].index(piece)
    return offset, offset + len(piece)
