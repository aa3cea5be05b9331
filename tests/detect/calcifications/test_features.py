"""What is measured on candidates, on objects of known shape."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import ndimage

from calcmeasure.detect.calcifications.bands import build_stack
from calcmeasure.detect.calcifications.candidates import find_candidates
from calcmeasure.detect.calcifications.features import FEATURES, describe
from calcmeasure.geometry import Spacing, SpacingSource

SPACING = Spacing(0.05, 0.05, SpacingSource.DETECTOR)
ROWS, COLS = (np.indices((240, 240)) - 120) * 0.05


def _described(image: np.ndarray, *, gain: float = 1.0) -> dict[str, float]:
    """Features of the candidate nearest to the middle."""
    noisy = image + 0.01 * np.random.default_rng(0).standard_normal(image.shape)
    everywhere = np.ones(image.shape, dtype=bool)
    stack = build_stack((gain * noisy + 3.0).astype(np.float32), valid=everywhere, inside=everywhere, spacing=SPACING)
    found = find_candidates(stack, search=everywhere, least_snr=4.0)
    nearest = np.hypot(*(found.points_rc - 120).T).argmin()
    assert np.hypot(*(found.points_rc[nearest] - 120)) < 3
    return dict(zip(FEATURES, describe(stack, found)[nearest].tolist(), strict=True))


def _speck(row_mm: float = 0.0, col_mm: float = 0.0, width_mm: float = 0.1) -> np.ndarray:
    return np.exp(-((ROWS - row_mm) ** 2 + (COLS - col_mm) ** 2) / (2 * width_mm**2))


def _line(angle: float, *, half: bool = False) -> np.ndarray:
    across, along = ROWS * np.cos(angle) - COLS * np.sin(angle), COLS * np.cos(angle) + ROWS * np.sin(angle)
    return np.exp(-(across**2) / (2 * 0.1**2)) * ((along > 0) | (not half))


def test_every_feature_has_its_own_name():
    assert len(set(FEATURES)) == len(FEATURES)


def test_grey_scale_and_offset_make_no_difference():
    image = 0.3 * _speck() + 0.1 * _line(0.4)
    first, second = _described(image), _described(image, gain=1000.0)
    assert_allclose(list(second.values()), list(first.values()), rtol=0.02, atol=0.05)


def test_a_speck_is_round_and_no_line():
    speck = _described(0.3 * _speck())
    assert speck["roundness_0.079"] > 0.7
    assert speck["line_0.112"] < 0.5
    assert speck["elongation_0.224"] < 0.3
    assert speck["observer"] == pytest.approx(speck["snr"], rel=0.2)


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.57])
def test_a_line_through_a_speck_is_seen_at_any_angle(angle: float):
    crossed = _described(0.3 * _speck() + 0.15 * _line(angle))
    assert crossed["line_0.112"] > 2.0
    assert crossed["across_0.112"] < 0.5
    assert crossed["elongation_0.112"] > 0.5
    assert crossed["bent_0.112"] >= crossed["line_0.112"]


def test_a_line_that_ends_on_a_speck_is_one_sided():
    ended = _described(0.3 * _speck() + 0.15 * _line(0.0, half=True))
    assert ended["edge_0.112"] > 2.0
    assert ended["line_0.112"] < 0.5
    assert ended["lopsided_0.112"] > 0.5


def test_one_pixel_is_sharper_than_any_speck():
    spike = np.zeros(ROWS.shape)
    spike[120, 120] = 0.4
    assert _described(spike)["relative_sharp"] > 1.5 * _described(0.3 * _speck(width_mm=0.07))["relative_sharp"]


def test_a_scanner_line_is_told():
    line = np.zeros(ROWS.shape)
    line[120] = 0.05
    assert _described(0.3 * _speck() + line)["scan_line"] > 3.0 * _described(0.3 * _speck())["scan_line"] + 10.0


def test_neighbours_make_busy_surroundings():
    crowd = sum(_speck(r, c) for r in (-1.5, -0.75, 0, 0.75, 1.5) for c in (-1.5, -0.75, 0, 0.75, 1.5))
    assert _described(0.3 * crowd)["busy_0.112"] > 3.0 * _described(0.3 * _speck())["busy_0.112"]


def test_a_weaker_speck_close_by_has_a_rival_and_the_stronger_none():
    pair = 0.3 * _speck() + 0.6 * _speck(col_mm=0.8)
    weaker, alone = _described(pair), _described(0.3 * _speck())
    assert weaker["rival_mm"] == pytest.approx(0.8, abs=0.05)
    assert weaker["rival_strength"] == pytest.approx(2.0, rel=0.2)
    assert (alone["rival_mm"], alone["rival_strength"]) == (1.5, 1.0)


def test_an_edge_of_one_pixel_is_steeper_than_any_speck():
    square = ((np.abs(ROWS) < 0.14) & (np.abs(COLS) < 0.14)).astype(float)
    assert _described(0.4 * square)["steep"] > 2.0 * _described(0.4 * _speck(width_mm=0.12))["steep"]


def test_noise_that_hangs_together_is_grain():
    """Blurring the noise leaves more of it in the next band than white noise has there."""
    grain = 0.2 * ndimage.gaussian_filter(np.random.default_rng(1).standard_normal(ROWS.shape), 2.0)
    assert _described(0.9 * _speck() + grain)["grain"] > 1.3 * _described(0.9 * _speck())["grain"]


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.57])
def test_a_rod_is_as_long_and_as_broad_as_it_is(angle: float):
    across, along = ROWS * np.cos(angle) - COLS * np.sin(angle), COLS * np.cos(angle) + ROWS * np.sin(angle)
    rod = _described(0.4 * np.exp(-(across**2) / (2 * 0.08**2)) * np.exp(-(along**2) / (2 * 0.42**2)))
    speck, line = _described(0.4 * _speck()), _described(0.2 * _speck() + 0.4 * _line(angle))
    assert rod["length"] == pytest.approx(1.0, abs=0.25)
    assert rod["slenderness"] > 2.5
    assert speck["slenderness"] < 1.4
    assert line["length"] > 1.5 * rod["length"]
