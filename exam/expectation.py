"""What an undisturbed job does, found by doing it in an organisation where nobody else is and nothing fails."""

from __future__ import annotations

from functools import cache
from typing import Any

from exam.invariants import Expected
from exam.trial import Script, attempted, ours

_SHAPE = ("writer", "job", "before")


def expected(script: Script) -> Expected:
    """The expectation for a script; found once for all scripts that differ in disturbances alone."""
    return _found(*(getattr(script, name) for name in _SHAPE))


@cache
def _found(*shape: Any) -> Expected:
    calm = Script(**dict(zip(_SHAPE, shape, strict=True)), share=0.0)
    with attempted(calm) as evidence:
        first = evidence.sittings[-1].done[0]
        values = {each: ours(evidence.finished, evidence.store, each) for each in evidence.conversations}
        if not any(any(each.values()) for each in values.values()):
            raise RuntimeError(f"an undisturbed run finds nothing: {first.err}")
        requests = evidence.requests
        return Expected(values=values, states=dict(first.runs[-1].states), requests=requests)
