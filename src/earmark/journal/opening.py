"""Opening a journal file: which format it has, bringing an older one up to date, what its failures mean."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, MetaData, Table, create_engine, event, false, literal_column, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.schema import CreateColumn, DefaultClause

from earmark.errors import BusyError, JournalError
from earmark.journal.schema import APPLICATION_ID, META, VERSION

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
        if not readonly:
            _make_folder(path)
        elif not path.exists():
            raise JournalError(
                f"there is no journal at {path}", hint="run `earmark run` first, or pass --journal"
            )
        engine = create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": PATIENCE, "check_same_thread": False},
            json_serializer=_COMPACT,
        )
        event.listen(engine, "connect", _configure)
        if readonly:
            event.listen(engine, "connect", _show_as_today)
        if _format(engine, path) < VERSION and not readonly:
            _bring_up_to_date(engine)
    return engine


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"the journal {path} cannot be created: {error.strerror}",
            hint="pass another place with --journal",
        ) from error


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    _write_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch the file to write-ahead; where two do so at once, SQLite refuses one of them without waiting."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except cursor.connection.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


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


@contextmanager
def naming_failures(path: Path) -> Iterator[None]:
    """Turn database failures into ours. Statements and their values stay out of the message."""
    try:
        yield
    except DatabaseError as error:
        raise _named(path, str(error.orig)) from None
    except SQLAlchemyError as error:
        raise JournalError(f"the journal {path} failed: {type(error).__name__}") from None


def _named(path: Path, cause: str) -> BusyError | JournalError:
    if "locked" in cause:
        return BusyError(
            f"the journal {path} is locked by another program", hint="try again when it has finished"
        )
    hints = {
        "readonly": "make it writable, or pass another --journal",
        "full": "free some space, then `earmark resume`",
        "disk I/O": "check the disk and its free space, then `earmark resume`",
        "not a database": "pass another --journal; attributes already written stay as they are",
        "malformed": "restore it from a backup, or start a new one with --journal",
        "unable to open": "check the path and its permissions",
    }
    hint = next((text for sign, text in hints.items() if sign in cause), None)
    return JournalError(f"the journal {path} cannot be used: {cause}", hint=hint)
