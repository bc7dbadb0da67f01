"""Earmark: find the products and issues in finished chats, and write them where they can be counted."""

from __future__ import annotations

from typing import Any

__all__ = ["__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("earmark")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
