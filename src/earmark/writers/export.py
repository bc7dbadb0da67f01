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
from earmark.model import Conversation, Decision, Mention
from earmark.spreadsheet import guarded

Analysed = tuple[Conversation, tuple[Decision, ...]]

COLUMNS = (
    "id",
    "label",
    "entity",
    "name",
    "verdict",
    "confidence",
    "confidence_kind",
    "message",
    "start",
    "end",
    "text",
    "sender",
    "found_by",
)
_ROWS_PER_GROUP = 10_000


def as_object(conversation: Conversation, decisions: Iterable[Decision]) -> dict[str, Any]:
    """One conversation: its entities, each with confidence, its parts, and every mention with offsets."""
    return {"id": conversation.id, "entities": [_entity(decision) for decision in decisions]}


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
        "mentions": [_mention(mention) for mention in entity.mentions],
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


def as_rows(conversation: Conversation, decisions: Iterable[Decision]) -> Iterator[dict[str, Any]]:
    """One row a mention."""
    for decision in decisions:
        entity = decision.entity
        shared = {
            "id": conversation.id,
            "label": entity.label,
            "entity": entity.canonical_id,
            "name": entity.name,
            "verdict": decision.verdict.value,
            "confidence": entity.score.value,
            "confidence_kind": entity.score.kind,
        }
        for mention in entity.mentions:
            yield shared | _mention(mention)


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
    for conversation, decisions in analysed:
        text = json.dumps(as_object(conversation, decisions), ensure_ascii=False)
        file.write(text.encode("utf-8", "backslashreplace") + b"\n")


def write_csv(analysed: Iterable[Analysed], file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, "utf-8", "replace", newline="", write_through=True)
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for conversation, decisions in analysed:
        for row in as_rows(conversation, decisions):
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
        for conversation, decisions in analysed:
            rows.extend(_encodable(row) for row in as_rows(conversation, decisions))
            if len(rows) >= _ROWS_PER_GROUP:
                table.write_table(pa.Table.from_pylist(rows, schema))
                rows = []
        table.write_table(pa.Table.from_pylist(rows, schema))


def _arrow_type(pa: Any, name: str) -> Any:
    if name in {"message", "start", "end"}:
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
