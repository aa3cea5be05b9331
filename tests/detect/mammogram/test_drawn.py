"""Writing, lost pixels and saturated tissue against marks that were really imaged."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from calcmeasure.detect.mammogram.drawn import ScaleEnds, fill_in, find_scale_ends

SHAPE, MM = (240, 200), 0.07


def _imaged(thing: NDArray[np.floating], *, blur_px: float = 0.6, top: float = np.inf, seed: int = 0) -> NDArray:
    """A thing seen through a detector's blur, with noise, cut at the end of the scale."""
    rng = np.random.default_rng(seed)
    seen = gaussian_filter(thing, blur_px) + 100.0 + 2.0 * rng.standard_normal(SHAPE)
    return np.minimum(seen, top).astype(np.float32)


def _find(image: NDArray[np.float32]) -> ScaleEnds:
    return find_scale_ends(image, np.ones(SHAPE, bool), area_mm2=MM**2)


def _disc(radius: float) -> NDArray[np.bool_]:
    rows, cols = np.indices(SHAPE)
    return np.hypot(rows - 120, cols - 100) < radius


@pytest.mark.parametrize("value", [4095.0, 0.0])
@pytest.mark.parametrize("kind", ["cross", "oblique", "filled", "pixel run"])
def test_what_was_written_is_found_whole(value: float, kind: str):
    image = _imaged(np.zeros(SHAPE))
    drawn = np.zeros(SHAPE, bool)
    if kind == "cross":
        drawn[100:140, 90] = drawn[120, 70:110] = True
    elif kind == "oblique":
        drawn[np.arange(60, 120), np.arange(40, 100)] = True
    elif kind == "filled":
        drawn[100:112, 80:90] = True
    else:
        drawn[120, 80:83] = True
    image[drawn] = value
    found = _find(image)
    assert found.saturated is None
    np.testing.assert_array_equal(found.drawn, drawn)


@pytest.mark.parametrize("radius_px", [0.8, 1.2, 2.0, 4.0])
@pytest.mark.parametrize("height", [20.0, 200.0, 2000.0])
@pytest.mark.parametrize("top", [np.inf, 180.0])
def test_an_imaged_calcification_is_never_taken_for_writing(radius_px: float, height: float, top: float):
    found = _find(_imaged(height * _disc(radius_px), top=top))
    assert found.drawn is None


def test_noise_cut_off_at_the_end_of_the_scale_is_not_writing():
    found = _find(_imaged(np.zeros(SHAPE), top=103.0))
    assert found.drawn is None


def test_saturated_tissue_is_told_from_small_bright_marks():
    rows, cols = np.indices(SHAPE)
    broad = 200.0 * np.exp(-((rows - 120) ** 2 + (cols - 100) ** 2) / (2 * 40.0**2))
    image = _imaged(broad, top=250.0)
    found = _find(image)
    assert found.drawn is None
    assert found.saturated is not None
    assert found.saturated[120, 100]
    assert _find(_imaged(400.0 * _disc(3.0), top=250.0)).saturated is None


def test_filling_takes_the_surroundings():
    image = np.tile(np.linspace(0.0, 10.0, SHAPE[1], dtype=np.float32), (SHAPE[0], 1))
    hole = np.zeros(SHAPE, bool)
    hole[100:104, 50:150] = True
    holed = np.where(hole, np.float32(99.0), image)
    fill_in(holed, hole)
    np.testing.assert_allclose(holed, image, atol=0.2)
    np.testing.assert_array_equal(holed[~hole], image[~hole])


def test_a_flat_image_has_no_ends():
    assert _find(np.zeros(SHAPE, np.float32)) == ScaleEnds(None, None)
