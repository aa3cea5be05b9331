"""A small volume with known lesions for the tests of masks and of the tools that segment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.enhancement import LesionUptake
from calcmeasure.terms import Laterality
from napari_calcmeasure.reading.finding import LesionMask, Target
from napari_calcmeasure.reading.lesion_field import LesionField
from plugin.reading.examples import volume

SPACING = Spacing(1.0, 1.25, SpacingSource.PATIENT, slice_mm=2.0)
SHAPE = (18, 64, 72)
CENTRE = (9.0, 30.0, 22.0)
"""Of a ball 16 mm across on the patient's right."""
OTHER = (9.0, 30.0, 54.0)
"""Of one 10 mm across on the left."""


def ball(centre, radius_mm):
    steps = (np.indices(SHAPE) - np.reshape(centre, (3, 1, 1, 1))) * np.reshape(SPACING.zrc_mm, (3, 1, 1, 1))
    return np.clip(radius_mm - np.sqrt((steps**2).sum(axis=0)) + 0.5, 0, 1)


def subtraction(noise: float = 4.0) -> np.ndarray:
    signal = 10 + 150 * ball(CENTRE, 8.0) + 150 * ball(OTHER, 5.0)
    signal = ndimage.gaussian_filter(signal, (0, 0.4, 0.35))
    return (signal + np.random.default_rng(4).normal(0, noise, SHAPE)).astype(np.float32)


def dynamic(**changes: object) -> Target:
    """The early phase of the volume."""
    target = volume()
    image = replace(target.image, rows=SHAPE[1], columns=SHAPE[2], spacing=SPACING)
    return replace(target, image=image, **changes)


def uptake(mask: LesionMask) -> LesionUptake | None:
    """One that tells how large the mask was it was taken in."""
    return LesionUptake(early_percent=float(mask.voxels.sum()), peak_percent=300.0) if mask.voxels.any() else None


def lesion_field(target: Target | None = None) -> LesionField:
    target = target or dynamic()
    return LesionField(
        subtraction(),
        SPACING,
        image_of_slice=lambda index: target.image_at((float(index), 0.0, 0.0)),
        laterality_at=lambda point: Laterality.RIGHT if point[2] < SHAPE[2] / 2 else Laterality.LEFT,
        uptake=uptake,
    )
