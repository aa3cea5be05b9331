"""Lesions as voxels: the lean way beside the full one."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.phantom.dynamic.drawing import draw_lesion, draw_lesion_leanly
from calcmeasure.phantom.dynamic.lesions import LesionKind, LesionSpec, lesion_truth, shape_lesion

GRID = ImageGrid(
    (15, 40, 40), (0.0, 0.0, 0.0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), Spacing(1.0, 1.0, SpacingSource.PATIENT, 2.0)
)


def _drawn(draw, spec):
    surface = shape_lesion(spec, GRID, centre_zrc=(7.2, 20.1, 19.7), seed=2)
    ends = lesion_truth(spec, surface, GRID).ends_zrc
    lesion = draw(spec, surface, GRID, ends_zrc=ends, seed=2)
    pictures = np.zeros((2, *GRID.shape), np.float32)
    for picture, share in zip(pictures, (lesion.coverage, lesion.fast), strict=True):
        picture[lesion.box] = share
    return pictures


@pytest.mark.parametrize(
    "spec",
    [
        LesionSpec(diameter_mm=4.0),
        LesionSpec(diameter_mm=18.0, irregularity=0.15),
        LesionSpec(diameter_mm=24.0, axis_ratios=(0.4, 0.4), taper=0.6),
        LesionSpec(kind=LesionKind.NON_MASS, diameter_mm=24.0, axis_ratios=(0.5, 0.5)),
    ],
)
def test_lean_drawing_agrees_with_the_full_one(spec):
    full, lean = _drawn(draw_lesion, spec), _drawn(draw_lesion_leanly, spec)
    assert np.abs(full[0] - lean[0]).max() < 0.2
    assert lean[0].sum() == pytest.approx(full[0].sum(), rel=0.02)
    assert lean[1].sum() == pytest.approx(full[1].sum(), rel=0.06)


def test_an_infiltrating_lesion_leaves_tissue_between_its_clumps():
    spec = LesionSpec(kind=LesionKind.NON_MASS, diameter_mm=24.0, infiltration=0.5)
    surface = shape_lesion(spec, GRID, centre_zrc=(7.0, 20.0, 20.0), seed=2)
    ends = lesion_truth(spec, surface, GRID).ends_zrc
    lesion = draw_lesion_leanly(spec, surface, GRID, ends_zrc=ends, seed=2)
    np.testing.assert_allclose(lesion.solid, (lesion.fast + lesion.coverage) / 2, atol=1e-6)
