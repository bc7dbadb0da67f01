"""Row 17: a conversation is deleted while it is worked on. It counts as gone, and nothing of it stays here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from earmark.sandbox.chats import conversation_id
from exam.rows import Row
from exam.system.stage import Stage, ended_badly, staged
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
DELETED = conversation_id("exam-4")
TRACES = (DELETED, "Orbit Scale", "orbit scale", "p-scale", "wrong weight")
"""What is known of that conversation alone: its id, its product's name and id, words of it."""


def deleted_before(route: str, folder: Path) -> Iterator[str]:
    """It is deleted just before a request: the run settles it as gone, and `erase --gone` takes what was found."""
    with staged(folder) as stage:
        _delete_before(stage, route)
        yield from ended_badly(stage.one(RUN_LINE), 3, "gone")
        stage.calm()
        (state,) = stage.rows("SELECT state FROM items WHERE conversation_id = ?", DELETED)[0]
        if state != "gone":
            yield f"the deleted conversation counts as {state}"
        if route == "recordings":
            yield from _kept(stage)
        yield from stage.concluded()


def deleted_before_undo(folder: Path) -> Iterator[str]:
    """The undo takes the others back and sends nothing for what is gone."""
    with staged(folder) as stage:
        stage.one(RUN_LINE)
        stage.organisation.sandbox.delete_conversation("exam-4")
        before = len(stage.writes)
        yield from ended_badly(stage.one("undo"), 0, "gone")
        if any(write.conversation == DELETED for write in stage.writes[before:]):
            yield "something was written to a conversation that is gone"
        yield from (f"{each} still holds {held}" for each, held in stage.values.items() if any(held.values()))
        yield from ended_badly(stage.one("undo"), 0, "nothing to take back")


def erased_when_gone(folder: Path) -> Iterator[str]:
    """After `earmark erase --gone` no file holds a byte of it."""
    with staged(folder) as stage:
        _delete_before(stage, "customattributes.put")
        stage.one(RUN_LINE)
        stage.calm()
        _forget_output(stage)
        yield from ended_badly(stage.one("erase --gone"), 0, "erased")
        yield from _traces(stage)
        ended = stage.earmark("runs", "report", RUN_LINE, "report")
        yield from (
            told for done in ended.done for told in ended_badly(done, done.code if done.code == 3 else 0)
        )
        yield from _traces(stage)


def erased_on_request(folder: Path) -> Iterator[str]:
    """The same for a conversation that lives on: it is not taken in again either, and not touched."""
    with staged(folder) as stage:
        stage.one(RUN_LINE)
        _forget_output(stage)
        yield from ended_badly(stage.one(f"erase {DELETED} --keep-attributes"), 0, "erased")
        yield from _traces(stage)
        before = len(stage.writes)
        yield from ended_badly(stage.one(RUN_LINE), 3)
        yield from _traces(stage)
        if any(write.conversation == DELETED for write in stage.writes[before:]):
            yield "a conversation that was erased is written to"


def erasure_killed(nth: int, folder: Path) -> Iterator[str]:
    """An erasure that is killed at a point is completed by another."""
    with staged(folder) as stage:
        stage.one(RUN_LINE)
        _forget_output(stage)
        line = f"erase {DELETED} --keep-attributes"
        stage.earmark(line, kill_at=nth)
        yield from ended_badly(stage.one(line), 0)
        yield from _traces(stage)


def _delete_before(stage: Stage, route: str) -> None:
    stage.strike({"route": route, "conversation": DELETED, "times": 1, "kind": "delete"})


def _kept(stage: Stage) -> Iterator[str]:
    """What was never read cannot have left anything."""
    for table in ("entities", "pairs", "changes"):
        if count := stage.rows(f"SELECT count(*) FROM {table} WHERE conversation_id = ?", DELETED)[0][0]:
            yield f"{count} {table} of a deleted conversation are kept"


def _traces(stage: Stage) -> Iterator[str]:
    """What is found in the folder, but for the input and what `erase` itself has printed."""
    for path in sorted(stage.folder.rglob("*")):
        held = path.read_bytes() if path.is_file() and path.suffix not in {".csv", ".jsonl"} else b""
        if path.suffix == ".out" and b"erase" in held:
            continue
        yield from (
            f"{path.name} holds {trace!r} of what was erased" for trace in TRACES if trace.encode() in held
        )


def _forget_output(stage: Stage) -> None:
    """What was printed before an erasure is the user's own."""
    for path in (*stage.folder.glob("*.out"), *stage.folder.glob("*.err")):
        path.unlink()


_GONE = "gone; nothing of its text is kept; others as ever"

ROWS = (
    Row(17, "deleted after it was listed", _GONE, partial(deleted_before, "recordings"), release=True),
    Row(17, "deleted between read and write", _GONE, partial(deleted_before, "customattributes.put")),
    Row(17, "deleted before the undo", "gone; nothing is sent to it", deleted_before_undo),
    Row(17, "deleted, and erased here", "no byte of it in any file", erased_when_gone),
    Row(17, "erased on request", "no byte of it in any file; not taken in again", erased_on_request),
    *(
        Row(
            17,
            f"killed at point {nth} of an erasure",
            "the same after a second one",
            partial(erasure_killed, nth),
            release=nth != 2,
        )
        for nth in (1, 2, 3)
    ),
)
