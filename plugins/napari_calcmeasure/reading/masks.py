"""Masks of segmented lesions as values: brushed disc by disc, and turned into what is signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from calcmeasure.detect.lesions.seeds import largest
from calcmeasure.geometry import FloatArray, Spacing
from calcmeasure.measure.diameter import mask_diameters
from calcmeasure.measure.uptake import readers_figures
from calcmeasure.model.annotation import Annotation
from calcmeasure.pipeline.settings import SOFTWARE
from calcmeasure.store.clock import utc_now
from calcmeasure.terms import Flag, GeometryKind, Method, merge_flags
from napari_calcmeasure.reading.drafting import OF_DETECTION
from napari_calcmeasure.reading.finding import LesionMask, Point
from napari_calcmeasure.reading.lesion_field import LesionField

SLACK = 12
"""Pixels that a mask grows beyond the brush, so that it need not grow at every move of the hand."""
OF_SEGMENTATION = frozenset({*OF_DETECTION, Flag.PARTIAL_VIEW, Flag.EDGES_UNCLEAR})
"""Flags that speak of one segmentation; the next one says again what holds."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A move of a round brush within one slice.

    Parameters
    ----------
    start, end
        (slice, row, column) the brush's middle moved between, on the slice of `end`.
    radius_mm
        Of the brush.
    erases
        Whether it takes away.
    """

    start: Point
    end: Point
    radius_mm: float
    erases: bool = False

    @property
    def at_slice(self) -> int:
        """Slice painted on."""
        return round(self.end[0])


def brushed(mask: LesionMask, stroke: Stroke, *, spacing: Spacing, shape: Sequence[int]) -> LesionMask:
    """Paint voxels whose centres the brush passes over, or take them away.

    Parameters
    ----------
    mask
        Before; it stays as it is.
    stroke
        What the brush does.
    spacing
        Of the volume; the brush is round in mm.
    shape
        (slices, rows, columns) of the volume: nothing is painted outside it.

    Returns
    -------
    LesionMask
        `mask` itself where nothing changes; its cut grows as the brush needs.
    """
    reach = np.asarray([stroke.radius_mm / step for step in spacing.rc_mm])
    ends = np.array([stroke.start[1:], stroke.end[1:]])
    low = np.maximum(np.floor(ends.min(axis=0) - reach).astype(int), 0)
    high = np.minimum(np.ceil(ends.max(axis=0) + reach).astype(int) + 1, shape[1:])
    if (high <= low).any() or not 0 <= stroke.at_slice < shape[0]:
        return mask
    touched = _passed(ends, low, high=high, stroke=stroke, spacing=spacing)
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    if not len(rows):
        return mask
    box = ((stroke.at_slice, stroke.at_slice + 1), (low[0] + rows[0], low[0] + rows[-1] + 1))
    roomy = mask if stroke.erases else _with_room(mask, (*box, (low[1] + columns[0], low[1] + columns[-1] + 1)), shape)
    return _changed(roomy, touched, at=(stroke.at_slice, int(low[0]), int(low[1])), to=not stroke.erases, before=mask)


def holds(mask: LesionMask, point: Point) -> bool:
    """Whether a point of the volume lies on a voxel of the mask."""
    index = [round(at) - first for at, first in zip(point, mask.offset_zrc, strict=True)]
    inside = all(0 <= i < size for i, size in zip(index, mask.voxels.shape, strict=True))
    return inside and bool(mask.voxels[tuple(index)])


def trimmed(mask: LesionMask) -> LesionMask:
    """Cut a mask to the voxels it holds; it must hold one."""
    spans = [np.flatnonzero(mask.voxels.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    box = tuple(slice(span[0], span[-1] + 1) for span in spans)
    z, r, c = (first + int(span[0]) for first, span in zip(mask.offset_zrc, spans, strict=True))
    return replace(mask, offset_zrc=(z, r, c), voxels=_frozen(mask.voxels[box]))


def without_cut_off(mask: LesionMask, *, before: LesionMask) -> LesionMask:
    """Drop what an eraser cut off from the largest part; a lesion that had several parts before keeps them."""
    if not np.array_equal(largest(before.voxels), before.voxels):
        return mask
    main = largest(mask.voxels)
    return mask if np.array_equal(main, mask.voxels) else replace(mask, voxels=_frozen(main))


def mask_of_outline(points: Sequence[Point]) -> LesionMask:
    """Voxels inside an outline, on its slice alone."""
    polygon = np.asarray(points, dtype=float)
    low = np.floor(polygon[:, 1:].min(axis=0)).astype(int)
    shape = np.ceil(polygon[:, 1:].max(axis=0)).astype(int) - low + 1
    voxels = polygon2mask(tuple(shape), polygon[:, 1:] - low)[None]
    return LesionMask((round(polygon[0, 0]), int(low[0]), int(low[1])), _frozen(voxels))


def annotation_from_mask(
    annotation: Annotation,
    mask: LesionMask,
    *,
    outline_zrc: FloatArray,
    field: LesionField,
    flags: Sequence[str] = (),
) -> Annotation:
    """Give an annotation the outline, slice, volume, greatest diameter in space and uptake of a mask.

    Parameters
    ----------
    annotation
        What it was: identity, lesion, type and link stay. Found automatically, it is an edited one from now on;
        started by a reader's click or brush, it is manual.
    mask
        Its voxels.
    outline_zrc
        (n, 3) the one of its sub-voxel contours that has the greatest in-plane diameter.
    field
        Volume it lies in.
    flags
        What the segmentation says of itself.

    Notes
    -----
    A mask of one slice says nothing about the lesion in space: volume and diameter in space stay empty.
    """
    in_space = mask_diameters(mask.voxels, field.spacing) if len(mask.voxels) > 1 else None
    uptake = field.uptake(mask)
    kept = tuple(flag for flag in annotation.flags if flag not in OF_SEGMENTATION)
    return replace(
        annotation,
        geometry=GeometryKind.OUTLINE,
        points=outline_points(outline_zrc),
        image=field.image_of_slice(round(float(outline_zrc[0, 0]))),
        phase=field.phase or annotation.phase,
        method=Method.EDITED if annotation.method in (Method.AUTO, Method.EDITED) else Method.MANUAL,
        confidence=None,
        volume_mm3=round(in_space.volume_mm3, 1) if in_space else None,
        diameter_3d_mm=round(in_space.diameter_3d_mm, 3) if in_space else None,
        enhancement=readers_figures(uptake, mask_sha256=mask.digest) if uptake else None,
        flags=merge_flags(kept, tuple(flags)),
        software=SOFTWARE,
        created_utc=utc_now(),
    )


def outline_points(outline: FloatArray) -> tuple[Point, ...]:
    """Vertices as an annotation keeps them: to a thousandth of a pixel."""
    return tuple((float(z), round(float(r), 3), round(float(c), 3)) for z, r, c in outline)


def _passed(
    ends: FloatArray, low: NDArray[np.int_], *, high: NDArray[np.int_], stroke: Stroke, spacing: Spacing
) -> NDArray[np.bool_]:
    """Pixels of a box that lie within the radius of the way."""
    steps = np.asarray(spacing.rc_mm)
    start, way = (ends[0] - low) * steps, (ends[1] - ends[0]) * steps
    rows, columns = np.ogrid[: high[0] - low[0], : high[1] - low[1]]
    row_mm, column_mm = rows * steps[0] - start[0], columns * steps[1] - start[1]
    length_square = float(way @ way)
    along = (row_mm * way[0] + column_mm * way[1]) / length_square if length_square > 0 else 0.0
    along = np.clip(along, 0.0, 1.0)
    away = (row_mm - along * way[0]) ** 2 + (column_mm - along * way[1]) ** 2
    near: NDArray[np.bool_] = away <= stroke.radius_mm**2
    return near


def _with_room(mask: LesionMask, box: Sequence[tuple[int, int]], shape: Sequence[int]) -> LesionMask:
    """Grow the cut of a mask until it holds a box; a few pixels more in plane."""
    if not mask.voxels.size:
        (z, _), (r, _), (c, _) = box
        mask = replace(mask, offset_zrc=(int(z), int(r), int(c)), voxels=np.zeros((0, 0, 0), np.bool_))
    pads = []
    for axis, ((first, stop), offset, size) in enumerate(zip(box, mask.offset_zrc, mask.voxels.shape, strict=True)):
        slack = SLACK if axis else 0
        before = min(offset, offset - first + slack) if first < offset else 0
        after = min(shape[axis] - offset - size, stop - offset - size + slack) if stop > offset + size else 0
        pads.append((before, after))
    if not any(before or after for before, after in pads):
        return mask
    z, r, c = (int(offset - before) for offset, (before, _) in zip(mask.offset_zrc, pads, strict=True))
    return replace(mask, offset_zrc=(z, r, c), voxels=np.pad(mask.voxels, pads))


def _changed(
    mask: LesionMask, touched: NDArray[np.bool_], *, at: tuple[int, int, int], to: bool, before: LesionMask
) -> LesionMask:
    """Set the touched voxels that lie in the cut; `before` where all of them were so already."""
    z = at[0] - mask.offset_zrc[0]
    start = np.subtract(at[1:], mask.offset_zrc[1:])
    low, high = np.maximum(start, 0), np.minimum(start + touched.shape, mask.voxels.shape[1:])
    if not 0 <= z < len(mask.voxels) or (high <= low).any():
        return before
    box = (z, slice(low[0], high[0]), slice(low[1], high[1]))
    part = touched[low[0] - start[0] : high[0] - start[0], low[1] - start[1] : high[1] - start[1]]
    if (mask.voxels[box][part] == to).all():
        return before
    voxels = mask.voxels.copy()
    voxels[box][part] = to
    return replace(mask, voxels=_frozen(voxels))


def _frozen(voxels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    frozen = np.ascontiguousarray(voxels)
    frozen.setflags(write=False)
    return frozen
