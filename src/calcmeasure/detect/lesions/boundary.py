"""The edge of an enhancing lesion: half-way between lesion and local background, below the size of a voxel.

The edge is sought on the subtraction (early minus moved pre), where partial volume is linear; percent enhancement
bends the edge wherever the signal before contrast changes across it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from calcmeasure.detect.contract import BoolImage, FloatImage, Points
from calcmeasure.detect.lesions.regions import box_between, closed, deepest, filled, rolled, span_of, with_tips

FloatArray = NDArray[np.float64]

SHELL_MM = (4.0, 12.0)
"""Local background is taken between these distances from the candidate."""
REACH_MM = 6.0
"""The edge is sought up to this far outside the candidate."""
ROUNDS = 3
SEEN_VOXELS = 3
"""Voxels beyond its reach that the edge is computed with."""
VESSEL_SHARE, VESSEL_MM = 0.5, 3.0
"""What a ball of half the lesion's inscribed radius, 3 mm at most, does not fit into is a vessel and is cut off..."""
TIP_MM = 2.5
"""...unless it ends this near: then it is a pointed end of the lesion, and a diameter runs from point to point."""
SCANNER_MM = 0.34
"""Standard deviation of the scanner's own blur in the plane: 0.8 mm wide at half height."""
FLATTENED = 1.6
"""Beyond an edge the signal falls no further, so second differences across slices show the bend too small: by this
factor on simulated lesions with bumps, in slices of 1.6 to 2.7 mm."""
CURVE_MM = 0.7
"""The curvature of an edge is taken from an image smoothed this much more, so that noise does not bend it."""
MIN_PART_MM2 = 2.5
"""Smaller islands of a slice are not outlined."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A lesion's mask and edge in the frame of the volume it was cut from.

    Parameters
    ----------
    mask
        (slices, rows, columns) of the cut.
    contours_zrc
        Closed polygons, index of the cut.
    inside, outside
        Subtraction signal of the lesion and of its local background.
    spread
        Robust standard deviation of the local background.
    """

    mask: BoolImage
    contours_zrc: tuple[Points, ...]
    inside: float
    outside: float
    spread: float = 0.0


def outline_lesion(
    subtraction: FloatImage, candidate: BoolImage, *, tissue: BoolImage, voxel_mm: FloatArray
) -> Outline | None:
    """Follow the edge around a candidate.

    Parameters
    ----------
    subtraction
        (slices, rows, columns) early minus pre, cut around the candidate with a margin.
    candidate
        Same shape: roughly the lesion.
    tissue
        Same shape: breast, other candidates left out; background is measured here.
    voxel_mm
        (3,) voxel size.

    Returns
    -------
    Outline or None
        None when nothing stands out from the background.
    """
    away_mm = ndimage.distance_transform_edt(~candidate, sampling=voxel_mm)
    allowed = (away_mm <= REACH_MM) & tissue
    if not allowed.any():
        return None
    smooth = smoothed(subtraction, voxel_mm)
    outside, spread = _background(smooth, away_mm, tissue)
    first, last = span_of(allowed)
    box = box_between(first - SEEN_VOXELS, last + SEEN_VOXELS + 1)
    settled = _settled(smooth[box], candidate[box], allowed=allowed[box], outside=outside, voxel_mm=voxel_mm)
    if settled is None:
        return None
    part, inside = settled
    mask = np.zeros_like(candidate)
    mask[box] = part
    contours = edge_of(smooth[box], part, inside=inside, outside=outside, voxel_mm=voxel_mm)
    start = np.array([s.start for s in box], dtype=float)
    return Outline(mask, tuple(points + start for points in contours), inside, outside, spread)


def edge_of(
    smooth: FloatImage, mask: BoolImage, *, inside: float, outside: float, voxel_mm: FloatArray
) -> tuple[Points, ...]:
    """Follow the edge of a mask below the size of a voxel: half-way between plateau and background.

    Parameters
    ----------
    smooth, mask
        (slices, rows, columns) smoothed subtraction with `SEEN_VOXELS` around the mask.
    inside, outside
        Plateau and background.

    Returns
    -------
    Closed polygons, index of the box.
    """
    heights = _straightened(smooth, voxel_mm) - np.float32((inside + outside) / 2)
    return _contours(_mirrored(heights, mask, step=0.02 * (inside - outside)), voxel_mm)


def _settled(
    smooth: FloatImage, candidate: BoolImage, *, allowed: BoolImage, outside: float, voxel_mm: FloatArray
) -> tuple[BoolImage, float] | None:
    """Find mask and plateau in turns; vessels are cut off in the end."""
    mask = candidate
    inside = 0.0
    for _ in range(ROUNDS):
        inside = _plateau(smooth, mask, voxel_mm)
        if not inside > outside:
            return None
        before = mask
        mask = _component((smooth > (inside + outside) / 2) & allowed, candidate, voxel_mm=voxel_mm)
        if not mask.any():
            return None
        if np.array_equal(mask, before):
            break
    depth_mm, anchor = deepest(mask, voxel_mm)
    radius_mm = min(VESSEL_SHARE * depth_mm, VESSEL_MM)
    body = rolled(mask, voxel_mm, radius_mm=radius_mm, anchor=anchor)
    return filled(with_tips(body, mask, reach_mm=TIP_MM, voxel_mm=voxel_mm)), inside


def smoothed(subtraction: FloatImage, voxel_mm: FloatArray) -> FloatImage:
    """Take off noise with a kernel of half a voxel at most, too small to move an edge."""
    smooth: FloatImage = ndimage.gaussian_filter(subtraction, np.minimum(0.5, 0.4 / np.asarray(voxel_mm)))
    return smooth


