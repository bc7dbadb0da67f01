"""What is said of a problem (present, resolved, negated, …), and which problem belongs to which product. Pure."""

from __future__ import annotations

from earmark.context.assertions import asserted
from earmark.context.clauses import fingerprint
from earmark.context.pairs import pairs

__all__ = ["asserted", "fingerprint", "pairs"]
