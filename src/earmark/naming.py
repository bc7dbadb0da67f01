"""What a text is called once case, spacing and typography no longer matter. Pure."""

from __future__ import annotations

import unicodedata

_EDGES = " \t\n\r.,;:!?\"'()[]{}<>*_~`“”‘’…"


def normal_form(text: str) -> str:
    """Folded for comparison: NFKC, case, white space, edge punctuation, curly apostrophes."""
    visible = "".join(
        c
        for c in unicodedata.normalize("NFKC", text)
        if unicodedata.category(c) not in {"Cf", "Cc", "Cs"} or c.isspace()
    )
    return " ".join(visible.casefold().replace("’", "'").split()).strip(_EDGES) or text.strip()
