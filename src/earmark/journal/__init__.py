"""What was done and what was intended, on disk before it matters."""

from earmark.journal.journal import Intention, Journal, NewRun

__all__ = ["Intention", "Journal", "NewRun"]
