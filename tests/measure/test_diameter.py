"""Mask diameters: exact against all pairs, closed forms in every convention, and the bias each convention has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.errors import SpacingError
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.diameter import Convention, mask_diameters
from calcmeasure.measure.hull_kernels import row_extremes

UNIT = Spacing(1.0, 1.0, SpacingSource.PATIENT, slice_mm=1.0)
OBLONG = Spacing(0.7, 0.9, SpacingSource.PATIENT, slice_mm=2.0)
CENTRE, EDGE, HALF = Convention.CENTRE, Convention.EDGE, Convention.HALF_PIXEL


def brute(mask, spacing, convention):
    """In-plane and 3-D diameter over all pairs of voxels."""
    points = np.argwhere(mask)
    pad = 1 if convention is EDGE else 0
    steps = (np.abs(points[:, None] - points[None]) + pad) * spacing.zrc_mm
    same_slice = points[:, None, 0] == points[None, :, 0]
    in_plane = np.sqrt((steps[..., 1:] ** 2).sum(-1))
    added = np.sqrt(spacing.row_mm * spacing.col_mm) / 2 if convention is HALF else 0.0
    return in_plane[same_slice].max() + added, np.sqrt((steps**2).sum(-1)).max() + added


@settings(max_examples=120, deadline=None)
@given(
    st.tuples(st.integers(1, 6), st.integers(1, 12), st.integers(1, 20)),
    st.sampled_from([0.03, 0.2, 0.7, 1.0]),
    st.integers(0, 2**32 - 1),
    st.sampled_from(list(Convention)),
)
def test_equals_the_longest_of_all_pairs(shape, density, seed, convention):
    mask = np.random.default_rng(seed).random(shape) < density
    result = mask_diameters(mask, OBLONG, convention=convention)
    if not mask.any():
        assert (result.value_mm, result.short_axis_mm, result.diameter_3d_mm, result.volume_mm3) == (0, 0, 0, 0)
        assert result.ends_zrc.shape == (0, 3)
        return
    in_plane_mm, in_space_mm = brute(mask, OBLONG, convention)
    assert result.value_mm == pytest.approx(in_plane_mm, abs=1e-9)
    assert result.diameter_3d_mm == pytest.approx(in_space_mm, abs=1e-9)
    assert all(mask[tuple(end.astype(int))] for end in (*result.ends_zrc, *result.ends_3d_zrc))
    assert result.ends_zrc[0, 0] == result.ends_zrc[1, 0]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_row_extremes_reads_words_and_odd_bytes_alike(columns, seed):
    mask = np.random.default_rng(seed).random((2, 5, columns)) < 0.06
    found = row_extremes(mask)
    for line, (first, last) in zip(mask.reshape(-1, columns), found.reshape(-1, 2), strict=True):
        where = np.flatnonzero(line)
        assert (first, last) == ((where[0], where[-1]) if len(where) else (-1, -1))


@pytest.mark.parametrize(
    ("convention", "value_mm", "in_space_mm"),
    [
        (CENTRE, np.hypot(2, 11), np.sqrt(9 + 4 + 121)),
        (EDGE, np.hypot(3, 12), np.sqrt(16 + 9 + 144)),
        (HALF, np.hypot(2, 11) + 0.5, np.sqrt(9 + 4 + 121) + 0.5),
    ],
)
def test_box(convention, value_mm, in_space_mm):
    mask = np.zeros((8, 10, 20), bool)
    mask[2:6, 4:7, 5:17] = True
    result = mask_diameters(mask, UNIT, convention=convention)
    assert result.value_mm == pytest.approx(value_mm)
    assert result.diameter_3d_mm == pytest.approx(in_space_mm)
    assert result.volume_mm3 == 4 * 3 * 12
    assert result.convention is convention


def test_a_single_row_has_its_length_and_no_width_between_centres():
    mask = np.zeros((1, 3, 12), bool)
    mask[0, 1, 1:11] = True
    centre, edge, half = (mask_diameters(mask, OBLONG, convention=c) for c in (CENTRE, EDGE, HALF))
    assert centre.value_mm == pytest.approx(9 * 0.9)
    assert centre.short_axis_mm == pytest.approx(0, abs=1e-12)
    assert edge.short_axis_mm == pytest.approx(0.7)
    assert half.value_mm - centre.value_mm == pytest.approx(np.sqrt(0.7 * 0.9) / 2)


def test_a_single_voxel():
    mask = np.ones((1, 1, 1), bool)
    centre, edge = (mask_diameters(mask, OBLONG, convention=c) for c in (CENTRE, EDGE))
    assert (centre.value_mm, centre.diameter_3d_mm, centre.short_axis_mm) == (0, 0, pytest.approx(0, abs=1e-12))
    assert edge.value_mm == pytest.approx(np.hypot(0.7, 0.9))
    assert edge.diameter_3d_mm == pytest.approx(np.sqrt(0.49 + 0.81 + 4))


@pytest.mark.parametrize("radius_mm", [8.0, 14.5])
def test_sphere_and_circle(radius_mm):
    mask = ball((radius_mm,) * 3, spacing=OBLONG)
    result = mask_diameters(mask, OBLONG)
    assert result.value_mm == pytest.approx(2 * radius_mm, abs=0.7)
    assert result.short_axis_mm == pytest.approx(2 * radius_mm, abs=1.2)
    assert result.volume_mm3 == pytest.approx(4 / 3 * np.pi * radius_mm**3, rel=0.03)


def test_the_short_axis_stays_inside_an_l():
    mask = np.zeros((1, 24, 24), bool)
    mask[0, 2:22, 2:6] = True
    mask[0, 2:6, 2:22] = True
    result = mask_diameters(mask, UNIT, convention=EDGE)
    assert result.value_mm == pytest.approx(np.hypot(20, 20))
    assert result.short_axis_mm == pytest.approx(4 * np.sqrt(2))


def test_a_hole_cuts_the_chord():
    """Square of 9 with a hole of 5: the chord that touches the hole's corner, not the other diagonal."""
    mask = np.ones((1, 9, 9), bool)
    assert mask_diameters(mask, UNIT, convention=EDGE).short_axis_mm == pytest.approx(9 * np.sqrt(2))
    mask[0, 2:7, 2:7] = False
    assert mask_diameters(mask, UNIT, convention=EDGE).short_axis_mm == pytest.approx(4 * np.sqrt(2))


