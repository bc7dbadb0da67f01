"""Keeps personal data out of everything that is kept: what holds it is no mention. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from earmark.model import Conversation, Mention
from earmark.naming import normal_form

_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,64}\.\w{2}")
_LONG_NUMBER = re.compile(r"(?<![\dx])(?:\d[ .()/-]{0,2}){9,}")


def cleared(conversation: Conversation, mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Leave out the mentions that hold what might be personal data."""
    del conversation
    return tuple(mention for mention in mentions if not looks_personal(mention.name or mention.text))


def looks_personal(text: str) -> bool:
    """Whether a name holds an e-mail address or nine digits in a row (cards, phones, accounts)."""
    folded = normal_form(text)
    return bool(_EMAIL.search(folded) or _LONG_NUMBER.search(folded))
