"""Reading loosely typed JSON without ever failing: each function gives a neutral value for the wrong type."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from earmark.model import Json

_LEAP_SECOND = re.compile(r"(?<=:\d\d):60")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def mappings(value: Json) -> list[dict[str, Json]]:
    return [item for item in items(value) if isinstance(item, dict)]


def text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def word(value: Json) -> str:
    """An enum value, whatever its spelling: lower case, empty when null or missing."""
    return text(value).lower()


def count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def moment(value: Json) -> datetime | None:
    """An ISO-8601 text or epoch milliseconds as aware UTC; None for anything else."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(_LEAP_SECOND.sub(":59", value, count=1))
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=value)
    except (ValueError, OverflowError):
        return None
    return None


def stamp(when: datetime) -> str:
    """ISO-8601 UTC with milliseconds and Z, as the service writes times."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
