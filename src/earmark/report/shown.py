"""Names and labels as the page shows them: clipped and rid of invisible characters, not yet escaped."""

from __future__ import annotations

from collections.abc import Mapping

from earmark.model import ISSUE, PRODUCT
from earmark.report.names import printable, unique_names
from earmark.report.shape import Report

NAME_LENGTH = 120
NOUNS = {PRODUCT: ("product", "products"), ISSUE: ("issue", "issues")}

Names = Mapping[tuple[str, str], str]


def shown(text: str, otherwise: str, length: int = NAME_LENGTH) -> str:
    """One clean line of at most `length` characters."""
    line = printable(text) or printable(otherwise) or "(unnamed)"
    return line if len(line) <= length else line[: length - 1] + "…"


def shown_names(report: Report) -> Names:
    """(label, id) → the name as the page shows it, also for what was found and never raised."""
    names = unique_names(report.apart) | unique_names(report.entities)
    return {key: shown(name, key[1]) for key, name in names.items()}


def noun(label: str) -> tuple[str, str]:
    """Singular and plural of a label in lower case."""
    return NOUNS.get(label, (label.lower(), label.lower()))


def accent(label: str) -> str:
    """The class that gives a label its colour."""
    return label.lower() if label in NOUNS else "other"
