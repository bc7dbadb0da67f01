"""Names as they are shown: unique within a label, and harmless in a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from earmark.report.shape import Apart, EntityStats

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links, strings
    r"|\x1b[@-Z\\-~]"
)
_JOINERS = "\u200c\u200d"  # scripts and emoji are written with them


def unique_names(entities: Iterable[EntityStats | Apart]) -> dict[tuple[str, str], str]:
    """(label, id) → a name that no other entity of that label has.

    Where a name belongs to several ids each of them carries its id in brackets.
    """
    entities = tuple(entities)
    bearers = Counter((entity.label, entity.name) for entity in entities)
    taken = set(bearers)
    names: dict[tuple[str, str], str] = {}
    for entity in entities:
        name = entity.name
        if bearers[entity.label, name] > 1:
            while (entity.label, name) in taken:
                name = f"{name} [{entity.id}]"
            taken.add((entity.label, name))
        names[entity.label, entity.id] = name
    return names


def printable(text: str) -> str:
    """One line without terminal escapes, control, bidi and other invisible characters."""
    return " ".join("".join(map(_visible, _ESCAPES.sub("", text))).split())


def _visible(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Cc":
        return " "
    return "" if kind in {"Cf", "Cs"} and char not in _JOINERS else char
