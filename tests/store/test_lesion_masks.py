"""Masks saved with a measurement: back as they were, and never silently another one."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from calcmeasure.errors import AnnotationError, ErrorCode
from calcmeasure.geometry import ImageGrid
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.measure.uptake import mask_uptake, readers_figures
from calcmeasure.model.enhancement import LesionEnhancement
from calcmeasure.store.annotation_files import read_annotations, write_annotations
from calcmeasure.store.lesion_masks import MASK_FIELD, mask_digest, mask_from_json, mask_to_json, stored_mask
from calcmeasure.terms import GeometryKind, Method
from calcmeasure.terms.enhancement import DelayedCourse
from factories import MR_SPACING, outline

GRID = ImageGrid((40, 112, 176), (-70.0, -50.0, -40.0), ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)), MR_SPACING)
BALL = np.linalg.norm(np.indices((7, 9, 9)) - np.array([3, 4, 4]).reshape(3, 1, 1, 1), axis=0) < 4
CONTENT = mask_to_json(BALL, offset_zrc=(5, 30, 40), grid=GRID)


def lesion(**changes):
    """An automatic lesion with its mask."""
    figures = LesionEnhancement("largest-lesion", mask_sha256=CONTENT["sha256"])
    return outline(**({"enhancement": figures, "extra": {MASK_FIELD: CONTENT}} | changes))


def code_of(annotation):
    with pytest.raises(AnnotationError) as caught:
        stored_mask(annotation)
    return caught.value.code


@given(arrays(np.bool_, st.tuples(*[st.integers(1, 9)] * 3)), st.tuples(*[st.integers(0, 20)] * 3))
def test_every_mask_comes_back_as_it_was(voxels, offset):
    back = mask_from_json(mask_to_json(voxels, offset_zrc=offset, grid=GRID))
    assert np.array_equal(back.voxels, voxels)
    assert (back.offset_zrc, back.grid_shape) == (offset, GRID.shape)


def test_in_the_grid_of_the_series_every_voxel_is_where_it_was():
    whole = mask_from_json(CONTENT).in_series()
    assert whole.shape == GRID.shape
    assert np.array_equal(np.argwhere(whole), np.add(np.argwhere(BALL), (5, 30, 40)))


def test_the_place_of_the_series_in_the_patient_stands_beside_it():
    assert CONTENT["grid"]["origin_lps"] == list(GRID.origin_lps)
    assert CONTENT["grid"]["axes_lps"] == [list(axis) for axis in GRID.axes_lps]


def test_a_file_gives_back_the_mask_that_was_written(tmp_path):
    path = tmp_path / "a.annotations.json"
    write_annotations(path, patient_id="P", reader="auto", annotations=[lesion()])
    (back,) = read_annotations(path).annotations
    assert np.array_equal(stored_mask(back).voxels, BALL)
    assert back == lesion()


def changed(**changes):
    return lesion(extra={MASK_FIELD: CONTENT | changes})


def one_voxel_more():
    voxels = BALL.copy()
    voxels[0, 0, 0] = True
    return base64.b64encode(zlib.compress(np.packbits(voxels).tobytes())).decode()


@pytest.mark.parametrize(
    "annotation",
    [
        lesion(extra={}),
        lesion(extra={MASK_FIELD: None}),
        changed(data=one_voxel_more()),
        changed(offset=[6, 30, 40]),
        changed(data="?"),
        changed(data=base64.b64encode(b"no zlib").decode()),
        changed(data=base64.b64encode(zlib.compress(b"ab")).decode()),
        changed(shape=[10**6] * 3),
        lesion(extra={MASK_FIELD: mask_to_json(BALL, offset_zrc=(38, 30, 40), grid=GRID)}),
        lesion(extra={MASK_FIELD: mask_to_json(~BALL, offset_zrc=(5, 30, 40), grid=GRID)}),
    ],
    ids=["missing", "null", "voxel", "moved", "text", "packing", "short", "huge", "outside", "another"],
)
def test_a_mask_that_is_missing_or_changed_is_refused(tmp_path, annotation):
    assert code_of(annotation) is ErrorCode.MASK
    with pytest.raises(AnnotationError, match="mask") as caught:
        write_annotations(tmp_path / "a.json", patient_id="P", reader="auto", annotations=[annotation])
    assert caught.value.code is ErrorCode.MASK


def test_a_readers_edit_has_a_mask_of_its_own_and_no_hash_to_keep():
    own = {name: CONTENT[name] for name in ("offset", "shape", "data")}
    edited = replace(lesion(), method=Method.EDITED, extra={MASK_FIELD: own})
    assert np.array_equal(stored_mask(edited).voxels, BALL)


def test_without_a_mask_nothing_is_missing():
    assert stored_mask(outline()) is None


def test_a_mask_without_its_series_is_not_put_into_one():
    own = {name: CONTENT[name] for name in ("offset", "shape", "data")}
    with pytest.raises(AnnotationError) as caught:
        mask_from_json(own).in_series()
    assert caught.value.code is ErrorCode.MASK


def edited(**changes):
    """A lesion that a reader painted, with the uptake of its own mask: 100 before, 250, 200 at last."""
    phases = np.stack([np.full(BALL.shape, signal) for signal in (100.0, 250.0, 200.0)])
    times_s = (-60.0, 60.0, 300.0)
    uptake = mask_uptake(phases, BALL, times_s=times_s, first_post=1, early_index=1)
    figures = readers_figures(uptake, mask_sha256=mask_digest(BALL, offset_zrc=(5, 30, 40)))
    return lesion(**({"method": Method.EDITED, "enhancement": figures} | changes))


@pytest.mark.parametrize("method", [Method.EDITED, Method.MANUAL])
def test_the_row_of_a_readers_mask_tells_its_uptake_now_and_when_it_is_read_again(tmp_path, method):
    path, drawn = tmp_path / "a.annotations.json", edited(method=method)
    write_annotations(path, patient_id="P", reader="R1", annotations=[drawn])
    again = read_annotations(path).annotations[0]
    row, later = (measure_annotation(one, patient_id="P", reader="R1") for one in (drawn, again))
    assert later == row
    assert (row.early_percent, row.ser, row.time_to_peak_s) == (150.0, 1.5, 60.0)
    assert (row.washout_percent, row.delayed_course) == (20.0, DelayedCourse.WASHOUT)
    assert (row.detector, row.mask_sha256) == ("reader", CONTENT["sha256"])


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": {MASK_FIELD: mask_to_json(~BALL, offset_zrc=(5, 30, 40), grid=GRID)}},
        {"extra": {MASK_FIELD: {name: value for name, value in CONTENT.items() if name != "sha256"}}},
        {"extra": {}},
        {"geometry": GeometryKind.CALIPER, "points": ((7.0, 30.0, 40.0), (7.0, 50.0, 40.0))},
        {"enhancement": None},
        {"enhancement": LesionEnhancement("largest-lesion")},
    ],
    ids=["another mask", "mask of unknown hash", "no mask", "line", "not measured", "figures of no mask"],
)
def test_uptake_of_anything_else_is_not_told(changes):
    row = measure_annotation(edited(**changes), patient_id="P", reader="R1")
    assert (row.early_percent, row.ser, row.detector, row.mask_sha256) == (None, None, "", "")


def test_an_automatic_lesion_that_a_reader_changed_does_not_keep_its_uptake():
    found = edited(method=Method.AUTO)
    repainted = {MASK_FIELD: mask_to_json(BALL[1:], offset_zrc=(6, 30, 40), grid=GRID)}
    assert measure_annotation(found, patient_id="P", reader="auto").ser == 1.5
    changed = replace(found, method=Method.EDITED, extra=repainted)
    assert measure_annotation(changed, patient_id="P", reader="R1").ser is None
