"""Journal rows ↔ the types of earmark.model, both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import RowMapping

from earmark.model import (
    Assertion,
    Change,
    ConversationRow,
    Cue,
    Decision,
    Entity,
    EntityRow,
    Listing,
    Mention,
    Nearness,
    Outcome,
    Pair,
    PairRow,
    Participant,
    Record,
    RunFacts,
    Score,
    Sender,
    State,
    Usage,
    Verdict,
    Window,
)

LEAST_CANDIDATE = 0.05
"""What no finder would have chosen is not kept below this confidence, unless a run has a cut that is lower still."""


def seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def moment(value: float | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value, UTC)


def storable(text: str) -> str:
    """Text that a database takes: a half character (a lone surrogate) becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def surface(text: str) -> str:
    """A mention as it is shown: single spaces, and nothing that a terminal or a table cannot show."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def item_values(run_id: str, listing: Listing, state: State) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "conversation_id": listing.id,
        "state": state.value,
        "attempt": 0,
        "channel": storable(listing.channel),
        "queue": listing.queue and storable(listing.queue),
        "started_at": seconds(listing.started_at),
        "ended_at": seconds(listing.ended_at),
        "messages": 0,
        "revision": listing.revision,
        "participants": [[person.id, person.purpose] for person in listing.participants],
        "sessions": list(listing.sessions),
    }


def listing_of(row: RowMapping) -> Listing:
    return Listing(
        id=row["conversation_id"],
        channel=row["channel"],
        started_at=moment(row["started_at"]),
        ended_at=moment(row["ended_at"]),
        queue=row["queue"],
        revision=row["revision"],
        participants=tuple(Participant(*pair) for pair in row["participants"]),
        sessions=tuple(row["sessions"]),
    )


def is_candidate(decision: Decision) -> bool:
    """Whether an entity is worth keeping, so that another cut can decide otherwise."""
    entity = decision.entity
    hopeless = entity.unsure and (entity.score.value or 0.0) < LEAST_CANDIDATE
    return decision.verdict is not Verdict.DROP or not hopeless


def entity_values(run_id: str, conversation_id: str, decision: Decision) -> dict[str, Any]:
    entity = decision.entity
    return {
        "run_id": run_id,
        "conversation_id": conversation_id,
        "label": entity.label,
        "canonical_id": storable(entity.canonical_id),
        "name": storable(entity.name),
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "confidence": entity.score.value,
        "confidence_kind": entity.score.kind,
        "parts": dict(entity.score.parts),
        "linked": any(mention.canonical_id for mention in entity.mentions),
        "forms": sorted({surface(mention.text) for mention in entity.mentions}),
        "mentions": [[m.message_index, m.start, m.end, m.sender.value, m.source] for m in entity.mentions],
        "assertion": entity.assertion.value,
        "cue": entity.cue and _cue_values(entity.cue),
        "unsure": entity.unsure,
    }


def verdict_values(decision: Decision) -> dict[str, Any]:
    """A stored entity's new verdict, as parameters of SET_VERDICT."""
    entity = decision.entity
    return {
        "of_label": entity.label,
        "of_id": entity.canonical_id,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
    }


def _cue_values(cue: Cue) -> dict[str, Any]:
    return {"name": cue.name, "message": cue.message_index, "start": cue.start, "end": cue.end}


def entity_of(row: RowMapping) -> Entity:
    """The entity as it was judged. What its mentions said is not in the journal: their text is empty."""
    known = {"label": row["label"], "canonical_id": row["canonical_id"] if row["linked"] else None}
    mentions = tuple(
        Mention(index, start, end, "", source=source, sender=Sender(sender), unsure=row["unsure"], **known)
        for index, start, end, sender, source in row["mentions"]
    )
    score = Score(row["confidence"], row["confidence_kind"], row["parts"])
    cue = row["cue"] and Cue(*(row["cue"][part] for part in ("name", "message", "start", "end")))
    return Entity(
        row["label"], row["canonical_id"], row["name"], score, mentions, Assertion(row["assertion"]), cue
    )


