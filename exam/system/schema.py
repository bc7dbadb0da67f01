"""Row 21: the schema is not fit to be written to. `doctor` and `run` say so before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from earmark.sandbox.schemas import EARMARK_SCHEMA
from exam.rows import Row
from exam.system.stage import Stage, ended_badly, staged
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
Document = dict[str, Any]
PRODUCTS, ISSUES = "extracted_products_tag", "extracted_issues_tag"


def unfit(spoil: Callable[[Stage], None], words: tuple[str, ...], folder: Path) -> Iterator[str]:
    """Both name what is wrong; nothing is sent but questions."""
    with staged(folder) as stage:
        spoil(stage)
        yield from ended_badly(stage.one("doctor"), 2, "✗", *words)
        yield from ended_badly(stage.one(RUN_LINE), 2, *words)
        if stage.writes:
            yield "something was written"


def unfit_on_resume(folder: Path) -> Iterator[str]:
    """What becomes of the schema between two sittings is seen before the second one writes; mended, it goes on."""
    with staged(folder) as stage:
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
        before = len(stage.writes)
        _enable(stage, enabled=False)
        yield from ended_badly(stage.one(f"resume {stage.latest.id}"), 2, "disabled")
        if len(stage.writes) > before:
            yield "something was written under a disabled schema"
        _enable(stage, enabled=True)
        yield from stage.concluded()


def set_up_again(folder: Path) -> Iterator[str]:
    """`setup-schema` adds the field that is missing and leaves those of others."""
    with staged(folder) as stage:
        _drop(stage, ISSUES)
        yield from ended_badly(stage.one("setup-schema"), 0)
        found = stage.organisation.sandbox.state.schemas.current(EARMARK_SCHEMA)["jsonSchema"]["properties"]
        if set(found) != {PRODUCTS, ISSUES, "desk_note_text"}:
            yield f"the schema has the fields {sorted(found)} afterwards"
        yield from stage.completed()


def _change(stage: Stage, edit: Callable[[Document], Document]) -> None:
    schemas = stage.organisation.sandbox.state.schemas
    current = schemas.current(EARMARK_SCHEMA)
    schemas.change(EARMARK_SCHEMA, current | {"jsonSchema": edit(dict(current["jsonSchema"]))})


def _missing(stage: Stage) -> None:
    del stage.organisation.sandbox.state.schemas.versions[EARMARK_SCHEMA]


def _enable(stage: Stage, *, enabled: bool) -> None:
    schemas = stage.organisation.sandbox.state.schemas
    schemas.change(EARMARK_SCHEMA, schemas.current(EARMARK_SCHEMA) | {"enabled": enabled})


def _disabled(stage: Stage) -> None:
    _enable(stage, enabled=False)


def _drop(stage: Stage, key: str) -> None:
    def without(document: Document) -> Document:
        kept = {name: rule for name, rule in document["properties"].items() if name != key}
        return document | {"properties": kept}

    _change(stage, without)


def _no_issues(stage: Stage) -> None:
    _drop(stage, ISSUES)


def _number(stage: Stage) -> None:
    _drop(stage, PRODUCTS)
    number = {"allOf": [{"$ref": "#/definitions/integer"}], "title": "Extracted products"}
    _change(
        stage,
        lambda document: (
            document | {"properties": document["properties"] | {"extracted_products_integer": number}}
        ),
    )


def _read_only(stage: Stage) -> None:
    """No one but an administrator may write attributes there."""
    fault = {"kind": "status", "status": 403, "permission": "conversation:customAttributes:edit"}
    stage.strike({"route": "customattributes.put", **fault})


def _others_required(stage: Stage) -> None:
    """Whoever writes a record has to fill a field that is another team's."""
    _change(stage, lambda document: document | {"required": ["desk_note_text"]})


_SAID = "doctor and run say so; exit 2; nothing is written"
_KINDS: tuple[tuple[str, Callable[[Stage], None], tuple[str, ...]], ...] = (
    ("missing", _missing, ("there is no conversation schema 'Earmark'", "earmark setup-schema")),
    ("disabled", _disabled, ("is disabled", "enable it")),
    ("a field missing", _no_issues, ("no field for extracted_issues", "earmark setup-schema")),
    ("a field of the wrong type", _number, ("no field for extracted_products",)),
    ("read-only", _read_only, ("conversation:customAttributes:edit",)),
    ("somebody else's field required", _others_required, ("desk_note_text",)),
)

ROWS = (
    *(
        Row(21, f"schema: {told}", _SAID, partial(unfit, spoil, words), release=number in {1, 2, 3})
        for number, (told, spoil, words) in enumerate(_KINDS)
    ),
    Row(
        21,
        "schema: disabled between crash and resume",
        "exit 2; enabled again, all invariants",
        unfit_on_resume,
    ),
    Row(21, "schema: a field added by setup-schema", "others' fields stay; a run works", set_up_again),
)
