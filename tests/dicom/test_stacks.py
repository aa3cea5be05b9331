"""Slices along their normal: directions by hand, one position or two, and what makes a grid irregular."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phase_keys import MrImage
from calcmeasure.dicom.stacks import Stack, index_directions, regular_grid, stack_images
from calcmeasure.errors import ErrorCode, GeometryError
from calcmeasure.model.imaging import FrameReference

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def image(corner_lps, **changes) -> MrImage:
    values = {
        "ImageOrientationPatient": tuple(str(v) for v in AXIAL),
        "ImagePositionPatient": tuple(repr(float(v)) for v in corner_lps),
        "PixelSpacing": ("0.9", "0.7"),
        "Rows": ("8",),
        "Columns": ("6",),
    } | changes
    path = Path("a.dcm")
    return MrImage(FrameReference(path, "1"), Header(path, "1.2.840.10008.1.2.1", values))


def at(*heights_mm) -> list[MrImage]:
    return [image((-3.0, -4.0, z)) for z in heights_mm]


def refused(images) -> GeometryError:
    with pytest.raises(GeometryError) as caught:
        regular_grid(stack_images(images), images[0])
    return caught.value


@pytest.mark.parametrize(
    ("orientation", "axes_lps"),
    [
        (AXIAL, [(0, 0, 1), (0, 1, 0), (1, 0, 0)]),
        ((0, 1, 0, 0, 0, -1), [(-1, 0, 0), (0, 0, -1), (0, 1, 0)]),  # sagittal
        ((1, 0, 0, 0, 0, -1), [(0, 1, 0), (0, 0, -1), (1, 0, 0)]),  # coronal
        ((-1, 0, 0, 0, 1, 0), [(0, 0, -1), (0, 1, 0), (-1, 0, 0)]),  # prone: columns to the right
    ],
)
def test_directions_by_hand(orientation, axes_lps):
    """The first triplet is the way the column index grows (PS3.3 C.7.6.2.1.1)."""
    np.testing.assert_allclose(index_directions(orientation), axes_lps, atol=1e-12)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_oblique_directions_are_a_right_handed_frame(a, b):
    row = np.array([np.cos(a), np.sin(a), 0.0])
    down = np.array([-np.sin(a) * np.cos(b), np.cos(a) * np.cos(b), np.sin(b)])
    axes = index_directions([*row, *down])
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(np.cross(axes[2], axes[1]), axes[0], atol=1e-9)


@pytest.mark.parametrize(
    ("orientation", "words"),
    [
        ((), "no usable"),
        ((1, 0, 0, 0, 1), "no usable"),
        ((1, 0, 0, 0, np.nan, 0), "no usable"),
        ((1.02, 0, 0, 0, 1, 0), "unit directions"),
        ((1, 0, 0, 0, 0.98, 0), "unit directions"),
        ((1, 0, 0, 0.002, 1, 0), "perpendicular"),
        ((1, 0, 0, 1, 0, 0), "perpendicular"),
    ],
)
def test_orientations_that_are_none(orientation, words):
    with pytest.raises(GeometryError, match=words):
        index_directions(orientation)


@pytest.mark.parametrize("orientation", [(1.005, 0, 0, 0, 0.995, 0), (1, 0, 0, 0.0005, 1, 0)])
def test_rounded_orientations_are_taken_and_made_unit(orientation):
    np.testing.assert_allclose(np.linalg.norm(index_directions(orientation), axis=1), 1, atol=1e-12)


@pytest.mark.parametrize(
    ("heights_mm", "slots"),
    [
        ((0.0, 2.0, 4.0), (0, 1, 2)),
        ((4.0, 0.0, 2.0), (2, 0, 1)),
        ((-2.0, -4.0, -2.0), (1, 0, 1)),
        ((0.0, 0.04, 2.0), (0, 0, 1)),
        ((0.0, 0.06, 2.0), (0, 1, 2)),
        ((0.0, 0.04, 0.08), (0, 0, 1)),  # counted from the lowest of a position, not from neighbour to neighbour
    ],
)
def test_images_within_a_twentieth_of_a_millimetre_share_a_position(heights_mm, slots):
    assert stack_images(at(*heights_mm)).slots == slots


def test_a_position_is_the_mean_of_its_images():
    stack = stack_images(at(0.0, 0.04, 2.0, 2.0))
    np.testing.assert_allclose(stack.corners_lps, [(-3, -4, 0.02), (-3, -4, 2)])
    assert stack.n_slices == 2


@pytest.mark.parametrize(("aside_mm", "fits"), [(0.08, True), (0.12, False)])
def test_images_of_one_position_do_not_lie_beside_each_other(aside_mm, fits):
    """Each lies half the distance from their mean; 0.05 mm is let through."""
    images = [image((0, 0, 0)), image((aside_mm, 0, 0)), image((0, 0, 2))]
    if fits:
        assert stack_images(images).slots == (0, 0, 1)
        return
    with pytest.raises(GeometryError, match="beside each other") as caught:
        stack_images(images)
    assert caught.value.code is ErrorCode.GEOMETRY


def test_grid_of_a_stack():
    images = at(3.0, 1.0, 5.0, 7.0)
    grid = regular_grid(stack_images(images), images[0])
    assert grid.shape == (4, 8, 6)
    assert grid.origin_lps == (-3.0, -4.0, 1.0)
    assert grid.spacing.zrc_mm == (2.0, 0.9, 0.7)
    np.testing.assert_allclose(grid.to_lps((1, 2, 3)), (-3 + 2.1, -4 + 1.8, 3))


def test_the_step_comes_from_positions_never_from_thickness():
    thick = {"SliceThickness": ("4",)}
    images = [image((0, 0, z), **thick) for z in (0, 2, 4)]
    assert regular_grid(stack_images(images), images[0]).spacing.slice_mm == 2.0
    assert regular_grid(stack_images(images[:1]), images[0]).spacing.slice_mm == 4.0


@pytest.mark.parametrize("thickness", [{}, {"SliceThickness": ("0",)}, {"SliceThickness": ("-2",)}])
def test_a_single_slice_without_thickness_has_no_slice_distance(thickness):
    images = [image((0, 0, 0), **thickness)]
    assert regular_grid(stack_images(images), images[0]).spacing.slice_mm is None


@pytest.mark.parametrize(
    ("heights_mm", "missing"), [((0, 2, 6), 1), ((0, 2, 4, 6, 12), 2), ((0, 6, 8, 10, 14), 3), ((0, 2, 4, 8.05), 1)]
)
def test_gaps_of_whole_steps_are_missing_slices(heights_mm, missing):
    error = refused(at(*heights_mm))
    assert error.code is ErrorCode.MISSING_SLICE
    assert error.message.startswith(f"{missing} slice(s)")


@pytest.mark.parametrize("heights_mm", [(0, 2, 5), (0, 2, 4, 6.7)])
def test_other_distances_are_irregular(heights_mm):
    error = refused(at(*heights_mm))
    assert error.code is ErrorCode.GEOMETRY
    assert "vary from 2.000" in error.message


@pytest.mark.parametrize(("sideways_mm", "code"), [(0.01, None), (0.02, ErrorCode.SHEAR)])
def test_slices_are_stacked_along_their_normal(sideways_mm, code):
    """Four slices: the last lies three times the shift aside, 0.05 mm is let through."""
    images = [image((sideways_mm * k, 0, 2.0 * k)) for k in range(4)]
    if code is None:
        assert regular_grid(stack_images(images), images[0]).shape[0] == 4
    else:
        assert refused(images).code is code


@given(st.lists(st.floats(-0.02, 0.02), min_size=3, max_size=20), st.floats(0.8, 6.0))
def test_rounded_positions_are_a_regular_grid(noise_mm, step_mm):
    images = at(*(k * step_mm + noise for k, noise in enumerate(noise_mm)))
    found_mm = regular_grid(stack_images(images), images[0]).spacing.slice_mm
    assert found_mm == pytest.approx(step_mm, abs=0.04 / (len(images) - 1) + 1e-9)


@pytest.mark.parametrize(
    "changes",
    [{"PixelSpacing": ()}, {"PixelSpacing": ("0.9",)}, {"PixelSpacing": ("0", "1")}, {"Rows": ("0",)}, {"Columns": ()}],
)
def test_an_image_without_a_matrix_has_no_grid(changes):
    images = [image((0, 0, z), **changes) for z in (0, 2)]
    assert refused(images).code is ErrorCode.GEOMETRY


def test_a_stack_counts_positions_not_images():
    assert Stack((0, 0, 1), np.zeros((2, 3)), np.eye(3)).n_slices == 2
