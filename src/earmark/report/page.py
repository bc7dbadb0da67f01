"""What the HTML page shows: texts for its template, and the data that its charts and its table draw from.

Names are clipped and rid of invisible characters; escaping is left to the template and to JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from earmark.model import ISSUE, PRODUCT, State, Verdict
from earmark.report.as_json import share
from earmark.report.promises import note, promises
from earmark.report.runfacts import run_facts
from earmark.report.shape import ASIDE, Apart, EntityStats, LabelStats, NameCount, Report, Share, Slice
from earmark.report.shown import NOUNS, Names, accent, noun, shown, shown_names
from earmark.report.together import together
from earmark.report.wording import count

TABLE_ROWS = 2000
TOP = 10
TRENDS = 6
FORMS = 5
CHIPS = 3
SLICES = 12
APART_ROWS = 15
REASON_LENGTH = 300
PROMISE_LENGTH = 600

TITLES = {"queue": "By queue", "channel": "By channel", "language": "By language"}
NEXT_STEPS = {
    State.FAILED: "Resume the run to try these again.",
    State.CONFLICT: "Somebody else changed our attributes meanwhile; theirs were left alone.",
    State.SKIPPED: "Left out; correct the input if it is yours, and run again.",
    State.GONE: "Nothing is left to do.",
    State.PENDING: "The text is not ready yet; resume the run later.",
    State.INTENDED: "Resume the run to find out whether the change arrived.",
    State.LISTED: "Not reached yet; resume the run to go on.",
}


def texts(report: Report) -> dict[str, Any]:
    """Everything that the template itself writes; plain strings, to be escaped there."""
    names = shown_names(report)
    return {
        "run": shown(report.run.id, "run"),
        "dry_run": report.run.dry_run,
        "period": _period(report),
        "lead": list(_lead(report, names)),
        "tiles": list(_tiles(report)),
        "sections": [_section(label) for label in _charted(report)],
        "weeks": len(report.weeks),
        "weekly": _weekly(report),
        "together": together(report, names),
        "apart": _apart(report, names),
        "listed": len(report.entities),
        "table_rows": min(TABLE_ROWS, len(report.entities)),
        "slices": list(_slices(report, names)),
        "confidence_note": note(report),
        "promises": [shown(said, label, PROMISE_LENGTH) for label, said in promises(report).items()],
        "attention": _attention(report),
        "facts": list(run_facts(report)),
    }


def data(report: Report) -> dict[str, Any]:
    """What the page's script reads."""
    names = shown_names(report)
    return {
        "weeks": [
            {"name": week.name, "conversations": week.conversations, "full": week.full}
            for week in report.weeks
        ],
        "charts": [_chart(report, label, names) for label in _charted(report)],
        "entities": [
            _row(entity, names, _resolved(entity, report)) for entity in report.entities[:TABLE_ROWS]
        ],
    }


def _charted(report: Report) -> list[LabelStats]:
    """Products, issues, and any other label of which something was kept."""
    return [stats for stats in report.labels if stats.label in NOUNS or stats.entities]


def _percent(fraction: float) -> str:
    return f"{fraction:.1%}"


def _between(value: Share) -> str:
    return f"{value.low:.1%} to {value.high:.1%}"


def _period(report: Report) -> str:
    window = report.run.window
    ends = [moment.date().isoformat() if moment else None for moment in (window.since, window.until)]
    if ends[0] and ends[1]:
        return f"{ends[0]} until {ends[1]}"
    if not report.weeks:
        return "no dated conversations"
    first, last = report.weeks[0].name, report.weeks[-1].name
    return first if first == last else f"{first} to {last}"


def _lead(report: Report, names: Names) -> Iterator[list[tuple[str, bool]]]:
    """Sentences as (text, is a name) pieces: the commonest entities, and what moved most."""
    if not report.totals.processed:
        yield [("No conversation was processed.", False)]
        return
    if not report.entities:
        yield [("Nothing was found in the conversations.", False)]
        return
    for label in (PRODUCT, ISSUE):
        if top := report.of(label):
            yield [
                (f"The commonest {noun(label)[0]} is ", False),
                (names[label, top[0].id], True),
                (f", in {_percent(top[0].share.value)} of conversations.", False),
            ]
    yield from _movement(report, names)


