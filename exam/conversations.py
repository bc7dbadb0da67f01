"""The conversations of an examined organisation, its catalog, and what must never leave them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CATALOG = """id,name,label,aliases
p-kettle,Kestrel Kettle,PRODUCT,kestrel kettle|Kestrel
p-router,AeroMesh Router,PRODUCT,aeromesh|aero mesh router
p-app,Harbour App,PRODUCT,harbour app
p-scale,Orbit Scale,PRODUCT,orbit scale
p-plan,Tidal Plan,PRODUCT,tidal plan|tidal
"""

CANARIES = (
    "the violet umbrella hums quietly",
    "mara.quillfeather@example.org",
    "Quillfeather",
    "4111 1111 1111 1111",
    "4111111111111111",
    "+44 20 7946 0958",
)
"""Of the texts below: a sentence, and what is personal. None of it may be found outside of the organisation."""

_HELLO = {"sender": "customer", "text": "hello, the violet umbrella hums quietly"}
_SORRY = {"sender": "agent", "text": "I am sorry to hear that, Ms Quillfeather. Let me look into it."}
_PERSONAL = {
    "sender": "customer",
    "text": "write to mara.quillfeather@example.org or call +44 20 7946 0958, card 4111 1111 1111 1111",
}
_SAID = (
    "my Kestrel kettle leaks and the parcel arrived late",
    "the AeroMesh router drops the connection again and again",
    "the Harbour app crashes when I log in, I cannot log in",
    "I was charged twice for the Tidal plan this month",
    "Orbit scale shows the wrong weight and it won't turn on",
    "just wanted to say thank you",
)
_FOREIGN = {
    "attributes": {"grade_text": "B", "reviewed_checkbox": True, "topics_tag": ["delivery"]},
    "divisions": ["0b9d2f6e-6a0c-4a58-9d0b-3f5f0f9f7c11"],
}


def seeds(count: int = 8) -> list[dict[str, Any]]:
    """Conversations for `Sandbox`: one is gone, one is not ready at first, one carries others' data."""
    found = [_seed(number) for number in range(count)]
    found[1]["sandbox"] = {"gone": True}
    found[2]["sandbox"] = {"not_ready": 1}
    found[3]["sandbox"] = {"attributes": {"crm_case": "C-1044"}, "record": _FOREIGN}
    return found


def _seed(number: int) -> dict[str, Any]:
    said = {"sender": "customer", "text": _SAID[number % len(_SAID)]}
    return {
        "id": f"exam-{number}",
        "channel": ("chat", "message")[number % 2],
        "queue": ("Customer Care", "Technical Support")[number % 2],
        "messages": [_HELLO, said, _SORRY, _PERSONAL],
    }


def lines(of: list[dict[str, Any]]) -> Iterator[str]:
    """The same conversations as a JSONL file has them."""
    return (json.dumps({"id": seed["id"], "messages": seed["messages"]}) + "\n" for seed in of)


def furnish(folder: Path) -> None:
    """Put the catalog and the conversations into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalog.csv").write_text(CATALOG)
    (folder / "chats.jsonl").write_text("".join(lines(seeds())))
