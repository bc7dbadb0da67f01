"""Row 23: the disk is full, at any write of the journal. No write goes unrecorded; with space it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from exam.order import Ended
from exam.process import JOURNAL
from exam.rows import Row
from exam.system.stage import Stage, ended_badly, staged
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
STEP = 4096
LEAST, MOST = 8 * STEP, 72 * STEP
"""The largest file that a disk has room for: from none of the journal's tables to all of a run."""


def full_at(room: int, folder: Path) -> Iterator[str]:
    """The first sitting has this much room for a file; those after it as much as they want."""
    with staged(folder) as stage:
        yield from _sat(stage, stage.earmark(RUN_LINE, largest_file=room))
        yield from stage.completed()


def full_and_concluded(room: int, folder: Path) -> Iterator[str]:
    """The same, with all invariants, the undo among them."""
    with staged(folder) as stage:
        yield from _sat(stage, stage.earmark(RUN_LINE, largest_file=room))
        yield from stage.concluded()


def full_undo(folder: Path) -> Iterator[str]:
    """An undo that cannot be recorded is completed by another."""
    with staged(folder, share=0.0) as stage:
        stage.one(RUN_LINE)
        room = (stage.folder / JOURNAL).stat().st_size + STEP
        ended = stage.earmark("undo", largest_file=room)
        yield from _complaint(ended)
        yield from ended_badly(stage.one("undo"), 0)
        yield from (f"{each} still holds {held}" for each, held in stage.values.items() if any(held.values()))


def _sat(stage: Stage, ended: Ended) -> Iterator[str]:
    yield from _complaint(ended)
    known = (
        {row[0] for row in stage.rows("SELECT conversation_id FROM changes")}
        if _has_changes(stage)
        else set()
    )
    for write in stage.writes:
        if write.conversation not in known:
            yield f"{write.conversation} was written without a durable intent"


def _complaint(ended: Ended) -> Iterator[str]:
    """Where it did not come to its end, it says why."""
    if not ended.done:
        yield f"the process ended with {ended.code} without a word, hung: {ended.hung}"
    for done in ended.done:
        if done.code in {0, 3}:
            continue
        yield from ended_badly(done, 1, "the journal", "disk")


def _has_changes(stage: Stage) -> bool:
    path = stage.folder / JOURNAL
    return path.exists() and bool(stage.rows("SELECT 1 FROM sqlite_master WHERE name = 'changes'"))


_SAID = "exit 1 and the disk is named; no write without a durable intent; with space, a resume completes"
_SMALL = range(LEAST, LEAST + 17 * STEP, 16 * STEP)

ROWS = (
    *(
        Row(
            23,
            f"room for files of {room // 1024} kB",
            _SAID,
            partial(full_at, room),
            release=room not in _SMALL,
        )
        for room in range(LEAST, MOST, STEP)
    ),
    *(
        Row(
            23,
            f"room for files of {room // 1024} kB, to the end",
            "all invariants",
            partial(full_and_concluded, room),
            release=room != LEAST + 24 * STEP,
        )
        for room in range(LEAST, MOST, 8 * STEP)
    ),
    Row(23, "a full disk in an undo", "exit 1; a second undo completes", full_undo, release=True),
)
