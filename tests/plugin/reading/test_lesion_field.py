"""The volume of lesions: what it holds, which clicks it remembers, the signal at the edge of a mask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.errors import DetectorError
from calcmeasure.measure import hull_kernels
from calcmeasure.terms import Laterality
from napari_calcmeasure.reading.finding import LesionMask
from napari_calcmeasure.reading.lesion_field import KEPT, edge_threshold, on_its_side, warm_up
from napari_calcmeasure.reading.pointer import Motion
from plugin.reading.examples import event
from plugin.reading.lesions import CENTRE, OTHER, SHAPE, ball, dynamic, lesion_field

FAT = (3.0, 8.0, 38.0)


@pytest.mark.parametrize(
    ("point", "inside"),
    [((0, 0, 0), True), ((17.4, 63.4, 71.4), True), ((17.6, 0, 0), False), ((0, -0.6, 0), False)],
)
def test_points_within_half_a_voxel_of_the_last_centre_lie_in_the_volume(point, inside):
    assert lesion_field().holds(point) is inside
    assert lesion_field().subtraction.shape == SHAPE


def test_the_last_clicks_are_remembered():
    field = lesion_field()
    first = field.plant(CENTRE)
    assert field.plant(CENTRE) is first
    for row in range(KEPT):
        field.plant((9.0, 28.0 + row, 54.0))
    assert field.plant(CENTRE) is not first


def test_a_refused_click_is_not_remembered():
    field = lesion_field()
    for _ in range(2):
        with pytest.raises(DetectorError, match="nothing here stands out"):
            field.plant(FAT)


def test_the_signal_at_the_edge_is_that_of_seed_and_level():
    field = lesion_field()
    solid = LesionMask((0, 0, 0), ball(CENTRE, 8.0) > 0.5, seed_zrc=CENTRE, level=0.7)
    assert edge_threshold(field, solid) == field.plant(CENTRE).threshold(0.7)
    assert edge_threshold(field, solid) == pytest.approx(10 + 0.7 * 150, abs=6)


@pytest.mark.parametrize("seed", [None, FAT])
def test_a_painted_mask_has_the_signal_half_way_to_its_surroundings(seed):
    solid = LesionMask((0, 0, 0), ball(OTHER, 5.0) > 0.5, seed_zrc=seed)
    assert edge_threshold(lesion_field(), solid) == pytest.approx(85, abs=12)


def test_an_empty_mask_has_no_edge():
    assert edge_threshold(lesion_field(), LesionMask((0, 0, 0), np.zeros((0, 0, 0), bool))) is None


@pytest.mark.parametrize(
    ("known", "point", "side"),
    [
        (None, CENTRE, Laterality.RIGHT),
        (None, OTHER, Laterality.LEFT),
        (Laterality.LEFT, CENTRE, Laterality.LEFT),
    ],
)
def test_the_side_is_that_of_the_image_or_of_the_place(known, point, side):
    target = replace(dynamic(), laterality=known)
    assert on_its_side(event(Motion.PRESS, target, point), lesion_field()).laterality is side


def test_warming_up_loads_the_compiled_measures():
    warm_up()
    assert hull_kernels._scan_rows.signatures
