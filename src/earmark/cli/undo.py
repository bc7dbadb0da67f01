"""`earmark undo`: take the changes of a run back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import typer

from earmark.cli import common, sitting
from earmark.cli.resume import settings_of

if TYPE_CHECKING:
    from earmark.journal import Journal
    from earmark.undo import Taken, UndoJob


def undo(
    run: common.RunArgument = None,
    dry_run: bool = typer.Option(False, "--dry-run", help="Show what would be taken back."),
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Restore what a run changed, except where somebody has changed it since. Safe to repeat."""
    from earmark.assemble import workshop

    with common.writing(common.settings(journal=journal).journal) as book:
        row = book.run(run)
        with workshop(settings_of(row["options"], book), common.talk) as opened:
            from earmark.undo import UndoJob

            writer = opened.writer(book)
            writer.prepare()
            job = UndoJob(
                writer, book, row["id"], dry_run=dry_run, pace=opened.settings.pace, stop=opened.stop
            )
            with sitting.Signals(opened.stop).heeded() as signals:
                taken = list(_with_progress(job))
        _print(row["id"], taken, as_json=json)
        _note_later_runs(book, row["id"], taken)
        if signals.received is not None:
            common.talk(f"stopped: the rest is as it was. Go on with: earmark undo {row['id']}")
    raise typer.Exit(_exit_code(taken, signals.received))


def _with_progress(job: UndoJob) -> list[Taken]:
    from earmark.undo import undo as take_back

    with sitting.progress() as watch:
        done = []
        for taken in take_back(job):
            watch(taken.status, 1)
            done.append(taken)
    return done


def _print(run_id: str, taken: list[Taken], *, as_json: bool) -> None:
    counts = Counter(item.status for item in taken)
    exceptions = [item for item in taken if item.status in {"kept", "failed", "gone"}]
    if as_json:
        listed = [{"id": t.conversation_id, "status": t.status, "reason": t.reason} for t in exceptions]
        common.emit({"schema": "earmark.undo/1", "run": run_id, "counts": dict(counts), "exceptions": listed})
        return
    for item in exceptions:
        common.say(f"{item.conversation_id}: {item.status}, {item.reason}")
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    common.say(f"undo of {run_id}: {told or 'nothing to take back; `earmark runs` lists the runs'}")


def _note_later_runs(journal: Journal, run_id: str, taken: list[Taken]) -> None:
    if any(item.status == "kept" for item in taken) and (later := journal.laid_over(run_id)):
        told = ", then ".join(f"earmark undo {one}" for one in later)
        common.talk(f"later runs have written over this one: {told}, then this one again")


def _exit_code(taken: list[Taken], signalled: int | None) -> int:
    if signalled is not None:
        return 128 + signalled
    return 3 if any(item.status in {"kept", "failed"} for item in taken) else 0
