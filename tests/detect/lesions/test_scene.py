"""How lateral a place is, and when that cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.contract import DynamicImage
from calcmeasure.detect.lesions.chest import BreastRegion
from calcmeasure.detect.lesions.motion import AlignedPhases
from calcmeasure.detect.lesions.scene import Scene, half_width_mm
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource


def _sagittal(slices: int) -> tuple[BreastRegion, ImageGrid]:
    """Slices of 3 mm that begin 20 mm to the patient's left of the midline and are breast all over."""
    shape = (slices, 12, 12)
    spacing = Spacing(1.0, 1.0, SpacingSource.GIVEN, slice_mm=3.0)
    grid = ImageGrid(shape, (20.0, 0.0, 0.0), ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)), spacing)
    everywhere = np.ones(shape, dtype=bool)
    return BreastRegion(everywhere, everywhere, np.zeros(shape, dtype=bool), 0.0, ()), grid


def test_the_lateral_end_is_that_of_the_breast_shown():
    assert half_width_mm(*_sagittal(31)) == pytest.approx(20.0 + 90.0, abs=1.0)


@pytest.mark.parametrize("slices", [1, 13])
def test_a_few_slices_do_not_show_where_the_lateral_end_is(slices: int):
    assert half_width_mm(*_sagittal(slices)) == np.inf


def test_no_breast_has_no_lateral_end():
    region, grid = _sagittal(31)
    assert half_width_mm(BreastRegion(~region.mask, region.body, region.skin, 0.0, ()), grid) == np.inf


@pytest.mark.parametrize(
    ("early", "times_s", "kept"),
    [
        (1, (-60.0, 40.0, 100.0, 160.0, 220.0), {1: 40.0, 2: 100.0, 4: 220.0}),
        (2, (-60.0, 10.0, 100.0, None, 220.0), {2: 100.0, 4: 220.0}),
        (2, (-60.0, 30.0, 100.0, 160.0, 220.0), {1: 30.0, 2: 100.0, 3: 160.0, 4: 220.0}),
        (1, (), {}),
    ],
    ids=["early first", "too soon, unknown", "all", "no times"],
)
def test_curves_are_of_phases_on_the_early_one_whose_time_is_known(early, times_s, kept):
    region, grid = _sagittal(13)
    image = DynamicImage(np.zeros((5, *grid.shape), np.float32), grid, 0, early, times_s)
    scene = Scene(image, region, None, AlignedPhases(), region.mask, region.mask, 90.0)  # type: ignore[arg-type]
    assert scene.timed == kept