def _movement(report: Report, names: Names) -> Iterator[list[tuple[str, bool]]]:
    moved = [
        (entity, entity.trend)
        for entity in report.entities
        if entity.trend and entity.trend.direction != "steady"
    ]
    if moved:
        entity, trend = max(moved, key=lambda pair: abs(pair[1].change.value))
        verb = "rose" if trend.direction == "up" else "fell"
        yield [
            (names[entity.label, entity.id], True),
            (f" {verb} from {trend.previous:,} to {trend.last:,} in the last full week.", False),
        ]
    elif report.compared:
        yield [(f"Nothing moved beyond chance from {report.compared[0]} to {report.compared[1]}.", False)]


def _tiles(report: Report) -> Iterator[dict[str, str]]:
    totals = report.totals
    yield _tile(f"{totals.processed:,}", "conversations", f"processed of {totals.seen:,} listed")
    part = _percent(totals.with_entities / totals.processed) if totals.processed else "–"
    yield _tile(part, "with findings", count(totals.with_entities, "conversation"))
    for stats in report.labels:
        if stats.label in NOUNS:
            one, many = noun(stats.label)
            below = f"{count(stats.mentions, 'mention')} in {count(stats.conversations, 'conversation')}"
            if stats.resolved:
                below += f", {stats.resolved / stats.findings[Verdict.KEEP]:.0%} resolved"
            yield _tile(f"{stats.entities:,}", one if stats.entities == 1 else many, below, stats.label)
    weeks = len(report.weeks)
    yield _tile(f"{weeks:,}", "week" if weeks == 1 else "weeks", _period(report))


def _tile(value: str, label: str, below: str, accent: str = "") -> dict[str, str]:
    return {"value": value, "label": label, "below": below, "accent": accent.lower()}


def _section(stats: LabelStats) -> dict[str, Any]:
    one, many = noun(stats.label)
    findings = stats.findings
    return {
        "accent": accent(stats.label),
        "one": one,
        "many": many,
        "entities": stats.entities,
        "hidden": stats.hidden,
        "shown": min(TOP, stats.entities - stats.hidden),
        "kept": f"{findings[Verdict.KEEP]:,}",
        "review": f"{findings[Verdict.REVIEW]:,}",
        "aside": f"{findings[Verdict.ASIDE]:,}",
        "dropped": f"{findings[Verdict.DROP]:,}",
        "unscored": stats.unscored,
        "scored": sum(findings.values()) > stats.unscored,
    }


def _apart(report: Report, names: Names) -> dict[str, Any] | None:
    if not report.apart:
        return None
    return {
        "kinds": [assertion.value for assertion in ASIDE],
        "labels": [line for stats in report.labels if (line := _label_apart(stats))],
        "rows": [_one_apart(one, names) for one in report.apart[:APART_ROWS]],
        "left_out": max(0, len(report.apart) - APART_ROWS),
    }


def _label_apart(stats: LabelStats) -> str:
    """As in "Issues: 12 negated, 3 asked, 40 left for review"; empty where there is nothing to say."""
    parts = [f"{number:,} {assertion.value}" for assertion, number in stats.aside.items() if number]
    if review := stats.findings[Verdict.REVIEW]:
        parts.append(f"{review:,} left for review")
    return f"{noun(stats.label)[1].capitalize()}: {', '.join(parts)}" if parts else ""


def _one_apart(one: Apart, names: Names) -> dict[str, Any]:
    return {
        "accent": accent(one.label),
        "label": noun(one.label)[0],
        "name": names[one.label, one.id],
        "kept": f"{one.kept:,}",
        "aside": [f"{number:,}" if number else "·" for number in one.aside.values()],
        "review": f"{one.review:,}" if one.review else "·",
    }


def _weekly(report: Report) -> str:
    if not report.weeks:
        return ""
    parts = ["Share of each week's conversations; weeks run from Monday to Sunday, UTC."]
    if any(not week.full for week in report.weeks):
        parts.append("Pale bars and dashed lines are weeks that the period covers only in part.")
    if report.compared:
        parts.append(
            f"Counts compare {report.compared[0]} with {report.compared[1]}, the last full weeks; "
            "an arrow marks a change in share beyond chance."
        )
    if report.totals.undated:
        parts.append(f"{count(report.totals.undated, 'conversation')} without a usable date left out.")
    return " ".join(parts)


