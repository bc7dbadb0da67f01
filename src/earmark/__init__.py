"""Earmark: find the products and issues in finished chats, and write them where they can be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("earmark")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load(**overrides: Any) -> Language:
    """Earmark's own pipeline: what `spacy.load("earmark")` calls.

    Raises:
        earmark.errors.ModelMissingError: It is missing or damaged.
    """
    from earmark.extract import load_packaged

    return load_packaged(**overrides)
