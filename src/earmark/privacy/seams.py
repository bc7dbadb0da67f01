"""What somebody splits over messages: pieces of number that make a card, an account or a telephone only together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from earmark.model import Message, Sender
from earmark.privacy.accounts import is_iban
from earmark.privacy.cards import is_card
from earmark.privacy.fold import Folded, fold
from earmark.privacy.found import Found, Kind
from earmark.privacy.online import emails
from earmark.privacy.phones import announces_phone

_PIECE = re.compile(
    r"\+?(?:(?<![A-Za-z])[A-Z]{2}(?=\d{2}))?\d(?:[\s.,:;/|_*()\-]{0,3}(?:\d|[A-Z](?![a-z])))*"
)
_APART = re.compile(r"[^0-9A-Z+]")
_LONGEST = 34
_MOST_BETWEEN = 3
_FEWEST_DIGITS = 7
_EDGE = 8
_AT_END = re.compile(r"[@＠﹫]\W*$")
_AT_START = re.compile(r"\W{0,8}[@＠﹫]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of number in a message: its original bounds, and what it says without separators."""

    message: int
    start: int
    end: int
    text: str
    alone: bool  # the message holds nothing else
    only: bool  # the message holds no other piece
    announced: Kind | None  # what it stands for, as far as its own message says


def over_messages(
    messages: Sequence[Message], found: Sequence[Sequence[Found]]
) -> Iterator[tuple[int, Found]]:
    """Pieces that belong together, each with the index of its message.

    `found` is what each message holds by itself.
    """
    by_sender: dict[Sender, dict[int, list[_Piece]]] = {}
    for place, message in enumerate(messages):
        if pieces := _pieces(place, message.text, found[place]):
            by_sender.setdefault(message.sender, {})[place] = pieces
    for said in by_sender.values():
        for place in said:
            yield from _from(place, said)
    yield from _addresses(messages)


def _addresses(messages: Sequence[Message]) -> Iterator[tuple[int, Found]]:
    """E-mail addresses that are broken beside the "@"."""
    before: dict[Sender, int] = {}
    for place, message in enumerate(messages):
        earlier = before.get(message.sender)
        if earlier is not None and place - earlier <= _MOST_BETWEEN + 1:
            yield from _address(earlier, messages[earlier].text, place, message.text)
        before[message.sender] = place


def _address(first: int, head: str, second: int, tail: str) -> Iterator[tuple[int, Found]]:
    if not (_AT_END.search(head[-_EDGE:]) or _AT_START.match(tail)):
        return
    left, right = fold(head), fold(tail)
    kept = left.text.rstrip()
    skipped = len(right.text) - len(right.text.lstrip())
    for start, end, kind in emails(kept + right.text[skipped:]):
        if start < len(kept) < end:
            yield first, Found(*left.original(start, len(kept)), kind)
            yield second, Found(*right.original(skipped, skipped + end - len(kept)), kind)


def _pieces(place: int, text: str, found: Sequence[Found]) -> list[_Piece]:
    """The first and the last piece of a message."""
    if not _DIGIT.search(text):
        return []
    folded = fold(text)
    matches = list(_PIECE.finditer(folded.text))
    chosen = matches if len(matches) < 2 else [matches[0], matches[-1]]
    return [_piece(place, folded, match, found, only=len(matches) == 1) for match in chosen]


def _piece(place: int, folded: Folded, match: re.Match[str], found: Sequence[Found], *, only: bool) -> _Piece:
    start, end = folded.original(*match.span())
    rest = len(folded.text.strip()) - len(match[0])
    announced = None
    if any(each.start < end and start < each.end and each.kind == Kind.ID for each in found):
        announced = Kind.ID
    elif not folded.text[match.end() :].strip(" .!") and announces_phone(folded.text[: match.start()]):
        announced = Kind.PHONE
    return _Piece(place, start, end, _APART.sub("", match[0]), only and rest <= 1, only, announced)


def _from(place: int, said: dict[int, list[_Piece]]) -> Iterator[tuple[int, Found]]:
    """Whatever begins with the last piece of a message, as far as pieces follow closely."""
    chain = [said[place][-1]]
    length_of: dict[Kind, int] = {}
    while chain[-1].only or len(chain) == 1:
        after = chain[-1].message + 1
        following = next((n for n in range(after, after + 1 + _MOST_BETWEEN) if n in said), None)
        if following is None or sum(len(piece.text) for piece in chain) >= _LONGEST:
            break
        chain.append(said[following][0])
        if kind := _kind(chain):
            length_of[kind] = len(chain)
    for kind, length in length_of.items():
        yield from ((piece.message, Found(piece.start, piece.end, kind)) for piece in chain[:length])


def _kind(chain: Sequence[_Piece]) -> Kind | None:
    text = "".join(piece.text for piece in chain)
    if is_card(text):
        return Kind.CARD
    if text[:2].isalpha():
        return Kind.IBAN if is_iban(text) else None
    first = chain[0]
    if len(text) < _FEWEST_DIGITS or not all(piece.alone for piece in chain[1:]):
        return None
    return first.announced or (Kind.NUMBER if first.alone else None)
