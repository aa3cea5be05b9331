"""The one entry: where calcifications are looked for, what is repaired, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from skimage import data

from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.detect.mammogram.preparation import prepare
from calcmeasure.errors import DetectorError
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import Flag, View

SPACING = Spacing(0.1, 0.1, SpacingSource.DETECTOR)


def _image(values: NDArray[np.floating], spacing: Spacing = SPACING, view: View | None = None) -> ProjectionImage:
    return ProjectionImage(values.astype(np.float32), np.ones(values.shape, bool), spacing, view=view)


def _on_film(image: ProjectionImage, *, seed: int = 0) -> NDArray[np.float32]:
    """The same breast before an uneven, noisy background, with a bright frame of 2 mm, a letter and a name plate."""
    values = image.attenuation.copy()
    cols = np.arange(values.shape[1])
    rng = np.random.default_rng(seed)
    values += 0.15 + 0.0001 * cols + 0.02 * rng.standard_normal(values.shape)
    values[80:140, 400:412] = values[128:140, 400:440] = 4.0
    values[-80:, :150] = 4.0
    values[-50:-30, 20:130:6] = 1.0
    values[:20], values[-20:], values[:, :20], values[:, -20:] = 4.2, 4.2, 4.2, 4.2
    return values.astype(np.float32)


def test_a_plain_image_is_handed_on_as_it_is(breast_image):
    image = breast_image()
    prepared = prepare(image)
    assert prepared.trusted
    assert prepared.flags == ()
    assert prepared.attenuation is image.attenuation
    assert not prepared.repaired.any()
    assert prepared.pectoral is None
    assert not (prepared.search & ~prepared.breast).any()
    assert prepared.search.sum() > 0.85 * prepared.breast.sum()


def test_the_search_keeps_off_the_skin_by_the_stated_depth(breast_image):
    prepared = prepare(breast_image(), skin_mm=3.0)
    depth_mm = prepared.skin.at(np.argwhere(prepared.search).astype(float))
    assert depth_mm.min() > 2.9
    assert (prepare(breast_image(), skin_mm=1.7).search & ~prepared.search).any()


def test_frames_letters_and_plates_of_a_film_are_not_searched(breast_image):
    image = breast_image()
    prepared = prepare(_image(_on_film(image)))
    assert prepared.trusted
    assert Flag.DIGITISED_FILM in prepared.flags
    outside = image.attenuation == 0.0
    assert (prepared.search & outside).sum() < 0.002 * prepared.search.sum()
    assert not prepared.search[:, :24].any(), "the frame and a band along it"
    assert not prepared.search[-90:, :150].any(), "the plate"
    tissue = cv2.erode((~outside).astype(np.uint8), np.ones((61, 61), np.uint8)).astype(bool)
    tissue[:, :45] = tissue[-120:, :190] = tissue[:45] = False
    assert prepared.search[tissue].all()
    # Where the film's frame covers the chest wall there is no skin.
    assert prepared.skin.at(np.array([[300.0, 40.0]]))[0] > 10.0


@pytest.mark.parametrize(("pixel_mm", "flagged"), [(0.1, False), (0.15, True)])
def test_coarse_pixels_are_told(breast_image, pixel_mm: float, flagged: bool):
    prepared = prepare(breast_image(spacing=Spacing(pixel_mm, pixel_mm, SpacingSource.DETECTOR)))
    assert (Flag.COARSE_PIXELS in prepared.flags) is flagged


def test_a_drawn_cross_is_filled_and_not_searched(breast_image):
    image = breast_image()
    values = image.attenuation.copy()
    top = values.max() * 1.3
    values[280:320, 200], values[300, 180:220] = top, top
    prepared = prepare(_image(values))
    cross = values == top
    assert Flag.MARKS_DRAWN_IN in prepared.flags
    assert prepared.repaired[cross].all()
    assert np.count_nonzero(prepared.repaired & ~cross) == 0
    assert not prepared.search[cross].any()
    assert np.abs(prepared.attenuation - image.attenuation)[cross].max() < 0.05 * top
    assert prepared.search[300, 230]


def test_the_given_image_is_not_changed(breast_image):
    values = breast_image().attenuation.copy()
    values[:, 200] += 0.3
    given = values.copy()
    assert prepare(_image(values)).repaired.any()
    assert_array_equal(values, given)


def test_what_is_no_number_is_filled_and_counted_as_repaired(breast_image):
    values = breast_image().attenuation.copy()
    values[300:310, 200:210] = np.nan
    prepared = prepare(_image(values))
    assert np.isfinite(prepared.attenuation).all()
    assert prepared.repaired[300:310, 200:210].all()
    assert not prepared.search[300:310, 200:210].any()


def test_saturated_tissue_is_not_searched(breast_image):
    image = breast_image()
    rows, cols = np.indices(image.attenuation.shape)
    bulge = np.exp(-((rows - 300) ** 2 + (cols - 200) ** 2) / (2 * 60.0**2))
    values = np.minimum(image.attenuation + 3.0 * bulge, 4.0)
    prepared = prepare(_image(values))
    assert Flag.SATURATED in prepared.flags
    assert not prepared.search[values >= 4.0].any()
    assert prepared.search[300, 330]


@pytest.mark.parametrize("name", ["camera", "coffee", "astronaut", "rocket", "brick", "coins", "chelsea", "text"])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_photograph_is_never_taken_for_a_breast(name: str, inverted: bool):
    picture = getattr(data, name)()
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    large = cv2.resize(grey.astype(np.float32), (1000, 1200), interpolation=cv2.INTER_LINEAR)
    prepared = prepare(_image(255.0 - large if inverted else large))
    assert not prepared.trusted
    assert Flag.BREAST_MASK_UNCERTAIN in prepared.flags


def test_an_image_full_of_tissue_is_searched_and_not_trusted(breast_image):
    image = breast_image()
    part = _image(image.attenuation[150:450, :260])
    prepared = prepare(part)
    assert not prepared.trusted
    assert {Flag.BREAST_MASK_UNCERTAIN, Flag.BREAST_FILLS_IMAGE} <= set(prepared.flags)
    assert prepared.search.any()


@pytest.mark.parametrize("values", [np.zeros((400, 300)), np.full((400, 300), np.nan), np.zeros((400, 5))])
def test_an_image_of_nothing_has_nothing_to_search(values: NDArray[np.floating]):
    prepared = prepare(_image(values))
    assert prepared.flags == (Flag.NO_BREAST,)
    assert not prepared.search.any()
    assert np.isfinite(prepared.attenuation).all()
    assert_array_equal(prepared.skin.at(np.array([[1.0, 1.0]])), [0.0])


def test_arrays_that_do_not_fit_and_impossible_pixels_are_refused(breast_image):
    image = breast_image()
    for wrong in (
        replace(image, valid=image.valid[1:]),
        replace(image, spacing=Spacing(0.5, 0.1, SpacingSource.DETECTOR)),
    ):
        with pytest.raises(DetectorError):
            prepare(wrong)
