"""One thing the company knows, and what may be wrong with a line that tells of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from earmark.errors import CatalogError
from earmark.model import PRODUCT


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the company knows: its stable id, its name and how people write it.

    `spelled` tells whether the name itself is looked for. `parent` is the id of what it is a kind of; `short` names
    mean it only where the conversation names it or its kin. `where` is the line it was read from
    ("catalog.csv:12"), for messages only.
    """

    id: str
    name: str
    label: str = PRODUCT
    aliases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    token_patterns: tuple[tuple[dict[str, Any], ...], ...] = ()
    case_sensitive: bool = False
    family: str = ""
    spelled: bool = True
    where: str = ""
    parent: str = ""
    short: tuple[str, ...] = ()

    @property
    def surface_forms(self) -> tuple[str, ...]:
        """What is looked for: name and aliases, without repeats."""
        if self.spelled and not self.aliases:
            return (self.name,)
        return tuple(dict.fromkeys((self.name, *self.aliases) if self.spelled else self.aliases))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at `where` (file, or file:line). What is not `severe` is a warning."""

    where: str
    what: str
    hint: str = ""
    severe: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"

    def error(self) -> CatalogError:
        return CatalogError(str(self), hint=self.hint or None)


_CONTENT = tuple(field.name for field in fields(Entry) if field.name != "where")


def entries_hash(entries: Iterable[Entry]) -> str:
    """Changes exactly when the entries, or their order, change; where they stand does not matter."""
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(repr([getattr(entry, name) for name in _CONTENT]).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()
