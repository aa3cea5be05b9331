"""Candidate marks: position, size, roundness and line support of objects with known shape."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calcmeasure.detect.calcifications.bands import BandStack, build_stack
from calcmeasure.detect.calcifications.marks import DISC_FACTOR, Marks, find_marks
from calcmeasure.geometry import Spacing, SpacingSource

SIGMAS = (0.056, 0.079, 0.112, 0.158, 0.224, 0.316)
SPACING = Spacing(0.05, 0.05, SpacingSource.DETECTOR)
COARSE = Spacing(0.1, 0.1, SpacingSource.DETECTOR)


def _marks(image: np.ndarray, *, spacing: Spacing = SPACING, threshold: float = 8.0) -> Marks:
    noisy = (image + 0.01 * np.random.default_rng(0).standard_normal(image.shape)).astype(np.float32)
    everywhere = np.ones(image.shape, dtype=bool)
    stack = build_stack(noisy, inside=everywhere, spacing=spacing, sigmas_mm=SIGMAS, noise_sigma_mm=2.8)
    return find_marks(stack, search=everywhere, spacing=spacing, threshold=threshold)


def _disc(centre_rc: tuple[float, float], diameter_mm: float, *, spacing: Spacing = SPACING) -> np.ndarray:
    """Disc with exact edges, by averaging 8 x 8 points per pixel."""
    fine = 8
    rows = (np.arange(200 * fine) + 0.5) / fine - 0.5 - centre_rc[0]
    cols = (np.arange(200 * fine) + 0.5) / fine - 0.5 - centre_rc[1]
    inside = np.hypot(rows[:, None] * spacing.row_mm, cols[None, :] * spacing.col_mm) <= diameter_mm / 2
    return inside.reshape(200, fine, 200, fine).mean(axis=(1, 3))


@pytest.mark.parametrize("diameter_mm", [0.3, 0.4, 0.6, 0.8])
def test_diameter_of_a_disc(diameter_mm: float):
    marks = _marks(_disc((100.0, 100.0), diameter_mm))
    assert marks.diameters_mm[0] == pytest.approx(diameter_mm, rel=0.1)


@pytest.mark.parametrize("centre_rc", [(100.0, 100.0), (100.3, 99.6), (99.75, 100.45)])
@pytest.mark.parametrize("rc_mm", [(0.05, 0.05), (0.1, 0.07)])
def test_position_below_the_pixel(centre_rc: tuple[float, float], rc_mm: tuple[float, float]):
    spacing = Spacing(*rc_mm, SpacingSource.DETECTOR)
    marks = _marks(_disc(centre_rc, 0.4, spacing=spacing), spacing=spacing)
    assert_allclose(marks.points_rc[0], centre_rc, atol=0.12)


def test_a_disc_is_one_round_mark():
    marks = _marks(_disc((100.0, 100.0), 0.4))
    assert len(marks) == 1
    assert marks.roundness[0] > 0.7
    assert marks.line[0] < 0.1 * marks.snr[0]


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.57])
def test_a_line_is_no_round_mark_and_has_line_support(angle: float):
    rows, cols = (np.indices((200, 200)) - 100) * 0.05
    line = np.exp(-((rows * np.cos(angle) - cols * np.sin(angle)) ** 2) / (2 * 0.12**2))
    marks = _marks(line)
    middle = np.hypot(*(marks.points_rc - 100).T) < 30
    assert middle.any()
    assert np.median(marks.line[middle] / marks.snr[middle]) > 0.3
    assert np.median(marks.roundness[middle]) < 0.3


def test_neighbours_on_one_side_are_edge_but_not_line():
    rows, cols = (np.indices((200, 200)) - 100) * 0.05
    half_line = np.exp(-(rows**2) / (2 * 0.12**2)) * (cols > 0)
    marks = _marks(half_line + 1.5 * _disc((100.0, 100.0), 0.4))
    nearest = np.hypot(*(marks.points_rc - 100).T).argmin()
    assert marks.edge[nearest] > 3 * max(marks.line[nearest], 1e-9)


def test_strongest_first_and_subsets_keep_the_rows_together():
    image = _disc((60.0, 60.0), 0.4) + 3.0 * _disc((140.0, 140.0), 0.4)
    marks = _marks(image)
    assert_allclose(marks.points_rc, [[140.0, 140.0], [60.0, 60.0]], atol=0.15)
    second = marks.take(np.array([False, True]))
    assert len(second) == 1
    assert second.snr[0] == marks.snr[1]
    assert_allclose(second.moved(np.array([10.0, -5.0])).points_rc, second.points_rc + np.array([10.0, -5.0]))


def test_nothing_above_the_threshold_gives_empty_arrays():
    marks = _marks(np.zeros((200, 200)), threshold=20.0)
    assert len(marks) == 0
    assert marks.points_rc.shape == (0, 2)
    assert marks.roundness.shape == marks.line.shape == (0,)


def _hand_made(snr: np.ndarray, *sigmas_mm: float) -> BandStack:
    """Bands with known values, noise 1 each."""
    return BandStack(snr.astype(np.float32), np.array(sigmas_mm), np.ones(len(sigmas_mm)))


def _found(stack: BandStack, *, spacing: Spacing = COARSE) -> Marks:
    return find_marks(stack, search=np.ones(stack.snr.shape[1:], dtype=bool), spacing=spacing, threshold=5.0)


@pytest.mark.parametrize("shift_rc", [(0.0, 0.0), (0.3, -0.45), (-0.5, 0.2)])
def test_the_top_of_a_paraboloid_is_met_exactly(shift_rc: tuple[float, float]):
    rows, cols = np.indices((41, 41)) - 20
    snr = 100.0 - 0.5 * (rows - shift_rc[0]) ** 2 - 0.125 * (cols - shift_rc[1]) ** 2
    found = _found(_hand_made(snr[None], 0.3))
    assert_allclose(found.points_rc[0], np.array(shift_rc) + 20, atol=1e-3)


@pytest.mark.parametrize("along", [0, 1])
def test_a_mark_is_not_moved_along_a_level_ridge(along: int):
    """Neighbours as high as the mark have no curvature: no division by it, no shift."""
    ridge = 20.0 - 0.25 * (np.indices((41, 41))[1 - along] - 20.25) ** 2
    search = np.zeros((41, 41), dtype=bool)
    search[20, 20] = True
    found = find_marks(_hand_made(ridge[None], 0.3), search=search, spacing=COARSE, threshold=5.0)
    assert found.points_rc[0, along] == 20.0
    assert found.points_rc[0, 1 - along] == pytest.approx(20.25)


def _peaks(*places: tuple[int, int, float]) -> np.ndarray:
    """(bands, 41, 60) with peaks of the given band, column and height on row 20."""
    snr = np.zeros((1 + max(band for band, _, _ in places), 41, 60))
    for band, column, height in places:
        snr[band, 20, column] = height
    return snr


def _columns(found: Marks) -> list[int]:
    return [round(column) for column in found.points_rc[:, 1]]


def test_a_mark_within_a_suppressed_disc_stands():
    """Discs of 1 mm: the second lies in the first's, the third only in the second's, which is gone."""
    found = _found(_hand_made(_peaks((0, 20, 30.0), (0, 24, 20.0), (0, 28, 10.0)), 0.3))
    assert_allclose(found.diameters_mm, DISC_FACTOR * 0.3)
    assert _columns(found) == [20, 28]


@pytest.mark.parametrize(("gap", "kept"), [(3, [20]), (4, [20]), (6, [20, 26])])
def test_a_mark_is_suppressed_within_the_radius_of_a_stronger_one(gap: int, kept: list[int]):
    """Radius 0.5 mm is five pixels."""
    assert _columns(_found(_hand_made(_peaks((0, 20, 30.0), (0, 20 + gap, 20.0)), 0.3))) == kept


@pytest.mark.parametrize(("strong", "kept"), [(0, [20, 23]), (2, [20])])
def test_the_disc_of_the_stronger_mark_decides(strong: int, kept: list[int]):
    """Radii 0.17 and 0.67 mm, 0.3 mm apart: a large faint disc does not swallow a small bright mark's neighbour."""
    snr = _peaks((strong, 20, 30.0), (2 - strong, 23, 20.0))
    assert _columns(_found(_hand_made(snr, 0.1, 0.2, 0.4))) == kept


