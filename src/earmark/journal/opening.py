"""Opening a journal file: which format it has, bringing an older one up to date, what its failures mean."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, MetaData, Table, create_engine, event, false, literal_column, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.schema import CreateColumn, DefaultClause

from earmark.errors import BusyError, EarmarkError, JournalError
from earmark.journal.failures import damaged, naming_failures
from earmark.journal.schema import APPLICATION_ID, META, VERSION

SECTOR = 512  # bytes, of which every page has a multiple
PATIENCE = 10.0  # seconds to wait for another process that is at the file
_DIALECT = sqlite.dialect()
_COMPACT = json.JSONEncoder(separators=(",", ":")).encode


def open_engine(path: Path, *, readonly: bool = False) -> Engine:
    """Open the journal file; unless `readonly`, create it (and its folder) or bring it to today's format.

    An older journal that is only read stays as it is: what it lacks reads as its default.

    Raises:
        JournalError: It is no journal, from a newer Earmark, damaged, or cannot be written.
    """
    with naming_failures(path):
        _check_place(path, readonly=readonly)
        return _to_read(path) if readonly else _to_write(path)


def _to_read(path: Path) -> Engine:
    engine = _untouching(path)
    event.listen(engine, "connect", _show_as_today)
    with _dropped_on_failure(engine):
        _format(engine, path)
        _check(engine, path, "quick_check")
    return engine


def _to_write(path: Path) -> Engine:
    version = _inspected(path)
    engine = _engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", partial(_write_ahead, path))
    with _dropped_on_failure(engine):
        if version < VERSION:
            _bring_up_to_date(engine)
    return engine


def _inspected(path: Path) -> int:
    """The format of a file that is whole, as far as SQLite can tell."""
    engine = _untouching(path)
    try:
        version = _format(engine, path)
        _check(engine, path, "integrity_check")
    finally:
        engine.dispose()
    return version


def _check(engine: Engine, path: Path, how: str) -> None:
    """Refuse damage before anything rests on it: `quick_check` leaves out whether indexes agree with their tables."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"PRAGMA main.{how}(1)").scalar_one()
    cut_off = not _logged(path) and path.stat().st_size % SECTOR
    if found != "ok" or cut_off:
        raise damaged(path)


def _untouching(path: Path) -> Engine:
    """Whoever closes a journal last moves its write-ahead log into it: not before it proves sound, and not to read."""
    if not _logged(path):
        return _engine(URL.create("sqlite", database=str(path)))
    name = f"file:{quote(str(path))}"
    return _engine(URL.create("sqlite", database=name, query={"mode": "ro", "uri": "true"}))


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": PATIENCE, "check_same_thread": False},
        json_serializer=_COMPACT,
    )
    event.listen(engine, "connect", _configure)
    return engine


@contextmanager
def _dropped_on_failure(engine: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def _check_place(path: Path, *, readonly: bool) -> None:
    """Make the folder and an empty file where they are missing and wanted.

    Raises:
        JournalError: Nothing is there to be read, something else is there, or it cannot be made.
    """
    try:
        if not readonly:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # opening a pipe would wait, and a device keeps nothing
            raise JournalError(f"{path} is no file", hint="name a file with --journal")
        if not readonly:
            path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"the journal {path} cannot be created: {error.strerror}",
            hint="pass another place with --journal",
        ) from None
    if not path.exists():
        raise JournalError(
            f"there is no journal at {path}", hint="run `earmark run` first, or pass --journal"
        )
    if path.stat().st_size == 0 and _logged(path):  # SQLite would throw the log away
        raise damaged(path)


def _logged(path: Path) -> bool:
    """Whether there is a log with something in it."""
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("synchronous=FULL", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(path: Path, connection: Any, _record: Any) -> None:
    """Switch the file to write-ahead; where two do so at once, SQLite refuses one of them without waiting.

    Raises:
        JournalError: It stays as it is, as where memory cannot be shared: on some network drives.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except connection.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            break
    if mode != "wal":
        raise JournalError(
            f"the journal {path} cannot be used: its drive does not take a write-ahead log (mode {mode})",
            hint="keep it on a local disk: pass another --journal",
        )


def _format(engine: Engine, path: Path) -> int:
    """The format of the file; 0 where it is empty or was never completed."""
    with engine.connect() as connection:
        version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    if tables and application != APPLICATION_ID:
        raise JournalError(f"{path} is a database, but no Earmark journal", hint="pass another --journal")
    if version > VERSION:
        raise JournalError(
            f"the journal {path} has format {version}; this Earmark knows formats up to {VERSION}",
            hint="use the newer Earmark that wrote it, or pass another --journal",
        )
    return version


def _bring_up_to_date(engine: Engine) -> None:
    """Add the tables, columns and indexes that the file lacks, in one transaction: a kill leaves it as it was."""
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver begins none by itself for a CREATE
        META.create_all(connection)
        for table in META.sorted_tables:
            for column in _lacking(table, _columns(connection, table)):
                added = CreateColumn(column).compile(dialect=_DIALECT)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {added}")
            for index in table.indexes:
                index.create(connection, checkfirst=True)
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")


def _columns(connection: Connection, table: Table) -> set[str]:
    return {row[1] for row in connection.exec_driver_sql(f"PRAGMA main.table_info({table.name})")}


def _lacking(table: Table, there: set[str]) -> list[Column[Any]]:
    return [column for column in table.columns if column.name not in there]


def _show_as_today(connection: Any, _record: Any) -> None:
    """Lay views of today's shape over the tables of an older format, for this connection alone."""
    cursor = connection.cursor()
    for table in META.sorted_tables:
        there = {row[1] for row in cursor.execute(f"PRAGMA main.table_info({table.name})")}
        if _lacking(table, there):
            cursor.execute(f"CREATE TEMP VIEW {table.name} AS {_as_today(table, there)}")
    cursor.close()


def _as_today(table: Table, there: set[str]) -> str:
    """The query that shows the stored columns, and defaults for the others."""
    stored = table.to_metadata(MetaData(), schema="main")
    shown = [
        (stored.c[column.name] if column.name in there else _default(column)).label(column.name)
        for column in table.columns
    ]
    query = select(*shown) if there else select(*shown).where(false())
    return str(query.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))


def _default(column: Column[Any]) -> Any:
    default = column.server_default
    return literal_column(str(default.arg) if isinstance(default, DefaultClause) else "NULL")


def scrub(engine: Engine, path: Path) -> None:
    """Leave nothing in the files but the rows that are there: no free pages, no log of earlier ones.

    Raises:
        BusyError, JournalError: It could not be completed; a note says so.
    """
    try:
        with naming_failures(path), engine.connect() as connection:
            bare = connection.execution_options(isolation_level="AUTOCOMMIT")
            bare.exec_driver_sql("VACUUM")
            busy = bare.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        if busy:
            raise BusyError(
                f"another program is reading the journal {path}", hint="try again when it has finished"
            )
    except EarmarkError as error:
        error.add_note("the rows are erased, and remains of them are still in the file: repeat the command")
        raise