def _slices(report: Report, names: Names) -> Iterator[dict[str, Any]]:
    for dimension, title in TITLES.items():
        pieces = [piece for piece in report.slices if piece.dimension == dimension]
        if not pieces or (dimension == "language" and len(pieces) == 1):
            continue
        most = pieces[0].conversations
        yield {
            "title": title,
            "dimension": dimension,
            "left_out": max(0, len(pieces) - SLICES),
            "rows": [_slice(piece, most, names) for piece in pieces[:SLICES]],
        }


def _slice(piece: Slice, most: int, names: Names) -> dict[str, Any]:
    return {
        "value": shown(piece.value, "unknown"),
        "conversations": f"{piece.conversations:,}",
        "width": round(100 * piece.conversations / most, 1),
        "filled": round(100 * piece.with_entities / most, 1),
        "with_entities": _percent(piece.with_entities / piece.conversations),
        "products": _chips(PRODUCT, piece.products, piece, names),
        "issues": _chips(ISSUE, piece.issues, piece, names),
    }


def _chips(label: str, counts: Iterable[NameCount], piece: Slice, names: Names) -> list[tuple[str, str]]:
    return [
        (names[label, key], f"{number / piece.conversations:.0%}") for key, number in list(counts)[:CHIPS]
    ]


def _attention(report: Report) -> dict[str, Any]:
    attention = report.attention
    return {
        "total": attention.total,
        "reasons": [
            {
                "state": state.value,
                "next": NEXT_STEPS.get(state, ""),
                "reason": shown(reason, "no reason given", REASON_LENGTH),
                "count": f"{number:,}",
            }
            for state, reason, number in attention.reasons
        ],
        "examples": [
            {
                "id": shown(trouble.id, "?"),
                "state": trouble.state.value,
                "reason": shown(trouble.reason, "no reason given", REASON_LENGTH),
                "correlation_id": shown(trouble.correlation_id or "", "–"),
            }
            for trouble in attention.examples
        ],
    }


def _chart(report: Report, stats: LabelStats, names: Names) -> dict[str, Any]:
    entities = report.of(stats.label)
    return {
        "label": stats.label,
        "accent": accent(stats.label),
        "many": noun(stats.label)[1],
        "top": [
            {
                "name": names[stats.label, entity.id],
                "conversations": entity.conversations,
                "resolved": _resolved(entity, report),
                **share(entity.share),
            }
            for entity in entities[:TOP]
        ],
        "trends": [_trend(entity, names) for entity in entities[:TRENDS]],
        "confidence": {verdict.value: list(bins) for verdict, bins in stats.confidence.items()},
        "threshold": report.run.thresholds.get(stats.label),
        "review": report.run.review.get(stats.label),
    }


def _trend(entity: EntityStats, names: Names) -> dict[str, Any]:
    trend = entity.trend
    return {
        "name": names[entity.label, entity.id],
        "weeks": list(entity.weeks),
        "direction": trend.direction if trend else None,
        "last": trend.last if trend else None,
        "previous": trend.previous if trend else None,
    }


def _resolved(entity: EntityStats, report: Report) -> float | None:
    """The share that was resolved, where that is a question: of issues, in a run that looked for it."""
    return entity.resolved_share.value if entity.label == ISSUE and report.asserted else None


def _row(entity: EntityStats, names: Names, resolved: float | None) -> dict[str, Any]:
    trend = entity.trend
    return {
        "label": entity.label,
        "accent": accent(entity.label),
        "name": names[entity.label, entity.id],
        "id": shown(entity.id, "–"),
        "linked": entity.linked,
        "conversations": entity.conversations,
        "mentions": entity.mentions,
        "resolved": resolved,
        "share": entity.share.value,
        "interval": _between(entity.share),
        "change": round(trend.change.value, 6) if trend else None,
        "direction": trend.direction if trend else None,
        "confidence": list(entity.confidence),
        "forms": [shown(form, "–") for form, _ in entity.forms[:FORMS]],
        "more_forms": entity.form_count - len(entity.forms[:FORMS]),
    }
