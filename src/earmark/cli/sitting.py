"""Running a job in a terminal: progress, signals, the summary at the end, the exit code."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from earmark.cli import common
from earmark.errors import StoppedError
from earmark.model import State

if TYPE_CHECKING:
    from types import FrameType

    from earmark.assemble import Workshop
    from earmark.flow import Job, Recut
    from earmark.journal import Journal
    from earmark.report import Report
    from earmark.settings import Settings

UNFINISHED = (State.LISTED, State.PENDING, State.INTENDED)
_UNDER_WAY = {"listed", "read", State.PENDING.value}
TROUBLED = (State.SKIPPED, State.FAILED, State.CONFLICT, State.GONE)


HEEDED = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Signals:
    """The first SIGINT, SIGTERM or SIGHUP asks the run to stop, the second ends the process where it is.

    What is ignored from the start, as `nohup` has it, stays ignored.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self.received: int | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            os._exit(128 + number)
        self.received = number
        self._stop.set()
        common.talk("finishing what is in flight; once more stops at once")

    @contextmanager
    def heeded(self) -> Iterator[Signals]:
        """Install the handlers for the length of a block; a wait that a signal ends is no error."""
        previous = {
            number: signal.signal(number, self)
            for number in HEEDED
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield self
        except StoppedError as error:
            common.talk(error.message)
            raise typer.Exit(128 + (self.received or signal.SIGINT)) from None
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


@contextmanager
def progress(total: int | None = None) -> Iterator[Callable[[str, int], None]]:
    """A progress bar on stderr, fed by the flow's `watch`; it shows nothing where stderr is no terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    seen: Counter[str] = Counter()
    lock = threading.Lock()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    screen = common.console(stderr=True)
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task("conversations", total=total, detail="")

        def watch(what: str, count: int) -> None:
            with lock:
                seen[what] += count
                settled = sum(count for state, count in seen.items() if state not in _UNDER_WAY)
                parts = [
                    f"{count} {what}" for what, count in sorted(seen.items()) if count and what != "listed"
                ]
                bar.update(
                    task, total=total or seen["listed"] or None, completed=settled, detail="  ".join(parts)
                )

        yield watch


def work(
    settings: Settings, prepare: Callable[[Workshop], Job | Recut], resumed: str | None = None
) -> tuple[str, int | None]:
    """Begin a run, or go on with one, with progress and signals heeded.

    Returns its id and the signal that stopped it.
    """
    from earmark import flow
    from earmark.assemble import workshop

    with workshop(settings, common.talk) as opened, Signals(opened.stop).heeded() as signals:
        job = prepare(opened)
        with progress() as watch:
            watched = replace(job, watch=watch)
            run_id = resumed or flow.run(watched)
            if resumed:
                flow.resume(watched, resumed)
    return run_id, signals.received


def show_plan(journal: Journal, run_id: str, *, as_json: bool) -> None:
    """What a dry run would change, a conversation at a time."""
    for change in journal.planned(run_id):
        if as_json:
            common.line({"id": change.conversation_id, "before": change.before, "after": change.after})
            continue
        common.say(change.conversation_id)
        for key in sorted(change.before.keys() | change.after.keys()):
            before, after = change.before.get(key), change.after.get(key)
            if before != after:
                common.say(f"  {key}: {common.shown(before)} → {common.shown(after)}")


def end(
    journal: Journal,
    run_id: str,
    signalled: int | None,
    reports: list[Path],
    *,
    as_json: bool,
    planned: bool = False,
) -> NoReturn:
    """Show what a run, or with `planned` a dry run, came to, and leave with its exit code."""
    if planned:
        show_plan(journal, run_id, as_json=as_json)
    conclude(journal, run_id, reports, as_json=as_json and not planned, quiet=planned)
    counts = journal.counts(run_id)
    last_word(run_id, counts, signalled, journal.for_review(run_id))
    for other in journal.left_open(beside=run_id):
        common.talk(f"an earlier run is not finished either: earmark resume {other}")
    raise typer.Exit(exit_code(counts, signalled))


def exit_code(counts: Mapping[State, int], signalled: int | None) -> int:
    """What a run's conversations make of the exit code."""
    if signalled is not None:
        return 128 + signalled
    if any(counts.get(state) for state in UNFINISHED):
        return 75
    return 3 if any(counts.get(state) for state in TROUBLED) else 0


def check_places(paths: list[Path]) -> None:
    """Refuse a report that could not be written at the end, before a run has begun."""
    if paths:
        from earmark.report import check_place

        for path in paths:
            check_place(path)


def conclude(journal: Journal, run_id: str, paths: list[Path], *, as_json: bool, quiet: bool = False) -> None:
    """Print the report of a run and write it where it was asked for."""
    from earmark.report import print_summary, to_json, write

    report = built(journal, run_id)
    for path in paths:
        write(report, path)
    if as_json:
        common.emit(to_json(report))
    elif not quiet:
        print_summary(report, common.console())
    for path in paths:
        common.talk(f"report: {path}")


def built(journal: Journal, run_id: str, *, min_count: int = 1) -> Report:
    """The report of a run, from the journal alone."""
    from earmark.report import build

    facts = journal.facts(run_id)
    rows = journal.conversations(run_id), journal.entities(run_id), journal.pairs(run_id)
    return build(facts, *rows, min_count=min_count)


def last_word(run_id: str, counts: Mapping[State, int], signalled: int | None, for_review: int) -> None:
    """One line on stderr that says how the run ended and what to do next."""
    told = ", ".join(f"{count} {state.value}" for state, count in sorted(counts.items()) if count)
    if for_review:
        told += f"; {for_review} {'entity' if for_review == 1 else 'entities'} left for review"
    if signalled is not None:
        common.talk(f"stopped: {told or 'nothing done'}. Go on with: earmark resume {run_id}")
    elif any(counts.get(state) for state in UNFINISHED):
        common.talk(f"not finished: {told}. Come back with: earmark resume {run_id}")
    elif any(counts.get(state) for state in TROUBLED):
        common.talk(f"finished with exceptions: {told}. Reasons: earmark report {run_id}")
    else:
        common.talk(f"finished: {told or 'no conversations in the window'}")
