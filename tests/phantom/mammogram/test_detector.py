"""Imaging chain: blur, scatter and noise have the stated size; both kinds of image keep their promises."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.phantom.mammogram.detector import (
    PRESENTATION_BITS,
    RAW_BITS,
    DetectorSpec,
    expose,
    presentation_pixels,
    raw_pixels,
)

PIXEL_MM = (0.10, 0.08)
SHAPE = (240, 260)
EVERYWHERE = np.ones(SHAPE, bool)


def raw_of(signal: np.ndarray, *, detector: DetectorSpec | None = None, breast: np.ndarray = EVERYWHERE, seed: int = 0):
    return raw_pixels(
        signal.astype(np.float32),
        breast,
        detector=detector or DetectorSpec(),
        pixel_mm=PIXEL_MM,
        rng=np.random.default_rng(seed),
    )


def test_plain_fat_gives_a_signal_of_one():
    signal = expose(np.zeros(SHAPE, np.float32), EVERYWHERE, detector=DetectorSpec(), pixel_mm=PIXEL_MM)
    np.testing.assert_allclose(signal, 1.0, atol=1e-5)


def test_blur_has_the_stated_width_in_mm_in_both_directions():
    detector = DetectorSpec(blur_mm=0.2, scatter_to_primary=0.0)
    attenuation = np.zeros(SHAPE, np.float32)
    attenuation[120, 130] = 0.5
    dip = 1.0 - expose(attenuation, EVERYWHERE, detector=detector, pixel_mm=PIXEL_MM)
    for axis, pitch in enumerate(PIXEL_MM):
        profile = dip.sum(axis=1 - axis)
        place = np.arange(profile.size) * pitch
        centre = np.average(place, weights=profile)
        width = np.sqrt(np.average((place - centre) ** 2, weights=profile))
        assert width == pytest.approx(0.2, rel=0.06)


@pytest.mark.parametrize("ratio", [0.0, 0.45, 1.0])
def test_scatter_dilutes_contrast(ratio):
    attenuation = np.zeros(SHAPE, np.float32)
    attenuation[110:130, 120:140] = 0.2
    detector = DetectorSpec(scatter_to_primary=ratio)
    signal = expose(attenuation, EVERYWHERE, detector=detector, pixel_mm=PIXEL_MM)
    contrast = 1.0 - signal[120, 130] / signal[10, 10]
    assert contrast == pytest.approx((1 - np.exp(-0.2)) / (1 + ratio), rel=0.03)


def test_air_does_not_scatter_into_the_breast():
    breast = EVERYWHERE.copy()
    breast[:, 130:] = False
    attenuation = np.where(breast, 0.0, -3.0).astype(np.float32)
    signal = expose(attenuation, breast, detector=DetectorSpec(), pixel_mm=PIXEL_MM)
    np.testing.assert_allclose(signal[:, :120], 1.0, rtol=0.01)


@pytest.mark.parametrize("level", [0.5, 1.0, 2.0])
def test_noise_grows_with_the_square_root_of_the_signal(level):
    detector = DetectorSpec()
    counts = raw_of(np.full(SHAPE, level)).astype(float)
    expected = detector.raw_level * np.sqrt(level / (detector.photons_per_mm2 * PIXEL_MM[0] * PIXEL_MM[1]))
    assert counts.mean() == pytest.approx(detector.raw_level * level, rel=2e-3)
    assert counts.std() == pytest.approx(expected, rel=0.03)


def test_noise_is_white_and_follows_the_seed():
    noise = raw_of(np.ones(SHAPE)).astype(float)
    noise -= noise.mean()
    for axis in (0, 1):
        assert abs(np.mean(noise * np.roll(noise, 1, axis)) / noise.var()) < 0.02
    np.testing.assert_array_equal(raw_of(np.ones(SHAPE), seed=1), raw_of(np.ones(SHAPE), seed=1))
    assert not np.array_equal(raw_of(np.ones(SHAPE), seed=1), raw_of(np.ones(SHAPE), seed=2))


def test_air_is_saturated_in_raw_and_zero_in_presentation():
    breast = EVERYWHERE.copy()
    breast[:, :50] = False
    raw = raw_of(np.ones(SHAPE), breast=breast)
    assert raw.dtype == np.uint16
    assert np.all(raw[:, :50] == (1 << RAW_BITS) - 1)
    shown = presentation_pixels(raw, np.zeros(SHAPE, np.float32), breast, detector=DetectorSpec())
    assert not shown[:, :50].any()
    assert shown[:, 50:].min() > 0
    assert shown.max() < 1 << PRESENTATION_BITS


def test_presentation_is_logarithmic_and_brighter_where_denser():
    detector = DetectorSpec()
    columns = np.exp(-np.linspace(0, 1.0, SHAPE[1]))[None].repeat(SHAPE[0], axis=0)
    raw = np.rint(detector.raw_level * columns).astype(np.uint16)
    shown = presentation_pixels(raw, np.zeros(SHAPE, np.float32), EVERYWHERE, detector=detector).mean(axis=0)
    slope, offset = np.polyfit(np.linspace(0, 1.0, SHAPE[1]), shown, 1)
    assert slope == pytest.approx(detector.presentation_gain, rel=0.01)
    assert offset == pytest.approx(900.0, abs=5)


def test_thickness_is_equalised_by_nine_tenths():
    detector = DetectorSpec()
    thinning = np.full(SHAPE, 0.5, np.float32)
    raw = np.full(SHAPE, round(detector.raw_level * np.exp(0.5)), np.uint16)
    shown = presentation_pixels(raw, thinning, EVERYWHERE, detector=detector)
    assert shown.mean() == pytest.approx(900 - 0.05 * detector.presentation_gain, abs=2)


def test_shoulder_is_soft():
    detector = DetectorSpec()
    raw = np.geomspace(1, detector.raw_level, 500).astype(np.uint16)[None]
    shown = presentation_pixels(raw, np.zeros(raw.shape, np.float32), np.ones(raw.shape, bool), detector=detector)
    assert np.all(np.diff(shown.astype(int)[0]) <= 0)
    assert 3071 < shown.max() <= 4095
