"""Reading members whose type is promised, where passing over a wrong one would lose what somebody said.

Missing and null are lived with. Another type is a GarbledError about the conversation `ref`.
"""

from __future__ import annotations

from datetime import datetime

from earmark.errors import GarbledError
from earmark.genesys.shape import mappings, moment
from earmark.model import Json

Object = dict[str, Json]


def words(whole: Object, name: str, ref: str | None = None) -> str:
    value = whole.get(name)
    if not isinstance(value, str | None):
        raise _other(name, "a text", ref)
    return value or ""


def part(whole: Object, name: str, ref: str | None = None) -> Object:
    value = whole.get(name)
    if not isinstance(value, dict | None):
        raise _other(name, "an object", ref)
    return value or {}


def parts(whole: Object, name: str, ref: str | None = None) -> list[Object]:
    """A list of objects and nothing else; a null among them would be somebody's message."""
    value = whole.get(name)
    if not isinstance(value, list | None):
        raise _other(name, "a list", ref)
    found = mappings(value)
    if len(found) != len(value or ()):
        raise _other(name, "a list of objects", ref)
    return found


def when(whole: Object, name: str, ref: str | None = None) -> datetime | None:
    """An ISO-8601 text as aware UTC."""
    found = moment(words(whole, name, ref))
    if found is None and whole.get(name) is not None:
        raise _other(name, "a time", ref)
    return found


def _other(name: str, wanted: str, ref: str | None) -> GarbledError:
    return GarbledError(f"{name} in the service's answer is not {wanted}", ref=ref)
