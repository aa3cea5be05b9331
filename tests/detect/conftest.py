"""Small synthetic mammograms for the calcification detector: closed-form marks on power-law tissue."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.geometry import Spacing, SpacingSource


def spacing_of(row_mm: float, col_mm: float | None = None) -> Spacing:
    return Spacing(row_mm, row_mm if col_mm is None else col_mm, SpacingSource.DETECTOR)


def power_law(shape: tuple[int, int], *, seed: int, spacing: Spacing) -> NDArray[np.float64]:
    """Unit-variance field whose power falls with the third power of frequency."""
    rng = np.random.default_rng(seed)
    f = np.hypot(np.fft.fftfreq(shape[0], spacing.row_mm)[:, None], np.fft.rfftfreq(shape[1], spacing.col_mm)[None, :])
    f = np.maximum(f, 1.0 / 60.0)
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) * f**-1.5
    field = np.fft.irfft2(spectrum, shape)
    return field / field.std()


def half_breast(shape: tuple[int, int], spacing: Spacing) -> NDArray[np.float64]:
    """Thickness share of a breast on the left image edge, 0 outside, 1 in the middle."""
    rows, cols = np.mgrid[: shape[0], : shape[1]].astype(float)
    height, width = shape[0] * spacing.row_mm, shape[1] * spacing.col_mm
    radius = np.hypot((rows * spacing.row_mm - height / 2) / (0.42 * height), cols * spacing.col_mm / (0.8 * width))
    return np.sqrt(np.clip((1.0 - radius) * 3.0, 0.0, 1.0))


def blobs(
    shape: tuple[int, int], points_mm: NDArray[np.float64], *, sigma_mm: float, spacing: Spacing
) -> NDArray[np.float64]:
    """Unit Gaussian blobs at (n, 2) positions in mm from the first pixel's centre."""
    rows, cols = np.arange(shape[0]) * spacing.row_mm, np.arange(shape[1]) * spacing.col_mm
    total = np.zeros(shape)
    for row_mm, col_mm in points_mm:
        total += np.outer(
            np.exp(-((rows - row_mm) ** 2) / (2 * sigma_mm**2)), np.exp(-((cols - col_mm) ** 2) / (2 * sigma_mm**2))
        )
    return total


@pytest.fixture(scope="session")
def breast_image() -> Callable[..., ProjectionImage]:
    """Make a breast of 60 x 48 mm with blobs of contrast 0.25 at given places (mm)."""

    def make(
        points_mm: NDArray[np.float64] | None = None,
        *,
        spacing: Spacing | None = None,
        sigma_mm: float = 0.13,
        seed: int = 0,
        contrast: float = 0.25,
    ) -> ProjectionImage:
        spacing = spacing or spacing_of(0.1)
        shape = (round(60.0 / spacing.row_mm), round(48.0 / spacing.col_mm))
        thickness = half_breast(shape, spacing)
        rng = np.random.default_rng(seed)
        # Quantum noise per pixel falls with the pixel's area, as on a detector.
        noise = rng.standard_normal(shape) * 0.001 / np.sqrt(spacing.area_mm2)
        image = thickness * (2.0 + 0.1 * power_law(shape, seed=seed, spacing=spacing)) + noise * (thickness > 0)
        if points_mm is not None:
            image = image + contrast * blobs(shape, points_mm, sigma_mm=sigma_mm, spacing=spacing)
        return ProjectionImage(image.astype(np.float32), np.ones(shape, dtype=bool), spacing)

    return make
