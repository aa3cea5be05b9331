"""Growing a lesion's mask from one point of it; every step keeps a mask inside another one inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage
from calcmeasure.detect.lesions.seeds import GAP_MM

FloatArray = NDArray[np.float64]
Voxel = tuple[int, int, int]

_EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=np.bool_)


def span_of(mask: BoolImage) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """First and last voxel index of a mask along each axis; the mask must not be empty."""
    spans = [np.flatnonzero(mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    return np.array([span[0] for span in spans]), np.array([span[-1] for span in spans])


def box_between(start: NDArray[np.int_], stop: NDArray[np.int_]) -> tuple[slice, ...]:
    """Slices from a first voxel to the one after the last; what is negative starts at 0."""
    return tuple(slice(max(0, int(a)), int(b)) for a, b in zip(start, stop, strict=True))


def closed(mask: BoolImage, voxel_mm: FloatArray) -> BoolImage:
    """Close gaps up to `GAP_MM` wide, as `~calcmeasure.detect.lesions.seeds.joined`, faster for gaps of few voxels."""
    ball = _ball(GAP_MM / 2 + 1e-6, voxel_mm)
    pad = [(n // 2, n // 2) for n in ball.shape]
    grown = ndimage.binary_dilation(np.pad(mask, pad), ball)
    shrunk: BoolImage = ndimage.binary_erosion(grown, ball, border_value=1)
    core = tuple(slice(p, n - p) for (p, _), n in zip(pad, shrunk.shape, strict=True))
    return mask | shrunk[core]


def component_at(mask: BoolImage, point: Voxel) -> BoolImage:
    """Keep the connected part that holds a point, or that encloses it on its slice; nothing when there is none."""
    labels, _ = ndimage.label(mask, structure=_EVERY_NEIGHBOUR)
    number = labels[point] or _enclosing(labels[point[0]], (point[1], point[2]))
    part: BoolImage = labels == number
    return part if number else np.zeros_like(mask)


def filled(mask: BoolImage) -> BoolImage:
    """Fill what is enclosed on each slice."""
    if not mask.any():
        return mask
    first, last = span_of(mask)
    box = box_between(first, last + 1)
    whole = mask.copy()
    for plane in whole[box]:
        plane[...] = ndimage.binary_fill_holes(plane)
    return whole


def deepest(mask: BoolImage, voxel_mm: FloatArray) -> tuple[float, Voxel]:
    """Radius of the largest ball inside a mask, and the voxel it is centred on."""
    first, last = span_of(mask)
    depth_mm = _depth_mm(mask[box_between(first, last + 1)], voxel_mm)
    z, r, c = np.unravel_index(int(depth_mm.argmax()), depth_mm.shape)
    return float(depth_mm.max()), (int(z + first[0]), int(r + first[1]), int(c + first[2]))


def rolled(mask: BoolImage, voxel_mm: FloatArray, *, radius_mm: float, anchor: Voxel) -> BoolImage:
    """Keep what a ball reaches that rolls through the mask from an anchor: necks and vessels are cut off.

    Parameters
    ----------
    anchor
        Voxel at least `radius_mm` deep in the mask.
    """
    first, last = span_of(mask)
    box = box_between(first, last + 1)
    core = component_at(_depth_mm(mask[box], voxel_mm) >= radius_mm, _shifted(anchor, first))
    kept = np.zeros_like(mask)
    if core.any():
        reach_mm = ndimage.distance_transform_edt(~core, sampling=voxel_mm)
        kept[box] = mask[box] & (reach_mm <= radius_mm + float(voxel_mm.min()) / 2)
    return kept


def with_tips(body: BoolImage, mask: BoolImage, *, reach_mm: float, voxel_mm: FloatArray) -> BoolImage:
    """Put back what a rolling ball left out of a mask and what ends near by: a corner does, a vessel runs on.

    Parameters
    ----------
    body, mask
        What the ball reached, and what it rolled through.
    reach_mm
        Parts that go farther from the body than this stay out, from their very root.
    """
    if not body.any():
        return body
    first, last = span_of(mask)
    box = box_between(first, last + 1)
    labels, count = ndimage.label(mask[box] & ~body[box], structure=_EVERY_NEIGHBOUR)
    away_mm = ndimage.distance_transform_edt(~body[box], sampling=voxel_mm)
    is_tip = greatest(away_mm, labels, count) <= reach_mm
    is_tip[0] = False
    whole = body.copy()
    whole[box] |= is_tip[labels]
    return whole


def greatest(values: FloatArray, labels: NDArray[np.signedinteger], count: int) -> FloatArray:
    """(count + 1,) greatest of some values, none below 0, within each label; 0 for the background."""
    inside = labels > 0
    found = np.zeros(count + 1)
    np.maximum.at(found, labels[inside], values[inside])
    return found


def _depth_mm(mask: BoolImage, voxel_mm: FloatArray) -> FloatArray:
    depth_mm: FloatArray = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=voxel_mm)[1:-1, 1:-1, 1:-1]
    return depth_mm


def _shifted(point: Voxel, first: NDArray[np.int_]) -> Voxel:
    return (point[0] - int(first[0]), point[1] - int(first[1]), point[2] - int(first[2]))


def _enclosing(labels: NDArray[np.int32], point: tuple[int, int]) -> int:
    """Label of the smallest ring around a point of one slice; 0 when none closes."""
    rings = [n for n in np.unique(labels) if n and ndimage.binary_fill_holes(labels == n)[point]]
    return int(min(rings, key=lambda n: int((labels == n).sum()), default=0))


def _ball(radius_mm: float, voxel_mm: FloatArray) -> BoolImage:
    reach = (radius_mm / voxel_mm).astype(int)
    axes = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    ball: BoolImage = sum((a * step) ** 2 for a, step in zip(axes, voxel_mm, strict=True)) <= radius_mm**2
    return ball
