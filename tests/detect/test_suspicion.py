"""What would be called a lesion, on shapes of known size."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.boundary import Outline
from calcmeasure.detect.suspicion import confidence_of, is_lesion, is_solid

VOXEL_MM = np.array([2.0, 1.0, 1.0])
SHAPE = (16, 40, 40)


def ellipsoid(*axes_mm: float) -> np.ndarray:
    """Mask with the given full axes along slice, row and column, in the middle of the volume."""
    z, r, c = (
        (np.arange(n) - (n - 1) / 2) * step / (axis / 2) for n, step, axis in zip(SHAPE, VOXEL_MM, axes_mm, strict=True)
    )
    return z[:, None, None] ** 2 + r[None, :, None] ** 2 + c[None, None, :] ** 2 <= 1.0


def judged(mask: np.ndarray, *, diameter_mm: float, excess: float = 3.0) -> bool:
    outline = Outline(mask, (), inside=100.0, outside=0.0)
    return is_lesion(
        outline, 100.0 * mask.astype(np.float32), excess=excess, diameter_mm=diameter_mm, voxel_mm=VOXEL_MM
    )


@pytest.mark.parametrize("axes_mm", [(10, 10, 10), (8, 7, 12), (20, 16, 26)])
def test_solid_shapes_are_lesions(axes_mm):
    assert judged(ellipsoid(*axes_mm), diameter_mm=max(axes_mm))


def test_an_outline_that_is_long_and_nearly_empty_is_where_vessels_meet():
    """The ball of 10 mm holds 524 mm³; the small solid core of a branching vessel about 90."""
    core = ellipsoid(6.0, 5.0, 6.0)
    volume_mm3 = core.sum() * VOXEL_MM.prod()
    assert 65 < volume_mm3 < 0.22 * 524
    assert is_solid(core, VOXEL_MM)
    assert not judged(core, diameter_mm=10.0)
    assert judged(core, diameter_mm=6.0)


def test_large_thin_enhancement_may_be_a_lesion():
    """Above 15 mm the emptiness of the ball says nothing: non-mass enhancement follows ducts."""
    mask = ellipsoid(8.0, 8.0, 22.0)
    assert judged(mask, diameter_mm=22.0) == is_solid(mask, VOXEL_MM)


def test_too_little_uptake_or_too_small_is_no_lesion():
    mask = ellipsoid(10, 10, 10)
    assert not judged(mask, diameter_mm=10, excess=0.99)
    assert not judged(ellipsoid(4, 4, 4), diameter_mm=4.9)


def test_confidence_rises_with_uptake_and_size():
    assert confidence_of(1.25, 5.0) == pytest.approx(0.5)
    assert confidence_of(1.25, 5.0) < confidence_of(1.5, 5.0) < confidence_of(1.5, 10.0) < 1.0
