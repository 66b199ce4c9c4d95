"""Declare the history's tables. The migrations create them; a test compares the two.

Only the table ``search`` differs between the databases. SQLite has a virtual FTS5 table whose ``rowid`` is the
segment's ``number``; PostgreSQL has indexed terms (``history/search.py``).
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata: Final = MetaData(naming_convention=NAMES)

Number: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite autoincrements only INTEGER columns


_SPANS: Final = text("replaces <> ''")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


sessions: Final = Table(
    "sessions",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("truncated", Boolean, nullable=False, server_default=false()),
    *(_text(name) for name in ("owner", "device", "tenant", "client", "name", "reason", "options")),
    *(_count(name) for name in ("started_ms", "changed_ms", "segments", "finals", "failed", "cancelled")),
    *(_count(name) for name in ("samples", "size")),
    Index(None, "owner", "number"),
    Index(None, "tenant", "number"),
    Index(None, "changed_ms"),
    sqlite_autoincrement=True,
)

segments: Final = Table(
    "segments",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("session", Number, ForeignKey("sessions.number", ondelete="CASCADE"), nullable=False),
    Column("segment", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("at_ms", BigInteger),
    *(_count(name) for name in ("attempt", "samples", "ended_ms", "queue_ms", "decode_ms")),
    *(_text(name) for name in ("text", "language", "words", "model", "worker", "emotion", "event")),
    *(_text(name) for name in ("code", "message")),
    Column("retryable", Boolean, nullable=False),
    _text("replaces"),
    Column("counted", BigInteger),
    UniqueConstraint("session", "segment"),
    Index("ix_segments_spans", "session", sqlite_where=_SPANS, postgresql_where=_SPANS),
    sqlite_autoincrement=True,
)

usage: Final = Table(
    "usage",
    metadata,
    Column("day", Date, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    *(_count(name) for name in ("sessions", "segments", "failed", "samples", "characters")),
)

deleted: Final = Table(
    "deleted",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
)

search: Final = Table(
    "search",
    metadata,
    Column("segment", BigInteger, ForeignKey("segments.number", ondelete="CASCADE"), primary_key=True),
    Column("terms", TSVECTOR, nullable=False),
    Index("ix_search_terms", "terms", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}),
    info={"only": "postgresql"},
)
