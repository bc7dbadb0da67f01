"""A run to report on, for the tests of what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from earmark.model import (
    ISSUE,
    PRODUCT,
    Assertion,
    ConversationRow,
    EntityRow,
    Json,
    Nearness,
    PairRow,
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


CONFIDENCE: Mapping[str, Json] = {
    "scorer": "calibrated",
    "kind": "probability",
    "calibration": {
        "hash": "c0ffee",
        "fitted_on": {"conversations": 1200},
        "ece": 0.0213,
        "provisional": True,
        "table": [1, 2],
    },
    "certificates": {
        PRODUCT: {
            "status": "in force",
            "target": 0.95,
            "assurance": 0.95,
            "threshold": 0.81,
            "bound": 0.951,
            "accepted": 312,
            "errors": 6,
            "channels": ["webchat"],
        },
        ISSUE: {
            "status": "not reached",
            "bound": 0.912,
            "accepted": 210,
            "errors": 11,
            "missing_labels": 120,
        },
    },
}


def judged_run(names: tuple[str, ...] = ("Router X200", "No light"), **facts: Any) -> Report:
    """Twelve conversations, two of another channel. The first name is a product in all of them.

    The second is an issue: present in six, resolved in two, then negated, hypothetical, asked and left for
    review in one each; a pair with the product wherever it was raised, in every nearness.
    """
    ids = [f"c{n}" for n in range(12)]
    conversations = [
        ConversationRow(name, State.WRITTEN, None, "webchat" if n < 10 else "whatsapp", None, "en", MONDAY, 4)
        for n, name in enumerate(ids)
    ]
    product, issue = names
    assertions = [Assertion.PRESENT] * 6 + [Assertion.RESOLVED] * 2
    assertions += [Assertion.NEGATED, Assertion.HYPOTHETICAL, Assertion.ASKED, Assertion.PRESENT]
    verdicts = [Verdict.KEEP] * 8 + [Verdict.ASIDE] * 3 + [Verdict.REVIEW]
    found = [_finding(name, PRODUCT, product, Verdict.KEEP, Assertion.PRESENT) for name in ids]
    found += [
        _finding(*one) for one in zip(ids, [ISSUE] * 12, [issue] * 12, verdicts, assertions, strict=True)
    ]
    pairs = [
        PairRow(name, f"id-{product}", f"id-{issue}", list(Nearness)[n % 3]) for n, name in enumerate(ids)
    ]
    told: dict[str, Any] = {
        "scorer": "calibrated",
        "thresholds": {PRODUCT: 0.81, ISSUE: 0.7},
        "review": {PRODUCT: 0.55, ISSUE: 0.7},
        "confidence": CONFIDENCE,
    }
    return build(replace(RUN, **(told | facts)), conversations, found, pairs)


def _finding(conversation: str, label: str, name: str, verdict: Verdict, assertion: Assertion) -> EntityRow:
    return EntityRow(
        conversation, label, f"id-{name}", name, verdict, 0.85, "probability", 1, (name,), ("customer",), True,
        assertion,
    )  # fmt: skip
