"""A run to report on, for the tests of what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from earmark.model import (
    ISSUE,
    PRODUCT,
    ConversationRow,
    EntityRow,
    RunFacts,
    State,
    Usage,
    Verdict,
    Window,
)
from earmark.report import Report, build

MONDAY = datetime(2025, 3, 3, 12, tzinfo=UTC)
RUN = RunFacts(
    id="run-7",
    started_at=datetime(2025, 5, 1, tzinfo=UTC),
    finished_at=datetime(2025, 5, 1, 0, 2, 5, tzinfo=UTC),
    status="finished",
    source="genesys:recordings",
    writer="custom_attributes",
    window=Window(MONDAY, None),
    dry_run=False,
    extractor={"model": "blank", "catalog": "products.csv"},
    scorer="heuristic",
    thresholds={PRODUCT: 0.7, ISSUE: 0.7},
    usage=Usage(requests=61, retries=2, throttled=1, waited_seconds=3.5),
)


def counted_run(names: tuple[str, ...] = ("Router X200", "Tablet"), size: int = 28, **facts: Any) -> Report:
    """Every second conversation has all the names as products, every third as issues."""
    conversations = [
        ConversationRow(
            f"c{n}",
            State.WRITTEN,
            None,
            "webchat",
            names[n % len(names)],
            "en",
            MONDAY + timedelta(days=n),
            4,
        )
        for n in range(size)
    ]
    conversations.append(
        ConversationRow("bad", State.FAILED, names[0], "webchat", None, None, MONDAY, 0, "corr-9")
    )
    return build(replace(RUN, **facts), conversations, findings_of(names, size))


def findings_of(names: tuple[str, ...], size: int) -> Iterator[EntityRow]:
    for label, step in ((PRODUCT, 2), (ISSUE, 3)):
        for number in range(0, size, step):
            for position, name in enumerate(names):
                yield EntityRow(
                    f"c{number}", label, f"id{position}", name, Verdict.KEEP, 0.85, "evidence", 2,
                    (name, "other"), ("customer",), True,
                )  # fmt: skip
