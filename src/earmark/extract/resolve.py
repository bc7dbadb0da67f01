"""The one place that decides between candidates that overlap. Pure: numbers in, candidates out.

Catalog names come before what the model found, and that before the phrases of rules, whose extents are less exact;
among equals the longer comes first. PRODUCT wins over ISSUE, which
keeps the part that carries the problem ("lost my [credit card]" leaves "lost"); only a fixed phrase keeps a
product word inside ("no internet connection").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

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
    ordered = sorted(candidates, key=_preference)
    products = [candidate for candidate in ordered if candidate.label != ISSUE]
    issues = [candidate for candidate in ordered if candidate.label == ISSUE]
    kept: list[Candidate] = []
    for product in products:
        inside_phrase = any(_holds(issue, product) for issue in issues)
        if not inside_phrase and not _overlaps(product, kept):
            kept.append(product)
    chosen = list(kept)
    for issue in issues:
        rest = _without(text, issue, kept)
        if rest is not None and not _overlaps(rest, chosen):
            chosen.append(rest)
    return sorted(chosen, key=lambda candidate: candidate.start)


def _preference(candidate: Candidate) -> tuple[int, int, int, str, str, str]:
    return (
        _RANK.get(candidate.source, len(_RANK)),
        candidate.start - candidate.end,
        candidate.start,
        candidate.source,
        candidate.label,
        candidate.canonical_id or "",
    )


def _holds(issue: Candidate, product: Candidate) -> bool:
    """Whether the product is a word of a fixed phrase, such as the connection in "no internet connection"."""
    if not issue.fixed or issue.core is None:
        return False
    first, last = issue.core
    return first < product.start and product.end <= last


def _overlaps(candidate: Candidate, others: Iterable[Candidate]) -> bool:
    return any(candidate.start < other.end and other.start < candidate.end for other in others)


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
