"""What was done and what was intended, on disk before it matters."""

from earmark.journal.erasing import Trace
from earmark.journal.journal import Intention, Journal, NewRun
from earmark.journal.rows import LEAST_CANDIDATE

__all__ = ["LEAST_CANDIDATE", "Intention", "Journal", "NewRun", "Trace"]