def test_the_in_plane_diameter_is_never_the_one_in_space():
    mask = np.zeros((20, 6, 6), bool)
    mask[:, 2:4, 2:4] = True
    result = mask_diameters(mask, UNIT, convention=CENTRE)
    assert result.value_mm == pytest.approx(np.sqrt(2))
    assert result.diameter_3d_mm == pytest.approx(np.sqrt(19**2 + 2))


def test_other_types_and_layouts_measure_alike():
    mask = np.random.default_rng(5).random((4, 9, 13)) < 0.2
    expected = mask_diameters(mask, OBLONG)
    for other in (mask.astype(np.int16) * -3, np.asfortranarray(mask), mask.astype(float), mask[:, ::1, :].tolist()):
        assert mask_diameters(other, OBLONG).value_mm == expected.value_mm


@pytest.mark.parametrize("seed", range(40))
def test_a_mask_turned_half_round_has_the_same_short_axis(seed):
    """On oblong pixels hardly two corners lie at one height along the axis: none of them may be passed over."""
    rng = np.random.default_rng(seed)
    (long_mm, short_mm), angle = rng.uniform((8, 5), (26, 16)), rng.uniform(0, np.pi)
    row_mm, col_mm = (np.indices((44, 36)) - rng.uniform(17, 19, (2, 1, 1))) * np.reshape(OBLONG.rc_mm, (2, 1, 1))
    along = row_mm * np.cos(angle) + col_mm * np.sin(angle)
    across = col_mm * np.cos(angle) - row_mm * np.sin(angle)
    mask = ((along / long_mm) ** 2 + (across / short_mm) ** 2 <= 0.25)[None]
    upright, turned = (mask_diameters(m, OBLONG, convention=EDGE) for m in (mask, mask[:, ::-1, ::-1]))
    assert turned.value_mm == pytest.approx(upright.value_mm)
    assert turned.short_axis_mm == pytest.approx(upright.short_axis_mm)


def test_refusals():
    with pytest.raises(ValueError, match="slices, rows and columns"):
        mask_diameters(np.ones((3, 3)), OBLONG)
    with pytest.raises(SpacingError):
        mask_diameters(np.ones((1, 3, 3)), Spacing(1, 1, SpacingSource.DETECTOR))


def ball(radii_mm, *, spacing):
    """Ellipsoid sampled at voxel centres."""
    half = max(radii_mm) + 2
    axes = [np.arange(-half, half, step) for step in spacing.zrc_mm]
    z, r, c = np.meshgrid(*axes, indexing="ij")
    return (z / radii_mm[0]) ** 2 + (r / radii_mm[1]) ** 2 + (c / radii_mm[2]) ** 2 <= 1


def random_ellipse(rng):
    """Slice of an ellipse 6-40 mm long, anywhere between the pixels, at 1 mm; and its length."""
    long_mm, angle = rng.uniform(6, 40), rng.uniform(0, np.pi)
    r, c = np.indices((48, 48)) - 24 - rng.uniform(-0.5, 0.5, (2, 1, 1))
    along, across = r * np.cos(angle) + c * np.sin(angle), c * np.cos(angle) - r * np.sin(angle)
    return ((along / long_mm) ** 2 + (across / long_mm / rng.uniform(0.5, 1)) ** 2 <= 0.25)[None], long_mm


@pytest.mark.parametrize(
    ("convention", "expected_mm", "tolerance_mm"), [(CENTRE, -0.42, 0.1), (EDGE, 0.90, 0.1), (HALF, 0.08, 0.1)]
)
def test_bias_of_each_convention(convention, expected_mm, tolerance_mm):
    """In-plane diameters of random ellipses of 6-40 mm at 1 mm: centres fall short, corners overstate."""
    rng = np.random.default_rng(12)
    pairs = [random_ellipse(rng) for _ in range(300)]
    errors = [mask_diameters(mask, UNIT, convention=convention).value_mm - long_mm for mask, long_mm in pairs]
    assert np.mean(errors) == pytest.approx(expected_mm, abs=tolerance_mm)
