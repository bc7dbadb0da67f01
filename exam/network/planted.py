"""Bugs of the network's kind, to see that the rows find them. They exist in the examined process alone."""

from __future__ import annotations

from typing import Any

from earmark.errors import GarbledError
from earmark.genesys import texts
from earmark.genesys.pacing import Gate
from earmark.genesys.session import Session
from earmark.genesys.token import Token
from earmark.model import Conversation, Fetched, Listing, Ready


def everybody_for_himself() -> None:
    """A 429 pauses nobody."""
    _set(Gate, "pause", lambda _gate, _seconds: None)


def everybody_renews() -> None:
    """Each worker that is refused asks for a token of its own."""

    def renew(token: Token, _refused: str) -> None:
        with token._lock:
            token._fetch()

    _set(Token, "renew", renew)


def garbage_is_empty() -> None:
    """A text that cannot be read counts as a conversation in which nothing was said."""
    recorded = texts._recorded

    def hopeful(session: Session, listing: Listing) -> Fetched:
        try:
            return recorded(session, listing)
        except GarbledError:
            return Ready(Conversation(listing.id, ()))

    _set(texts, "_recorded", hopeful)


def _set(holder: Any, name: str, value: Any) -> None:
    setattr(holder, name, value)