def test_the_least_signal_counts_as_a_mark_and_the_image_edge_has_none():
    snr = _peaks((0, 20, 5.0), (0, 40, 4.99))
    snr[0, [0, -1], 10] = snr[0, 20, [0, -1]] = 50.0
    assert _columns(_found(_hand_made(snr, 0.3))) == [20]


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.1, 0.0, -0.5])
def test_roundness_is_the_ratio_of_the_curvatures(ratio: float):
    """A quadric has the same Hessian everywhere, on oblong pixels and turned as well."""
    spacing = Spacing(0.1, 0.05, SpacingSource.DETECTOR)
    rows, cols = (np.indices((61, 61)) - 30) * np.reshape(spacing.rc_mm, (2, 1, 1))
    for angle in (0.0, 0.6, np.pi / 2):
        along, across = rows * np.cos(angle) + cols * np.sin(angle), cols * np.cos(angle) - rows * np.sin(angle)
        snr = 1000.0 - 40.0 * (along**2 + ratio * across**2)
        found = find_marks(
            _hand_made(snr[None], 0.2),
            search=(np.abs(rows) < 0.02) & (np.abs(cols) < 0.02),
            spacing=spacing,
            threshold=-1e9,
        )
        if len(found):
            assert found.roundness[0] == pytest.approx(ratio, abs=0.02)
        assert len(found) or ratio < 0
