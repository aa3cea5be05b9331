"""From what was drawn to millimetres, and what is not measurable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.errors import AnnotationError
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.annotations import choose_outline, measure_annotation
from calcmeasure.model.annotation import Annotation, ImageReference, PhaseReference
from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import Flag, GeometryKind, Laterality, Method, Modality, Morphology, Quantity, View

FLAT = Spacing(0.1, 0.1, SpacingSource.DETECTOR)
VOLUME = Spacing(0.5, 0.8, SpacingSource.PATIENT, slice_mm=2.0)
MARKS = Annotation(
    annotation_id="m1",
    lesion_id="c1",
    timepoint="baseline",
    study_date="2020-01-02",
    modality=Modality.MG,
    laterality=Laterality.LEFT,
    quantity=Quantity.CALCIFICATION_EXTENT,
    geometry=GeometryKind.MARKS,
    points=((0.0, 0.0), (3.0, 4.0), (27.0, 36.0), (30.0, 40.0)),
    image=ImageReference("1.2.3", "1.2", 0, 200, 100, FLAT, study_uid="1.1"),
    view=View.CC,
    morphology=Morphology.AMORPHOUS,
    confidence=0.8,
    flags=(Flag.DETECTOR_PLANE,),
    software="calcmeasure",
    created_utc="2024-01-01T00:00:00Z",
)
OUTLINE = replace(
    MARKS,
    modality=Modality.MR,
    quantity=Quantity.LESION_DIAMETER,
    geometry=GeometryKind.OUTLINE,
    view=None,
    points=((7.0, 0.0, 0.0), (7.0, 10.0, 0.0), (7.0, 10.0, 15.0), (7.0, 0.0, 15.0)),
    image=replace(MARKS.image, spacing=VOLUME, frame=7),
    phase=PhaseReference(1, 90.0, "k-space-centre-90s"),
    volume_mm3=512.0,
)


def measure(annotation: Annotation) -> Measurement:
    return measure_annotation(annotation, patient_id="P1", reader="R1")


def test_marks_give_the_extent_and_everything_that_explains_it():
    row = measure(MARKS)
    assert row.value_mm == 5.0
    assert row.ends == ((0.0, 0.0), (30.0, 40.0))
    assert row.n_marks == 4
    assert row.short_axis_mm is None
    assert (row.patient_id, row.reader, row.method) == ("P1", "R1", Method.AUTO)
    assert (row.timepoint, row.study_date, row.study_uid) == ("baseline", "2020-01-02", "1.1")
    assert (row.laterality, row.view, row.lesion_id, row.annotation_id) == (Laterality.LEFT, View.CC, "c1", "m1")
    assert (row.morphology, row.confidence, row.image) == (Morphology.AMORPHOUS, 0.8, MARKS.image)
    assert row.flags == (Flag.DETECTOR_PLANE,)


def test_one_mark_that_carries_the_extent_is_flagged():
    row = measure(replace(MARKS, points=((0.0, 0.0), (3.0, 4.0), (30.0, 40.0))))
    assert row.flags == (Flag.DETECTOR_PLANE, Flag.SENSITIVE_TO_ONE_MARK)


def test_outline_gives_both_axes():
    row = measure(OUTLINE)
    assert row.value_mm == pytest.approx(13.0)
    assert row.short_axis_mm == pytest.approx(5 * 13 / 12)
    assert {end[0] for end in row.ends} == {7.0}
    assert (row.n_marks, row.volume_mm3, row.phase) == (None, 512.0, OUTLINE.phase)


@pytest.mark.parametrize(
    ("points", "spacing", "value_mm"),
    [
        (((0.0, 0.0), (30.0, 40.0)), FLAT, 5.0),
        (((3.0, 0.0, 0.0), (3.0, 10.0, 15.0)), VOLUME, 13.0),
        (((0.0, 0.0, 0.0), (2.0, 6.0, 0.0)), VOLUME, 5.0),
        (((3.0, 0.0, 0.0), (3.0, 30.0, 40.0)), FLAT, 5.0),  # one slice: no slice distance needed
    ],
)
def test_caliper(points, spacing, value_mm):
    caliper = replace(
        OUTLINE, geometry=GeometryKind.CALIPER, points=points, image=replace(OUTLINE.image, spacing=spacing)
    )
    row = measure(caliper)
    assert row.value_mm == pytest.approx(value_mm)
    assert row.ends == points


@pytest.mark.parametrize("annotation", [MARKS, OUTLINE, replace(OUTLINE, geometry=GeometryKind.CALIPER)])
def test_nothing_there_is_zero(annotation):
    row = measure(replace(annotation, points=()))
    assert (row.value_mm, row.ends) == (0.0, ())


def test_without_spacing_there_are_no_millimetres():
    row = measure(replace(MARKS, image=replace(MARKS.image, spacing=None)))
    assert row.value_mm is None
    assert row.flags == (Flag.DETECTOR_PLANE, "E_SPACING_UNKNOWN")
    twice = measure(replace(MARKS, image=replace(MARKS.image, spacing=None), flags=("E_SPACING_UNKNOWN",)))
    assert twice.flags == ("E_SPACING_UNKNOWN",)


def test_a_reason_code_makes_it_not_measurable():
    row = measure(replace(MARKS, flags=("E_NOT_MEASURABLE",)))
    assert (row.value_mm, row.flags) == (None, ("E_NOT_MEASURABLE",))


def test_a_mask_stored_elsewhere_is_not_measured_here():
    row = measure(replace(OUTLINE, geometry=GeometryKind.MASK_REFERENCE))
    assert row.value_mm is None
    assert "E_NOT_MEASURABLE" in row.flags


@pytest.mark.parametrize(
    ("geometry", "points"),
    [
        (GeometryKind.MARKS, ((0.0, 1.0, 2.0),)),
        (GeometryKind.MARKS, ((0.0, 1.0), (0.0, 1.0, 2.0))),
        (GeometryKind.CALIPER, ((0.0, 1.0),)),
        (GeometryKind.CALIPER, ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))),  # needs a slice distance
        (GeometryKind.OUTLINE, ((0.0, 1.0, 1.0), (1.0, 2.0, 2.0))),
    ],
)
def test_points_that_do_not_fit_are_refused(geometry, points):
    with pytest.raises(AnnotationError, match="annotation m1"):
        measure(replace(MARKS, geometry=geometry, points=points))


def test_the_chosen_outline_measures_as_the_contour_it_was():
    contours = [np.asarray(OUTLINE.points), np.asarray(OUTLINE.points) * (1, 0.5, 0.5)]
    np.testing.assert_array_equal(choose_outline(contours, VOLUME), contours[0])


def test_both_extents_are_named_where_another_visit_was_looked_at():
    """The value is the linked one; alone, two marks 3 and 4 mm apart (a right angle) are 5 mm."""
    spacing = Spacing(1.0, 1.0, SpacingSource.DETECTOR)
    points = ((0.0, 0.0), (3.0, 4.0), (6.0, 8.0))
    both = replace(MARKS, points=points, image=replace(MARKS.image, spacing=spacing), independent_points=points[:2])
    told = measure(both)
    assert (told.value_mm, told.linked_mm, told.independent_mm) == (10.0, 10.0, 5.0)
    nothing_alone = measure(replace(both, independent_points=()))
    assert (nothing_alone.linked_mm, nothing_alone.independent_mm) == (10.0, 0.0)
    alone = measure(replace(both, independent_points=None))
    assert (alone.value_mm, alone.linked_mm, alone.independent_mm) == (10.0, None, None)
    refused = measure(replace(both, flags=("E_NO_BREAST",)))
    assert refused.value_mm is refused.linked_mm is refused.independent_mm is None
