"""The report as JSON: the interactions contract's three keys, and everything else beside them.

`schema.json` describes the result; `SCHEMA` changes when it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from earmark.model import ISSUE, PRODUCT, RunFacts
from earmark.report.names import unique_names
from earmark.report.promises import note, promises, scorer_kind
from earmark.report.shape import (
    DIMENSIONS,
    Apart,
    Certificate,
    EntityStats,
    LabelStats,
    NameCount,
    PairStats,
    Report,
    Share,
    Slice,
    Trend,
)

SCHEMA = "earmark.report/2"


def to_json(report: Report) -> dict[str, Any]:
    """The report as a JSON value. Shares are fractions, times ISO 8601 in UTC, entities commonest first."""
    names = unique_names(report.entities)
    return {
        "schema": SCHEMA,
        "products": _frequencies(report, PRODUCT, names),
        "issues": _frequencies(report, ISSUE, names),
        "total_interactions_processed": report.totals.processed,
        "run": _run(report),
        "confidence": _confidence(report),
        "min_count": report.min_count,
        "totals": _totals(report),
        "states": {state.value: count for state, count in report.states},
        "labels": [_label(label) for label in report.labels],
        "weeks": [
            {
                "week": week.name,
                "monday": week.monday.isoformat(),
                "conversations": week.conversations,
                "full": week.full,
            }
            for week in report.weeks
        ],
        "compared": list(report.compared) if report.compared else None,
        "entities": [_entity(entity, names[entity.label, entity.id]) for entity in report.entities],
        "apart": [_apart(apart) for apart in report.apart],
        "pairs": [_pair(pair) for pair in report.pairs],
        "matrix": {
            "products": _ids(report.matrix.products),
            "issues": _ids(report.matrix.issues),
            "cells": [list(row) for row in report.matrix.cells],
        },
        "slices": {
            dimension: [_slice(piece) for piece in report.slices if piece.dimension == dimension]
            for dimension in DIMENSIONS
        },
        "attention": _attention(report),
    }


def share(value: Share) -> dict[str, float]:
    return {"value": round(value.value, 6), "low": round(value.low, 6), "high": round(value.high, 6)}


def _frequencies(report: Report, label: str, names: dict[tuple[str, str], str]) -> dict[str, int]:
    counts = [(names[label, entity.id], entity.conversations) for entity in report.of(label)]
    return dict(sorted(counts, key=lambda item: (-item[1], item[0])))


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _run(report: Report) -> dict[str, Any]:
    run: RunFacts = report.run
    usage = run.usage
    per_conversation = report.requests_per_conversation
    return {
        "id": run.id,
        "status": run.status,
        "dry_run": run.dry_run,
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "duration_seconds": report.duration_seconds,
        "window": {"since": _time(run.window.since), "until": _time(run.window.until)},
        "source": run.source,
        "writer": run.writer,
        "extractor": dict(run.extractor),
        "scorer": run.scorer,
        "thresholds": dict(run.thresholds),
        "review": dict(run.review),
        "requests": usage.requests,
        "requests_per_conversation": None if per_conversation is None else round(per_conversation, 4),
        "retries": usage.retries,
        "throttled": usage.throttled,
        "waited_seconds": round(usage.waited_seconds, 3),
    }


def _confidence(report: Report) -> dict[str, Any]:
    return {
        "kind": report.confidence_kind,
        "note": note(report),
        "scorer_kind": scorer_kind(report),
        "promises": promises(report),
        "certificates": [_certificate(certificate) for certificate in report.certificates],
        "facts": dict(report.run.confidence),
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return asdict(certificate) | {"channels": list(certificate.channels)}


def _totals(report: Report) -> dict[str, int]:
    totals = report.totals
    return {
        "seen": totals.seen,
        "processed": totals.processed,
        "with_entities": totals.with_entities,
        "messages": totals.messages,
        "undated": totals.undated,
        "unattached_findings": totals.unattached,
    }


def _label(label: LabelStats) -> dict[str, Any]:
    return {
        "label": label.label,
        "entities": label.entities,
        "hidden": label.hidden,
        "conversations": label.conversations,
        "mentions": label.mentions,
        "findings": {verdict.value: count for verdict, count in label.findings.items()},
        "resolved": label.resolved,
        "aside": {assertion.value: count for assertion, count in label.aside.items()},
        "confidence": {verdict.value: list(bins) for verdict, bins in label.confidence.items()},
        "unscored": label.unscored,
    }


def _entity(entity: EntityStats, name: str) -> dict[str, Any]:
    return {
        "label": entity.label,
        "id": entity.id,
        "name": entity.name,
        "unique_name": name,
        "linked": entity.linked,
        "conversations": entity.conversations,
        "mentions": entity.mentions,
        "share": share(entity.share),
        "resolved": entity.resolved,
        "resolved_share": share(entity.resolved_share),
        "forms": _counts(entity.forms),
        "form_count": entity.form_count,
        "weeks": list(entity.weeks),
        "trend": _trend(entity.trend),
        "confidence": list(entity.confidence),
        "unscored": entity.unscored,
        "queue": _counts(entity.queue),
        "channel": _counts(entity.channel),
        "language": _counts(entity.language),
        "sender": _counts(entity.sender),
    }


def _apart(apart: Apart) -> dict[str, Any]:
    return {
        "label": apart.label,
        "id": apart.id,
        "name": apart.name,
        "kept": apart.kept,
        "review": apart.review,
        "aside": {assertion.value: count for assertion, count in apart.aside.items()},
    }


def _pair(pair: PairStats) -> dict[str, Any]:
    return {
        "product": pair.product_id,
        "issue": pair.issue_id,
        "conversations": pair.conversations,
        "nearness": {nearness.value: count for nearness, count in pair.nearness.items()},
    }


def _trend(trend: Trend | None) -> dict[str, Any] | None:
    if trend is None:
        return None
    return {
        "last": trend.last,
        "previous": trend.previous,
        "change": share(trend.change),
        "direction": trend.direction,
    }


def _slice(piece: Slice) -> dict[str, Any]:
    return {
        "value": piece.value,
        "conversations": piece.conversations,
        "with_entities": piece.with_entities,
        "products": _ids(piece.products),
        "issues": _ids(piece.issues),
    }


def _counts(counts: Iterable[NameCount]) -> dict[str, int]:
    return dict(counts)


def _ids(counts: Iterable[NameCount]) -> list[dict[str, Any]]:
    return [{"id": canonical_id, "conversations": count} for canonical_id, count in counts]


def _attention(report: Report) -> dict[str, Any]:
    attention = report.attention
    return {
        "total": attention.total,
        "reasons": [
            {"state": state.value, "reason": reason, "conversations": count}
            for state, reason, count in attention.reasons
        ],
        "examples": [
            {
                "id": trouble.id,
                "state": trouble.state.value,
                "reason": trouble.reason,
                "correlation_id": trouble.correlation_id,
            }
            for trouble in attention.examples
        ],
    }