def pair_values(run_id: str, conversation_id: str, pair: Pair) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "conversation_id": conversation_id,
        "product_id": storable(pair.product_id),
        "issue_id": storable(pair.issue_id),
        "nearness": pair.nearness.value,
        "product_message": pair.product_message,
        "issue_message": pair.issue_message,
    }


def pair_row(row: RowMapping) -> PairRow:
    return PairRow(row["conversation_id"], row["product_id"], row["issue_id"], Nearness(row["nearness"]))


def entity_row(row: RowMapping) -> EntityRow:
    return EntityRow(
        conversation_id=row["conversation_id"],
        label=row["label"],
        canonical_id=row["canonical_id"],
        name=row["name"],
        verdict=Verdict(row["verdict"]),
        confidence=row["confidence"],
        confidence_kind=row["confidence_kind"],
        mentions=len(row["mentions"]),
        forms=tuple(row["forms"]),
        senders=tuple(sorted({mention[3] for mention in row["mentions"]})),
        linked=row["linked"],
        assertion=Assertion(row["assertion"]),
    )


def conversation_row(row: RowMapping) -> ConversationRow:
    return ConversationRow(
        id=row["conversation_id"],
        state=State(row["state"]),
        reason=row["reason"],
        channel=row["channel"],
        queue=row["queue"],
        language=row["language"],
        started_at=moment(row["started_at"]),
        messages=row["messages"],
        correlation_id=row["correlation_id"],
    )


def change_values(run_id: str, target: str, change: Change, now: float) -> dict[str, Any]:
    others = change.base.values.keys() - change.before.keys() - change.after.keys()
    return {
        "run_id": run_id,
        "conversation_id": change.conversation_id,
        "target": target,
        "before": dict(change.before),
        "after": dict(change.after),
        "created": not change.base.exists,
        "shared": bool(others),
        "details": dict(change.base.details),
        "intended_at": now,
    }


def outcome_values(outcome: Outcome) -> dict[str, Any]:
    about = {"reason": outcome.reason, "correlation_id": outcome.correlation_id}
    return {"state": outcome.state.value, "next_at": None} | about


def applied_values(outcome: Outcome, now: float) -> dict[str, Any]:
    record = outcome.record
    known = {} if record is None else {"version": record.version, "details": dict(record.details)}
    return {"applied_at": now} | known


def change_of(row: RowMapping) -> Change:
    """The change as it was intended; its base holds our keys only and must be read again before use."""
    base = Record(
        row["conversation_id"], exists=not row["created"], values=row["before"], details=row["details"]
    )
    return Change(row["conversation_id"], row["before"], row["after"], base)


def standing_change(row: RowMapping) -> Change:
    """What of a change no undo has taken back."""
    change, kept = change_of(row), row["kept"]
    if kept is None:
        return change
    before, after = (
        {k: v for k, v in values.items() if k in kept} for values in (change.before, change.after)
    )
    return replace(change, before=before, after=after)


def run_facts(row: RowMapping) -> RunFacts:
    options: Mapping[str, Any] = row["options"]
    thresholds: Mapping[str, float] = options.get("thresholds", {})
    reviews: Mapping[str, float] = options.get("reviews", {})
    return RunFacts(
        id=row["id"],
        started_at=datetime.fromtimestamp(row["started_at"], UTC),
        finished_at=moment(row["finished_at"]),
        status=row["status"],
        source=row["source"],
        writer=row["writer"],
        window=Window(moment(row["since"]), moment(row["until"])),
        dry_run=row["dry_run"],
        extractor=row["facts"],
        scorer=str(row["confidence"].get("scorer") or options.get("scorer") or ""),
        thresholds=thresholds,
        usage=Usage(**row["usage"]),
        review={label: min(cut, thresholds.get(label, cut)) for label, cut in reviews.items()},
        confidence=row["confidence"],
    )
