"""What a reader sees through limits and a curve is the display copy, and every way the header offers can be chosen."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from calcmeasure.dicom.pixels import load_mammogram
from calcmeasure.dicom.presentation import DisplayValues, VoiOrigin, load_display_values
from calcmeasure.dicom.voi import LookupTable, Window
from calcmeasure.model.imaging import FrameReference, Mammogram
from calcmeasure.terms import Flag
from dicom.mammogram_files import PHYSICS, PRESENTATION, PROCESSING, TOP, WINDOW, exposure, picture, table_item, write


@pytest.fixture
def both(tmp_path):
    """Write, then load for display and the ordinary way."""
    numbers = itertools.count()

    def _load(values, intent=PRESENTATION, **changes):
        image = FrameReference(write(values, tmp_path / f"{next(numbers)}.dcm", **changes), "1.2.3.4")
        mammogram = Mammogram(image, "", "", None, None, intent, *values.shape, None)
        return load_display_values(mammogram), load_mammogram(mammogram)

    return _load


def grey(shown: DisplayValues, place: int = 0) -> np.ndarray:
    found = shown.choices[place].apply(shown.values)
    return 1 - found if shown.is_inverted else found


SQUARE_ROOT = np.sqrt(np.arange(4096) / TOP) * TOP
CASES = [
    ({}, PRESENTATION),
    (WINDOW, PRESENTATION),
    (WINDOW | {"VOILUTFunction": "SIGMOID"}, PRESENTATION),
    (WINDOW | {"VOILUTFunction": "LINEAR", "WindowCenter": 1500, "WindowWidth": 900}, PRESENTATION),
    ({"VOILUTSequence": [table_item(SQUARE_ROOT, first=0, vr="OW")]}, PRESENTATION),
    (WINDOW | {"RescaleSlope": 0.5, "RescaleIntercept": -20}, PRESENTATION),
    (WINDOW | {"RescaleSlope": -1, "RescaleIntercept": 100}, PRESENTATION),
    ({"PixelPaddingValue": 0} | WINDOW, PRESENTATION),
    ({"PixelPaddingValue": 0}, PRESENTATION),
    (PHYSICS, PROCESSING),
    ({"PixelIntensityRelationship": "LOG", "PixelPaddingValue": 0}, PROCESSING),
]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(("changes", "intent"), CASES)
def test_the_first_choice_shows_the_display_copy(both, photometric, changes, intent):
    values = TOP - picture() if photometric == "MONOCHROME1" else picture()
    shown, pixels = both(values, intent, PhotometricInterpretation=photometric, **changes)
    difference = np.abs(np.rint(grey(shown) * 255) - pixels.display)
    assert difference[pixels.valid].max() <= 1
    assert shown.flags == pixels.flags
    assert pixels.display.any()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("intent", [PRESENTATION, PROCESSING])
def test_padding_is_known_and_takes_the_darkest_grey(both, photometric, intent):
    padded = picture()
    padded[:, 50:] = 4090
    shown, pixels = both(padded, intent, PixelPaddingValue=4090, PhotometricInterpretation=photometric)
    np.testing.assert_array_equal(shown.padding, ~pixels.valid)
    for place, choice in enumerate(shown.choices):
        assert grey(shown, place)[:, 50:].max() <= grey(shown, place)[:, :50].min(), choice.name
    assert shown.nbytes == shown.values.nbytes + shown.padding.nbytes


def test_every_window_and_table_can_be_chosen(both):
    shown, _ = both(
        picture(),
        WindowCenter=[2048, 1500, 100],
        WindowWidth=[4096, 900, 0],
        WindowCenterWidthExplanation=["NORMAL", "HARDER", "BROKEN"],
        VOILUTSequence=[table_item(SQUARE_ROOT, first=0, vr="OW"), table_item(np.arange(4096), first=0, vr="US")],
    )
    assert [choice.name for choice in shown.choices] == [
        "table 1", "table 2", "NORMAL", "HARDER", "from the pixels", "full range",
    ]  # fmt: skip
    first, second = (choice.transform for choice in shown.choices[:2])
    assert isinstance(first, LookupTable)
    np.testing.assert_array_equal(first.outputs, SQUARE_ROOT.astype(np.uint16))
    np.testing.assert_array_equal(second.outputs, np.arange(4096))
    harder = shown.choices[3].transform
    assert isinstance(harder, Window)
    assert (harder.centre, harder.width) == (1500, 900)


def test_a_table_is_called_what_the_header_calls_it(both):
    item = table_item(SQUARE_ROOT, first=0, vr="US")
    item.LUTExplanation = "SOFTER"
    assert both(picture(), VOILUTSequence=[item])[0].choices[0].name == "SOFTER"


def test_raw_values_are_not_shown_through_the_header_s_windows(both):
    shown, pixels = both(exposure(), PROCESSING, **PHYSICS, **WINDOW)
    assert [choice.origin for choice in shown.choices] == [VoiOrigin.FROM_PIXELS, VoiOrigin.FULL_RANGE]
    np.testing.assert_array_equal(shown.values, pixels.attenuation)
    assert not shown.is_inverted


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, np.uint16),
        ({"RescaleSlope": 1, "RescaleIntercept": -2000}, np.int16),
        ({"RescaleSlope": 0.5, "RescaleIntercept": 0}, np.float32),
        ({"RescaleSlope": 16, "RescaleIntercept": -100}, np.float32),
    ],
)
def test_values_lose_nothing_in_the_smallest_array(both, changes, kind):
    shown, pixels = both(picture(), **changes)
    assert shown.values.dtype == kind
    np.testing.assert_array_equal(shown.values, pixels.attenuation)
    assert shown.padding is None


def test_full_range_goes_from_the_lowest_to_the_highest_value(both):
    shown, _ = both(picture())
    full = grey(shown, len(shown.choices) - 1)
    assert (full[picture() == picture().min()] == 0).all()
    assert (full[picture() == picture().max()] == 1).all()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_an_even_picture_is_black(both, photometric):
    shown, pixels = both(np.full((40, 60), 700, np.uint16), PhotometricInterpretation=photometric)
    assert [choice.origin for choice in shown.choices] == [VoiOrigin.FULL_RANGE]
    assert not grey(shown).any()
    assert not pixels.display.any()
    assert Flag.WINDOW_GUESSED in shown.flags
