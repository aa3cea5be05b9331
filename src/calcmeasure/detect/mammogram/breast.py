"""Where the breast is on a mammogram: a mask that is decided by the kind of background, then checked.

Digital images often have a background of one exact value; there everything above it is breast, and a threshold
between two grey levels would split dense from fatty tissue instead. Digitised films have a noisy, uneven background,
letters, plates and bright frames; there the breast is the region with the steepest outline. Which case applies is read
from the share of exactly constant pixels, and no mask is believed before its size, its place and its shape have been
looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.mammogram.coarse import CoarseImage
from calcmeasure.detect.mammogram.frames import inside_frames
from calcmeasure.detect.mammogram.outline import region_above_constant, steepest_region
from calcmeasure.geometry import Spacing


class Background(StrEnum):
    """What lies beside the breast."""

    CONSTANT = "constant"
    """One exact value, as digital machines write it."""
    UNEVEN = "uneven"
    """Noise and slopes, as on a digitised film."""
    NONE = "none"
    """No background could be told from tissue."""


@dataclass(frozen=True, slots=True)
class BreastMask:
    """A breast mask and whether it can be believed.

    Parameters
    ----------
    mask
        (rows, columns) True inside the breast.
    trusted
        False when no mask passed the checks of size, place and shape, and all valid pixels were taken instead.
    background
        What the breast was told from.
    """

    mask: BoolImage
    trusted: bool
    background: Background = Background.NONE


def segment_breast(attenuation: FloatImage, *, valid: BoolImage, spacing: Spacing) -> BoolImage:
    """Mask of the breast; all False when there is none (see `find_breast`)."""
    return find_breast(attenuation, valid=valid, spacing=spacing).mask


def find_breast(attenuation: FloatImage, *, valid: BoolImage, spacing: Spacing) -> BreastMask:
    """Tell the breast from the background around it.

    Parameters
    ----------
    attenuation
        (rows, columns), higher means more attenuation, finite wherever `valid`. The answer does not change when
        grey levels are mapped by any line of positive slope.
    valid
        False on padding.
    spacing
        Of the image.

    Returns
    -------
    BreastMask
        Empty and not trusted for an image without contrast; the valid pixels, not trusted, when no threshold gives
        a region that has the size, the place and the shape of a breast.
    """
    coarse = CoarseImage.of(attenuation, valid=valid, spacing=spacing)
    found = find_coarse_breast(coarse)
    if found.trusted:
        return BreastMask(coarse.enlarge(found.mask, valid.shape) & valid, trusted=True, background=found.background)
    return BreastMask(valid.copy() if found.mask.any() else np.zeros(valid.shape, bool), trusted=False)


@dataclass(frozen=True, slots=True)
class CoarseBreast:
    """A breast on the coarse grid.

    Parameters
    ----------
    mask, trusted, background
        As in `BreastMask`.
    picture
        (rows, columns) False on padding, on frames of a film and on plates: what ends there is no skin.
    """

    mask: BoolImage
    trusted: bool
    background: Background
    picture: BoolImage


def find_coarse_breast(coarse: CoarseImage) -> CoarseBreast:
    """Find the breast on the coarse grid, see `find_breast`."""
    inside = coarse.values[coarse.valid]
    if not inside.size or np.ptp(inside) == 0.0:
        return CoarseBreast(np.zeros_like(coarse.valid), False, Background.NONE, coarse.valid)
    above = region_above_constant(coarse)
    if above is not None:
        return CoarseBreast(above, True, Background.CONSTANT, coarse.valid)
    picture = inside_frames(coarse)
    steepest = steepest_region(coarse, picture)
    if steepest is not None:
        return CoarseBreast(steepest, True, Background.UNEVEN, picture)
    return CoarseBreast(coarse.valid.copy(), False, Background.NONE, coarse.valid)


def erode_mm(mask: BoolImage, distance_mm: float, *, spacing: Spacing) -> BoolImage:
    """Take a band of `distance_mm` off a mask, such as the skin; the edges of the image itself are not eroded."""
    if not mask.any() or mask.all():
        return mask.copy()
    radius_rc = [max(1, round(distance_mm / step)) for step in spacing.rc_mm]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_rc[1] + 1, 2 * radius_rc[0] + 1))
    if max(radius_rc) > 8:  # a large disc costs its area per pixel; the distance transform costs the same for any size
        return _erode_by_distance(mask, distance_mm, spacing=spacing)
    eroded: BoolImage = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE).astype(bool)
    return eroded


def _erode_by_distance(mask: BoolImage, distance_mm: float, *, spacing: Spacing) -> BoolImage:
    # On a square grid of the coarser spacing, which is exact enough for a safety band.
    step = max(spacing.rc_mm)
    rows, cols = (max(1, round(n * s / step)) for n, s in zip(mask.shape, spacing.rc_mm, strict=True))
    square = cv2.resize(mask.astype(np.uint8), (cols, rows), interpolation=cv2.INTER_NEAREST)
    distance = cv2.distanceTransform(square, cv2.DIST_L2, 5)
    inside = (distance * step > distance_mm).astype(np.uint8)
    back = cv2.resize(inside, mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    shrunk: BoolImage = back.astype(bool) & mask
    return shrunk
