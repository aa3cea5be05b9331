"""One patient through every stage, with detectors that answer as told."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from calcmeasure.detect.contract import (
    CalcificationCluster,
    CalcificationFindings,
    CalcificationMarks,
    LesionFinding,
    LesionFindings,
)
from calcmeasure.detect.lesions.followup import SecondLook
from calcmeasure.detect.registry import LESIONS
from calcmeasure.dicom.pixels import MammogramPixels
from calcmeasure.errors import DetectorError, ErrorCode, PixelError
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.model.imaging import DynamicSeries, FrameReference, Mammogram, Patient, Phase, Study
from calcmeasure.pipeline import dynamic, mammography
from calcmeasure.pipeline.patient import analyse_patient
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.store.lesion_masks import stored_mask
from calcmeasure.terms import Flag, Laterality, View

SPACING = Spacing(0.1, 0.2, SpacingSource.DETECTOR)
GRID = ImageGrid(
    shape=(5, 60, 60),
    origin_lps=(-60.0, -60.0, -10.0),
    axes_lps=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    spacing=Spacing(2.0, 2.0, SpacingSource.PATIENT, slice_mm=4.0),
)
NO_SPACING = (ErrorCode.SPACING_UNKNOWN, ErrorCode.SPACING_HOSTILE, ErrorCode.MAGNIFICATION_UNKNOWN)
SETTINGS = RunSettings()


class Detectors:
    """Answers by visit: each call takes the next one of its kind."""

    def __init__(self) -> None:
        self.lesions: list[object] = []
        self.clusters: list[object] = []

    def load(self, _name: str, *, kind: str):
        return (
            (lambda _image: self._next(self.lesions)) if kind == LESIONS else lambda _image: self._next(self.clusters)
        )

    @staticmethod
    def _next(answers: list[object]) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def detectors(monkeypatch):
    """Fake detectors and pixels; no file is opened."""
    fakes = Detectors()
    for module in (dynamic, mammography):
        monkeypatch.setattr(module, "load_detector", fakes.load)
    signal = np.full((4, *GRID.shape), 100.0, np.float32)
    signal[1:] = 180.0
    monkeypatch.setattr(dynamic, "load_phases", lambda _series, *, indices: signal[list(indices)])
    picture = np.full((100, 80), 90, np.uint8)
    pixels = MammogramPixels(picture.astype(np.float32), picture, picture > 0, ())
    monkeypatch.setattr(mammography, "load_mammogram", lambda _mammogram: pixels)
    return fakes


def lesion(row: float = 20.0, *, side: Laterality = Laterality.RIGHT, size: int = 10, flags: tuple[str, ...] = ()):
    """A square lesion of `size` pixels on slice 2."""
    first, column = int(row), 10 if side is Laterality.RIGHT else 45
    mask = np.zeros((1, size, size), bool)
    mask[:] = True
    corners = [(2.0, first, column), (2.0, first + size, column), (2.0, first + size, column + size)]
    contour = np.asarray([*corners, (2.0, first, column + size)], float)
    centre = (2.0, first + size / 2, column + size / 2)
    return LesionFinding(mask, (2, first, column), (contour,), side, centre, 0.9, flags=flags)


def saw(*lesions: LesionFinding, flags: tuple[str, ...] = ()) -> LesionFindings:
    return LesionFindings(lesions, np.ones(GRID.shape, bool), np.zeros(GRID.shape, np.float32), flags)


def group(*points_rc: tuple[float, float]) -> CalcificationCluster:
    points = np.asarray(points_rc, float)
    return CalcificationCluster(CalcificationMarks.plain(points, np.full(len(points), 0.4)), 0.8)


def marked(*clusters: CalcificationCluster, flags: tuple[str, ...] = ()) -> CalcificationFindings:
    return CalcificationFindings(clusters, np.ones((100, 80), bool), CalcificationMarks.none(), flags)


def _slices(uid: str):
    return (FrameReference(Path(f"{uid}-{z}"), f"{uid}.{z}") for z in range(GRID.shape[0]))


def series(uid: str = "9", n_phases: int = 4, **changes: object) -> DynamicSeries:
    phases = tuple(
        Phase(i, -40.0 + 70.0 * i, -75.0 + 70.0 * i, 70.0, tuple(_slices(f"{uid}.{i}")), f"{uid}.s{i > 0:d}")
        for i in range(n_phases)
    )
    made = DynamicSeries((uid,), "1", "GE", "TriggerTime", "it splits", "injection", phases, 1, GRID)
    return replace(made, **changes)


def view(name: View = View.CC, uid: str = "5", **changes: object) -> Mammogram:
    image = Mammogram(
        FrameReference(Path(f"mg-{uid}"), uid), f"{uid}.0", "1", Laterality.RIGHT, name, None, 100, 80, SPACING
    )
    return replace(image, **changes)


def visit(number: int, *mammograms: Mammogram, mr: tuple[DynamicSeries, ...] = (), **changes: object) -> Study:
    name = "baseline" if number == 0 else f"followup-{number}"
    study = Study(str(number), date(2024, 1 + number, 1), name, "study_date", tuple(mammograms), mr)
    return replace(study, **changes)


def analyse(*studies: Study):
    return analyse_patient(Patient("P", "P", tuple(studies)), SETTINGS)


def diameters(analysis) -> list[tuple[str, str, float | None]]:
    return [(m.timepoint, m.lesion_id, m.value_mm and round(m.value_mm, 1)) for m in analysis.measurements]


SQUARE_MM, HALF_MM = round(20.0 * 2**0.5, 1), round(10.0 * 2**0.5, 1)
"""Diagonals of the squares drawn on a grid of 2 mm."""


def test_a_lesion_is_followed_under_one_name(detectors):
    detectors.lesions = [saw(lesion(20)), saw(lesion(22, size=5))]
    found = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),)))
    assert diameters(found) == [("baseline", "R-L1", SQUARE_MM), ("followup-1", "R-L1", HALF_MM)]
    assert found.skipped == ()
    assert len(found.panels) == 2


def test_the_row_tells_phase_and_series(detectors):
    detectors.lesions = [saw(lesion(20, flags=("motion_corrected",)), flags=("one_breast",))]
    (row,) = analyse(visit(0, mr=(series("9"),))).measurements
    assert (row.phase.index, row.phase.rule, row.phase.time_zero) == (2, "k-space-centre-90s", "injection")
    assert row.image.series_uid == "9.s1", "the series of the phase measured, not that of the pre-contrast one"
    assert (row.image.frame, row.image.sop_uid) == (2, "9.2.2"), "the image of the slice measured"
    assert row.laterality is Laterality.RIGHT
    assert row.flags == ("one_breast", "motion_corrected")
    assert row.volume_mm3 == pytest.approx(100 * 2 * 2 * 4)


def test_a_vanished_lesion_is_zero_under_its_name(detectors):
    detectors.lesions = [saw(lesion(20), lesion(20, side=Laterality.LEFT)), saw()]
    found = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),)))
    assert diameters(found)[2:] == [("followup-1", "R-L1", 0.0), ("followup-1", "L-L1", 0.0)]
    assert [m.laterality for m in found.measurements[2:]] == [Laterality.RIGHT, Laterality.LEFT]
    assert len({m.annotation_id for m in found.measurements}) == 4


def test_one_of_two_lesions_vanishes(detectors):
    detectors.lesions = [saw(lesion(20), lesion(20, side=Laterality.LEFT)), saw(lesion(20, side=Laterality.LEFT))]
    found = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),)))
    later = {name: value for when, name, value in diameters(found) if when == "followup-1"}
    assert later == {"L-L1": SQUARE_MM, "R-L1": 0.0}


def test_a_lesion_that_comes_back_keeps_its_name(detectors):
    detectors.lesions = [saw(lesion(20)), saw(), saw(lesion(21))]
    found = analyse(*(visit(i, mr=(series(str(i)),)) for i in range(3)))
    assert diameters(found) == [
        ("baseline", "R-L1", SQUARE_MM),
        ("followup-1", "R-L1", 0.0),
        ("followup-2", "R-L1", SQUARE_MM),
    ]


def test_a_new_lesion_is_a_candidate_only_after_the_first_visit(detectors):
    detectors.lesions = [saw(lesion(20)), saw(lesion(20), lesion(20, side=Laterality.LEFT))]
    found = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),)))
    flagged = [m.lesion_id for m in found.measurements if Flag.NEW_LESION_CANDIDATE in m.flags]
    assert flagged == ["L-L1"]


def test_nothing_ever_found_is_one_zero_row_per_visit(detectors):
    detectors.lesions = [saw(), saw()]
    found = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),)))
    assert diameters(found) == [("baseline", "", 0.0), ("followup-1", "", 0.0)]


def test_a_series_that_cannot_be_measured_keeps_a_row_with_its_code(detectors):
    detectors.lesions = [saw(lesion(20))]
    refused = series("8", usable=False, flags=(ErrorCode.TIME_UNKNOWN,), sort_reason="no usable time")
    found = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(refused,)))
    assert diameters(found)[1:] == [("followup-1", "", None)]
    assert ErrorCode.TIME_UNKNOWN in found.measurements[1].flags
    assert [(s.code, s.reason) for s in found.skipped] == [(ErrorCode.TIME_UNKNOWN, "no usable time")]


def test_a_series_without_phase_before_contrast_is_refused(detectors):
    found = analyse(visit(0, mr=(series("9", first_post_contrast=0),)))
    assert found.measurements[0].value_mm is None
    assert {str(s.code) for s in found.skipped} <= {"E_NO_PRE_CONTRAST", "E_NO_EARLY_PHASE"}
    assert found.skipped


def test_the_series_with_most_phases_is_measured(detectors):
    detectors.lesions = [saw(lesion(20))]
    broken = series("3", 4, usable=False, flags=(ErrorCode.MISSING_SLICE,), sort_reason="a slice is missing")
    found = analyse(visit(0, mr=(series("7", 3), series("9", 4), broken)))
    assert [m.image.series_uid for m in found.measurements] == ["9.s1"]
    assert {(s.path.name, str(s.code)) for s in found.skipped} == {
        ("7.0-0", "E_NOT_PREFERRED"),
        ("3.0-0", "E_MISSING_SLICE"),
    }


def test_a_detector_that_refuses_costs_one_row(detectors, caplog):
    detectors.lesions = [DetectorError("no breast", code=ErrorCode.DETECTION), saw(lesion(20))]
    with caplog.at_level(logging.WARNING):
        found = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),)))
    assert diameters(found) == [("baseline", "", None), ("followup-1", "R-L1", SQUARE_MM)]
    assert [s.code for s in found.skipped] == [ErrorCode.DETECTION]
    assert "E_DETECTION" in caplog.text


def test_marks_become_rows_largest_first(detectors):
    detectors.clusters = [marked(group((10, 10), (20, 10)), group((10, 10), (60, 10), (30, 20)))]
    found = analyse(visit(0, view()))
    assert [(m.lesion_id, m.value_mm, m.n_marks) for m in found.measurements] == [("R-C1", 5.0, 3), ("R-C2", 1.0, 2)]
    assert found.measurements[0].ends in (((10.0, 10.0), (60.0, 10.0)), ((60.0, 10.0), (10.0, 10.0)))
    assert len(found.panels) == 2


def test_no_marks_are_zero(detectors):
    detectors.clusters = [marked()]
    (row,) = analyse(visit(0, view())).measurements
    assert (row.value_mm, row.lesion_id, row.flags) == (0.0, "R-C1", ())


@pytest.mark.parametrize("flag", ["breast_mask_uncertain", "no_breast"])
def test_marks_on_what_may_be_no_breast_are_shown_and_not_measured(detectors, flag):
    detectors.clusters = [marked(group((10, 10), (20, 10)), flags=(flag,))]
    found = analyse(visit(0, view()))
    (row,) = found.measurements
    assert (row.value_mm, row.n_marks) == (None, 2)
    assert row.flags == ("E_NO_BREAST", flag)
    assert [entry.code for entry in found.skipped] == ["E_NO_BREAST"]
    assert len(found.panels) == 1


def test_a_defect_of_a_detector_costs_one_image(detectors, monkeypatch):
    def broken(image):
        raise ZeroDivisionError("secret header value")

    monkeypatch.setattr("calcmeasure.pipeline.mammography.load_detector", lambda name, *, kind: broken)
    found = analyse(visit(0, view()))
    assert [row.flags for row in found.measurements] == [("E_DETECTION",)]
    assert "secret" not in found.skipped[0].reason


@pytest.mark.parametrize(
    "code", [ErrorCode.SPACING_UNKNOWN, ErrorCode.SPACING_HOSTILE, ErrorCode.MAGNIFICATION_UNKNOWN]
)
def test_no_spacing_is_shown_and_not_measured(detectors, code):
    found = analyse(visit(0, view(spacing=None, flags=(code,))))
    (row,) = found.measurements
    assert row.value_mm is None
    assert code in row.flags
    assert len(found.panels) == 1
    assert [s.code for s in found.skipped] == [code]


def test_pixels_that_cannot_be_decoded_cost_one_image(detectors, monkeypatch):
    good = mammography.load_mammogram

    def load(mammogram):
        if mammogram.image.sop_uid == "bad":
            raise PixelError("cut short", code=ErrorCode.TRUNCATED)
        return good(mammogram)

    monkeypatch.setattr(mammography, "load_mammogram", load)
    detectors.clusters = [marked(group((10, 10), (60, 10)))]
    found = analyse(visit(0, view(uid="bad"), view(View.MLO, uid="6")))
    assert [(m.view, m.value_mm) for m in found.measurements] == [(View.CC, None), (View.MLO, 5.0)]
    assert [(s.path.name, s.code) for s in found.skipped] == [("mg-bad", ErrorCode.TRUNCATED)]


def test_a_refusing_calcification_detector_costs_one_image(detectors):
    detectors.clusters = [DetectorError("too coarse", code=ErrorCode.DETECTION), marked(group((10, 10), (60, 10)))]
    found = analyse(visit(0, view(uid="5"), view(View.MLO, uid="6")))
    assert [m.value_mm for m in found.measurements] == [None, 5.0]
    assert ErrorCode.DETECTION in found.measurements[0].flags


def test_an_image_left_out_has_a_reason_and_no_row(detectors):
    flags = (ErrorCode.NOT_PREFERRED, "other_intent_preferred")
    found = analyse(visit(0, view(usable=False, flags=flags)))
    assert found.measurements == ()
    (entry,) = found.skipped
    assert (entry.code, entry.reason) == (ErrorCode.NOT_PREFERRED, "not measured: other intent preferred")


def test_what_concerns_the_study_concerns_every_row(detectors):
    """Two people under one identifier: nothing of it is measured, not even where a detector sees something."""
    detectors.clusters, detectors.lesions = [marked(group((10, 10), (60, 10)))], [saw(lesion(20))]
    found = analyse(visit(0, view(), mr=(series("9"),), flags=(str(ErrorCode.PATIENT_CONFLICT),)))
    assert [m.value_mm for m in found.measurements] == [None, None]
    assert all(ErrorCode.PATIENT_CONFLICT in m.flags for m in found.measurements)


def test_timings_and_memory_are_told(detectors):
    detectors.clusters = [marked()]
    found = analyse(visit(0, view()))
    assert set(found.timings_s) == {"mammography", "dynamic_mr"}
    assert found.peak_mib > 10


def test_the_kinetic_curve_stands_beside_its_lesion(detectors):
    detectors.lesions = [saw(lesion(20))]
    (panel,) = analyse(visit(0, mr=(series("9"),))).panels
    assert panel.curve.chosen == 2
    assert panel.curve.curve.baseline == pytest.approx(100.0)
    assert list(panel.curve.curve.times_s) == [-40.0, 30.0, 100.0, 170.0]


def test_a_phase_without_time_refuses_the_series(detectors):
    known = series("8")
    unknown = replace(known, phases=(*known.phases[:3], replace(known.phases[3], time_s=None)))
    found = analyse(visit(0, mr=(unknown,)))
    assert found.measurements[0].value_mm is None
    assert ErrorCode.TIME_UNKNOWN in found.measurements[0].flags
    assert found.panels == ()


def test_a_visit_whose_place_is_assumed_says_so_in_every_row(detectors):
    detectors.lesions, detectors.clusters = [saw(lesion(20))], [marked()]
    found = analyse(visit(1, view(), mr=(series("9"),), timepoint_source="assumed"))
    assert [Flag.VISIT_ORDER_UNKNOWN in m.flags for m in found.measurements] == [True, True]
    detectors.lesions = [saw(lesion(20))]
    (dated,) = analyse(visit(1, mr=(series("9"),))).measurements
    assert Flag.VISIT_ORDER_UNKNOWN not in dated.flags


def test_uptake_and_mask_stand_in_the_record(detectors):
    detectors.lesions = [saw(lesion(20))]
    found = analyse(visit(0, mr=(series("9"),)))
    (annotation,), (row,) = found.annotations, found.measurements
    mask = stored_mask(annotation)
    assert (mask.offset_zrc, mask.grid_shape) == ((2, 20, 10), GRID.shape)
    assert mask.in_series().sum() == 100
    assert annotation.enhancement.mask_sha256 == row.mask_sha256 == annotation.extra["mask"]["sha256"]
    assert (row.detector, row.time_to_peak_s, row.washout_percent) == (SETTINGS.lesion_detector, 30.0, 0.0)


def test_a_lesion_gone_beside_another_has_neither_mask_nor_uptake(detectors):
    left = lesion(20, side=Laterality.LEFT)
    detectors.lesions = [saw(lesion(20), left), saw(left)]
    found = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),)))
    gone = next(a for a in found.annotations if a.timepoint == "followup-1" and a.lesion_id == "R-L1")
    assert gone.extra == {}
    assert (gone.enhancement.uptake, gone.enhancement.mask_sha256) == (None, "")
    assert stored_mask(gone) is None


def found_in_a_bed(monkeypatch, *, n_alone: int, is_registered: bool = True):
    """The last lesion the detector gives is one that was found in the bed only."""

    def look(_image, findings, *, earlier):
        assert earlier.beds
        return SecondLook(findings, n_alone, is_registered)

    monkeypatch.setattr(dynamic, "look_in_beds", look)


def test_what_is_found_in_the_bed_only_is_named_beside_what_is_found_alone(detectors, monkeypatch):
    detectors.lesions = [saw(lesion(20)), saw(lesion(22, size=5))]
    found_in_a_bed(monkeypatch, n_alone=0)
    before, after = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),))).measurements
    assert (before.independent_mm, before.linked_mm) == (None, None)
    assert (after.independent_mm, after.linked_mm) == (0.0, after.value_mm)
    assert round(after.value_mm, 1) == HALF_MM
    assert Flag.CHANGED_BY_OTHER_VISIT in after.flags


def test_what_is_found_alone_as_well_has_two_equal_lengths(detectors, monkeypatch):
    detectors.lesions = [saw(lesion(20)), saw(lesion(22, size=5))]
    found_in_a_bed(monkeypatch, n_alone=1)
    _, after = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),))).measurements
    assert after.independent_mm == after.linked_mm == after.value_mm
    assert Flag.CHANGED_BY_OTHER_VISIT not in after.flags


def test_nothing_in_the_bed_is_nothing_either_way(detectors, monkeypatch):
    detectors.lesions = [saw(lesion(20)), saw()]
    found_in_a_bed(monkeypatch, n_alone=0)
    _, after = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),))).measurements
    assert (after.value_mm, after.independent_mm, after.linked_mm) == (0.0, 0.0, 0.0)


def test_visits_that_do_not_lie_over_each_other_say_so(detectors):
    """The same grey everywhere holds nothing to lay over."""
    detectors.lesions = [saw(lesion(20)), saw(lesion(22, size=5))]
    _, after = analyse(visit(0, mr=(series("9"),)), visit(1, mr=(series("8"),))).measurements
    assert (after.independent_mm, after.linked_mm) == (None, None)
    assert Flag.VISITS_NOT_REGISTERED in after.flags
