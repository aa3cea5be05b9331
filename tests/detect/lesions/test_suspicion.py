"""What would be called a lesion, on shapes of known size."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions.boundary import Outline
from calcmeasure.detect.lesions.suspicion import MIN_DIAMETER_MM, UNMISTAKABLE, confidence_of, is_lesion, is_solid

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


ONE_MM = np.ones(3)
CUBE = (33, 33, 33)
CENTRE = (16, 16, 16)


def away(centre=CENTRE):
    return np.sqrt(sum((i - c) ** 2 for i, c in zip(np.indices(CUBE), centre, strict=True)))


def outline_of(mask, *, inside=200.0, outside=0.0):
    return Outline(mask, (), inside, outside)


BALL = away() <= 5


def judge(mask=BALL, *, smooth=None, excess=1.2, diameter_mm=10.0):
    smooth = np.where(mask, 200.0, 0.0) if smooth is None else smooth
    return is_lesion(
        outline_of(mask), smooth.astype(np.float32), excess=excess, diameter_mm=diameter_mm, voxel_mm=ONE_MM
    )


@pytest.mark.parametrize(
    ("excess", "diameter_mm", "lesion"),
    [
        (1.2, 10.0, True),
        (1.0, MIN_DIAMETER_MM, True),
        (0.999, 10.0, False),
        (1.2, 4.99, False),
        (9.0, 4.99, False),
        (0.5, 60.0, False),
    ],
)
def test_uptake_and_size_that_are_needed(excess, diameter_mm, lesion):
    assert judge(excess=excess, diameter_mm=diameter_mm) is lesion


@pytest.mark.parametrize(
    ("level", "excess", "lesion"),
    [
        (0.0, 1.2, True),
        (0.29, 1.2, True),  # below 30 % of its height the surroundings do not count
        (0.31, 1.2, False),
        (0.31, UNMISTAKABLE, True),
        (0.31, UNMISTAKABLE - 0.01, False),
    ],
)
def test_the_summit_of_a_hill_is_no_lesion_unless_its_uptake_is_unmistakable(level, excess, lesion):
    smooth = np.where(BALL, 200.0, 200.0 * level)
    assert judge(smooth=smooth, excess=excess) is lesion


@pytest.mark.parametrize(("foot_radius", "lesion"), [(6.0, True), (6.5, True), (7.5, False)])
def test_a_lesion_is_at_least_42_percent_of_what_is_connected_to_it(foot_radius, lesion):
    """Shares of the volume: 57, 46 and 29 %."""
    assert judge(smooth=np.where(BALL, 200.0, np.where(away() <= foot_radius, 100.0, 0.0))) is lesion


def test_what_is_not_connected_or_far_away_does_not_count():
    apart = np.where(BALL, 200.0, np.where(away() > 7.5, 100.0, 0.0))
    assert judge(smooth=apart)
    beyond = np.where(BALL, 200.0, 0.0)
    beyond[16, 16, :] = 100.0  # a thread that leads away from it...
    beyond[:, :, 30:] = 100.0  # ...to a wall 14 mm off, beyond the 8 mm that are looked at
    assert judge(smooth=beyond)


def test_a_foot_above_everything_is_refused():
    """Nothing of the outline stands above the foot: there is no part to compare it with."""
    assert not judge(smooth=np.zeros(CUBE))


def box(*sides):
    mask = np.zeros(CUBE, bool)
    mask[tuple(slice(4, 4 + n) for n in sides)] = True
    return mask


def star(arm):
    """Three crossing threads, 2 mm thick."""
    mask = np.zeros(CUBE, bool)
    for axis in range(3):
        limits = [slice(16, 18)] * 3
        limits[axis] = slice(16 - arm, 18 + arm)
        mask[tuple(limits)] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "solid"),
    [
        pytest.param(BALL, True, id="ball"),
        pytest.param(box(4, 4, 4), False, id="64 mm3"),
        pytest.param(box(4, 4, 5), True, id="80 mm3"),
        pytest.param(box(2, 2, 25), False, id="thread"),
        pytest.param(star(8), False, id="crossing vessels"),
        pytest.param(box(8, 9, 10), True, id="block"),
    ],
)
def test_solid_is_neither_vessel_nor_crossing(mask, solid):
    assert is_solid(mask, ONE_MM) is solid
    assert judge(mask, excess=9.0, diameter_mm=6.0) is solid


def test_volume_is_in_millimetres():
    assert is_solid(box(4, 4, 4), np.full(3, 1.1))
    assert not is_solid(BALL, np.full(3, 0.4))


def test_confidence_has_the_stated_values_and_rises():
    assert confidence_of(1.25, 5.0) == pytest.approx(0.5)
    assert confidence_of(2.5, 10.0) == pytest.approx(0.95, abs=0.04)
    by_uptake = [confidence_of(excess, 10.0) for excess in np.linspace(1, 6, 20)]
    by_size = [confidence_of(1.25, diameter) for diameter in np.linspace(5, 60, 20)]
    for values in (by_uptake, by_size):
        assert (np.diff(values) > 0).all()
        assert 0 < min(values) < max(values) < 1
