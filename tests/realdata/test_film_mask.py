"""The breast on a real digitised film: white frame, rounded corners, lead letters, a blacked-out name plate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.detect.mammogram.preparation import PreparedMammogram, prepare
from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.pixels import load_mammogram
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import Flag, View

pytestmark = pytest.mark.realdata

FILM_MM = 240.0
"""Length of the film by its format; the file states no spacing."""


@pytest.fixture(scope="module")
def prepared(realdata: Path) -> PreparedMammogram:
    (mammogram,) = index_folder([realdata / "wg04_mg1" / "MG1_J2KI"]).patients[0].studies[0].mammograms
    pixels = load_mammogram(mammogram)
    pitch = FILM_MM / pixels.attenuation.shape[0]
    spacing = Spacing(pitch, pitch, SpacingSource.GIVEN)
    return prepare(ProjectionImage(pixels.attenuation, pixels.valid, spacing, view=View.MLO))


def _at(mask: np.ndarray, row: float, col: float) -> bool:
    """Value at a place given in shares of height and width, as read off the picture."""
    return bool(mask[int(row * mask.shape[0]), int(col * mask.shape[1])])


def test_the_breast_is_told_from_everything_beside_it(prepared: PreparedMammogram):
    assert prepared.trusted
    assert Flag.DIGITISED_FILM in prepared.flags
    assert not prepared.repaired.any(), "neither the lead marker nor an artery is writing"
    for row, col in ((0.1, 0.03), (0.4, 0.35), (0.69, 0.64), (0.9, 0.2), (0.2, 0.4)):
        assert _at(prepared.search, row, col)
    beside = {"letters": (0.08, 0.8), "plate": (0.45, 0.94), "frame": (0.997, 0.5), "film": (0.3, 0.6)}
    for row, col in beside.values():
        assert not _at(prepared.breast, row, col)


def test_the_muscle_is_the_wedge_above(prepared: PreparedMammogram):
    assert prepared.pectoral is not None
    for row, col, inside in ((0.05, 0.2, True), (0.2, 0.1, True), (0.05, 0.45, False), (0.4, 0.35, False)):
        assert _at(prepared.pectoral, row, col) is inside
