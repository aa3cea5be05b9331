from __future__ import annotations

import math

import numpy as np
import pytest

from calcmeasure.phantom.mammogram.deposits import Deposit, stamp_deposit
from calcmeasure.phantom.mammogram.detectability import LocalSignal, ideal_detectability
from calcmeasure.phantom.mammogram.detector import DetectorSpec
from calcmeasure.phantom.mammogram.path_map import PathMap
from calcmeasure.phantom.mammogram.shapes import ball
from calcmeasure.terms import MarkLabel

SHAPE = (121, 121)
MIDDLE = np.array([60.0, 60.0])


def even_signal(pitch: float, *, total: float = 1.0, **detector) -> LocalSignal:
    image = np.full(SHAPE, total, np.float32)
    return LocalSignal(image, image, DetectorSpec(**detector), (pitch, pitch))


def detectability(shape, local: LocalSignal, *, per_mm: float, centre_rc=MIDDLE) -> float:
    deposit = Deposit((0.0, 0.0), shape, 1.0, MarkLabel.SUSPICIOUS, per_mm=per_mm)
    stamp = stamp_deposit(deposit, centre_rc, shape=SHAPE, pixel_mm=local.pixel_mm)
    return ideal_detectability(stamp, local)


def test_ellipsoid_without_blur_has_its_closed_form():
    # Sum of squared chords over pixels of area a: integral of (2h)^2 (1 - r^2/R^2) dA / a = 2 pi h^2 R^2 / a.
    pitch, radius, flatness, per_mm, photons = 0.02, 0.5, 0.4, 0.001, 3.0e5
    local = even_signal(pitch, blur_mm=1e-6, scatter_to_primary=0.0, photons_per_mm2=photons)
    half_depth = flatness * radius
    expected = per_mm * math.sqrt(2 * math.pi * half_depth**2 * radius**2 * photons)
    assert detectability(ball(2 * radius, flatness=flatness), local, per_mm=per_mm) == pytest.approx(expected, rel=3e-3)


def test_even_plate_is_contrast_over_noise_times_root_of_pixels():
    pitch, nepers, photons = 0.1, 0.02, 2.0e5
    plate = PathMap(np.full((6, 6), 1.0), pitch)
    local = even_signal(pitch, blur_mm=1e-6, scatter_to_primary=0.0, photons_per_mm2=photons)
    expected = nepers * math.sqrt(36) * math.sqrt(photons * pitch**2)
    # The plate's middle lies between pixels.
    assert detectability(plate, local, per_mm=nepers, centre_rc=MIDDLE + 0.5) == pytest.approx(expected, rel=1e-2)


def test_blurred_point_keeps_its_mass_but_spreads_it():
    # A point of mass m under a Gaussian of standard deviation s: integral of its square is m^2 / (4 pi s^2).
    pitch, blur, photons, per_mm = 0.05, 0.5, 3.0e5, 1e-3
    local = even_signal(pitch, blur_mm=blur, scatter_to_primary=0.0, photons_per_mm2=photons)
    mass = per_mm * 4 / 3 * math.pi * 0.1**3
    expected = mass * math.sqrt(photons / (4 * math.pi * blur**2))
    assert detectability(ball(0.2), local, per_mm=per_mm) == pytest.approx(expected, rel=0.02)


def test_scatter_dilutes_and_dose_helps():
    def found(**detector: float) -> float:
        return detectability(ball(0.3), even_signal(0.07, **detector), per_mm=0.01)

    plain = found(scatter_to_primary=0.0)
    # Scatter of half the primary's worth leaves 1 / 1.5 of the contrast, at the same total signal.
    assert found(scatter_to_primary=0.5) == pytest.approx(plain / 1.5, rel=1e-3)
    assert found(scatter_to_primary=0.0, photons_per_mm2=4 * 3.3e5) == pytest.approx(2 * plain, rel=1e-6)


def test_added_noise_lowers_it_and_saturation_leaves_nothing():
    local = even_signal(0.07)
    plain = detectability(ball(0.3), local, per_mm=1.0)
    quantum = 1.0 / (local.detector.photons_per_mm2 * 0.07**2)
    grainy = LocalSignal(
        local.primary, local.total, local.detector, (0.07, 0.07), added_variance=np.full(SHAPE, 3 * quantum, np.float32)
    )
    assert detectability(ball(0.3), grainy, per_mm=1.0) == pytest.approx(plain / 2, rel=1e-5)
    saturated = LocalSignal(local.primary, local.total, local.detector, (0.07, 0.07), brightest=0.9)
    assert detectability(ball(0.3), saturated, per_mm=1.0) == 0.0
