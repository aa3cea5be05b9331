"""Candidates: position, size and what is suppressed, on objects of known shape."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calcmeasure.detect.calcifications.bands import SIGMAS_MM, Band, BandStack, build_stack
from calcmeasure.detect.calcifications.candidates import DISC_FACTOR, Candidates, find_candidates, suppress_inside
from calcmeasure.detect.calcifications.noise import NoiseCurve
from calcmeasure.geometry import Spacing, SpacingSource

SPACING = Spacing(0.05, 0.05, SpacingSource.DETECTOR)
COARSE = Spacing(0.1, 0.1, SpacingSource.DETECTOR)


def _found(image: np.ndarray, *, spacing: Spacing = SPACING, least_snr: float = 8.0) -> Candidates:
    noisy = (image + 0.01 * np.random.default_rng(0).standard_normal(image.shape)).astype(np.float32)
    everywhere = np.ones(image.shape, dtype=bool)
    stack = build_stack(noisy, valid=everywhere, inside=everywhere, spacing=spacing)
    return find_candidates(stack, search=everywhere, least_snr=least_snr)


def _disc(centre_rc: tuple[float, float], diameter_mm: float, *, spacing: Spacing = SPACING) -> np.ndarray:
    """Disc with exact edges, by averaging 8 x 8 points per pixel."""
    fine = 8
    rows = (np.arange(200 * fine) + 0.5) / fine - 0.5 - centre_rc[0]
    cols = (np.arange(200 * fine) + 0.5) / fine - 0.5 - centre_rc[1]
    inside = np.hypot(rows[:, None] * spacing.row_mm, cols[None, :] * spacing.col_mm) <= diameter_mm / 2
    return inside.reshape(200, fine, 200, fine).mean(axis=(1, 3))


@pytest.mark.parametrize("diameter_mm", [0.3, 0.4, 0.6, 0.8])
def test_diameter_of_a_disc(diameter_mm: float):
    assert _found(_disc((100.0, 100.0), diameter_mm)).diameters_mm[0] == pytest.approx(diameter_mm, rel=0.1)


@pytest.mark.parametrize("centre_rc", [(100.0, 100.0), (100.3, 99.6), (99.75, 100.45)])
@pytest.mark.parametrize("rc_mm", [(0.05, 0.05), (0.1, 0.07)])
def test_position_below_the_pixel(centre_rc: tuple[float, float], rc_mm: tuple[float, float]):
    spacing = Spacing(*rc_mm, SpacingSource.DETECTOR)
    found = _found(_disc(centre_rc, 0.4, spacing=spacing), spacing=spacing)
    assert len(found) == 1
    assert_allclose(found.points_rc[0], centre_rc, atol=0.2)


def test_strongest_first_and_subsets_keep_the_rows_together():
    found = _found(_disc((60.0, 60.0), 0.4) + 3.0 * _disc((140.0, 140.0), 0.4))
    assert_allclose(found.points_rc, [[140.0, 140.0], [60.0, 60.0]], atol=0.2)
    second = found.take(np.array([False, True]))
    assert len(second) == 1
    assert second.snr[0] == found.snr[1]
    assert_allclose(second.amplitudes, found.answers[1:] * found.noise[1:])


def test_nothing_above_the_threshold_gives_empty_arrays():
    found = _found(np.zeros((200, 200)), least_snr=20.0)
    assert len(found) == 0
    assert found.points_rc.shape == (0, 2)
    assert found.answers.shape == (0, len(SIGMAS_MM))


def test_bands_finer_than_the_pixels_are_missing():
    spacing = Spacing(0.2, 0.2, SpacingSource.DETECTOR)
    found = _found(_disc((100.0, 100.0), 0.8, spacing=spacing), spacing=spacing)
    assert np.isnan(found.answers[0]).tolist() == [True, True, False, False, False, False, False]


def _hand_made(*planes: tuple[np.ndarray, float], step: int = 1) -> BandStack:
    """Bands with known values, noise 1 each."""
    ones = np.ones((2, 2), np.float32)
    bands = tuple(Band(plane.astype(np.float32), step, sigma_mm, ones, 1.0) for plane, sigma_mm in planes)
    pixels = np.zeros(np.multiply(planes[0][0].shape, step), np.float32)
    curve = NoiseCurve(np.array([0.0, 1.0]), np.ones(2))
    return BandStack(bands, len(SIGMAS_MM) - len(bands), pixels, curve, COARSE)


def _searched(stack: BandStack, *, search: np.ndarray | None = None) -> Candidates:
    everywhere = np.ones(stack.pixels.shape, dtype=bool)
    return find_candidates(stack, search=everywhere if search is None else search, least_snr=5.0)


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("shift_rc", [(0.0, 0.0), (0.3, -0.45), (-0.5, 0.2)])
def test_the_top_of_a_paraboloid_is_met_exactly(shift_rc: tuple[float, float], step: int):
    rows, cols = np.indices((41, 41)) - 20
    snr = 100.0 - 0.5 * (rows - shift_rc[0]) ** 2 - 0.125 * (cols - shift_rc[1]) ** 2
    found = _searched(_hand_made((snr, 0.3), step=step))
    assert_allclose(found.points_rc[0], step * (np.array(shift_rc) + 20), atol=1e-3)


@pytest.mark.parametrize("along", [0, 1])
def test_a_mark_is_not_moved_along_a_level_ridge(along: int):
    """Neighbours as high as the mark have no curvature: no division by it, no shift."""
    ridge = 20.0 - 0.25 * (np.indices((41, 41))[1 - along] - 20.25) ** 2
    search = np.zeros((41, 41), dtype=bool)
    search[20, 20] = True
    found = _searched(_hand_made((ridge, 0.3)), search=search)
    assert found.points_rc[0, along] == 20.0
    assert found.points_rc[0, 1 - along] == pytest.approx(20.25)


def test_the_least_signal_counts_as_a_mark_and_the_image_edge_has_none():
    snr = np.zeros((41, 60))
    snr[20, 20], snr[20, 40] = 5.0, 4.99
    snr[[0, -1], 10] = snr[20, [0, -1]] = 50.0
    assert [round(c) for c in _searched(_hand_made((snr, 0.3))).points_rc[:, 1]] == [20]


def _columns(points_mm: list[float], diameters_mm: list[float]) -> list[float]:
    places = np.column_stack([np.zeros(len(points_mm)), points_mm])
    return np.array(points_mm)[suppress_inside(places, np.array(diameters_mm))].tolist()


def test_a_mark_within_a_suppressed_disc_stands():
    """Discs of 1 mm: the second lies in the first's, the third only in the second's, which is gone."""
    assert _columns([2.0, 2.4, 2.8], [1.0, 1.0, 1.0]) == [2.0, 2.8]


@pytest.mark.parametrize(("gap_mm", "stands"), [(0.3, False), (0.49, False), (0.51, True)])
def test_a_mark_is_suppressed_within_the_radius_of_a_stronger_one(gap_mm: float, stands: bool):
    assert (len(_columns([2.0, 2.0 + gap_mm], [1.0, 1.0])) == 2) is stands


def test_the_disc_of_the_stronger_mark_decides():
    assert _columns([2.0, 2.3], [0.34, 1.3]) == [2.0, 2.3]
    assert _columns([2.0, 2.3], [1.3, 0.34]) == [2.0]


def test_the_finest_disc_still_keeps_rivals_a_pixel_apart_away():
    assert _columns([2.0, 2.1], [0.1, 0.1]) == [2.0]


def test_diameter_follows_the_band_of_the_greatest_amplitude():
    """Amplitudes 1, 2, 1 of neighbouring bands peak in the middle one."""
    planes = []
    for height, sigma_mm in ((6.0, SIGMAS_MM[-3]), (12.0, SIGMAS_MM[-2]), (6.0, SIGMAS_MM[-1])):
        plane = np.zeros((41, 41))
        plane[20, 20] = height
        planes.append((plane, sigma_mm))
    assert _searched(_hand_made(*planes)).diameters_mm[0] == pytest.approx(DISC_FACTOR * SIGMAS_MM[-2])
