"""Rows 24 and 34: the journal is not what it should be, or of an earlier format."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random

from exam.invariants import DONE_CODES
from exam.order import Done
from exam.process import JOURNAL, runs
from exam.rows import Row
from exam.system.stage import Stage, ended_badly, staged, tail
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
SPOILT = Path("spoilt/journal.db")
ASIDE = {"EARMARK_JOURNAL": str(SPOILT)}
FORMATS = Path("tests/journal/formats")
VERBS = ("run --since 9w", "resume", "undo", "erase somebody")
"""Those that write to the journal."""


def unusable(spoil: Callable[[Path], None], code: int, words: tuple[str, ...], folder: Path) -> Iterator[str]:
    """Every verb refuses with words, nothing is sent, and a run with a new journal ends as any other."""
    with staged(folder) as stage:
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
        before = len(stage.writes)
        spoil(_set_aside(stage))
        for line in VERBS:
            yield from ended_badly(stage.one(line, env=ASIDE, patience=10.0), code, *words)
        if len(stage.writes) > before:
            yield "something was sent with an unusable journal"
        yield from _ends_with_another(stage)


def flipped(seed: int, folder: Path) -> Iterator[str]:
    """Bytes changed at random: refused, or what can still be read is used. Never a traceback, nothing of others."""
    with staged(folder) as stage:
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
        path = _set_aside(stage)
        _settled_in_file(path)
        before = len(stage.writes)
        _flip(path, Random(seed))
        done = stage.one("resume", env=ASIDE)
        if "Traceback" in done.err:
            yield f"a flipped byte ends in a traceback: {done.err.strip()[-300:]}"
        if done.code not in {0, 1, 2, 3, 75}:
            yield f"with flipped bytes `resume` exits with {done.code}"
        if done.code in {1, 2} and len(stage.writes) > before:
            yield "something was sent before the journal was refused"
        yield from _ends_with_another(stage)


def locked(folder: Path) -> Iterator[str]:
    """Another process is at it: come back later; afterwards it goes on."""
    with staged(folder) as stage:
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
        before = len(stage.writes)
        with Path(f"{stage.folder / JOURNAL}.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            for done in stage.earmark(*VERBS).done:
                yield from ended_badly(done, 75, "another run is using the journal")
        if len(stage.writes) > before:
            yield "something was sent by a run that did not hold the journal"
        yield from stage.concluded()


def locked_in_database(folder: Path) -> Iterator[str]:
    """Some other program has the database to itself."""
    with staged(folder) as stage:
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
        with closing(sqlite3.connect(stage.folder / JOURNAL, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield from ended_badly(stage.one("resume"), 75, "locked by another program")
        yield from stage.completed()


def read_only(folder: Path) -> Iterator[str]:
    """Neither the file nor its folder may be written to."""
    with staged(folder) as stage:
        stage.earmark(RUN_LINE, kill_at=1, kill_name="journal.settle.committed")
        before, path = len(stage.writes), _set_aside(stage)
        _settled_in_file(path)
        _hand_over(stage.folder)
        nobody = "exam.system.circumstances:as_nobody"
        path.chmod(0o444)
        path.parent.chmod(0o555)
        for line in VERBS:
            yield from ended_badly(stage.one(line, bug=nobody, env=ASIDE), 1, "read-only", "writable")
        if len(stage.writes) > before:
            yield "something was sent with a journal that is read-only"
        path.parent.chmod(0o755)
        path.chmod(0o644)
        path.parent.rename(stage.folder / JOURNAL.parent)
        yield from stage.completed()


def earlier(version: int, folder: Path) -> Iterator[str]:
    """A run that an earlier release left half done is reported, resumed and taken back by this one."""
    shutil.copytree(_half_done(version, folder), folder / "begun")
    with staged(folder / "begun") as stage:
        (stage.folder / "chats.jsonl").write_text(_chats())
        (run,) = runs(stage.folder / JOURNAL)
        ended = stage.earmark("report --json", "runs", f"resume {run.id}", env={"EARMARK_MODEL": "none"})
        for done in ended.done[:2]:
            yield from ended_badly(done, 0)
        yield from _went_on(ended.done[2])
        yield from ended_badly(stage.one(f"undo {run.id}"), 0)


def _went_on(done: Done) -> Iterator[str]:
    """It is completed; or, the rules of then being others, refused with a way on, and a new run completes it."""
    if done.code == 2:
        yield from ended_badly(done, 2, "began with another", "begin a new run")
        return
    yield from ended_badly(done, 0)


def _half_done(version: int, folder: Path) -> Path:
    """A folder with a journal as that release left it; what it names as its own place is this one."""
    begun = folder / f"format-{version}"
    path = begun / JOURNAL
    path.parent.mkdir(parents=True)
    script = (FORMATS / f"{version}.sql").read_text().replace("FOLDER", str(folder / "begun"))
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    return begun


def _chats() -> str:
    said = ("it keeps crashing", "my kettle will not turn on", "thanks", "it leaks", "it is late", "hello")
    return "".join(
        json.dumps({"id": f"c{number}", "text": text}) + "\n" for number, text in enumerate(said, 1)
    )


def _ends_with_another(stage: Stage) -> Iterator[str]:
    ended = stage.earmark(RUN_LINE)
    if not ended.done or ended.done[0].code not in DONE_CODES:
        yield f"with a new journal the run fails: {tail(ended)}"
    wanted = stage.expected().values
    yield from (
        f"{each} holds {held}"
        for each, held in stage.values.items()
        if held != wanted.get(each, {}) and any(held.values())
    )


def _set_aside(stage: Stage) -> Path:
    """Give the journal another place, so that its usual one is free."""
    (stage.folder / JOURNAL).parent.rename(stage.folder / SPOILT.parent)
    return stage.folder / SPOILT


def _settled_in_file(path: Path) -> None:
    """Move the write-ahead log into the file."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _flip(path: Path, draw: Random) -> None:
    held = bytearray(path.read_bytes())
    for _ in range(draw.choice((1, 8, 64))):
        held[draw.randrange(len(held))] ^= draw.randrange(1, 256)
    path.write_bytes(held)


