"""The append-only measurement store: an edit is a new row that supersedes, nothing is ever overwritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType

from sqlalchemy import Connection, Engine, RowMapping, and_, func, insert, select

from calcmeasure.errors import ErrorCode, StoreError
from calcmeasure.model.annotation import Annotation
from calcmeasure.store.annotation_json import annotation_from_json, annotation_to_json
from calcmeasure.store.clock import utc_now
from calcmeasure.store.engine import open_engine, reading, writing
from calcmeasure.store.schema import annotation_version as versions
from calcmeasure.store.schema import finished_patient as finished


@dataclass(frozen=True, slots=True)
class StoredAnnotation:
    """The version in force of one annotation.

    Parameters
    ----------
    version
        1 for the first; higher when superseded.
    reason
        Why it superseded the one before.
    recorded_utc
        When, ISO 8601.
    """

    patient_id: str
    reader: str
    annotation: Annotation
    version: int
    reason: str
    recorded_utc: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader's findings in one patient, to be recorded together.

    Parameters
    ----------
    values_mm
        Millimetres by annotation id, kept beside the points for plain SQL queries.
    complete
        Whether annotations of this reader that are not among these were given up (an automatic re-run) or are
        simply not touched (a reader's correction).
    retract
        Identifiers of annotations given up, with the reading's reason; one given up before adds nothing.
    based_on
        Annotation id to the version the reader saw, 0 or absent where there was none in force; None when nothing was
        looked at before (an automatic run).
    """

    patient_id: str
    reader: str
    annotations: Sequence[Annotation]
    values_mm: dict[str, float | None]
    reason: str = "measured"
    complete: bool = False
    retract: Sequence[str] = ()
    based_on: Mapping[str, int] | None = None


class MeasurementStore:
    """Annotations of every reader, with all earlier versions, and which patients are done.

    Parameters
    ----------
    url
        SQLAlchemy URL, or a file name, which means SQLite.

    Raises
    ------
    StoreError
        When it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self._engine: Engine = open_engine(url)

    def __enter__(self) -> MeasurementStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the database."""
        self._engine.dispose()

    def record(self, reading_: Reading, *, fingerprint: str = "", outcome: str = "{}") -> int:
        """Add what is new in a reading, in one transaction.

        Parameters
        ----------
        reading_
            Findings; one that equals the version in force adds nothing.
        fingerprint
            Of inputs and settings; when given, the patient counts as finished for it.
        outcome
            JSON kept with the finished patient (problems met, timings).

        Returns
        -------
        int
            Number of rows added to the annotations.

        Raises
        ------
        StoreError
            With `ErrorCode.STORE_CONFLICT` when another version than the one the reader saw is in force; nothing is
            recorded then.
        """
        with writing(self._engine) as connection:
            added = _append_changes(connection, reading_)
            if fingerprint:
                _mark_finished(connection, patient_id=reading_.patient_id, fingerprint=fingerprint, outcome=outcome)
        return added

    def outcome_of(self, patient_id: str, *, fingerprint: str) -> str | None:
        """Outcome JSON of a patient last finished with exactly these inputs and settings; None when not.

        Only the last time counts: what an earlier run with these settings found may have been superseded since.
        """
        with reading(self._engine) as connection:
            row = _last_finished(connection, patient_id)
        return row["outcome"] if row is not None and row["fingerprint"] == fingerprint else None

    def current(self, *, patient_id: str | None = None, reader: str | None = None) -> list[StoredAnnotation]:
        """Annotations in force, in order of patient, reader and annotation id."""
        with reading(self._engine) as connection:
            rows = _current_rows(connection, patient_id=patient_id, reader=reader)
        return [_stored(row) for row in rows if not row["retracted"]]

    def history(self, annotation_id: str, *, patient_id: str, reader: str) -> list[StoredAnnotation]:
        """Every version of one annotation, oldest first, a retraction included."""
        query = (
            select(versions)
            .where(
                versions.c.patient_id == patient_id,
                versions.c.reader == reader,
                versions.c.annotation_id == annotation_id,
            )
            .order_by(versions.c.version)
        )
        with reading(self._engine) as connection:
            return [_stored(row) for row in connection.execute(query).mappings()]

    def verify(self) -> int:
        """Recompute the hash chain over all annotation versions.

        Returns
        -------
        int
            Number of versions checked.

        Raises
        ------
        StoreError
            Naming the first row whose content or place in the chain was changed.
        """
        previous, count = "", 0
        with reading(self._engine) as connection:
            for row in connection.execute(select(versions).order_by(versions.c.seq)).mappings():
                chain = _chain(previous, row)
                if chain != row["chain_sha256"] or _digest(row["content"]) != row["content_sha256"]:
                    raise StoreError(
                        f"row {row['seq']} of the store was changed after it was written; restore it from a copy",
                        code=ErrorCode.STORE_CHANGED,
                    )
                previous, count = chain, count + 1
        return count


def _append_changes(connection: Connection, reading_: Reading) -> int:
    in_force = {
        row["annotation_id"]: row
        for row in _current_rows(connection, patient_id=reading_.patient_id, reader=reading_.reader)
    }
    drawn = {annotation.annotation_id for annotation in reading_.annotations}
    new = [one for one in reading_.annotations if not _stands(in_force.get(one.annotation_id), one)]
    gone = [row for row in _given_up(in_force, reading_) if row["annotation_id"] not in drawn and not row["retracted"]]
    _check_seen([*(one.annotation_id for one in new), *(row["annotation_id"] for row in gone)], in_force, reading_)
    for one in new:
        before, content = in_force.get(one.annotation_id), _canonical(one)
        _insert_version(connection, reading_, before, one.annotation_id, content, retracted=False)
    for row in gone:
        _insert_version(connection, reading_, row, row["annotation_id"], row["content"], retracted=True)
    return len(new) + len(gone)


