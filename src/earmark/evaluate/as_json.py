"""An evaluation as plain data, in the shape of schema.json."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from earmark import __version__
from earmark.evaluate.calibration import Calibration
from earmark.evaluate.figures import Cell, Figures, Rate
from earmark.evaluate.mistakes import Mistake
from earmark.evaluate.run import Evaluation, Pipeline, Yardstick
from earmark.evaluate.score import BY_KIND, BY_LABEL, BY_SENDER, BY_SOURCE
from earmark.gold import LABELS, GoldFile, GoldSpan
from earmark.model import Mention

SCHEMA = "earmark.evaluate/1"
DIGITS = 6
PARTS = ((BY_SOURCE, "sources"), (BY_SENDER, "senders"), (BY_KIND, "kinds"))


def to_json(
    stick: Yardstick,
    files: Iterable[GoldFile],
    evaluations: Sequence[Evaluation],
    *,
    compared: bool,
    errors: bool,
) -> dict[str, Any]:
    """One evaluation at the top level, or each under `pipelines` where they are compared."""
    head = {"schema": SCHEMA, "version": __version__, "gold": _gold(stick, files)}
    each = [_evaluation(evaluation, errors=errors) for evaluation in evaluations]
    return head | ({"pipelines": each} if compared else each[0])


def _gold(stick: Yardstick, files: Iterable[GoldFile]) -> dict[str, Any]:
    return {
        "files": [
            {"name": file.name, "sha256": file.sha256, "conversations": file.conversations} for file in files
        ],
        "conversations": len(stick.conversations),
        "messages": stick.messages,
        "words": stick.words,
        "senders": sorted(stick.senders),
    }


def _evaluation(evaluation: Evaluation, *, errors: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "pipeline": _pipeline(evaluation.pipeline),
        "support": dict(evaluation.support),
        "labels": {label: _label(evaluation, label) for label in LABELS},
        **{name: _part(evaluation, part) for part, name in PARTS},
        "confidence": {
            **_calibration(evaluation.confidence),
            "kind": evaluation.pipeline.judge.scorer.facts.get("kind"),
            "chosen": _calibration(evaluation.chosen),
            "baselines": {name: _calibration(each) for name, each in evaluation.baselines.items()},
        },
        "words_per_second": _rounded(evaluation.words_per_second, 1),
        "load_seconds": round(evaluation.pipeline.load_seconds, 3),
        "extract_seconds": round(evaluation.seconds, 3),
    }
    if errors:
        data["errors"] = [_mistake(mistake) for mistake in evaluation.mistakes]
    return data


def _pipeline(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "name": pipeline.name,
        "extractor": dict(pipeline.extractor.facts),
        "fingerprint": pipeline.extractor.fingerprint,
        "scorer": pipeline.judge.scorer.name,
        "thresholds": {label: pipeline.judge.policy.cut(label) for label in LABELS},
    }


def _label(evaluation: Evaluation, label: str) -> dict[str, Any]:
    known = evaluation.calibration[label]
    return {
        "support": evaluation.support[label],
        **_views(evaluation, BY_LABEL, "", label),
        "ece": _rounded(known.overlap.ece) if known.overlap else None,
        "ece_exact": _rounded(known.exact.ece) if known.exact else None,
        "probability": _calibration(known.overlap),
        "probability_exact": _calibration(known.exact),
        "confidence": _calibration(known.confidence),
    }


def _part(evaluation: Evaluation, part: str) -> dict[str, Any]:
    values = sorted({cell.value for cell in evaluation.figures if cell.part == part})
    return {
        value: {label: views for label in LABELS if (views := _views(evaluation, part, value, label))}
        for value in values
    }


def _views(evaluation: Evaluation, part: str, value: str, label: str) -> dict[str, Any]:
    return {
        cell.view: _figures(cell, figures)
        for cell, figures in evaluation.figures.items()
        if (cell.part, cell.value, cell.label) == (part, value, label)
    }


def _figures(cell: Cell, known: Figures) -> dict[str, Any]:
    tp, fp, fn = known.counts
    rates = {"precision": known.precision, "recall": known.recall, "f1": known.f1}
    return {
        "tp": tp,
        "fp": None if cell.part == BY_KIND else fp,
        "fn": fn,
        **{name: _rounded(rate.value) for name, rate in rates.items()},
        "interval": {name: _interval(rate) for name, rate in rates.items()},
    }


def _interval(rate: Rate) -> list[float] | None:
    return None if rate.interval is None else [round(bound, DIGITS) for bound in rate.interval]


def _calibration(known: Calibration | None) -> dict[str, Any]:
    if known is None:
        return {"count": 0, "ece": None, "brier": None, "auroc": None, "bins": []}
    return {
        "count": known.count,
        "ece": _rounded(known.ece),
        "brier": _rounded(known.brier),
        "auroc": _rounded(known.auroc),
        "bins": [
            {
                "low": each.low,
                "high": each.high,
                "count": each.count,
                "mean": _rounded(each.mean),
                "share_right": _rounded(each.share_right),
            }
            for each in known.bins
        ],
    }


def _mistake(mistake: Mistake) -> dict[str, Any]:
    return {
        "kind": mistake.kind,
        "where": mistake.where,
        "conversation": mistake.conversation,
        "message": mistake.message,
        "sender": mistake.sender,
        "label": mistake.label,
        "gold": _span(mistake.gold) if mistake.gold else None,
        "found": _mention(mistake.found) if mistake.found else None,
        "text": mistake.marked,
    }


def _span(span: GoldSpan) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "label": span.label, "kind": span.kind}


def _mention(mention: Mention) -> dict[str, Any]:
    return {
        "start": mention.start,
        "end": mention.end,
        "label": mention.label,
        "found_by": mention.source,
        "probability": _rounded(mention.probability),
    }


def _rounded(value: float | None, digits: int = DIGITS) -> float | None:
    return None if value is None else round(float(value), digits)
