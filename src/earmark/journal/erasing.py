"""Erasure: what the journal keeps of a conversation goes, in all runs; that something was erased stays.

An erased conversation is known by a keyed hash of its id, its alias. The key is random and the journal's own:
without the journal an alias says nothing, and aliases of two journals cannot be compared.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection

from earmark.journal import statements
from earmark.journal.schema import ERASURES, ITEMS, KEYS
from earmark.model import State

REUSED = "its id was used before by another conversation"
_KEY = "erasures"


@dataclass(frozen=True, slots=True)
class Trace:
    """What the journal keeps of a conversation.

    `runs` is how many runs know it; `standing` names those, newest first, whose change of it was or may have been
    sent and was not undone; `gone` is whether the latest run found it deleted; `erased` whether it was erased before.
    """

    conversation_id: str
    runs: int
    standing: tuple[str, ...]
    gone: bool
    erased: bool


class Erasures:
    """What was erased from a journal, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        key = connection.execute(select(KEYS.c.value).where(KEYS.c.name == _KEY)).scalar()
        self._key = None if key is None else bytes.fromhex(key)

    def alias(self, conversation_id: str) -> str | None:
        """What stands for a conversation that was erased; None for any other."""
        if self._key is None:
            return None
        alias = _alias(self._key, conversation_id)
        known = self._connection.execute(statements.IS_ERASED, {"alias": alias}).scalar()
        return alias if known else None

    def add(self, conversation_ids: Iterable[str], now: float) -> dict[str, str]:
        """Note that conversations are erased; returns their aliases by id."""
        key = self._key = self._key or self._new_key()
        aliases = {each: _alias(key, each) for each in conversation_ids}
        rows = [{"alias": alias, "erased_at": now} for alias in aliases.values()]
        self._connection.execute(upsert(ERASURES).on_conflict_do_nothing(), rows)
        return aliases

    def _new_key(self) -> bytes:
        key = secrets.token_bytes(32)
        self._connection.execute(insert(KEYS).values(name=_KEY, value=key.hex()))
        return key


def _alias(key: bytes, conversation_id: str) -> str:
    digest = hmac.new(key, conversation_id.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"erased:{digest.hexdigest()[:32]}"


def traces(connection: Connection, conversation_ids: Iterable[str]) -> list[Trace]:
    """What is kept of each of the conversations, in order."""
    erasures = Erasures(connection)
    return [_trace(connection, erasures, each) for each in conversation_ids]


def _trace(connection: Connection, erasures: Erasures, conversation_id: str) -> Trace:
    where = {"conversation": conversation_id}
    states = connection.execute(statements.STATES_OF, where).scalars().all()
    standing = connection.execute(statements.STANDING, where).scalars().all()
    gone = states[:1] == [State.GONE.value]
    erased = erasures.alias(conversation_id) is not None
    return Trace(conversation_id, len(states), tuple(standing), gone, erased)


def forget(connection: Connection, conversation_ids: Sequence[str], now: float) -> None:
    """Take everything of these conversations away; of each row of a run an anonymous one stays."""
    if not conversation_ids:
        return
    aliases = Erasures(connection).add(
        [*conversation_ids, *_under_their_ids(connection, conversation_ids)], now
    )
    places = [{"conversation": each, "alias": alias} for each, alias in aliases.items()]
    for statement in (*statements.FORGET, statements.ANONYMIZE):
        connection.execute(statement, places)


def _under_their_ids(connection: Connection, conversation_ids: Sequence[str]) -> list[str]:
    """Traces of other conversations that came under one of these ids ("ID#REVISION")."""
    wanted = set(conversation_ids)
    query = select(ITEMS.c.conversation_id).where(ITEMS.c.reason == REUSED).distinct()
    return [each for each in connection.execute(query).scalars() if each.rpartition("#")[0] in wanted]
