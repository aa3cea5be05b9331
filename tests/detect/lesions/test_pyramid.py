"""What is matched around the region, held against a distance transform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from calcmeasure.detect.lesions.pyramid import EDGE_MM, Level
from calcmeasure.geometry import Spacing, SpacingSource


@pytest.mark.parametrize("steps_mm", [(2.0, 2.0, 2.0), (3.5, 1.9, 1.7), (7.0, 2.0, 2.5)])
def test_what_is_matched_reaches_as_far_as_it_says(steps_mm):
    """Voxels so large that a block of the window is a voxel."""
    region = np.random.default_rng(0).random((9, 20, 24)) < 0.004
    spacing = Spacing(steps_mm[1], steps_mm[2], SpacingSource.PATIENT, slice_mm=steps_mm[0])
    level = Level.of(
        np.ones(region.shape, np.float32), spacing=spacing, region=region, voxel_mm=1.0, start_zrc=np.zeros(3)
    )
    away_mm = ndimage.distance_transform_edt(~region, sampling=steps_mm)
    assert 0.02 < level.matched.mean() < 0.9
    np.testing.assert_array_equal(level.matched, away_mm <= EDGE_MM)