def _hand_over(folder: Path) -> None:
    """Give a folder to nobody, who is to work in it; only the superuser has to."""
    if os.geteuid():
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534)


def _torn(path: Path) -> None:
    _settled_in_file(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _without_log(path: Path) -> None:
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version=99")


def _folder(path: Path) -> None:
    _without_log(path)
    path.unlink()
    path.mkdir()


def _text(path: Path) -> None:
    _without_log(path)
    path.write_text("this is a diary\n" * 400)


def _somebody_elses(path: Path) -> None:
    _without_log(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
        database.commit()


def _no_header(path: Path) -> None:
    _settled_in_file(path)
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def _pipe(path: Path) -> None:
    _without_log(path)
    path.unlink()
    os.mkfifo(path)


_REFUSED = "refused in words; nothing is sent; a new journal works"
_KINDS: tuple[tuple[str, Callable[[Path], None], tuple[str, ...]], ...] = (
    ("cut in half", _torn, ("the journal",)),
    ("of a newer Earmark", _newer, ("has format 99", "newer Earmark")),
    ("a folder", _folder, ("is no file",)),
    ("a text", _text, ("is not a database",)),
    ("another program's database", _somebody_elses, ("no Earmark journal",)),
    ("without its header", _no_header, ("is not a database",)),
    ("a pipe", _pipe, ("is no file",)),
)

ROWS = (
    *(
        Row(24, f"journal: {told}", _REFUSED, partial(unusable, spoil, 1, words), release=number > 1)
        for number, (told, spoil, words) in enumerate(_KINDS)
    ),
    *(
        Row(
            24,
            f"journal: bytes flipped ({seed})",
            "no traceback; nothing of others; a new journal works",
            partial(flipped, seed),
            release=seed > 0,
        )
        for seed in range(40)
    ),
    Row(24, "journal: held by another run", "exit 75; later it goes on", locked),
    Row(24, "journal: its database is locked", "exit 75; later it goes on", locked_in_database, release=True),
    Row(24, "journal: read-only", "exit 1; made writable, it goes on", read_only),
    *(
        Row(
            34,
            f"journal of format {version}, half done",
            "report, resume and undo work, or say what to do",
            partial(earlier, version),
        )
        for version in (1, 2, 3)
        if (FORMATS / f"{version}.sql").exists()
    ),
)
