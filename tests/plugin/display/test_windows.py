"""Presets: limits and a curve show what the header's transform computes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image

from calcmeasure.dicom.pixels import load_mammogram
from calcmeasure.dicom.presentation import VoiChoice, VoiOrigin, load_display_values
from calcmeasure.dicom.voi import LookupTable, VoiFunction, Window
from calcmeasure.model.imaging import FrameReference, Mammogram
from dicom.mammogram_files import PHYSICS, PRESENTATION, PROCESSING, TOP, WINDOW, picture, table_item, write
from napari_calcmeasure.display.windows import (
    MAX_SAMPLES,
    find_preset,
    preset_of,
    presets_of,
    ramp_preset,
    to_colormap,
)

VALUES = np.arange(-500, 5000)


def choice(transform: Window | LookupTable) -> VoiChoice:
    return VoiChoice("it", VoiOrigin.WINDOW, transform)


@given(
    centre=st.integers(-500, 4500).map(lambda n: n / 2),
    width=st.integers(1, 6000).map(float),
    function=st.sampled_from(VoiFunction),
    is_inverted=st.booleans(),
)
def test_a_preset_is_its_window_to_one_grey(centre, width, function, is_inverted):
    window = Window(centre, width, function)
    expected = window.apply(VALUES)
    found = preset_of(choice(window), is_inverted=is_inverted).grey(VALUES)
    np.testing.assert_allclose(1 - found if is_inverted else found, expected, atol=1 / 255)


def smooth(n: int) -> np.ndarray:
    return (np.sqrt(np.arange(n) / (n - 1)) * TOP).astype(np.uint16)


@pytest.mark.parametrize(
    ("outputs", "first"),
    [
        (smooth(4096), 0),
        (smooth(300), -100),
        (smooth(4096)[::-1], 0),
        (np.concatenate([np.full(2000, 40), smooth(1000), np.full(2000, TOP)]).astype(np.uint16), 0),
        (np.full(64, 900, np.uint16), 10),
    ],
)
def test_a_table_s_curve_is_the_table(outputs, first):
    table = LookupTable(outputs, first, 12)
    preset = preset_of(choice(table))
    assert preset.curve.size <= MAX_SAMPLES
    assert preset.limits[0] < preset.limits[1]
    steep = np.abs(np.diff(outputs.astype(int))).max() / TOP
    # Between samples of a long table the curve is straight: as far off as the steepest step at most.
    np.testing.assert_allclose(preset.grey(VALUES), table.apply_as_grey(VALUES), atol=max(1 / 255, 4 * steep))
    assert np.abs(preset.grey(VALUES) - table.apply_as_grey(VALUES)).mean() < 1 / 255


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("changes", "intent"),
    [
        ({}, PRESENTATION),
        (WINDOW, PRESENTATION),
        (WINDOW | {"VOILUTFunction": "SIGMOID", "WindowWidth": 1000}, PRESENTATION),
        (WINDOW | {"VOILUTFunction": "LINEAR", "RescaleSlope": -1, "RescaleIntercept": TOP}, PRESENTATION),
        ({"VOILUTSequence": [table_item(smooth(4096), first=0, vr="OW")]}, PRESENTATION),
        (PHYSICS, PROCESSING),
    ],
)
def test_the_first_preset_shows_the_display_copy(tmp_path, photometric, changes, intent):
    path = write(picture(), tmp_path / "a.dcm", PhotometricInterpretation=photometric, **changes)
    mammogram = Mammogram(FrameReference(path, "1.2.3.4"), "", "", None, None, intent, 40, 60, None)
    shown = load_display_values(mammogram)
    seen = np.rint(presets_of(shown)[0].grey(shown.values) * 255)
    assert np.abs(seen - load_mammogram(mammogram).display).max() <= 1


def test_inverting_twice_changes_nothing():
    preset = ramp_preset("full range", (10, 20))
    np.testing.assert_allclose(preset.inverted().grey(VALUES), 1 - preset.grey(VALUES), atol=1e-6)
    np.testing.assert_array_equal(preset.inverted().inverted().curve, preset.curve)


@pytest.mark.parametrize("is_inverted", [False, True])
def test_sigmoid_and_back_keep_centre_and_width(is_inverted):
    linear = preset_of(choice(Window(1000, 400, VoiFunction.LINEAR_EXACT)), is_inverted=is_inverted)
    sigmoid = linear.as_sigmoid()
    exact = Window(1000, 400, VoiFunction.SIGMOID).apply(VALUES)
    np.testing.assert_allclose(sigmoid.grey(VALUES), 1 - exact if is_inverted else exact, atol=1 / 255)
    assert sigmoid.as_sigmoid() is sigmoid
    back = sigmoid.as_linear()
    assert back.limits == pytest.approx(linear.limits)
    np.testing.assert_array_equal(back.curve, linear.curve)


def test_values_beyond_the_limits_take_the_end_greys():
    preset = ramp_preset("ours", (100, 200)).with_limits((300, 150))
    assert preset.limits == (150, 300)
    np.testing.assert_array_equal(preset.grey(np.array([-1e6, 150, 225, 300, 1e6])), [0, 0, 0.5, 1, 1])
    assert preset.with_limits((5, 5)) is preset


def test_presets_are_found_by_name():
    presets = [ramp_preset(name, (0, 1)) for name in ("NORMAL", "full range")]
    assert find_preset(presets, "full range") is presets[1]
    assert find_preset(presets, "HARDER") is None


def test_colours_are_opaque_greys_that_napari_shows_as_the_preset_says():
    window = Window(1000, 400, VoiFunction.SIGMOID)
    curves = (preset_of(choice(window)), preset_of(choice(window), is_inverted=True), ramp_preset("a", (0, 1)))
    for one, other in itertools.combinations(curves, 2):
        assert one.colormap["name"] != other.colormap["name"]
    for preset in curves:
        colours = to_colormap(preset.curve)
        assert colours.shape == (preset.curve.size, 4)
        assert (colours[:, 3] == 1).all()
        layer = Image(np.zeros((2, 2)), colormap=preset.colormap, contrast_limits=preset.limits)
        low, high = preset.limits
        values = np.linspace(low - 1, high + 1, 99)
        drawn = layer.colormap.map(((values - low) / (high - low)).clip(0, 1))
        np.testing.assert_allclose(drawn[:, 0], preset.grey(values), atol=1 / 255)
