"""Candidate marks: position, size, roundness and line support of objects with known shape."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calcmeasure.detect.bands import build_stack
from calcmeasure.detect.marks import Marks, find_marks
from calcmeasure.geometry import Spacing, SpacingSource

SIGMAS = (0.056, 0.079, 0.112, 0.158, 0.224, 0.316)
SPACING = Spacing(0.05, 0.05, SpacingSource.DETECTOR)


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
