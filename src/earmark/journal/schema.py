"""The journal's tables, and opening it: who may write, which version it has, what its failures mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from earmark.errors import BusyError, JournalError

APPLICATION_ID = 0x4541524D  # "EARM", so that no other SQLite file is taken for a journal
VERSION = 1
META = MetaData()

RUNS = Table(
    "runs",
    META,
    Column("id", String, primary_key=True),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("status", String, nullable=False),
    Column("source", String, nullable=False),
    Column("writer", String, nullable=False),
    Column("target", String, nullable=False),
    Column("since", Float),
    Column("until", Float),
    Column("dry_run", Boolean, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("options", JSON, nullable=False),
    Column("usage", JSON, nullable=False),
    Column("cursor", String),
    Column("listed", Boolean, nullable=False),
    Column("sitting", Integer, nullable=False, default=1),
)

ITEMS = Table(
    "items",
    META,
    Column("run_id", String, primary_key=True),
    Column("conversation_id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("correlation_id", String),
    Column("attempt", Integer, nullable=False, default=0),
    Column("next_at", Float),
    Column("channel", String, nullable=False, default="unknown"),
    Column("queue", String),
    Column("language", String),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("messages", Integer, nullable=False, default=0),
    Column("revision", String, nullable=False, default=""),
    Column("participants", JSON, nullable=False, default=list),
    Column("sessions", JSON, nullable=False, default=list),
    Column("carried_from", String),
    Column("sitting", Integer, nullable=False, default=1),
    Index("items_by_state", "run_id", "state"),
    Index("items_by_conversation", "conversation_id"),
)

ENTITIES = Table(
    "entities",
    META,
    Column("run_id", String, primary_key=True),
    Column("conversation_id", String, primary_key=True),
    Column("label", String, primary_key=True),
    Column("canonical_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("confidence", Float),
    Column("confidence_kind", String, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("linked", Boolean, nullable=False),
    Column("forms", JSON, nullable=False),
    Column("mentions", JSON, nullable=False),
)

CHANGES = Table(
    "changes",
    META,
    Column("run_id", String, primary_key=True),
    Column("conversation_id", String, primary_key=True),
    Column("target", String, nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("created", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("details", JSON, nullable=False),
    Column("intended_at", Float, nullable=False),
    Column("applied_at", Float),
    Column("version", Integer),
    Column("undone_at", Float),
    Index("changes_by_target", "target", "conversation_id"),
)


def open_engine(path: Path, *, readonly: bool = False) -> Engine:
    """Open the journal file, creating it (and its folder) unless `readonly`.

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
            f"sqlite:///{path}", connect_args={"timeout": 10.0, "check_same_thread": False}
        )
        event.listen(engine, "connect", _configure)
        _check_version(engine, path)
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
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _check_version(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        if tables == 0 or (application == APPLICATION_ID and version == 0):
            # Not one transaction: marked as ours first and as complete last, so that a kill between harms nothing.
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            META.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
        elif application != APPLICATION_ID:
            raise JournalError(f"{path} is a database, but no Earmark journal", hint="pass another --journal")
        elif version > VERSION:
            raise JournalError(
                f"the journal {path} has format {version}; this Earmark knows formats up to {VERSION}",
                hint="use the newer Earmark that wrote it, or pass another --journal",
            )


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
