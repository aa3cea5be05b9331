"""A breast laid over its earlier self, and what is looked at again in the bed of its tumour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from calcmeasure.detect.contract import DynamicImage, LesionFinding, LesionFindings
from calcmeasure.detect.lesions.followup import look_in_beds, take_snapshot
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.terms import Laterality

GRID = ImageGrid(
    (24, 48, 96),
    (-144.0, -72.0, -36.0),
    ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    Spacing(3.0, 3.0, SpacingSource.PATIENT, slice_mm=3.0),
)
CENTRES = ((12.0, 24.0, 26.0), (12.0, 24.0, 70.0))
"""Of the right and the left breast, voxels."""


def anatomy(shift_zrc=(0.0, 0.0, 0.0)) -> tuple[np.ndarray, np.ndarray]:
    """Two ellipsoids with gland inside, the same texture in every visit."""
    texture = ndimage.gaussian_filter(np.random.default_rng(4).normal(size=GRID.shape), 2.0)
    z, r, c = np.indices(GRID.shape)
    breast = np.zeros(GRID.shape, bool)
    for cz, cr, cc in CENTRES:
        breast |= ((z - cz) / 9) ** 2 + ((r - cr) / 18) ** 2 + ((c - cc) / 17) ** 2 < 1
    signal = np.where(breast, 100 + 400 * texture, 5.0)
    moved = ndimage.shift(signal, shift_zrc, order=1, cval=5.0).astype(np.float32)
    return moved, ndimage.shift(breast.astype(float), shift_zrc, order=1) > 0.5


def lesion(zrc, size=4, side=Laterality.RIGHT) -> LesionFinding:
    start = tuple(int(v) - size // 2 for v in zrc)
    return LesionFinding(np.ones((size,) * 3, bool), start, (), side, tuple(map(float, zrc)), 0.9)


def visit(shift_zrc=(0.0, 0.0, 0.0), lesions=(), others=()):
    signal, breast = anatomy(shift_zrc)
    image = DynamicImage(np.stack([signal, signal]), GRID)
    return image, LesionFindings(tuple(lesions), breast, np.zeros(GRID.shape, np.float32), others=tuple(others))


PLACE, SHIFT = np.array([12, 20, 24]), np.array([1.0, 3.0, -4.0])
"""Of the tumour at baseline, and how much further the breast lies at follow-up: 15 mm."""
EARLIER = take_snapshot(*visit(lesions=[lesion(PLACE, 6)]))


def test_a_residue_in_the_bed_is_found_where_alone_nothing_was():
    residue, elsewhere = lesion(PLACE + SHIFT, 2), lesion(PLACE + SHIFT + (0, 12, 8), 2)
    looked = look_in_beds(*visit(SHIFT, others=[elsewhere, residue]), earlier=EARLIER)
    assert looked.is_registered
    assert looked.n_alone == 0
    assert looked.findings.lesions == (residue,)
    assert looked.findings.others == (elsewhere,)


@pytest.mark.parametrize(
    ("confidence", "flags", "remains"),
    [
        (0.9, (), True),
        (0.03, (), True),
        (0.02, (), False),
        (0.9, ("looks_like_background",), True),
        (0.9, ("looks_like_vessel",), False),
        (0.9, ("looks_like_skin",), False),
    ],
)
def test_a_bed_makes_a_finding_likelier_but_not_anything_a_lesion(confidence, flags, remains):
    residue = replace(lesion(PLACE + SHIFT, 2), confidence=confidence, flags=flags)
    looked = look_in_beds(*visit(SHIFT, others=[residue]), earlier=EARLIER)
    assert looked.findings.lesions == ((residue,) if remains else ())


def test_without_the_shift_of_the_breast_the_residue_would_have_been_missed():
    """Where the bed lay at baseline, nothing is looked for."""
    stays = lesion(PLACE - SHIFT * 2, 2)
    looked = look_in_beds(*visit(SHIFT, others=[stays]), earlier=EARLIER)
    assert looked.is_registered
    assert looked.findings.lesions == ()


def test_a_lesion_found_alone_in_the_bed_is_what_remains():
    alone, other = lesion(PLACE + SHIFT, 3), lesion(PLACE + SHIFT + (1, 0, 1), 2)
    looked = look_in_beds(*visit(SHIFT, lesions=[alone], others=[other]), earlier=EARLIER)
    assert looked.findings.lesions == (alone,)
    assert looked.n_alone == 1


def test_a_breast_that_is_not_the_same_is_not_registered():
    image, findings = visit(SHIFT, others=[lesion(PLACE + SHIFT, 2)])
    noise = np.random.default_rng(9).normal(100, 40, GRID.shape).astype(np.float32)
    other = replace(image, phases=np.stack([noise, noise]))
    looked = look_in_beds(other, findings, earlier=EARLIER)
    assert not looked.is_registered
    assert looked.findings.lesions == ()


@pytest.mark.parametrize("earlier", [take_snapshot(*visit())])
def test_without_an_earlier_lesion_nothing_is_looked_for(earlier):
    image, findings = visit(others=[lesion(PLACE, 2)])
    looked = look_in_beds(image, findings, earlier=earlier)
    assert (looked.findings.lesions, looked.n_alone) == ((), 0)
