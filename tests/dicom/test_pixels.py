"""One picture, however it is stored, gives one attenuation and one display copy."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid

from calcmeasure.dicom.pixels import MammogramPixels, load_mammogram
from calcmeasure.errors import ErrorCode, PixelError
from calcmeasure.model.imaging import FrameReference, Mammogram
from calcmeasure.terms import Flag, PresentationIntent
from dicom.mammogram_files import PHYSICS, PRESENTATION, PROCESSING, TOP, WINDOW, exposure, picture, table_item, write


def load(path: Path, intent: PresentationIntent | None = PRESENTATION) -> MammogramPixels:
    image = FrameReference(path, "1.2.3.4")
    return load_mammogram(Mammogram(image, "", "", None, None, intent, 40, 60, None))


@pytest.fixture
def stored(tmp_path):
    """Write, then load."""
    numbers = itertools.count()

    def _load(values: np.ndarray, intent: PresentationIntent | None = PRESENTATION, **changes: object):
        return load(write(values, tmp_path / f"{next(numbers)}.dcm", **changes), intent)

    return _load


def same(a: MammogramPixels, b: MammogramPixels) -> None:
    np.testing.assert_array_equal(a.attenuation, b.attenuation)
    np.testing.assert_array_equal(a.display, b.display)
    np.testing.assert_array_equal(a.valid, b.valid)


# -- encodings and polarity ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [uid.ExplicitVRBigEndian, uid.RLELossless, uid.JPEG2000Lossless, uid.JPEGLSLossless])
def test_any_encoding_gives_the_same_numbers(stored, syntax):
    same(stored(picture()), stored(picture(), syntax=syntax))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE", None])
@pytest.mark.parametrize("voi", [False, True])
def test_photometric_and_lut_shape_matrix(stored, photometric, shape, voi):
    """High values dark when the shape says INVERSE or, without a shape, when MONOCHROME1 says so: inverted once."""
    dark = shape == "INVERSE" if shape else photometric == "MONOCHROME1"
    changes: dict = {"PhotometricInterpretation": photometric} | ({"PresentationLUTShape": shape} if shape else {})
    window = WINDOW if voi else {}
    flipped = window | ({"WindowCenter": TOP - 2048} if dark and voi else {})
    found = stored(TOP - picture() if dark else picture(), **changes, **flipped)
    plain = stored(picture(), **window)
    np.testing.assert_array_equal(found.attenuation, plain.attenuation)
    assert np.abs(found.display.astype(int) - plain.display).max() <= 1
    regular = shape is None or (shape, photometric) in (("INVERSE", "MONOCHROME1"), ("IDENTITY", "MONOCHROME2"))
    assert (Flag.POLARITY_CONFLICT in found.flags) is not regular


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        (picture(), {"RescaleSlope": -1, "RescaleIntercept": TOP, "PhotometricInterpretation": "MONOCHROME1"}),
        (TOP - picture(), {"RescaleSlope": -1, "RescaleIntercept": TOP}),
        ((picture().astype(np.int32) - 2048).astype(np.int16), {"RescaleSlope": 1, "RescaleIntercept": 2048}),
    ],
)
def test_rescale_comes_before_polarity(stored, values, changes):
    np.testing.assert_array_equal(stored(values, **changes).attenuation, picture().astype(np.float32))


def test_reader_sees_dense_bright_and_air_black(stored):
    for found in (
        stored(picture(), **WINDOW),
        stored(exposure(), PROCESSING, PixelIntensityRelationship="LIN", PixelIntensityRelationshipSign=1),
    ):
        assert found.display[:, 40:].max() == 0
        assert found.display[20, 10] == found.display.max() > 240
        assert found.display[0, 0] > found.display[0, 34]


# -- for processing ------------------------------------------------------------------------------------------------


def test_linear_exposure_becomes_its_negative_logarithm(stored):
    found = stored(exposure(), PROCESSING, **PHYSICS)
    np.testing.assert_allclose(found.attenuation, np.log(TOP) - np.log(np.maximum(exposure(), 1)), rtol=1e-5)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_the_sign_decides_whatever_the_photometric(stored, photometric):
    reference = stored(exposure(), PROCESSING, **PHYSICS)
    same(reference, stored(exposure(), PROCESSING, PhotometricInterpretation=photometric, **PHYSICS))
    turned = PHYSICS | {"PixelIntensityRelationshipSign": -1, "PhotometricInterpretation": photometric}
    same(reference, stored(TOP - exposure(), PROCESSING, **turned))


def test_without_a_sign_polarity_decides(stored):
    reference = stored(exposure(), PROCESSING, **PHYSICS)
    same(reference, stored(exposure(), PROCESSING, PhotometricInterpretation="MONOCHROME1"))
    same(reference, stored(TOP - exposure(), PROCESSING, PhotometricInterpretation="MONOCHROME2"))


@pytest.mark.parametrize(("sign", "values"), [(-1, picture()), (1, TOP - picture())])
def test_logarithmic_values_are_taken_as_they_are(stored, sign, values):
    found = stored(values, PROCESSING, PixelIntensityRelationship="LOG", PixelIntensityRelationshipSign=sign)
    np.testing.assert_array_equal(found.attenuation, picture().astype(np.float32))


def test_zero_exposure_is_finite(stored):
    assert np.isfinite(stored(np.minimum(exposure(), 1), PROCESSING, **PHYSICS).attenuation).all()
    assert np.isfinite(stored(np.zeros((40, 60), np.uint16), PROCESSING, **PHYSICS).attenuation).all()


def test_intent_comes_from_the_header_when_the_index_does_not_know(stored):
    by_header = stored(exposure(), None, PresentationIntentType="FOR PROCESSING", **PHYSICS)
    same(by_header, stored(exposure(), PROCESSING, **PHYSICS))


# -- padding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.0, 0.3, 0.8])
def test_padding_changes_no_other_pixel(stored, part):
    image = picture()
    padded = image.copy()
    first = int(60 * (1 - part))
    padded[:, first:] = 4090
    found, plain = stored(padded, PixelPaddingValue=4090, **WINDOW), stored(image, **WINDOW)
    assert found.valid.sum() == 40 * first
    np.testing.assert_array_equal(found.attenuation[:, :first], plain.attenuation[:, :first])
    np.testing.assert_array_equal(found.display[:, :first], plain.display[:, :first])
    assert not found.display[:, first:].any()
    assert (found.attenuation[:, first:] == found.attenuation[:, :first].min()).all()


@pytest.mark.parametrize(("value", "limit"), [(3000, 3200), (3200, 3000)])
def test_padding_range_includes_both_ends(stored, value, limit):
    image = picture()
    image[0, :4] = 3000, 3200, 2999, 3201
    found = stored(image, PixelPaddingValue=value, PixelPaddingRangeLimit=limit)
    np.testing.assert_array_equal(found.valid[0, :4], [False, False, True, True])
    np.testing.assert_array_equal(found.valid, (image < 3000) | (image > 3200))


def test_padding_is_compared_before_rescaling(stored):
    found = stored(picture(), PixelPaddingValue=0, RescaleSlope=2, RescaleIntercept=-50)
    np.testing.assert_array_equal(found.valid, picture() != 0)


def test_padding_value_of_signed_pixels_written_unsigned(tmp_path):
    image = (picture().astype(np.int32) - 2048).astype(np.int16)
    image[:, 50:] = -2000
    path = write(image, tmp_path / "a.dcm")
    ds = pydicom.dcmread(path)
    ds.add_new("PixelPaddingValue", "US", 65536 - 2000)
    ds.save_as(path)
    assert not load(path).valid[:, 50:].any()


def test_all_padding_is_refused(stored):
    with pytest.raises(PixelError) as caught:
        stored(np.full((40, 60), 7, np.uint16), PixelPaddingValue=7)
    assert caught.value.code is ErrorCode.PADDING_ONLY


# -- VOI -----------------------------------------------------------------------------------------------------------


def test_first_window_is_used(stored):
    two = {"WindowCenter": [2048, 100], "WindowWidth": [4096, 10], "VOILUTFunction": "LINEAR_EXACT"}
    same(stored(picture(), **two), stored(picture(), **WINDOW))


@pytest.mark.parametrize("bad", [{}, {"WindowCenter": 100, "WindowWidth": 0}, {"WindowCenter": 100}])
def test_without_a_usable_window_the_range_is_guessed_and_flagged(stored, bad):
    found = stored(picture(), **bad)
    assert Flag.WINDOW_GUESSED in found.flags
    assert (found.display.min(), found.display.max()) == (0, 255)


@pytest.mark.parametrize("vr", ["US", "OW"])
def test_voi_table(stored, vr):
    outputs = np.sqrt(np.arange(4096) / TOP) * TOP
    found = stored(picture(), VOILUTSequence=[table_item(outputs, first=0, vr=vr)])
    expected = np.rint(outputs.astype(np.uint16)[picture()] / TOP * 255)
    np.testing.assert_array_equal(found.display, expected)
    np.testing.assert_array_equal(found.attenuation, picture())


@pytest.mark.parametrize("vr", ["US", "OW"])
def test_modality_table(stored, vr):
    item = table_item(TOP - np.arange(4096), first=0, vr=vr)
    item.ModalityLUTType = "US"
    found = stored(TOP - picture(), ModalityLUTSequence=[item], **WINDOW)
    same(found, stored(picture(), **WINDOW))


# -- refusals and flags --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("photometric", ["RGB", "PALETTE COLOR", "YBR_FULL", ""])
def test_colour_is_refused(stored, photometric):
    with pytest.raises(PixelError) as caught:
        stored(picture(), PhotometricInterpretation=photometric)
    assert caught.value.code is ErrorCode.PHOTOMETRIC


def test_lossy_images_are_flagged(stored):
    assert Flag.LOSSY in stored(picture(), LossyImageCompression="01").flags
    assert Flag.LOSSY not in stored(picture(), LossyImageCompression="00").flags


def test_result_types(stored):
    found = stored(picture())
    assert (found.attenuation.dtype, found.display.dtype, found.valid.dtype) == (np.float32, np.uint8, np.bool_)
    assert found.attenuation.shape == found.display.shape == found.valid.shape == (40, 60)


@pytest.mark.realdata
def test_digitised_film_is_shown(realdata):
    found = load(realdata / "wg04_mg1" / "MG1_J2KI", None)
    assert found.attenuation.shape == (4664, 3064)
    assert Flag.LOSSY in found.flags


@pytest.mark.realdata
def test_pixel_spacing_image_is_white_on_black(realdata):
    found = load(realdata / "mg_pixel_spacing" / "MG_Explicit_Little.dcm", None)
    assert found.display[0, 0] == 0
    assert found.display.max() == 255
    assert np.median(found.display) == 0
