"""Whether something that enhances would be called a lesion: solid, set off from its surroundings, taking up enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.boundary import Outline
from calcmeasure.detect.lesions.seeds import axes_mm, is_tube

FloatArray = NDArray[np.float64]

MIN_DIAMETER_MM = 5.0
"""Smaller enhancement is a focus in BI-RADS, not a lesion."""
MIN_VOLUME_MM3 = 65.0
"""A ball of that diameter; stubs and crossings of vessels hold less."""
MIN_FILL = 0.45
"""Least share of its own ellipsoid of moments: crossing vessels are stars."""
SMALL_MM, MIN_BALL_SHARE = 15.0, 0.22
"""A small lesion holds at least this share of the ball of its own diameter: where vessels meet or branch, the outline
is as long as a small lesion and nearly empty. (An ellipsoid twice as long as wide and high holds 0.25.)"""
UNMISTAKABLE = 1.5
"""Uptake of this many times the demand needs no further sign..."""
SET_OFF_AT, SET_OFF_SHARE = 0.3, 0.42
"""...otherwise the lesion must be most of what is connected to it above 30 % of its height: a patch of background
enhancement is the summit of a hill, a lesion stands on its own."""
NEIGHBOURHOOD_MM = 8.0


def is_lesion(outline: Outline, smooth: FloatImage, *, excess: float, diameter_mm: float, voxel_mm: FloatArray) -> bool:
    """Judge one outlined candidate.

    Parameters
    ----------
    outline
        In the frame of `smooth`.
    smooth
        (slices, rows, columns) subtraction around the candidate.
    excess
        Its percent enhancement over the demand of this breast.
    diameter_mm
        Greatest in-plane diameter of its outline.
    voxel_mm
        (3,) voxel size.
    """
    if not excess >= 1 or diameter_mm < MIN_DIAMETER_MM or not is_solid(outline.mask, voxel_mm):
        return False
    if diameter_mm < SMALL_MM and _ball_share(outline.mask, diameter_mm, voxel_mm) < MIN_BALL_SHARE:
        return False
    return excess >= UNMISTAKABLE or _set_off(outline, smooth, reach_mm=diameter_mm / 2, voxel_mm=voxel_mm)


def is_solid(mask: BoolImage, voxel_mm: FloatArray) -> bool:
    """Whether a mask is neither a vessel nor a piece or crossing of vessels."""
    volume_mm3 = float(mask.sum() * np.prod(voxel_mm))
    fill = volume_mm3 / (np.pi / 6 * float(np.prod(axes_mm(mask, voxel_mm))))
    return volume_mm3 >= MIN_VOLUME_MM3 and fill >= MIN_FILL and not is_tube(mask, voxel_mm)


def confidence_of(excess: float, diameter_mm: float) -> float:
    """Rises with uptake and size: a half at 1.25 times the demand and 5 mm, 0.95 at twice that and 10 mm."""
    logit = 3.0 * (excess - 1.25) + (diameter_mm - MIN_DIAMETER_MM) / 8.0
    return float(1.0 / (1.0 + np.exp(-logit)))


def _ball_share(mask: BoolImage, diameter_mm: float, voxel_mm: FloatArray) -> float:
    return float(mask.sum() * np.prod(voxel_mm) / (np.pi / 6 * diameter_mm**3))


def _set_off(outline: Outline, smooth: FloatImage, *, reach_mm: float, voxel_mm: FloatArray) -> bool:
    centre = ndimage.center_of_mass(outline.mask)
    offsets = np.ogrid[tuple(slice(0, n) for n in smooth.shape)]
    squares = [((index - c) * step) ** 2 for index, c, step in zip(offsets, centre, voxel_mm, strict=True)]
    near = sum(squares) < (reach_mm + NEIGHBOURHOOD_MM) ** 2
    foot = outline.outside + SET_OFF_AT * (outline.inside - outline.outside)
    labels, _ = ndimage.label((smooth > foot) & near, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())
    touched = np.bincount(labels[outline.mask], minlength=1)
    touched[0] = 0
    return bool(touched.any() and outline.mask.sum() >= SET_OFF_SHARE * sizes[touched.argmax()])
