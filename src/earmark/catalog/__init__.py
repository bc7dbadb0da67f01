"""What the company knows: products and issues with ids, how people write them, and who belongs to whom.

`load_catalogs` reads the files, `NameFinder` finds their names in text, `CatalogLinker` gives mentions that others
found the id of an entry.
"""

from __future__ import annotations

from earmark.catalog.entry import Entry, entries_hash
from earmark.catalog.reading import load_catalogs

__all__ = ["Entry", "entries_hash", "load_catalogs"]