def _straightened(smooth: FloatImage, voxel_mm: FloatArray) -> FloatImage:
    """Take back what smoothing and the size of a voxel did to curved edges.

    Averaging of variance s, the scanner's own included, moves the half-way level of an edge of radius R inwards by
    s / (2 R): to first order the image has gained s / 2 times its second derivative along the edge, which is taken
    away here. The slice direction is taken to run along the edge, as it does where a lesion is widest.
    """
    across, rows, cols = (float(step) for step in voxel_mm)
    variance = np.asarray(voxel_mm) ** 2 * (1 / 12 + _kernel_variances(voxel_mm))
    wide = ndimage.gaussian_filter(smooth, (0, *(CURVE_MM / np.asarray(voxel_mm[1:]))))
    slope_r, slope_c = _slope(wide, 1) / np.float32(rows), _slope(wide, 2) / np.float32(cols)
    bend_r, bend_c = _bend(wide, 1) / np.float32(rows**2), _bend(wide, 2) / np.float32(cols**2)
    twist = _slope(slope_r, 2) / np.float32(cols)
    steep = slope_r**2 + slope_c**2
    steep += np.float32(1e-4) * max(float(steep.max()), 1e-12)
    along = (slope_r**2 * bend_c - 2 * slope_r * slope_c * twist + slope_c**2 * bend_r) / steep
    curved = np.float32((variance[1:].mean() + SCANNER_MM**2) / 2) * along
    curved += np.float32(FLATTENED * variance[0] / 2 / across**2) * _bend(wide, 0)
    straight: FloatImage = smooth - curved
    return straight


def _slope(image: FloatImage, axis: int) -> FloatImage:
    slope: FloatImage = ndimage.correlate1d(image, [-0.5, 0.0, 0.5], axis=axis, mode="nearest")
    return slope


def _bend(image: FloatImage, axis: int) -> FloatImage:
    bend: FloatImage = ndimage.correlate1d(image, [1.0, -2.0, 1.0], axis=axis, mode="nearest")
    return bend


def _kernel_variances(voxel_mm: FloatArray) -> FloatArray:
    """Variances of the sampled noise kernel along each axis, in voxels squared."""
    taps = np.arange(-2, 3)
    sigma = np.minimum(0.5, 0.4 / np.asarray(voxel_mm))[:, None]
    weights = np.exp(-0.5 * (taps / sigma) ** 2)
    variances: FloatArray = (weights * taps**2).sum(axis=1) / weights.sum(axis=1)
    return variances


def _background(smooth: FloatImage, away_mm: FloatArray, tissue: BoolImage) -> tuple[float, float]:
    """Median and robust standard deviation of the shell around a candidate."""
    shell = smooth[(away_mm >= SHELL_MM[0]) & (away_mm <= SHELL_MM[1]) & tissue]
    if not shell.size:
        return float(smooth.min()), 0.0
    median = float(np.median(shell))
    return median, 1.4826 * float(np.median(np.abs(shell - median)))


def _plateau(smooth: FloatImage, mask: BoolImage, voxel_mm: FloatArray) -> float:
    """Signal of the lesion away from its blurred edge."""
    first, last = span_of(mask)
    box = box_between(first, last + 1)
    depth_mm = ndimage.distance_transform_edt(np.pad(mask[box], 1), sampling=voxel_mm)[1:-1, 1:-1, 1:-1]
    core = depth_mm >= min(2.0, 0.6 * float(depth_mm.max()))
    return float(np.percentile(smooth[box][core], 60))


def _component(above: BoolImage, candidate: BoolImage, *, voxel_mm: FloatArray) -> BoolImage:
    """Take the part above the level that belongs to the candidate, gaps closed."""
    whole = closed(above, voxel_mm)
    labels, _ = ndimage.label(whole, structure=np.ones((3, 3, 3)))
    votes = np.bincount(labels[candidate & whole], minlength=1)
    votes[0] = 0
    part: BoolImage = labels == votes.argmax() if votes.sum() else np.zeros_like(above)
    return part


def _mirrored(heights: FloatImage, mask: BoolImage, *, step: float) -> FloatImage:
    """Mirror heights at zero where the mask disagrees with them: the edge then runs between the voxels."""
    steep = np.maximum(np.abs(heights), np.float32(step))
    field: FloatImage = np.where(mask, steep, -steep)
    return field


def _contours(field: FloatImage, voxel_mm: FloatArray) -> tuple[Points, ...]:
    polygons: list[Points] = []
    for z, plane in enumerate(field):
        paths = plane_contours(plane, 0.0, voxel_mm=voxel_mm)
        polygons += [np.column_stack([np.full(len(path), float(z)), path]) for path in paths]
    return tuple(polygons)


def plane_contours(plane: FloatImage, level: float, *, voxel_mm: FloatArray) -> list[Points]:
    """Follow a level on one slice: closed sub-pixel polygons (n, 2); islands too small to outline are left out."""
    if not (plane > level).any():
        return []
    padded = np.pad(plane, 1, constant_values=min(float(plane.min()), level - 1))
    return [path - 1 for path in find_contours(padded, level) if _area_mm2(path, voxel_mm) >= MIN_PART_MM2]


def _area_mm2(path: FloatArray, voxel_mm: FloatArray) -> float:
    rows, cols = path[:, 0] * voxel_mm[1], path[:, 1] * voxel_mm[2]
    area_mm2 = float(abs(np.dot(rows[:-1], cols[1:]) - np.dot(rows[1:], cols[:-1])) / 2)
    return round(area_mm2, 4)  # an island of just the least size stays one, however its grey values were rounded
