"""Which visit a study belongs to: by its date, by the trial's own naming, or by a table the user gives.

Rule by date: a patient's studies in date order form visits. A study joins the visit before it when both are on one day,
or when it lies within `VISIT_DAYS` of the visit's first study and the visit holds none of its modalities yet:
mammography and MRI of one visit are often booked days apart, while two mammographies (or two MRIs) on different days
are two looks at the tumour, however close. The first visit is ``baseline``, the next ``followup-1``, and so on.

A place that none of these tells is ``assumed``: it keeps the study's rows apart from others and is never compared.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from calcmeasure.errors import ErrorCode, TableError

VISIT_DAYS = 28
"""Longest span of one visit: two visits around neoadjuvant treatment are several cycles of 2 to 3 weeks apart."""

_TIMEPOINT = re.compile(r"baseline|followup-[1-9]\d*")
_COLUMNS = {"patient_id", "timepoint"}
_NUMBERED = re.compile(r"(.*?)([0-9]{1,9})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StudyDescription:
    """What is needed of a study to place it in time.

    Parameters
    ----------
    trial_timepoint
        Clinical Trial Time Point ID (0012,0050); empty when absent.
    modalities
        Modalities of the images used from it.
    """

    study_uid: str
    study_date: date | None
    modalities: frozenset[str]
    trial_timepoint: str = ""


@dataclass(frozen=True, slots=True)
class TimepointTable:
    """Time points given by the user.

    Parameters
    ----------
    by_study_uid, by_date
        Keys ``(patient_id, study_uid)`` and ``(patient_id, ISO date)``.
    """

    by_study_uid: Mapping[tuple[str, str], str] = field(default_factory=dict)
    by_date: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def find(self, patient_id: str, study: StudyDescription) -> str | None:
        """Time point of a study; None when the table does not name it."""
        by_uid = self.by_study_uid.get((patient_id, study.study_uid))
        day = study.study_date.isoformat() if study.study_date else ""
        return by_uid or self.by_date.get((patient_id, day))


@dataclass(frozen=True, slots=True)
class Placement:
    """The time point of one study and where it comes from: ``study_date``, ``dicom``, ``table`` or ``assumed``."""

    timepoint: str
    source: str


def place_studies(
    studies: Sequence[StudyDescription], *, patient_id: str = "", table: TimepointTable | None = None
) -> dict[str, Placement]:
    """Give every study of one patient its time point.

    Parameters
    ----------
    studies
        All studies of the patient, in any order.
    patient_id
        Needed with a table.
    table
        Studies it does not name keep the time point of their date, ``assumed`` where it gives that one to another
        visit.

    Returns
    -------
    dict
        Study UID to placement. Trial time points count only when every study has one.
    """
    by_header = _by_trial(studies) or _by_date(studies)
    named = {study.study_uid: table.find(patient_id, study) for study in studies} if table is not None else {}
    by_table = {uid: Placement(timepoint, "table") for uid, timepoint in named.items() if timepoint}
    # A time point is taken when the table moved another visit's study there: who is not named cannot stay.
    taken = {
        placement.timepoint for uid, placement in by_table.items() if placement.timepoint != by_header[uid].timepoint
    }
    unnamed = {uid: p if p.timepoint not in taken else replace(p, source="assumed") for uid, p in by_header.items()}
    return unnamed | by_table


def name_timepoint(number: int) -> str:
    """``baseline`` for 0, then ``followup-1``, ``followup-2``, ...

    Examples
    --------
    >>> name_timepoint(0), name_timepoint(2)
    ('baseline', 'followup-2')
    """
    return "baseline" if number == 0 else f"followup-{number}"


def read_date(text: str) -> date | None:
    """Parse a DICOM date (``YYYYMMDD``, or the old ``YYYY.MM.DD``); None when blank or impossible."""
    digits = text.strip().replace(".", "").replace("-", "")
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def read_timepoints(path: Path) -> TimepointTable:
    """Read a table of time points: columns ``patient_id``, ``timepoint`` and ``study_uid`` or ``study_date``.

    Parameters
    ----------
    path
        CSV, UTF-8, one header row.

    Raises
    ------
    TableError
        With the line number, for a missing column, an empty, unknown or contradictory entry or an impossible date.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = set(reader.fieldnames or ())
            if not names >= _COLUMNS or not names & {"study_uid", "study_date"}:
                raise TableError(
                    "line 1: the table needs the columns patient_id, timepoint and study_uid or study_date",
                    code=ErrorCode.TABLE,
                )
            return _collect(_entry(row, reader.line_num) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"the table of time points cannot be read ({type(error).__name__})") from error


