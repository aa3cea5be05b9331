"""The same view at two visits: which extent is the value, what stays beside it, and when visits are read alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from calcmeasure.detect.calcifications.regrouping import regroup
from calcmeasure.detect.contract import CalcificationFindings, CalcificationMarks
from calcmeasure.dicom.pixels import MammogramPixels
from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.model.imaging import FrameReference, Mammogram, Study
from calcmeasure.pipeline import mammography
from calcmeasure.pipeline.mammography import annotate, read_mammograms
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import Flag, Laterality, MarkLabel, View
from detect.calcifications.test_registration import tissue
from detect.calcifications.test_second_look import FAINT, GROUP_MM, rim_at

SPACING = Spacing(0.5, 0.5, SpacingSource.DETECTOR)
LENGTH_MM, SHORT_MM = 12.777, 8.602
"""Of the whole group and without its faintest member (by hand: Pythagoras on `GROUP_MM`)."""


class Images:
    """Pictures and marks by SOP instance UID, answered in place of files and detector."""

    def __init__(self) -> None:
        self.marks: dict[str, tuple[np.ndarray, list[float]]] = {}
        self.tissue: dict[str, int] = {}
        self.flags: dict[str, tuple[str, ...]] = {}

    def add(self, uid, marks, *, seed=1, flags=()):
        self.marks[uid], self.tissue[uid], self.flags[uid] = marks, seed, flags

    def load(self, mammogram):
        self.uid = mammogram.image.sop_uid
        rows, cols = np.mgrid[0:300, 0:180] * 0.5
        self.inside = ((rows - 75) / 60) ** 2 + (cols / 75) ** 2 < 1
        image = np.where(self.inside, 5 + tissue(self.tissue[self.uid]), 0).astype(np.float32)
        return MammogramPixels(image, (image * 10).astype(np.uint8), np.ones_like(self.inside), ())

    def detect(self, _image):
        places, chances = self.marks[self.uid]
        marks = CalcificationMarks.plain(
            np.asarray(places).reshape(-1, 2) / 0.5, np.full(len(places), 0.3), probabilities=np.asarray(chances)
        )
        return regroup(CalcificationFindings((), self.inside, marks, self.flags[self.uid]), spacing=SPACING)


@pytest.fixture
def images(monkeypatch):
    answers = Images()
    monkeypatch.setattr(mammography, "load_mammogram", answers.load)
    monkeypatch.setattr(mammography, "load_detector", lambda _name, *, kind: answers.detect)
    return answers


def visit(number: int, *uids: str, laterality=Laterality.LEFT, view=View.CC) -> Study:
    mammograms = tuple(
        Mammogram(FrameReference(Path(f"mg-{uid}"), uid), "1", "1", laterality, view, None, 300, 180, SPACING)
        for uid in uids
    )
    name = "baseline" if number == 0 else f"followup-{number}"
    return Study(f"study{number}", date(2024, 1 + number, 1), name, "study_date", mammograms, ())


def measured(studies, settings=RunSettings()):  # noqa: B008 - frozen
    """Extents (value, alone, linked) and flags of every annotation, by visit."""
    results = read_mammograms(studies, settings, patient_id="X")
    found = [[a for result in own for a in result.annotations] for own in results]
    return [[measure_annotation(a, patient_id="X", reader="auto") for a in own] for own in found]


def test_a_mark_missed_once_is_no_decrease(images):
    images.add("1", rim_at(0.999))
    images.add("2", rim_at(FAINT))
    (before,), (after,) = measured([visit(0, "1"), visit(1, "2")])
    assert after.value_mm == after.linked_mm == pytest.approx(LENGTH_MM, abs=0.001)
    assert after.independent_mm == pytest.approx(SHORT_MM, abs=0.001)
    assert before.value_mm == before.linked_mm == before.independent_mm == pytest.approx(LENGTH_MM, abs=0.001)
    assert Flag.CHANGED_BY_OTHER_VISIT in after.flags
    assert Flag.CHANGED_BY_OTHER_VISIT not in before.flags


def test_one_visit_has_one_extent(images):
    images.add("1", rim_at(FAINT))
    ((alone,),) = measured([visit(0, "1")])
    assert (alone.independent_mm, alone.linked_mm) == (None, None)
    assert alone.value_mm == pytest.approx(SHORT_MM, abs=0.001)


def test_other_sides_and_views_say_nothing(images):
    images.add("1", rim_at(0.999))
    images.add("2", rim_at(FAINT))
    (_,), (other_view,) = measured([visit(0, "1"), visit(1, "2", view=View.MLO)])
    (_,), (other_side,) = measured([visit(0, "1"), visit(1, "2", laterality=Laterality.RIGHT)])
    assert other_view.linked_mm is other_side.linked_mm is None


def test_visits_that_cannot_be_laid_over_each_other_say_so(images):
    images.add("1", rim_at(0.999))
    images.add("2", rim_at(FAINT), seed=2)
    for (row,) in measured([visit(0, "1"), visit(1, "2")]):
        assert Flag.VISITS_NOT_REGISTERED in row.flags
        assert row.linked_mm is None


def test_what_has_gone_is_0_mm_and_stays_so(images):
    images.add("1", rim_at(0.999))
    images.add("2", (np.empty((0, 2)), []))
    (_,), (after,) = measured([visit(0, "1"), visit(1, "2")])
    assert (after.value_mm, after.independent_mm, after.linked_mm) == (0.0, 0.0, 0.0)


def test_each_later_visit_is_read_with_the_one_before_it(images):
    """The third visit sees the second, in which the faint mark is as faint: nothing is lent on from the first."""
    images.add("1", rim_at(0.999))
    images.add("2", rim_at(FAINT))
    images.add("3", rim_at(FAINT))
    (_,), (second,), (third,) = measured([visit(0, "1"), visit(1, "2"), visit(2, "3")])
    assert second.value_mm > third.value_mm == pytest.approx(SHORT_MM, abs=0.001)


def test_a_breast_that_is_not_trusted_lends_nothing(images):
    images.add("1", rim_at(0.999), flags=(Flag.BREAST_MASK_UNCERTAIN,))
    images.add("2", rim_at(FAINT))
    (before,), (after,) = measured([visit(0, "1"), visit(1, "2")])
    assert before.value_mm is None
    assert ErrorCode.NO_BREAST in before.flags
    assert after.linked_mm is None


def test_a_study_that_is_not_measured_lends_nothing(images):
    """Two people under one identifier are never read together."""
    images.add("1", rim_at(0.999))
    images.add("2", rim_at(FAINT))
    studies = [replace(visit(n, uid), flags=(str(ErrorCode.PATIENT_CONFLICT),)) for n, uid in enumerate(("1", "2"))]
    for (row,) in measured(studies):
        assert row.value_mm is row.linked_mm is None


def test_the_operating_point_reaches_both_extents(images):
    images.add("1", rim_at(0.75))
    images.add("2", rim_at(0.75))
    values = [
        [row.value_mm for (row,) in measured([visit(0, "1"), visit(1, "2")], RunSettings(false_marks_per_image=point))]
        for point in (0.1, 3.0)
    ]
    assert all(strict <= open_ for strict, open_ in zip(*values, strict=True))
    (results, _) = read_mammograms([visit(0, "1"), visit(1, "2")], RunSettings(), patient_id="X")
    again = annotate(results[0].seen.at(3.0))
    assert [measure_annotation(a, patient_id="", reader="").value_mm for a in again] == [values[1][0]]


def test_evidence_of_every_mark_is_kept_and_what_is_left_out_is_drawn_apart(images):
    places, chances = rim_at(0.999)
    images.add("1", (np.vstack([places, [[120.0, 20.0]]]), [*chances, 0.999]))
    ((result,),) = read_mammograms([visit(0, "1")], RunSettings(), patient_id="X")
    (annotation,), (panel,) = result.annotations, result.panels
    assert len(annotation.mark_evidence) == len(annotation.points) == len(GROUP_MM) + 1
    assert {mark.snr for mark in annotation.mark_evidence} == {None}, "unknown to this detector"
    assert panel.left_out_labels == (MarkLabel.SCATTERED,)
    np.testing.assert_allclose(panel.left_out_rc, [[240.0, 40.0]])
