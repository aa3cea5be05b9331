"""Masks as values: the brush against a formula, cuts that grow, and what a mask is signed as."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.terms import Flag, LesionType, Method
from napari_calcmeasure.reading.finding import LesionMask
from napari_calcmeasure.reading.lesion_field import MaskEdge
from napari_calcmeasure.reading.masks import (
    Stroke,
    annotation_from_mask,
    brushed,
    holds,
    mask_of_outline,
    trimmed,
    without_cut_off,
)
from plugin.reading.examples import automatic
from plugin.reading.lesions import CENTRE, OTHER, SHAPE, SPACING, ball, dynamic, lesion_field

EMPTY = LesionMask((0, 0, 0), np.zeros((0, 0, 0), bool))
POINT = st.tuples(st.integers(0, SHAPE[0] - 1), st.floats(-8, SHAPE[1] + 8), st.floats(-8, SHAPE[2] + 8))


def whole(mask):
    """The mask in its volume."""
    volume = np.zeros(SHAPE, bool)
    box = tuple(slice(first, first + size) for first, size in zip(mask.offset_zrc, mask.voxels.shape, strict=True))
    volume[box] = mask.voxels
    return volume


def paint(mask, *strokes):
    for stroke in strokes:
        mask = brushed(mask, stroke, spacing=SPACING, shape=SHAPE)
    return mask


def passed(stroke):
    """Pixels whose centre lies within the radius of one of many discs along the way."""
    rows, columns = np.indices(SHAPE[1:])
    plane = np.zeros(SHAPE[1:], bool)
    for share in np.linspace(0, 1, 200):
        row, column = np.asarray(stroke.start[1:]) * (1 - share) + np.asarray(stroke.end[1:]) * share
        away = np.hypot((rows - row) * SPACING.row_mm, (columns - column) * SPACING.col_mm)
        plane |= away <= stroke.radius_mm - 1e-9
    return plane


@settings(deadline=None, max_examples=30)
@given(POINT, POINT, st.floats(0.5, 15))
def test_a_stroke_paints_every_pixel_centre_it_passes_over(start, end, radius_mm):
    stroke = Stroke(start, end, radius_mm)
    painted, expected = whole(paint(EMPTY, stroke)), passed(stroke)
    assert not np.delete(painted, end[0], axis=0).any()
    assert (painted[end[0]] >= expected).all()
    assert (painted[end[0]] & ~passed(replace(stroke, radius_mm=radius_mm + 0.1))).sum() == 0


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(POINT, POINT, st.floats(0.5, 9), st.booleans()), min_size=1, max_size=6))
def test_strokes_add_up_as_sets_whatever_the_cut(moves):
    mask, volume = EMPTY, np.zeros(SHAPE, bool)
    for start, end, radius_mm, erases in moves:
        stroke = Stroke(start, end, radius_mm, erases)
        alone = whole(paint(EMPTY, replace(stroke, erases=False)))
        before, kept = mask, mask.voxels.copy()
        mask = paint(mask, stroke)
        volume = volume & ~alone if erases else volume | alone
        np.testing.assert_array_equal(whole(mask), volume)
        np.testing.assert_array_equal(before.voxels, kept)
        assert (mask is before) == (np.array_equal(whole(before), volume))


def test_a_mask_is_never_written_to():
    mask = paint(EMPTY, Stroke(CENTRE, CENTRE, 4.0))
    with pytest.raises(ValueError, match="read-only"):
        mask.voxels[0, 0, 0] = True


def test_erasing_what_was_painted_leaves_nothing_and_trimming_cuts_to_the_voxels():
    disc = Stroke(CENTRE, CENTRE, 4.0)
    mask = paint(EMPTY, disc)
    assert not paint(mask, replace(disc, erases=True)).voxels.any()
    tight = trimmed(mask)
    np.testing.assert_array_equal(whole(tight), whole(mask))
    assert tight.voxels.shape == (1, 9, 7)


@pytest.mark.parametrize(
    ("point", "inside"), [(CENTRE, True), ((8, 30, 22), False), ((9, 40, 22), False), ((9, -1, 22), False)]
)
def test_which_points_a_mask_holds(point, inside):
    assert holds(paint(EMPTY, Stroke(CENTRE, CENTRE, 4.0)), point) is inside
    assert not holds(EMPTY, point)


def test_seed_and_level_stay_with_a_brushed_mask():
    mask = replace(EMPTY, seed_zrc=CENTRE, level=0.4)
    painted = trimmed(paint(mask, Stroke(CENTRE, CENTRE, 4.0)))
    assert (painted.seed_zrc, painted.level) == (CENTRE, 0.4)


def test_an_eraser_that_cuts_a_lesion_in_two_leaves_the_larger_part():
    bar = paint(EMPTY, Stroke((9, 20, 20), (9, 20, 50), 3.0))
    halves = paint(bar, Stroke((9, 10, 28), (9, 30, 28), 3.0, erases=True))
    kept = whole(without_cut_off(halves, before=bar))
    assert kept[9, 20, 45]
    assert not kept[9, 20, 20]
    assert without_cut_off(bar, before=bar) is bar
    assert without_cut_off(halves, before=halves) is halves


def test_an_outline_as_voxels():
    points = tuple((9.0, 30 + 8 * np.cos(a), 22 + 6.4 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 60))
    mask = mask_of_outline(points)
    plane = whole(mask)[9]
    assert plane[ball(CENTRE, 7.7)[9] > 0.5].all()
    assert not plane[ball(CENTRE, 8.1)[9] < 0.5].any()
    assert whole(mask).sum() == whole(mask)[9].sum()


def signed_as(mask, *, method=Method.AUTO, flags=()):
    field, target = lesion_field(), dynamic()
    edge = MaskEdge.of(field, mask, threshold=85.0)
    before = automatic(target, [(2, 1, 1), (2, 1, 5), (2, 5, 5)], lesion_id="R-L1", method=method, flags=flags)
    before = replace(before, lesion_type=LesionType.MASS, confidence=0.8)
    return annotation_from_mask(before, mask, outline_zrc=edge.outline, field=field)


def test_what_a_mask_is_signed_as():
    solid = ball(CENTRE, 8.0) > 0.5
    annotation = signed_as(trimmed(LesionMask((0, 0, 0), solid)), flags=("slice_gap", Flag.LOW_CONFIDENCE))
    measured = measure_annotation(annotation, patient_id="P1", reader="r")
    assert measured.value_mm == pytest.approx(16, abs=0.4)
    assert measured.short_axis_mm == pytest.approx(16, abs=0.5)
    assert annotation.volume_mm3 == pytest.approx(solid.sum() * 2.5, abs=0.1)
    assert annotation.diameter_3d_mm == pytest.approx(16, abs=1.2)
    assert (annotation.image.frame, annotation.image.sop_uid) == (9, "mr.baseline.9")
    assert annotation.flags == ("slice_gap",)
    assert (annotation.lesion_id, annotation.lesion_type, annotation.confidence) == ("R-L1", LesionType.MASS, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [(Method.AUTO, Method.EDITED), (Method.EDITED, Method.EDITED), (Method.MANUAL, Method.MANUAL)],
)
def test_an_automatic_finding_becomes_an_edited_one(before, after):
    assert signed_as(LesionMask((0, 0, 0), ball(CENTRE, 8.0) > 0.5), method=before).method is after


def test_one_slice_says_nothing_about_the_lesion_in_space():
    annotation = signed_as(trimmed(LesionMask((9, 0, 0), ball(CENTRE, 8.0)[9:10] > 0.5)))
    assert (annotation.volume_mm3, annotation.diameter_3d_mm) == (None, None)


def test_a_brush_changes_the_outline_of_its_slice_only_and_there_only_where_it_was():
    solid = LesionMask((0, 0, 0), (ball(CENTRE, 8.0) > 0.5) | (ball(OTHER, 5.0) > 0.5))
    field = lesion_field()
    edge = MaskEdge.of(field, solid, threshold=85.0)
    mask = paint(solid, Stroke((7, 38, 22), (7, 38, 22), 4.0))
    after = edge.after(mask, at_slice=7)
    afresh = MaskEdge.of(field, mask, threshold=85.0)
    assert after.widest.keys() == edge.widest.keys() == afresh.widest.keys()
    for z, (outline, width_mm) in after.widest.items():
        np.testing.assert_array_equal(outline, afresh.widest[z][0])
        assert (width_mm == edge.widest[z][1]) is (z != 7)
    before, now = edge.widest[7][0], after.widest[7][0]
    untouched = before[before[:, 1] < 32]
    assert all((now == vertex).all(axis=1).any() for vertex in untouched)
    assert now[:, 1].max() == pytest.approx(42.5, abs=0.6)
