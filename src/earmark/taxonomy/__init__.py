"""Gives an issue phrase its type, such as "Login problem", or a name of its own that all its spellings share.

Deterministic: the same phrase has the same name in every run, on every machine.
"""

from __future__ import annotations

from earmark.taxonomy.load import BUILTIN_TYPES, load_taxonomy
from earmark.taxonomy.namer import IssueNamer
from earmark.taxonomy.phrase import normal_phrase
from earmark.taxonomy.taxonomy import Entry, IssueType, Taxonomy

__all__ = ["BUILTIN_TYPES", "Entry", "IssueNamer", "IssueType", "Taxonomy", "load_taxonomy", "normal_phrase"]
