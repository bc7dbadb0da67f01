"""How users write sources, writers and times, and what they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from earmark.errors import ConfigError

_AGO = re.compile(r"(\d+)\s*([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def split_spec(spec: str, what: str) -> tuple[str, str]:
    """`kind[:detail]` as given to --source or --writer; a bare path is a file.

    Raises:
        ConfigError: Empty, or of no kind that exists.
    """
    kinds = {
        "source": ("genesys", "interactions", "files"),
        "writer": ("custom_attributes", "participant_data", "interactions", "files", "none"),
    }[what]
    kind, _, detail = spec.partition(":")
    if kind in kinds and (kind != "files" or detail):
        return kind, detail
    if spec == "-" or "/" in spec or "." in spec:
        return "files", spec
    raise ConfigError(
        f"{spec!r} is no {what}" if spec else f"no {what} is named",
        hint=f"--{what} takes {', '.join(kinds)} (files:PATH, or just the path)",
    )


def moment(text: str | None) -> datetime | None:
    """A time as people write it: `2026-03-01`, `2026-03-01T08:00+01:00`, or ago: `36h`, `7d`, `8w`.

    Raises:
        ConfigError: None of these.
    """
    if text is None:
        return None
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(
            f"{text!r} is no time", hint="write 2026-03-01, 2026-03-01T08:00Z, 36h, 7d or 8w"
        ) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
