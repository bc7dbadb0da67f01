"""Row 25: two processes at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from exam.conversations import furnish
from exam.invariants import DONE_CODES
from exam.order import Ended
from exam.process import JOURNAL
from exam.rows import Row
from exam.system.stage import Fault, Stage, ended_badly, same, staged
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
SLOW: Fault = {"route": "*", "kind": "slow", "seconds": 0.03}


def one_journal(line: str, folder: Path) -> Iterator[str]:
    """The second one is told to come back; the first ends as if it were alone."""
    with staged(folder) as stage:
        if line != RUN_LINE:
            stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
            line = f"{line} {stage.latest.id}"
        stage.strike(SLOW)
        both = _at_once(stage, line, {"EARMARK_JOURNAL": str(stage.folder / JOURNAL)})
        for ended in both:
            yield from _ran_or_waits(ended)
        worked = [done for ended in both for done in ended.done if done.code != 75]
        if len(worked) > 1 and max(done.began for done in worked) < min(done.ended for done in worked):
            yield "two ran at once on one journal"
        stage.calm()
        yield from stage.concluded()


def _ran_or_waits(ended: Ended) -> Iterator[str]:
    for done in ended.done:
        if done.code == 75:
            yield from ended_badly(done, 75, "another run is using the journal")
        elif done.code not in DONE_CODES:
            yield f"one of two exits with {done.code}: {done.err.strip()[-300:]}"
    if not ended.done:
        yield f"one of two ends with {ended.code}"


def two_journals(writer: str, seed: int, folder: Path) -> Iterator[str]:
    """Both write the same: each conversation changes at most once, and others' keys stay."""
    with staged(folder, writer, seed=seed) as stage:
        stage.strike(SLOW)
        for ended in _at_once(stage, RUN_LINE, {}):
            for done in ended.done:
                if done.code not in DONE_CODES:
                    yield f"one of two exits with {done.code}: {done.err.strip()[-300:]}"
        stage.calm()
        yield from stage.differences()
        changes = Counter(_changes(stage))
        yield from (f"{each} was changed {times} times" for each, times in changes.items() if times > 1)
        yield from _nothing_left_to_do(stage)


def _changes(stage: Stage) -> Iterator[str]:
    """Conversations whose value of ours changed, once a change."""
    held: dict[str, dict[str, Any]] = {}
    for write in stage.writes:
        ours = {key: value for key, value in write.attributes.items() if key.startswith("extracted_")}
        if not same(held.get(write.conversation, {}), ours):
            yield write.conversation
        held[write.conversation] = ours


def _nothing_left_to_do(stage: Stage) -> Iterator[str]:
    before = len(stage.writes)
    stage.one(RUN_LINE)
    if len(stage.writes) > before:
        yield "a third run has something left to write"


def _at_once(stage: Stage, line: str, env: dict[str, str]) -> list[Ended]:
    """The same command in two folders, with a journal each unless `env` names one for both."""
    other = Stage(stage.folder / "other", stage.organisation)
    furnish(other.folder)
    begun = [(each, each.begin(line, env=env)) for each in (stage, other)]
    return [each.end(*processes) for each, processes in begun]


def stale_lock(folder: Path) -> Iterator[str]:
    """A lock file that a dead process left, or that holds anything at all, is no lock."""
    with staged(folder) as stage:
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.intend.committed")
        lock = Path(f"{stage.folder / JOURNAL}.lock")
        if not lock.exists():
            yield "a killed run leaves no lock file: this row tries nothing"
        lock.write_text("4194304\n")
        yield from stage.concluded()


ROWS = (
    Row(
        25,
        "two runs at once on one journal",
        "the second exits with 75; all invariants",
        partial(one_journal, RUN_LINE),
    ),
    Row(
        25,
        "one run resumed twice at once",
        "the second exits with 75; all invariants",
        partial(one_journal, "resume"),
    ),
    *(
        Row(
            25,
            f"two journals at once, {writer} ({seed})",
            "one change a conversation; others untouched",
            partial(two_journals, writer, seed),
            release=seed > 0 or writer != "custom_attributes",
        )
        for writer in ("custom_attributes", "participant_data", "interactions")
        for seed in range(4)
    ),
    Row(25, "the lock file of a dead process", "no lock; all invariants", stale_lock),
)
