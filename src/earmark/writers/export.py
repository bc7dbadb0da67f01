"""Entities of conversations as JSONL, CSV or Parquet: what `earmark extract` prints or writes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from earmark.drafts import drafted
from earmark.errors import OutputError
from earmark.model import ISSUE, PRODUCT, Conversation, Cue, Decision, Entity, Findings, Mention, Pair
from earmark.spreadsheet import guarded

Analysed = tuple[Conversation, Findings]

COLUMNS = (
    "id",
    "label",
    "entity",
    "name",
    "verdict",
    "confidence",
    "confidence_kind",
    "assertion",
    "cue",
    "cue_message",
    "cue_start",
    "cue_end",
    "pairs",
    "message",
    "start",
    "end",
    "text",
    "sender",
    "found_by",
)
_WHOLE = {"message", "start", "end", "cue_message", "cue_start", "cue_end"}
_ROWS_PER_GROUP = 10_000


def as_object(conversation: Conversation, found: Findings) -> dict[str, Any]:
    """One conversation: its entities, and which products and issues of these were said close to each other.

    An entity has its confidence, the parts of it, where it stood at the end, and every mention with offsets.
    """
    findings = _findings(found)
    return {
        "id": conversation.id,
        "entities": [_entity(decision) for decision in findings.decisions],
        "pairs": [_pair(pair) for pair in findings.pairs],
    }


def _findings(found: Findings) -> Findings:
    """With the pairs of those entities alone that are decided about here."""
    told = {(decision.entity.label, decision.entity.canonical_id) for decision in found.decisions}
    pairs = (one for one in found.pairs if {(PRODUCT, one.product_id), (ISSUE, one.issue_id)} <= told)
    return Findings(found.decisions, tuple(pairs))


def _entity(decision: Decision) -> dict[str, Any]:
    entity = decision.entity
    return {
        "label": entity.label,
        "id": entity.canonical_id,
        "name": entity.name,
        "verdict": decision.verdict.value,
        "confidence": entity.score.value,
        "confidence_kind": entity.score.kind,
        "parts": dict(entity.score.parts),
        "assertion": entity.assertion.value,
        "cue": _cue(entity.cue),
        "mentions": [_mention(mention) for mention in entity.mentions],
    }


def _cue(cue: Cue | None) -> dict[str, Any] | None:
    if cue is None:
        return None
    return {"name": cue.name, "message": cue.message_index, "start": cue.start, "end": cue.end}


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "product": pair.product_id,
        "issue": pair.issue_id,
        "nearness": pair.nearness.value,
        "product_message": pair.product_message,
        "issue_message": pair.issue_message,
    }


def _mention(mention: Mention) -> dict[str, Any]:
    return {
        "message": mention.message_index,
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "sender": mention.sender.value,
        "found_by": mention.source,
    }


def as_rows(conversation: Conversation, found: Findings) -> Iterator[dict[str, Any]]:
    """One row a mention. `pairs` names what the entity was said close to, as in "clause id | message id"."""
    findings = _findings(found)
    for decision in findings.decisions:
        entity = decision.entity
        shared = {
            "id": conversation.id,
            "label": entity.label,
            "entity": entity.canonical_id,
            "name": entity.name,
            "verdict": decision.verdict.value,
            "confidence": entity.score.value,
            "confidence_kind": entity.score.kind,
            "assertion": entity.assertion.value,
            "cue": entity.cue and entity.cue.name,
            "cue_message": entity.cue and entity.cue.message_index,
            "cue_start": entity.cue and entity.cue.start,
            "cue_end": entity.cue and entity.cue.end,
            "pairs": " | ".join(_partners(entity, findings.pairs)),
        }
        for mention in entity.mentions:
            yield shared | _mention(mention)


def _partners(entity: Entity, pairs: Iterable[Pair]) -> Iterator[str]:
    for pair in pairs:
        if (entity.label, entity.canonical_id) == (PRODUCT, pair.product_id):
            yield f"{pair.nearness.value} {pair.issue_id}"
        elif (entity.label, entity.canonical_id) == (ISSUE, pair.issue_id):
            yield f"{pair.nearness.value} {pair.product_id}"


def write(analysed: Iterable[Analysed], path: Path) -> None:
    """Write to a .jsonl, .csv or .parquet file; it appears whole or not at all.

    Raises:
        OutputError: The suffix is another one, or the file cannot be written.
    """
    render = _RENDERERS.get(path.suffix.lower())
    if render is None:
        raise OutputError(
            f"entities cannot be written as {path.name!r}", hint=f"use one of: {', '.join(_RENDERERS)}"
        )
    try:
        with drafted(path) as file:
            render(analysed, file)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}",
            hint="choose another folder, or make room in this one",
        ) from error


def write_json_lines(analysed: Iterable[Analysed], file: IO[bytes]) -> None:
    for conversation, found in analysed:
        text = json.dumps(as_object(conversation, found), ensure_ascii=False)
        file.write(text.encode("utf-8", "backslashreplace") + b"\n")


def write_csv(analysed: Iterable[Analysed], file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, "utf-8", "replace", newline="", write_through=True)
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for conversation, found in analysed:
        for row in as_rows(conversation, found):
            table.writerow({name: _cell(value) for name, value in row.items()})
    text.detach()


def _cell(value: Any) -> Any:
    return guarded(value) if isinstance(value, str) else value


def write_parquet(analysed: Iterable[Analysed], file: IO[bytes]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, _arrow_type(pa, name)) for name in COLUMNS])
    with pq.ParquetWriter(file, schema) as table:
        rows: list[Mapping[str, Any]] = []
        for conversation, found in analysed:
            rows.extend(_encodable(row) for row in as_rows(conversation, found))
            if len(rows) >= _ROWS_PER_GROUP:
                table.write_table(pa.Table.from_pylist(rows, schema))
                rows = []
        table.write_table(pa.Table.from_pylist(rows, schema))


def _arrow_type(pa: Any, name: str) -> Any:
    if name in _WHOLE:
        return pa.int32()
    return pa.float64() if name == "confidence" else pa.string()


def _encodable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }


_RENDERERS: dict[str, Callable[[Iterable[Analysed], IO[bytes]], None]] = {
    ".jsonl": write_json_lines,
    ".csv": write_csv,
    ".parquet": write_parquet,
}
