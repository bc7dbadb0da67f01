"""Random disturbances: which faults strike how often, and where the process is killed; all from a seed."""

from __future__ import annotations

from random import Random
from typing import Any

from earmark.sandbox import FaultPlan
from exam.trial import RUN, Kill, Script

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429, "retry_after": "0.02"},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 500, "applied": True},
    {"kind": "status", "status": 502, "applied": True},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 503, "applied": True},
    {"kind": "status", "status": 504, "applied": True},
    {"kind": "status", "status": 401},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "hang", "seconds": 0.02},
    {"kind": "hang", "seconds": 0.02, "applied": True},
    {"kind": "slow", "seconds": 0.03},
    {"kind": "drip", "seconds": 0.002},
    {"kind": "truncate"},
    {"kind": "truncate", "honest": True},
    {"kind": "html"},
    {"kind": "not_json"},
    {"kind": "list"},
    {"kind": "null"},
    {"kind": "empty"},
    {"kind": "bad_utf8"},
    {"kind": "null_enums"},
    {"kind": "unknown_enums"},
    {"kind": "duplicates"},
    {"kind": "reorder"},
    {"kind": "other_writer"},
)
SHARE = 0.3
"""Of all requests, those that a fault strikes in a random run."""

WRITERS = ("custom_attributes", "custom_attributes", "custom_attributes", "participant_data", "interactions")
POINTS = {"custom_attributes": 90, "participant_data": 80, "interactions": 40}
"""About how many points an undisturbed first run passes."""


def fault_plan(draw: Random, *, share: float = SHARE, most: int = 60) -> FaultPlan:
    """Every kind of fault, so often that `share` of the requests are struck, until `most` were."""
    each = 1 - (1 - share) ** (1 / len(FAULTS))
    rules = [
        {"route": "*", "probability": each, "times": max(1, most // 8), "fault": fault}
        for fault in draw.sample(FAULTS, len(FAULTS))
    ]
    return FaultPlan.load({"seed": draw.randrange(2**31), "rules": rules})


def random_script(seed: int, bug: str = "", writer: str = "") -> Script:
    """A run with faults in 30 % of its requests and one to four kills, some of them during the undo."""
    draw = Random(seed)
    writer = writer or draw.choice(WRITERS)
    kills = [Kill(draw.randrange(1, POINTS[writer])) for _ in range(draw.randrange(1, 5))]
    undo_kills = [Kill(draw.randrange(1, 40))] if draw.random() < 0.25 else []
    return Script(
        writer=writer,
        job=RUN,
        kills=tuple(kills[len(undo_kills) :]),
        undo_kills=tuple(undo_kills),
        faults=fault_plan(draw),
        undo_faults=fault_plan(draw) if draw.random() < 0.5 else None,
        seed=seed,
        bug=bug,
        share=draw.choice((0.0, 0.3, 0.7)),
        workers=draw.choice((1, 2, 8)),
    )