def _stands(row: RowMapping | None, annotation: Annotation) -> bool:
    return row is not None and not row["retracted"] and _same_finding(_stored(row).annotation, annotation)


def _given_up(in_force: Mapping[str, RowMapping], reading_: Reading) -> list[RowMapping]:
    unknown = [annotation_id for annotation_id in reading_.retract if annotation_id not in in_force]
    if unknown:
        raise StoreError(f"{len(unknown)} finding(s) to be given up were never recorded; load the patient again")
    return list(in_force.values()) if reading_.complete else [in_force[one] for one in dict.fromkeys(reading_.retract)]


def _check_seen(touched: Sequence[str], in_force: Mapping[str, RowMapping], reading_: Reading) -> None:
    """Refuse to supersede what the reader never saw; what is recorded the same way already is no conflict."""
    if reading_.based_on is None:
        return
    rows = [in_force[one] for one in touched if one in in_force]
    newer = [row for row in rows if _version_in_force(row) != reading_.based_on.get(row["annotation_id"], 0)]
    lost = [one for one in touched if one not in in_force and reading_.based_on.get(one, 0)]
    if newer or lost:
        last = max((row["recorded_utc"] for row in newer), default="")
        raise StoreError(
            f"another window signed {len(newer) + len(lost)} of these findings as {reading_.reader}"
            f"{f' on {last}' if last else ''}, after they were opened here; nothing was recorded. "
            "Load the patient again, compare, and sign",
            code=ErrorCode.STORE_CONFLICT,
        )


def _version_in_force(row: RowMapping) -> int:
    return 0 if row["retracted"] else int(row["version"])


def _insert_version(
    connection: Connection,
    reading_: Reading,
    before: RowMapping | None,
    annotation_id: str,
    content: str,
    *,
    retracted: bool,
) -> None:
    row: dict[str, object] = {
        "patient_id": reading_.patient_id,
        "reader": reading_.reader,
        "annotation_id": annotation_id,
        "version": 1 if before is None else before["version"] + 1,
        "supersedes": None if before is None else before["seq"],
        "retracted": retracted,
        "reason": _reason(reading_, annotation_id, retracted=retracted),
        "content": content,
        "value_mm": None if retracted else reading_.values_mm.get(annotation_id),
        "content_sha256": _digest(content),
        "recorded_utc": utc_now(),
    }
    last = connection.execute(select(versions.c.chain_sha256).order_by(versions.c.seq.desc()).limit(1)).scalar()
    connection.execute(insert(versions).values(**row, chain_sha256=_chain(last or "", row)))


def _reason(reading_: Reading, annotation_id: str, *, retracted: bool) -> str:
    by_rerun = retracted and annotation_id not in reading_.retract
    return f"no longer found; {reading_.reason}" if by_rerun else reading_.reason


def _mark_finished(connection: Connection, *, patient_id: str, fingerprint: str, outcome: str) -> None:
    last = _last_finished(connection, patient_id)
    if last is None or last["fingerprint"] != fingerprint:
        row = {"patient_id": patient_id, "fingerprint": fingerprint, "outcome": outcome, "recorded_utc": utc_now()}
        connection.execute(insert(finished).values(row))


def _last_finished(connection: Connection, patient_id: str) -> RowMapping | None:
    query = select(finished).where(finished.c.patient_id == patient_id).order_by(finished.c.seq.desc()).limit(1)
    return connection.execute(query).mappings().first()


def _current_rows(connection: Connection, *, patient_id: str | None, reader: str | None) -> list[RowMapping]:
    key = (versions.c.patient_id, versions.c.reader, versions.c.annotation_id)
    newest = select(*key, func.max(versions.c.version).label("version")).group_by(*key).subquery()
    same = and_(*(versions.c[c.name] == newest.c[c.name] for c in key), versions.c.version == newest.c.version)
    query = select(versions).join(newest, same).order_by(*key)
    if patient_id is not None:
        query = query.where(versions.c.patient_id == patient_id)
    if reader is not None:
        query = query.where(versions.c.reader == reader)
    return list(connection.execute(query).mappings())


def _stored(row: RowMapping) -> StoredAnnotation:
    annotation = annotation_from_json(json.loads(row["content"]), study_date="", place=f"row {row['seq']}")
    return StoredAnnotation(
        row["patient_id"], row["reader"], annotation, row["version"], row["reason"], row["recorded_utc"]
    )


def _same_finding(one: Annotation, other: Annotation) -> bool:
    """Whether two annotations differ in nothing but when and by which version they were written."""
    one, other = (replace(a, created_utc="", software="") for a in (one, other))
    return _canonical(one) == _canonical(other)


def _canonical(annotation: Annotation) -> str:
    return json.dumps(annotation_to_json(annotation), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_CHAINED = ("patient_id", "reader", "annotation_id", "version", "supersedes", "retracted", "reason", "value_mm",
            "content_sha256", "recorded_utc")  # fmt: skip


def _chain(previous: str, row: RowMapping | dict[str, object]) -> str:
    return _digest(json.dumps([previous, *(row[name] for name in _CHAINED)]))