def _collect(entries: Iterable[tuple[int, tuple[str, str], bool, str]]) -> TimepointTable:
    by_uid: dict[tuple[str, str], str] = {}
    by_date: dict[tuple[str, str], str] = {}
    for line, key, is_uid, timepoint in entries:
        known = (by_uid if is_uid else by_date).setdefault(key, timepoint)
        if known != timepoint:
            raise TableError(f"line {line}: the study is named {known!r} and {timepoint!r}")
    return TimepointTable(by_uid, by_date)


def _entry(row: Mapping[str | None, str | None], line: int) -> tuple[int, tuple[str, str], bool, str]:
    fields = {k: (v or "").strip() for k, v in row.items() if k is not None and isinstance(v, (str, type(None)))}
    patient, timepoint, uid = (fields.get(name, "") for name in ("patient_id", "timepoint", "study_uid"))
    if not patient or not _TIMEPOINT.fullmatch(timepoint):
        raise TableError(f"line {line}: needs a patient_id and a timepoint: 'baseline', 'followup-1', ...")
    if uid:
        return line, (patient, uid), True, timepoint
    day = read_date(fields.get("study_date", ""))
    if day is None:
        raise TableError(f"line {line}: neither a study_uid nor a valid study_date (YYYY-MM-DD)")
    return line, (patient, day.isoformat()), False, timepoint


def _by_trial(studies: Sequence[StudyDescription]) -> dict[str, Placement]:
    """Group by the trial's identifiers; the visits in date order, without dates by their numbers, get our names."""
    if not all(study.trial_timepoint for study in studies):
        return {}
    in_order = list(dict.fromkeys(study.trial_timepoint for study in sorted(studies, key=_date_order)))
    dated = {study.trial_timepoint for study in studies if study.study_date is not None}
    numbers = _trial_numbers(in_order)
    source = "dicom" if len(dated) == len(in_order) or numbers or len(in_order) == 1 else "assumed"
    if len(dated) < len(in_order) and numbers:
        in_order.sort(key=numbers.__getitem__)
    names = {identifier: name_timepoint(number) for number, identifier in enumerate(in_order)}
    return {study.study_uid: Placement(names[study.trial_timepoint], source) for study in studies}


def _trial_numbers(identifiers: Sequence[str]) -> dict[str, int]:
    """Numbers of identifiers such as ``T0``, ``T1``; empty unless they differ in nothing but one number at the end."""
    parts = {identifier: _NUMBERED.fullmatch(identifier) for identifier in identifiers}
    numbers = {identifier: int(match[2]) for identifier, match in parts.items() if match}
    alike = len(numbers) == len(parts) and len({match[1] for match in parts.values() if match}) == 1
    return numbers if alike and len(set(numbers.values())) == len(numbers) else {}


def _by_date(studies: Sequence[StudyDescription]) -> dict[str, Placement]:
    """Undated studies come last, each a visit of its own: their order cannot be known."""
    placed: dict[str, Placement] = {}
    visit_start: date | None = None
    modalities: set[str] = set()
    number = -1
    previous: date | None = None
    for study in sorted(studies, key=_date_order):
        same_day = study.study_date is not None and study.study_date == previous
        if not (same_day or _joins(study, visit_start, modalities)):
            number, visit_start, modalities = number + 1, study.study_date, set()
        modalities |= study.modalities
        previous = study.study_date
        source = "study_date" if study.study_date is not None or len(studies) == 1 else "assumed"
        placed[study.study_uid] = Placement(name_timepoint(number), source)
    return placed


def _joins(study: StudyDescription, visit_start: date | None, modalities: set[str]) -> bool:
    if study.study_date is None or visit_start is None or modalities & study.modalities:
        return False
    return (study.study_date - visit_start).days <= VISIT_DAYS


def _date_order(study: StudyDescription) -> tuple[date, str]:
    return (study.study_date or date.max, study.study_uid)
