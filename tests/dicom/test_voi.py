"""Windows and look-up tables against the numbers of the standard's formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.pixels import apply_voi_lut

from calcmeasure.dicom.voi import FALLBACK_PERCENTILES, LookupTable, VoiFunction, Window, window_from_pixels

LINEAR, EXACT, SIGMOID = VoiFunction.LINEAR, VoiFunction.LINEAR_EXACT, VoiFunction.SIGMOID


@pytest.mark.parametrize(("function", "at_centre"), [(LINEAR, 2049.5), (EXACT, 2047.5), (SIGMOID, 2047.5)])
def test_grey_at_the_centre_of_a_12_bit_output(function, at_centre):
    """PS3.3 C.11.2.1.2: ((x - (c - 0.5)) / (w - 1) + 0.5) * 4095 is 2049.5 at x = c for w = 1024."""
    grey = Window(2048, 1024, function).apply(np.array([2048.0]))
    assert float(grey[0]) * 4095 == pytest.approx(at_centre, abs=0.01)


@pytest.mark.parametrize(
    ("function", "x", "grey"),
    [
        (LINEAR, 0, 0.0),
        (LINEAR, 4095, 1.0),
        (LINEAR, -5, 0.0),
        (LINEAR, 9000, 1.0),
        (LINEAR, 1023.75, 0.25),
        (EXACT, 0, 0.0),
        (EXACT, 4096, 1.0),
        (EXACT, 1024, 0.25),
        (SIGMOID, 2048 + 1024, 1 / (1 + np.exp(-1))),
        (SIGMOID, 2048 - 4096, 1 / (1 + np.exp(4))),
        (SIGMOID, -1e9, 0.0),
        (SIGMOID, 1e9, 1.0),
    ],
)
def test_grey_along_a_full_range_window(function, x, grey):
    assert float(Window(2048, 4096, function).apply(np.array([x]))[0]) == pytest.approx(grey, abs=1e-6)


def test_a_linear_window_one_wide_is_a_threshold():
    grey = Window(10, 1, LINEAR).apply(np.array([9, 9.5, 9.6, 10]))
    np.testing.assert_array_equal(grey, [0, 0, 1, 1])


@pytest.mark.parametrize(
    ("function", "width"), [(LINEAR, 0.5), (LINEAR, 0), (EXACT, 0), (EXACT, -3), (SIGMOID, 0), (LINEAR, np.nan)]
)
def test_impossible_widths(function, width):
    window = Window(100, width, function)
    assert not window.is_usable
    with pytest.raises(ValueError, match="width"):
        window.apply(np.zeros(2))


@pytest.mark.parametrize("function", list(VoiFunction))
@pytest.mark.parametrize(("centre", "width"), [(2000, 1000), (127.5, 256), (-100, 37.5)])
def test_agrees_with_pydicom_within_one_grey_level(function, centre, width):
    values = np.arange(-300, 3000, 7, dtype=np.int16)
    ds = Dataset()
    ds.PhotometricInterpretation, ds.PixelRepresentation, ds.BitsStored = "MONOCHROME2", 1, 16
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = centre, width, str(function)
    theirs = (apply_voi_lut(values, ds) + 32768) / 65535
    ours = Window(centre, width, function).apply(values)
    assert np.abs(theirs - ours).max() * 255 < 1


@given(st.floats(-1e4, 1e4), st.floats(1, 1e4), st.sampled_from(list(VoiFunction)))
def test_grey_rises_and_stays_within_0_and_1(centre, width, function):
    grey = Window(centre, width, function).apply(np.linspace(-2e4, 2e4, 101))
    assert grey.dtype == np.float32
    assert (np.diff(grey) >= 0).all()
    assert grey.min() >= 0
    assert grey.max() <= 1


def test_table_ends_hold_beyond_its_inputs():
    table = LookupTable(np.array([10, 20, 30], np.uint16), first=100, bits=8)
    np.testing.assert_array_equal(table.apply(np.array([-7, 100, 101.4, 102, 5000])), [10, 10, 20, 30, 30])
    np.testing.assert_allclose(table.apply_as_grey(np.array([102])), [30 / 255], rtol=1e-6)


def test_guessed_window_covers_the_breast_not_the_air():
    values = np.zeros((100, 100), np.float32)
    values[:, :40] = np.linspace(1000, 2000, 4000).reshape(100, 40)
    window = window_from_pixels(values)
    assert window.centre - window.width / 2 == pytest.approx(1005, abs=2)
    assert window.centre + window.width / 2 == pytest.approx(1998, abs=2)


def test_guessed_window_of_two_levels_and_of_one():
    assert window_from_pixels(np.array([0.0] * 90 + [5.0] * 10)) == Window(2.5, 5.0, EXACT)
    assert window_from_pixels(np.full(50, 3.0)) is None


@pytest.mark.parametrize(("size", "stride"), [(199_999, 1), (399_999, 1), (400_000, 2), (1_000_000, 5)])
def test_guessed_window_of_a_large_picture_comes_from_evenly_spread_pixels(size, stride):
    values = np.random.default_rng(0).permutation(size).astype(np.float64)
    low, high = np.percentile(values[::stride], FALLBACK_PERCENTILES)
    window = window_from_pixels(values.reshape(-1, 1))
    assert (window.centre, window.width) == pytest.approx(((low + high) / 2, high - low), rel=1e-12)
