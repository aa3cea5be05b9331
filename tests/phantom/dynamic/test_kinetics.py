"""Kinetics against closed forms and published values."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.phantom.dynamic.kinetics import (
    ArterialInput,
    GradientEcho,
    Tissue,
    convolve_exponential,
    tissue_concentration,
)

TIMES_S = np.arange(0.0, 300.0, 0.1)


@pytest.mark.parametrize("rate_per_s", [1e-4, 0.01, 0.5, 8.0])
def test_convolution_of_a_step_is_exact(rate_per_s):
    found = convolve_exponential(TIMES_S, np.ones_like(TIMES_S), rate_per_s=rate_per_s)
    np.testing.assert_allclose(found, -np.expm1(-rate_per_s * TIMES_S) / rate_per_s, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rate_per_s", [0.01, 0.5])
def test_convolution_of_a_ramp_is_exact(rate_per_s):
    found = convolve_exponential(TIMES_S, TIMES_S, rate_per_s=rate_per_s)
    closed = TIMES_S / rate_per_s + np.expm1(-rate_per_s * TIMES_S) / rate_per_s**2
    np.testing.assert_allclose(found, closed, rtol=1e-7, atol=1e-7)


def test_convolution_of_an_exponential_matches_the_closed_form():
    found = convolve_exponential(TIMES_S, np.exp(-0.02 * TIMES_S), rate_per_s=0.005)
    closed = (np.exp(-0.005 * TIMES_S) - np.exp(-0.02 * TIMES_S)) / 0.015
    np.testing.assert_allclose(found, closed, atol=1e-4)


def test_convolution_refuses_a_rate_that_is_not_positive():
    with pytest.raises(ValueError, match="positive"):
        convolve_exponential(TIMES_S, TIMES_S, rate_per_s=0.0)


def test_arterial_input_has_the_published_peak_and_tail():
    blood = ArterialInput(delay_s=0.0).blood_mm(TIMES_S)
    assert blood.max() == pytest.approx(6.0, abs=0.35)
    assert TIMES_S[blood.argmax()] == pytest.approx(60 * 0.17046, abs=1.0)
    assert ArterialInput(delay_s=0.0).blood_mm([240.0])[0] == pytest.approx(1.050 * np.exp(-0.1685 * 4), rel=1e-6)


def test_nothing_arrives_before_the_delay():
    arterial = ArterialInput(delay_s=15.0)
    assert np.all(arterial.plasma_mm([-60.0, 0.0, 14.9]) == 0)
    assert arterial.plasma_mm([30.0])[0] == pytest.approx(arterial.blood_mm([30.0])[0] / 0.58)


def test_concentration_follows_the_plasma_without_exchange():
    arterial = ArterialInput()
    tissue = Tissue(1.0, vp=0.1)
    times_s = np.array([-10.0, 40.0, 200.0])
    np.testing.assert_allclose(
        tissue_concentration(times_s, tissue, arterial=arterial), 0.1 * arterial.plasma_mm(times_s), atol=1e-3
    )


def test_concentration_integrates_the_input_for_slow_washout():
    """With Ktrans/ve near 0 the tissue is the running integral of the input (Patlak limit)."""
    arterial = ArterialInput()
    found = tissue_concentration([200.0], Tissue(1.0, ktrans_per_min=0.06, ve=1e6), arterial=arterial)[0]
    fine_s = np.arange(0.0, 200.0, 0.01)
    assert found == pytest.approx(0.001 * np.trapezoid(arterial.plasma_mm(fine_s), fine_s), rel=1e-3)


def test_times_may_come_in_any_order():
    tissue = Tissue(1.2, ktrans_per_min=0.3, ve=0.4, vp=0.02)
    forward = tissue_concentration([-60, 30, 90, 200], tissue, arterial=ArterialInput())
    backward = tissue_concentration([200, 90, 30, -60], tissue, arterial=ArterialInput())
    np.testing.assert_allclose(forward, backward[::-1], rtol=1e-9)
    assert forward[0] == 0


def test_signal_of_a_gradient_echo():
    sequence = GradientEcho(tr_s=0.005, flip_deg=12.0, relaxivity_per_mm_s=4.5)
    recovery = np.exp(-0.005 / 1.3)
    expected = np.sin(np.deg2rad(12)) * (1 - recovery) / (1 - np.cos(np.deg2rad(12)) * recovery)
    assert sequence.signal(Tissue(1.3), 0.0) == pytest.approx(expected)
    assert sequence.signal(Tissue(1.3, density=0.5), 0.0) == pytest.approx(expected / 2)
    assert np.all(np.diff(sequence.signal(Tissue(1.3), np.linspace(0, 2, 20))) > 0)


def test_ninety_degrees_is_saturation_recovery():
    sequence = GradientEcho(tr_s=0.5, flip_deg=90.0, relaxivity_per_mm_s=4.0)
    assert sequence.signal(Tissue(1.0), 0.25) == pytest.approx(1 - np.exp(-0.5 * 2.0))
