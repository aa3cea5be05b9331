"""Where the breast is on a mammogram: a mask that is decided by the kind of background, then checked.

Digital images often have a background of one exact value; there everything above it is breast, and a threshold
between two grey levels would split dense from fatty tissue instead. Digitised films have a noisy, uneven background
that only a threshold tells from tissue. Which case applies is read from the share of exactly constant pixels, and no
mask is believed before its size, its place and its shape have been looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.geometry import Spacing

GRID_MM = 0.5
"""Pixel size on which the mask is decided."""
CONSTANT_SHARE = 0.03
"""At least this share of the image at its exact minimum makes a constant background."""
OPENING_MM = 5.0
"""Diameter of the opening that takes off letters, film edges and lines that touch the breast."""
SMALLEST_AREA_MM2 = 400.0
"""A breast is at least this large; whatever is smaller is a marker, a letter or nothing."""
LARGEST_SHARE = 0.97
"""A mask that covers more of the image than this has not told breast from background."""
LEAST_SOLIDITY = 0.8
"""Area of a breast's mask over the area of its convex hull, at least."""


@dataclass(frozen=True, slots=True)
class BreastMask:
    """A breast mask and whether it can be believed.

    Parameters
    ----------
    mask
        (rows, columns) True inside the breast.
    trusted
        False when no mask passed the checks of size, place and shape, and all valid pixels were taken instead.
    """

    mask: BoolImage
    trusted: bool


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
    small, small_valid = _reduce(attenuation, valid=valid, spacing=spacing)
    if not small_valid.any() or np.ptp(small[small_valid]) == 0.0:
        return BreastMask(np.zeros(valid.shape, dtype=bool), trusted=False)
    for tissue in _tissue_candidates(attenuation, small=small, valid=valid, small_valid=small_valid):
        region = _largest_region(tissue & small_valid)
        if looks_like_breast(_within(region, small_valid)):
            return BreastMask(_enlarge(region, valid), trusted=True)
    return BreastMask(valid.copy(), trusted=False)


def looks_like_breast(region: BoolImage, *, grid_mm: float = GRID_MM) -> bool:
    """Check size, place and shape: large enough, not the whole image, on a side edge, nearly convex.

    Parameters
    ----------
    region
        (rows, columns) mask with square pixels.
    grid_mm
        Pixel size.
    """
    area = int(region.sum())
    if area * grid_mm**2 < SMALLEST_AREA_MM2 or area > LARGEST_SHARE * region.size:
        return False
    # The chest wall lies on one side edge. A near miss counts: some images have a thin frame of padding there.
    margin = max(1, round(3.0 / grid_mm))
    touches_left, touches_right = bool(region[:, :margin].any()), bool(region[:, -margin:].any())
    return (touches_left or touches_right) and _solidity(region) >= LEAST_SOLIDITY


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


def _reduce(attenuation: FloatImage, *, valid: BoolImage, spacing: Spacing) -> tuple[FloatImage, BoolImage]:
    """Mean over the valid pixels on a square grid of `GRID_MM`."""
    rows, cols = (max(1, round(n * s / GRID_MM)) for n, s in zip(valid.shape, spacing.rc_mm, strict=True))
    weight = cv2.resize(valid.astype(np.float32), (cols, rows), interpolation=cv2.INTER_AREA)
    filled = np.where(valid, attenuation, np.float32(0.0))
    total = cv2.resize(filled, (cols, rows), interpolation=cv2.INTER_AREA)
    small_valid = weight > 0.5
    return np.where(small_valid, total / np.maximum(weight, 1e-6), 0.0).astype(np.float32), small_valid


def _tissue_candidates(
    attenuation: FloatImage, *, small: FloatImage, valid: BoolImage, small_valid: BoolImage
) -> Iterator[BoolImage]:
    """Yield masks of tissue from the most to the least specific rule."""
    lowest = float(attenuation[valid].min())
    at_lowest = valid & (attenuation == lowest)
    if at_lowest.sum() >= CONSTANT_SHARE * valid.sum():
        share = cv2.resize(at_lowest.astype(np.float32), small.shape[::-1], interpolation=cv2.INTER_AREA)
        yield share < 0.5
    values = small[small_valid]
    threshold = float(threshold_otsu(values))
    # Tissue may itself be split into dense and fatty: the class below is then split again, and the lower cut wins
    # when both look like a breast and the region below is not merely noise of the background.
    below = values[values <= threshold]
    if np.ptp(below) > 0.0 and _separation(below) > 0.8:
        yield small > float(threshold_otsu(below))
    yield small > threshold


def _separation(values: NDArray[np.float32]) -> float:
    """Share of the variance that one threshold explains: 0.64 for a Gaussian, near 1 for two sharp peaks."""
    threshold = float(threshold_otsu(values))
    upper = values > threshold
    if upper.all() or not upper.any():
        return 0.0
    share = float(upper.mean())
    gap = float(values[upper].mean() - values[~upper].mean())
    return share * (1.0 - share) * gap**2 / float(values.var())


def _largest_region(tissue: BoolImage) -> BoolImage:
    """Largest connected part after an opening, with its holes filled."""
    size = max(1, round(OPENING_MM / GRID_MM)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    # Reflected borders: the breast goes on beyond the chest wall edge of the image, a film's frame stays thin.
    padded = cv2.copyMakeBorder(tissue.astype(np.uint8), size, size, size, size, cv2.BORDER_REFLECT)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[size:-size, size:-size]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(opened), connectivity=4)
    if count < 2:
        return np.zeros_like(tissue)
    region = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return _fill_holes(region)


def _within(region: BoolImage, small_valid: BoolImage) -> BoolImage:
    """Cut to the box of the valid pixels: padding may lie between the breast and the edge."""
    rows, cols = (np.flatnonzero(small_valid.any(axis=axis)) for axis in (1, 0))
    return region[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]


def _fill_holes(region: BoolImage) -> BoolImage:
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(region.shape, dtype=np.uint8), contours, -1, color=1, thickness=cv2.FILLED)
    solid: BoolImage = filled.astype(bool)
    return solid


def _solidity(region: BoolImage) -> float:
    points = np.argwhere(region).astype(np.int32)
    hull_area = cv2.contourArea(cv2.convexHull(points))
    return float(region.sum() / max(hull_area, 1.0))


def _enlarge(region: BoolImage, valid: BoolImage) -> BoolImage:
    """Bring the mask back to the image's pixels with a smooth outline."""
    soft = cv2.resize(region.astype(np.float32), valid.shape[::-1], interpolation=cv2.INTER_LINEAR)
    mask: BoolImage = (soft > 0.5) & valid
    return mask
