"""Two visits of one view laid over each other: places come back where they were, and a stranger is refused."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from calcmeasure.detect.calcifications.breast_view import reduce_view
from calcmeasure.detect.calcifications.registration import register
from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.geometry import Spacing, SpacingSource

SHAPE_MM = (150, 90)


@cache
def tissue(seed: int) -> np.ndarray:
    """A texture without regularity on a grid of 0.5 mm."""
    rng = np.random.default_rng(seed)
    field = sum(
        cv2.resize(rng.normal(size=(n, n)).astype(np.float32), (180, 300), interpolation=cv2.INTER_CUBIC) / n**0.5
        for n in (6, 12, 24, 48)
    )
    return np.asarray(field, dtype=np.float32)


def view(seed=1, *, place_mm=None, pixel_mm=(0.5, 0.5), gain=1.0):
    """A half-elliptic breast at the left edge; `place_mm` says what tissue lies at each place."""
    rows, cols = (round(n / step) for n, step in zip(SHAPE_MM, pixel_mm, strict=True))
    r, c = np.mgrid[0:rows, 0:cols].astype(np.float32)
    r, c = r * np.float32(pixel_mm[0]), c * np.float32(pixel_mm[1])
    if place_mm is not None:
        r, c = place_mm(r, c)
    inside = ((r - 75) / 60) ** 2 + (c / 75) ** 2 < 1
    shown = cv2.remap(tissue(seed), (c * 2).astype(np.float32), (r * 2).astype(np.float32), cv2.INTER_LINEAR)
    image = np.where(inside, 5 + gain * shown, 0).astype(np.float32)
    spacing = Spacing(*pixel_mm, source=SpacingSource.DETECTOR)
    return reduce_view(ProjectionImage(image, np.ones(image.shape, bool), spacing), inside)


def moved(r, c):
    """Turn by 3°, shift by (6, 2) mm and press unevenly."""
    angle = np.float32(np.deg2rad(3.0))
    bend = 2.0 * np.sin(r / 40.0)
    return (
        (np.cos(angle) * (r - 75) - np.sin(angle) * c + 75 + 6).astype(np.float32),
        (np.sin(angle) * (r - 75) + np.cos(angle) * c + 2 + bend).astype(np.float32),
    )


PLACES_MM = np.array([(50.0, 20.0), (75.0, 40.0), (100.0, 15.0), (60.0, 50.0), (90.0, 35.0)])


@pytest.mark.parametrize(("pixel_mm", "gain"), [((0.5, 0.5), 1.0), ((0.4, 0.6), 0.3)])
def test_places_are_found_again_after_a_move(pixel_mm, gain):
    """Other pixels, pixels that are not square and another contrast change nothing."""
    found = register(view(), view(place_mm=moved, pixel_mm=pixel_mm, gain=gain))
    assert found.is_trusted
    expected = np.column_stack(moved(*PLACES_MM.T.astype(np.float32)))
    error_mm = np.linalg.norm(found.to_earlier_mm(PLACES_MM) - expected, axis=1)
    assert error_mm.max() < 1.5
    assert np.median(error_mm) < 0.7


def test_there_and_back_is_the_same_place():
    found = register(view(), view(place_mm=moved))
    np.testing.assert_allclose(found.to_earlier_mm(found.to_later_mm(PLACES_MM)), PLACES_MM, atol=0.01)


def test_the_same_image_stays_where_it_is():
    found = register(view(), view())
    np.testing.assert_allclose(found.to_later_mm(PLACES_MM), PLACES_MM, atol=0.1)
    assert found.agreement > 0.99


def test_another_breast_is_refused():
    assert not register(view(1), view(2)).is_trusted


def test_the_same_images_give_the_same_bits():
    one, other = (register(view(), view(place_mm=moved)).displacement_mm for _ in range(2))
    np.testing.assert_array_equal(one, other)
