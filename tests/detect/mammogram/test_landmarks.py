"""Skin depth, pectoral muscle and implants on drawn breasts."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.detect.mammogram.coarse import CoarseImage
from calcmeasure.detect.mammogram.preparation import prepare
from calcmeasure.detect.mammogram.skin import SkinDistance
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import Flag, View

SHAPE, SPACING = (1100, 800), Spacing(0.1, 0.1, SpacingSource.DETECTOR)
ROWS, COLS = np.indices(SHAPE) * 0.1
BREAST = np.hypot((ROWS - 50.0) / 54.0, COLS / 68.0) < 1.0


def _image(extra: NDArray[np.floating], *, view: View = View.MLO, mirrored: bool = False) -> ProjectionImage:
    rng = np.random.default_rng(0)
    tissue = 1.0 + 0.08 * gaussian_filter(rng.standard_normal(SHAPE), 25.0) * 25.0 + 0.02 * rng.standard_normal(SHAPE)
    values = np.where(BREAST, tissue + extra, 0.0).astype(np.float32)
    values = np.ascontiguousarray(values[:, ::-1]) if mirrored else values
    return ProjectionImage(values, np.ones(SHAPE, bool), SPACING, view=view)


def _muscle() -> NDArray[np.bool_]:
    return (COLS / 30.0 + ROWS / 62.0 < 1.0) & BREAST


def _overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_muscle_is_the_bright_wedge_at_the_chest_wall(mirrored: bool):
    truth = _muscle()[:, ::-1] if mirrored else _muscle()
    prepared = prepare(_image(0.6 * gaussian_filter(_muscle().astype(float), 8.0), mirrored=mirrored))
    assert prepared.pectoral is not None
    assert _overlap(prepared.pectoral, truth) > 0.9
    assert prepared.search[prepared.pectoral].any(), "axillary marks are labelled, not lost"


@pytest.mark.parametrize(("height", "view"), [(0.0, View.MLO), (0.6, View.CC)])
def test_no_muscle_is_made_up(height: float, view: View):
    assert prepare(_image(height * _muscle(), view=view)).pectoral is None


@pytest.mark.parametrize("height", [0.8, 2.0])
@pytest.mark.parametrize("view", [View.CC, View.MLO])
def test_an_implant_and_its_edge_are_not_searched(height: float, view: View):
    implant = np.hypot((ROWS - 52.0) / 24.0, COLS / 32.0) < 1.0
    prepared = prepare(_image(height * gaussian_filter(implant.astype(float), 4.0), view=view))
    assert Flag.IMPLANT_SEEN in prepared.flags
    edge = (np.abs(distance_transform_edt(implant) - distance_transform_edt(~implant)) < 15) & BREAST
    assert not prepared.search[implant].any()
    assert not prepared.search[edge].any()
    assert prepared.search[520, 450]
    assert prepared.pectoral is None


@pytest.mark.parametrize("sigma_px", [60.0, 100.0])
def test_dense_glands_and_muscle_are_no_implant(sigma_px: float):
    glands = np.exp(-((ROWS - 52.0) ** 2 + (COLS - 30.0) ** 2) * 100.0 / (2 * (sigma_px + 60.0) ** 2))
    for extra in (0.8 * glands, 0.6 * gaussian_filter(_muscle().astype(float), 8.0)):
        assert Flag.IMPLANT_SEEN not in prepare(_image(extra)).flags


def test_skin_depth_against_a_distance_transform_of_every_pixel():
    image = _image(np.zeros(SHAPE))
    skin = prepare(image).skin
    # The breast goes on beyond the chest wall and the lower edge of the image.
    padded = np.pad(BREAST, ((0, 400), (700, 0)), mode="edge")
    expected = distance_transform_edt(padded)[: SHAPE[0], 700:] * 0.1
    rng = np.random.default_rng(1)
    points = np.argwhere(BREAST & (expected > 1.0) & (ROWS < 95.0))
    points = points[rng.choice(len(points), 300, replace=False)].astype(float)
    found = skin.at(points)
    assert np.abs(found - expected[tuple(points.astype(int).T)]).max() < 1.2
    assert np.median(np.abs(found - expected[tuple(points.astype(int).T)])) < 0.4
    assert skin.at(np.array([[10.0, 790.0]]))[0] == 0.0
    assert skin.at(np.empty((0, 2))).shape == (0,)


def test_what_ends_at_a_frame_is_no_skin():
    coarse = CoarseImage.of(BREAST.astype(np.float32), valid=np.ones(SHAPE, bool), spacing=SPACING)
    breast = coarse.values > 0.5
    picture = np.ones_like(breast)
    picture[:, :5] = breast[:, :5] = False
    wall = np.array([[500.0, 44.0]])
    assert SkinDistance.of(breast, coarse, picture=picture).at(wall)[0] > 30.0
    assert SkinDistance.of(breast, coarse, picture=np.ones_like(breast)).at(wall)[0] < 2.0
