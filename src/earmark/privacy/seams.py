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
from earmark.privacy.phones import announces_phone, is_phone

_PIECE = re.compile(
    r"\+?(?:(?<![A-Za-z])[A-Z]{2}(?=\d{2}))?\d(?:[\s.,:;/|_*()\-]{0,3}(?:\d|[A-Z](?![a-z])))*"
)
_APART = re.compile(r"[^0-9A-Z+]")
_LONGEST = 34
_MOST_BETWEEN = 3
_FEWEST_DIGITS = 7
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
    following = place
    while len("".join(piece.text for piece in chain)) < _LONGEST:
        following = next((n for n in range(following + 1, following + 2 + _MOST_BETWEEN) if n in said), -1)
        if following < 0:
            return
        chain.append(said[following][0])
        if kind := _kind(chain):
            yield from ((piece.message, Found(piece.start, piece.end, kind)) for piece in chain)
        if not chain[-1].only:
            return


def _kind(chain: Sequence[_Piece]) -> Kind | None:
    text = "".join(piece.text for piece in chain)
    if is_card(text):
        return Kind.CARD
    if text[:2].isalpha():
        return Kind.IBAN if is_iban(text) else None
    if not all(piece.alone for piece in chain[1:]) or len(text) < _FEWEST_DIGITS:
        return None
    first = chain[0]
    if first.alone or first.announced:
        return first.announced or (Kind.PHONE if is_phone(text) else Kind.NUMBER)
    return None
