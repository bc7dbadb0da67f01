"""The journal's tables. A later format only adds tables and columns, each with a default for the rows before it."""

from __future__ import annotations

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
    text,
)

APPLICATION_ID = 0x4541524D  # "EARM", so that no other SQLite file is taken for a journal
VERSION = 3
META = MetaData()
FOR_REVIEW = text("verdict = 'review'")  # as it stands in the index: a parameter would not use it

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
    Column("basis", String),  # the fingerprint but for the cuts; null before format 2
    Column("confidence", JSON, nullable=False, server_default=text("'{}'")),
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
    Column("assertion", String, nullable=False, server_default=text("'present'")),
    Column("cue", JSON(none_as_null=True)),
    Column("unsure", Boolean, nullable=False, server_default=text("0")),
    Index("entities_for_review", "run_id", sqlite_where=FOR_REVIEW),
)

PAIRS = Table(
    "pairs",
    META,
    Column("run_id", String, primary_key=True),
    Column("conversation_id", String, primary_key=True),
    Column("product_id", String, primary_key=True),
    Column("issue_id", String, primary_key=True),
    Column("nearness", String, nullable=False),
    Column("product_message", Integer, nullable=False),
    Column("issue_message", Integer, nullable=False),
    sqlite_with_rowid=False,  # the key is most of a row: it is stored once
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
    Column(
        "kept", JSON(none_as_null=True)
    ),  # keys that an undo left to others; the rest of them was taken back
    Index("changes_by_target", "target", "conversation_id"),
)

ERASURES = Table(
    "erasures",
    META,
    Column("alias", String, primary_key=True),  # a keyed hash of the conversation's id
    Column("erased_at", Float, nullable=False),
)

KEYS = Table("keys", META, Column("name", String, primary_key=True), Column("value", String, nullable=False))
