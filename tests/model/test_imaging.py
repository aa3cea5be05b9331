"""What was acquired: values that can be hashed, compared and sent to another process."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.model import imaging
from calcmeasure.model.imaging import (
    DynamicSeries,
    FolderIndex,
    FrameReference,
    Mammogram,
    Patient,
    Phase,
    Skipped,
    Study,
)
from calcmeasure.terms import Laterality, View

FRAME = FrameReference(Path("a.dcm"), "1.2.3")
MAMMOGRAM = Mammogram(FRAME, "1.2", "1", Laterality.LEFT, View.CC, None, 100, 80, None)
GRID = ImageGrid(
    (2, 4, 5),
    (0.0, 0.0, 0.0),
    ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    Spacing(1.0, 1.0, SpacingSource.PATIENT, slice_mm=2.0),
)
PHASE = Phase(0, None, None, None, (FRAME, replace(FRAME, frame=1)))
SERIES = DynamicSeries(("1.2",), "1", "GE", "key", "reason", "injection", (PHASE,), None, GRID)
STUDY = Study("1", date(2021, 3, 4), "baseline", "study_date", (MAMMOGRAM,), (SERIES,))
PATIENT = Patient("P1", "P1", (STUDY,))
SKIPPED = Skipped(Path("b.dcm"), ErrorCode.DERIVED, "a subtraction")
INDEX = FolderIndex((PATIENT,), (SKIPPED,), {"seen": 2})


@pytest.mark.parametrize("value", [FRAME, MAMMOGRAM, PHASE, SERIES, STUDY, PATIENT, SKIPPED, INDEX])
def test_crosses_a_process_boundary_whole(value):
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", [FRAME, MAMMOGRAM, PHASE, SERIES, STUDY, PATIENT, SKIPPED])
def test_is_hashable_and_frozen(value):
    assert {value: 1}[replace(value)] == 1
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, None)


def test_what_a_header_does_not_say_stays_unsaid():
    assert MAMMOGRAM.usable
    assert (MAMMOGRAM.modifiers, MAMMOGRAM.patient_orientation, MAMMOGRAM.flags) == ((), (), ())
    assert SERIES.usable
    assert SERIES.description == ""
    assert FRAME.frame == 0
    assert FolderIndex((), ()).counts == {}


def test_two_indices_never_share_their_counts():
    one, other = FolderIndex((), ()), FolderIndex((), ())
    one.counts["seen"] = 1
    assert other.counts == {}


def test_frames_of_one_file_differ():
    assert replace(FRAME, frame=1) != FRAME
    assert len({FRAME, replace(FRAME, frame=1), replace(FRAME)}) == 2


def test_every_record_of_the_module_is_frozen_and_slotted():
    records = [kind for kind in vars(imaging).values() if is_dataclass(kind) and kind.__module__ == imaging.__name__]
    assert len(records) >= 8
    for kind in records:
        assert kind.__dataclass_params__.frozen
        assert "__slots__" in vars(kind)
