"""Row 33: something that decides what is written changes between crash and resume. No mixed run; a new one works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from earmark.sandbox.schemas import EARMARK_SCHEMA
from exam.invariants import DONE_CODES
from exam.rows import Row
from exam.system.stage import Stage, ended_badly, staged
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
TYPES = """[[type]]
id = "leak"
name = "Leak"
group = "quality"
patterns = ["leaks"]
"""


def changed(change: Callable[[Stage], None], folder: Path) -> Iterator[str]:
    """The resume is refused before it sends anything, and names the way on: a new run, which ends as it should."""
    with staged(folder) as stage:
        (stage.folder / "earmark.toml").write_text('issue_types = ["types.toml"]\n')
        (stage.folder / "types.toml").write_text("")
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
        first, before = stage.latest.id, len(stage.writes)
        change(stage)
        yield from ended_badly(stage.one(f"resume {first}"), 2, "began with another", "begin a new run")
        if len(stage.writes) > before:
            yield "a mixed run was begun"
        yield from _run_anew(stage)


def _run_anew(stage: Stage) -> Iterator[str]:
    done = stage.one(RUN_LINE)
    if done.code not in DONE_CODES:
        yield f"a new run exits with {done.code}: {done.err.strip()[-300:]}"
    again = len(stage.writes)
    stage.one(RUN_LINE)
    if len(stage.writes) > again:
        yield "a second run has something left to write"
    stage.organisation.neighbour.share = 0.0
    yield from ended_badly(stage.one(f"undo {stage.latest.id}"), 0)
    for run in stage.rows("SELECT id FROM runs ORDER BY started_at DESC, rowid DESC"):
        stage.one(f"undo {run[0]}")
    yield from (f"{each} still holds {held}" for each, held in stage.values.items() if any(held.values()))


def settings_of_then(folder: Path) -> Iterator[str]:
    """Thresholds and keys of today do not enter a run that began with others."""
    with staged(folder) as stage:
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
        today = {"EARMARK_THRESHOLD": "0.99", "EARMARK_PRODUCTS_KEY": "nowhere"}
        done = stage.one(f"resume {stage.latest.id}", env=today)
        if done.code not in DONE_CODES:
            yield f"the run is not gone on with as it began: {done.err.strip()[-300:]}"
        yield from stage.differences()


def _catalog(stage: Stage) -> None:
    path = stage.folder / "catalog.csv"
    path.write_text(path.read_text().replace("Kestrel Kettle", "Kestrel Kettle Mk II"))


def _catalog_cut(stage: Stage) -> None:
    (stage.folder / "catalog.csv").write_text(
        "id,name,label,aliases\np-router,AeroMesh Router,PRODUCT,aeromesh\n"
    )


def _types(stage: Stage) -> None:
    (stage.folder / "types.toml").write_text(TYPES)


def _scorer(stage: Stage) -> None:
    (stage.folder / ".env").write_text("EARMARK_SCORER=heuristic\n")


def _limits(stage: Stage) -> None:
    """The organisation takes fewer products from now on."""
    schemas = stage.organisation.sandbox.state.schemas
    current = schemas.current(EARMARK_SCHEMA)
    document = current["jsonSchema"]
    field = document["properties"]["extracted_products_tag"] | {"maxItems": 1}
    properties = document["properties"] | {"extracted_products_tag": field}
    schemas.change(EARMARK_SCHEMA, current | {"jsonSchema": document | {"properties": properties}})


_REFUSED = "exit 2 before anything is sent; a new run ends as it should"
_KINDS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("the catalog", _catalog),
    ("the catalog, cut down", _catalog_cut),
    ("the issue types", _types),
    ("the schema's limits", _limits),
    ("the scorer", _scorer),
)

ROWS = (
    *(
        Row(
            33,
            f"changed between crash and resume: {told}",
            _REFUSED,
            partial(changed, change),
            release=number in {1, 3, 4},
        )
        for number, (told, change) in enumerate(_KINDS)
    ),
    Row(
        33,
        "changed between crash and resume: settings",
        "the run goes on with those of then",
        settings_of_then,
    ),
)
