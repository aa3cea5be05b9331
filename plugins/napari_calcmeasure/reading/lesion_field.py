"""The volume lesions are segmented in, and the sub-voxel edge of a mask in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.lesions.mask_outline import outline_of_mask, threshold_of_mask
from calcmeasure.detect.lesions.seeded import SeedField, plant_seed
from calcmeasure.errors import DetectorError
from calcmeasure.geometry import FloatArray, Spacing, SpacingSource
from calcmeasure.measure.diameter import mask_diameters
from calcmeasure.measure.outline import choose_outline, measure_outline
from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.model.enhancement import LesionUptake
from calcmeasure.terms import Laterality
from napari_calcmeasure.reading.finding import LesionMask, Point, Target
from napari_calcmeasure.reading.pointer import PointerEvent

KEPT = 4
"""Clicks whose surroundings are kept for the threshold."""
NO_FIELD = "There is no subtraction of this image to segment in: show the early phase of a dynamic series."
OUTSIDE = "The click lies outside the volume: click in the lesion."


@dataclass(frozen=True, slots=True, eq=False)
class LesionField:
    """The volume that lesions are segmented in.

    Parameters
    ----------
    subtraction
        (slices, rows, columns) float32 early minus pre-contrast; the same array as long as the phases are the same.
    spacing
        With slice distance.
    image_of_slice
        Slice index to the image an annotation on it belongs to.
    laterality_at
        Voxel to the side of the body it lies on; None where that is not known.
    phase
        The early phase it was made of; None where that is not known.
    uptake
        Mask to how it takes up contrast; None where that cannot be told.
    """

    subtraction: NDArray[np.float32]
    spacing: Spacing
    image_of_slice: Callable[[int], ImageReference]
    laterality_at: Callable[[Point], Laterality | None]
    phase: PhaseReference | None = None
    uptake: Callable[[LesionMask], LesionUptake | None] = lambda _mask: None
    _planted: dict[Point, SeedField] = field(default_factory=dict, repr=False)

    @property
    def voxel_mm(self) -> tuple[float, float, float]:
        """(slice, row, column) spacing in mm."""
        return self.spacing.zrc_mm

    def holds(self, point: Point) -> bool:
        """Whether a point lies in the volume."""
        return all(-0.5 <= at < size - 0.5 for at, size in zip(point, self.subtraction.shape, strict=True))

    def plant(self, seed_zrc: Point) -> SeedField:
        """Find what a click points at; the last few are kept, so that a threshold moves at once.

        Raises
        ------
        DetectorError
            `ErrorCode.NOT_MEASURABLE` if nothing stands out there.
        """
        found = self._planted.pop(seed_zrc, None)
        if found is None:
            found = plant_seed(self.subtraction, seed_zrc, voxel_mm=self.voxel_mm)
        self._planted[seed_zrc] = found
        while len(self._planted) > KEPT:
            self._planted.pop(next(iter(self._planted)))
        return found


FieldOf = Callable[[Target], LesionField | None]
"""Gives the subtraction of the image of a target, or None where there is none (yet)."""


def field_under(event: PointerEvent, field_of: FieldOf) -> LesionField | str:
    """Give the volume a click lies in, or the sentence that says why there is none."""
    found = field_of(event.target) if event.target.is_volume else None
    if found is None:
        return NO_FIELD
    return found if found.holds(event.point) else OUTSIDE


def on_its_side(event: PointerEvent, field: LesionField) -> Target:
    """Give the image of a click with the side of the body that was clicked."""
    return replace(event.target, laterality=event.target.laterality or field.laterality_at(event.point))


def refusal(error: DetectorError) -> str:
    """Say why a click made no lesion, as a sentence with its code."""
    return f"{error.message[:1].upper()}{error.message[1:]} [{error.code}]"


@dataclass(frozen=True, slots=True, eq=False)
class MaskEdge:
    """The sub-voxel edge of one mask, slice by slice: a brush changes one slice, and only that is outlined again.

    Parameters
    ----------
    field
        Volume the mask lies in.
    mask
        Its voxels.
    threshold
        Signal at the edge; None where there is none to follow.
    widest
        For each slice of the volume that has one, the outline with the greatest diameter, and that diameter in mm.
    """

    field: LesionField
    mask: LesionMask
    threshold: float | None
    widest: Mapping[int, tuple[FloatArray, float]]

    @classmethod
    def of(cls, field: LesionField, mask: LesionMask, *, threshold: float | None) -> MaskEdge:
        """Outline every slice."""
        edge = cls(field, mask, threshold, {})
        return replace(edge, widest=edge._outlined(mask.voxels, first=mask.offset_zrc[0]))

    def after(self, mask: LesionMask, *, at_slice: int) -> MaskEdge:
        """Outline a mask that differs on one slice."""
        index = at_slice - mask.offset_zrc[0]
        edge = replace(self, mask=mask)
        drawn = edge._outlined(mask.voxels[max(index, 0) : index + 1], first=at_slice)
        return replace(edge, widest={**{z: w for z, w in self.widest.items() if z != at_slice}, **drawn})

    @property
    def outline(self) -> FloatArray | None:
        """Outline (n, 3) of the slice with the greatest diameter; None when nothing is large enough to outline."""
        best = max(self.widest.values(), key=lambda found: found[1], default=None)
        return None if best is None else best[0]

    def _outlined(self, voxels: NDArray[np.bool_], *, first: int) -> dict[int, tuple[FloatArray, float]]:
        if not voxels.any():
            return {}
        polygons = outline_of_mask(
            self.field.subtraction,
            voxels,
            offset_zrc=(first, *self.mask.offset_zrc[1:]),
            threshold=self.threshold,
            voxel_mm=self.field.voxel_mm,
        )
        slices = groupby(polygons, key=lambda polygon: round(float(polygon[0, 0])))
        outlines = {z: choose_outline(group, self.field.spacing) for z, group in slices}
        return {z: (o, measure_outline(o, self.field.spacing).value_mm) for z, o in outlines.items()}


def edge_threshold(field: LesionField, mask: LesionMask) -> float | None:
    """Find the signal at the edge of a mask: of its seed and level, or half-way between it and its surroundings.

    Returns
    -------
    float or None
        None for a mask that is no brighter than what is around it.
    """
    if mask.seed_zrc is not None:
        with contextlib.suppress(DetectorError):
            return field.plant(mask.seed_zrc).threshold(mask.level)
    if not mask.voxels.any():
        return None
    return threshold_of_mask(field.subtraction, mask.voxels, offset_zrc=mask.offset_zrc, voxel_mm=field.voxel_mm)


def warm_up() -> None:
    """Load the compiled measures a first click needs; a second or so, for a thread, so that the click is not felt."""
    spacing = Spacing(1.0, 1.0, SpacingSource.GIVEN, slice_mm=1.0)
    measure_outline(choose_outline([[(0, 0, 0), (0, 0, 2), (0, 2, 0)]], spacing), spacing)
    mask = np.ones((1, 1, 1), np.bool_)
    mask_diameters(mask, spacing)
    # What a reading keeps cannot be written to, and that is another type to the compiler.
    mask.setflags(write=False)
    mask_diameters(mask, spacing)
