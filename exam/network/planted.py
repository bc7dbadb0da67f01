"""Bugs of the network's kind, to see that the rows find them. They exist in the examined process alone."""

from __future__ import annotations

from typing import Any

from earmark.genesys.pacing import Gate
from earmark.genesys.session import Session
from earmark.genesys.token import Token
from earmark.genesys.transport import Answer, MalformedError


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
    """An answer that cannot be read counts as one in which there is nothing."""
    attempt = Session._attempt

    def hopeful(session: Session, call: Any, *more: Any) -> Answer:
        try:
            return attempt(session, call, *more)
        except MalformedError:
            nothing = call.shape() if call.shape else None
            return Answer(200, {}, "[]" if nothing == [] else "{}", nothing)

    _set(Session, "_attempt", hopeful)


def _set(holder: Any, name: str, value: Any) -> None:
    setattr(holder, name, value)
