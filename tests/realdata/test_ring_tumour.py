"""A real ring-enhancing tumour: one sagittal slice, 25 time points, no pixel spacing, so that lengths are in pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from calcmeasure.detect.contract import DynamicImage, LesionFindings
from calcmeasure.detect.lesions.detector import detect_lesions
from calcmeasure.detect.lesions.extents import widest_mm
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource

pytestmark = pytest.mark.realdata

SPACING = Spacing(1.0, 1.0, SpacingSource.GIVEN, slice_mm=5.0)
CENTRE_RC, DARK_RC = (107, 96), (109, 100)
"""Of the tumour and of the dark spot within it, as read off the picture."""
CHEST_WALL_RC = (115, 165)


def _detected(folder: Path, phase: int) -> LesionFindings:
    """The mean of three time points for each phase: as long as a clinical one."""
    series = loadmat(folder / "breast_dce_timeseries" / "invivo.mat")["DCEdata"].astype(np.float32)[:, None]
    phases = np.stack([series[part].mean(axis=0) for part in (slice(3), slice(phase - 1, phase + 2), slice(-3, None))])
    grid = ImageGrid(phases.shape[1:], (60.0, 0.0, 0.0), ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)), SPACING)
    return detect_lesions(DynamicImage(phases, grid, 0, 1))


@pytest.mark.parametrize("phase", [9, 11])
def test_the_outline_follows_the_ring(realdata: Path, phase: int):
    findings = _detected(realdata, phase)
    (lesion, *others) = findings.lesions
    row, column = (lesion.centre_zrc[k] for k in (1, 2))
    assert np.hypot(row - CENTRE_RC[0], column - CENTRE_RC[1]) < 6
    assert widest_mm(lesion.contours_zrc, SPACING) == pytest.approx(30, abs=4)
    inside = lesion.mask[0][DARK_RC[0] - lesion.offset_zrc[1], DARK_RC[1] - lesion.offset_zrc[2]]
    assert inside, "the dark centre belongs to the lesion"
    assert not others, "flow in the chest wall is no lesion"
    assert not findings.breast[0][CHEST_WALL_RC]
