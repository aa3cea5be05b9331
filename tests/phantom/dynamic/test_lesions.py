"""Lesion surfaces with closed-form radii, cuts, volumes and diameters; refusals; the same shape at every visit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource, to_mm
from calcmeasure.phantom.dynamic.lesions import LesionKind, LesionSpec, lesion_truth, shape_lesion, vanished_truth
from calcmeasure.terms import Laterality

AXES = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
GRID = ImageGrid((21, 60, 70), (0.0, 0.0, 0.0), AXES, Spacing(0.9, 0.8, SpacingSource.PATIENT, slice_mm=2.0))
CENTRE = (10.0, 30.0, 35.0)
SMOOTH = LesionSpec(diameter_mm=16.0, axis_ratios=(0.5, 0.75), angle_deg=0.0, irregularity=0.0)
BUMPY = replace(SMOOTH, irregularity=0.15, angle_deg=25.0)


def shape(spec=SMOOTH, *, centre=CENTRE, seed=0, grid=GRID):
    return shape_lesion(spec, grid, centre_zrc=centre, seed=seed)


@pytest.mark.parametrize(
    ("point_mm", "level"),
    [
        ((0.0, 0.0, 0.0), 0.0),
        ((0.0, 0.0, 8.0), 1.0),  # long axis along the columns
        ((0.0, 4.0, 0.0), 1.0),
        ((6.0, 0.0, 0.0), 1.0),
        ((0.0, 0.0, -4.0), 0.5),
        ((0.0, 8.0, 0.0), 2.0),
        ((3.0, 2.0, 4.0), np.sqrt(0.75)),
    ],
)
def test_level_of_an_ellipsoid_is_its_relative_radius(point_mm, level):
    assert shape().level(np.array(point_mm)) == pytest.approx(level, abs=2e-5)


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 145.0])
def test_the_long_axis_turns_from_the_columns_towards_the_rows(angle_deg):
    angle = np.deg2rad(angle_deg)
    tip_mm = 8.0 * np.array([0.0, np.sin(angle), np.cos(angle)])
    assert shape(replace(SMOOTH, angle_deg=angle_deg)).level(tip_mm) == pytest.approx(1.0, abs=2e-5)


@pytest.mark.parametrize("offset_mm", [0.0, 2.0, -5.0, 5.9])
def test_a_cut_of_an_ellipsoid_is_an_ellipse(offset_mm):
    contour_mm = shape().contour_mm(offset_mm)
    share = np.sqrt(1 - (offset_mm / 6.0) ** 2)
    assert np.abs(contour_mm[:, 1]).max() == pytest.approx(8 * share, rel=1e-3)
    assert np.abs(contour_mm[:, 0]).max() == pytest.approx(4 * share, rel=1e-3)
    np.testing.assert_allclose(np.hypot(contour_mm[:, 0] / 4, contour_mm[:, 1] / 8), share, rtol=1e-4)


@pytest.mark.parametrize("offset_mm", [6.001, -6.001, 50.0])
def test_a_plane_beside_the_lesion_cuts_nothing(offset_mm):
    assert shape().contour_mm(offset_mm).shape == (0, 2)


@pytest.mark.parametrize("seed", range(4))
def test_contour_and_surface_lie_on_the_boundary(seed):
    surface = shape(BUMPY, seed=seed)
    for offset_mm in (0.0, 2.0):
        contour_mm = surface.contour_mm(offset_mm)
        points_mm = np.column_stack([np.full(len(contour_mm), offset_mm), contour_mm])
        np.testing.assert_allclose(surface.level(points_mm), 1.0, atol=1e-6)
    np.testing.assert_allclose(surface.level(surface.surface_mm()), 1.0, atol=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_volume_agrees_with_counting_points(seed):
    surface = shape(BUMPY, seed=seed)
    step_mm = 0.4
    axis_mm = np.arange(-12, 12, step_mm) + step_mm / 2
    points_mm = np.stack(np.meshgrid(axis_mm, axis_mm, axis_mm, indexing="ij"), axis=-1)
    counted_mm3 = (surface.level(points_mm) < 1).sum() * step_mm**3
    assert surface.volume_mm3() == pytest.approx(counted_mm3, rel=0.02)


@pytest.mark.parametrize("centre", [CENTRE, (10.4, 30.3, 34.9)])
@pytest.mark.parametrize("diameter_mm", [6.0, 16.0, 40.0])
def test_the_asked_diameter_is_met_on_a_slice(centre, diameter_mm):
    spec = replace(BUMPY, diameter_mm=diameter_mm)
    truth = lesion_truth(spec, shape(spec, centre=centre), GRID)
    assert truth.diameter_mm == pytest.approx(diameter_mm, abs=1e-3)
    ends_mm = to_mm(truth.ends_zrc, GRID.spacing)
    assert pdist(ends_mm)[0] == pytest.approx(diameter_mm, abs=1e-3)
    assert {end[0] for end in truth.ends_zrc} == {float(truth.slice_index)}
    assert truth.diameter_3d_mm > 0.995 * diameter_mm


def test_truth_of_a_smooth_ellipsoid_with_an_oblique_long_axis():
    spec = replace(SMOOTH, angle_deg=37.0, lesion_id="L7", laterality=Laterality.RIGHT, kind=LesionKind.NON_MASS)
    truth = lesion_truth(spec, shape(spec), GRID)
    assert (truth.lesion_id, truth.laterality, truth.kind) == ("L7", Laterality.RIGHT, LesionKind.NON_MASS)
    assert (truth.slice_index, truth.centre_zrc) == (10, CENTRE)
    assert truth.short_axis_mm == pytest.approx(8.0, rel=5e-3)
    assert truth.volume_mm3 == pytest.approx(np.pi / 6 * 16 * 8 * 12, rel=1e-4)


def test_a_through_plane_tilt_is_never_in_the_in_plane_diameter():
    """Longest through the slices: 16 mm in the plane, and no more in space than the longest of its axes."""
    truth = lesion_truth(SMOOTH, shape(replace(SMOOTH, axis_ratios=(0.5, 1.0))), GRID)
    assert truth.diameter_mm == pytest.approx(16.0, abs=1e-3)
    assert truth.diameter_3d_mm == pytest.approx(16.0, rel=2e-3)


def test_the_shape_follows_the_lesion_and_the_seed_not_the_size():
    """The same bumps before and after treatment; others for another lesion or another patient."""
    before, after = shape(BUMPY), shape(replace(BUMPY, diameter_mm=9.0))
    np.testing.assert_array_equal(before.phases, after.phases)
    np.testing.assert_allclose(before.semi_axes_mm / after.semi_axes_mm, 16 / 9, rtol=0.05)
    assert not np.array_equal(before.phases, shape(replace(BUMPY, lesion_id="L2")).phases)
    assert not np.array_equal(before.phases, shape(BUMPY, seed=1).phases)


def test_a_lesion_between_two_slices_is_moved_onto_one():
    surface = shape(replace(SMOOTH, diameter_mm=1.0), centre=(10.4, 30.0, 35.0))
    assert surface.centre_zrc == (10.0, 30.0, 35.0)
    assert lesion_truth(SMOOTH, surface, GRID).diameter_mm == pytest.approx(1.0, abs=1e-3)


def test_a_lesion_outside_the_volume_is_refused():
    with pytest.raises(ValueError, match="no slice plane cuts lesion L1"):
        shape(SMOOTH, centre=(40.0, 30.0, 35.0))


@pytest.mark.parametrize(
    "change",
    [
        {"irregularity": -0.01},
        {"irregularity": 0.21},
        {"diameter_mm": -1.0},
        {"axis_ratios": (0.0, 0.5)},
        {"axis_ratios": (0.5, 1.01)},
    ],
)
def test_impossible_lesions(change):
    with pytest.raises(ValueError, match="must"):
        replace(SMOOTH, **change)


def test_a_vanished_lesion_measures_nothing():
    truth = vanished_truth(replace(SMOOTH, diameter_mm=0.0), CENTRE)
    assert (truth.diameter_mm, truth.short_axis_mm, truth.diameter_3d_mm, truth.volume_mm3) == (0, 0, 0, 0)
    assert (truth.slice_index, truth.ends_zrc, truth.centre_zrc) == (-1, (), CENTRE)


@pytest.mark.parametrize("taper", [0.0, 0.4, 0.8])
def test_a_tapered_lesion_keeps_its_diameter_and_its_volume_agrees_with_points(taper):
    spec = LesionSpec(diameter_mm=30.0, axis_ratios=(0.4, 0.5), irregularity=0.05, taper=taper)
    grid = ImageGrid(
        (41, 60, 60), (0.0, 0.0, 0.0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), Spacing(1.0, 1.0, SpacingSource.PATIENT, 1.0)
    )
    surface = shape_lesion(spec, grid, centre_zrc=(20.0, 30.0, 30.0), seed=3)
    axis = np.arange(-20.25, 20.5, 0.5)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    assert surface.volume_mm3() == pytest.approx((surface.level(points) < 1).sum() * 0.125, rel=0.02)
    assert lesion_truth(spec, surface, grid).diameter_mm == pytest.approx(30.0, abs=1e-3)


@pytest.mark.parametrize("bad", [-0.1, 0.9])
def test_an_impossible_taper_is_refused(bad):
    with pytest.raises(ValueError, match="taper"):
        LesionSpec(taper=bad)
