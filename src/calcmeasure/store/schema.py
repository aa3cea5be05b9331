"""Tables of the measurement store. Rows are only ever added: triggers refuse UPDATE and DELETE."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

SCHEMA_VERSION = 1
"""Raised with every change of the tables; a newer store is not opened by an older program."""

metadata = MetaData()

store_info = Table(
    "store_info",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

annotation_version = Table(
    "annotation_version",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("patient_id", String, nullable=False),
    Column("reader", String, nullable=False),
    Column("annotation_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("supersedes", Integer, ForeignKey("annotation_version.seq"), nullable=True),
    Column("retracted", Boolean, nullable=False),
    Column("reason", String, nullable=False),
    Column("content", Text, nullable=False),
    Column("value_mm", Float, nullable=True),
    Column("content_sha256", String, nullable=False),
    Column("chain_sha256", String, nullable=False),
    Column("recorded_utc", String, nullable=False),
    UniqueConstraint("patient_id", "reader", "annotation_id", "version"),
)
Index("annotation_by_patient", annotation_version.c.patient_id, annotation_version.c.reader)

finished_patient = Table(
    "finished_patient",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("patient_id", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("recorded_utc", String, nullable=False),
)
Index("finished_by_patient", finished_patient.c.patient_id)


def _refuse_changes(table: Table) -> None:
    """Make a table append-only in SQLite, whichever program writes to it."""
    for verb in ("UPDATE", "DELETE"):
        trigger = DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER IF NOT EXISTS {table.name}_no_{verb.lower()} BEFORE {verb} ON {table.name} "
            f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
        )
        event.listen(table, "after_create", trigger.execute_if(dialect="sqlite"))


_refuse_changes(annotation_version)
_refuse_changes(finished_patient)
