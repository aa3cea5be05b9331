"""What a scanner does wrong: fat suppression that fails, ghosts of the beating heart, uneven coils and noise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid

FloatImage = NDArray[np.float32]

SUPPRESSED = 0.13
"""Signal of fat that is suppressed well, relative to water-rich tissue of the same relaxation."""
UNSUPPRESSED = 0.80


class FatSuppression(StrEnum):
    """How well fat is dark."""

    GOOD = "good"
    NONE = "none"
    """Fat is bright everywhere, brighter than fibroglandular tissue."""
    PARTIAL = "partial"
    """Fat stays bright in patches where the field is not homogeneous."""
    SWAPPED = "swapped"
    """Water and fat change places in patches, as a phase error of a Dixon reconstruction does."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Where suppression fails: a soft ball.

    Parameters
    ----------
    centre_lps, radius_mm
        In the patient.
    """

    centre_lps: tuple[float, float, float]
    radius_mm: float


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What is wrong with an examination; nothing unless told.

    Parameters
    ----------
    fat
        How well fat is dark; `patches` matter for partial and swapped.
    residual_fat
        Signal of suppressed fat.
    ghost_axis
        1 or 2: rows or columns, the phase-encoding direction.
    heart_ghost, body_ghost
        Signal of the first ghost relative to its source: of the beating heart and of the breathing chest wall.
    ghost_spacing
        Distance of ghosts, as a share of the field of view.
    shading
        Power of the coil's sensitivity; 0 evens it out, as a filter of the vendor does.
    central_noise
        By how much noise rises towards the middle of the body (parallel imaging).
    """

    fat: FatSuppression = FatSuppression.GOOD
    patches: tuple[Patch, ...] = ()
    residual_fat: float = SUPPRESSED
    ghost_axis: int = 1
    heart_ghost: float = 0.0
    body_ghost: float = 0.0
    ghost_spacing: float = 0.23
    shading: float = 1.0
    central_noise: float = 0.0


def fat_signal(artefacts: Artefacts, grid: ImageGrid) -> tuple[float | FloatImage, float | FloatImage]:
    """Density of fat and factor of water, everywhere alike or (slices, rows, columns)."""
    if artefacts.fat is FatSuppression.NONE:
        return UNSUPPRESSED, 1.0
    if artefacts.fat is FatSuppression.GOOD or not artefacts.patches:
        return artefacts.residual_fat, 1.0
    failed = np.zeros(grid.shape, np.float32)
    for patch in artefacts.patches:
        _add_patch(failed, grid, patch)
    fat = np.float32(artefacts.residual_fat) * (1 - failed) + np.float32(UNSUPPRESSED) * failed
    if artefacts.fat is FatSuppression.PARTIAL:
        return fat, 1.0
    return fat, 1 - np.float32(1 - artefacts.residual_fat) * failed


def add_ghosts(signal: FloatImage, thorax: FloatImage, artefacts: Artefacts, *, rng: np.random.Generator) -> None:
    """Add shifted copies of what moves during the acquisition, with a phase of their own in every slice.

    Parameters
    ----------
    thorax
        (slices, rows, columns) signal of the heart and great vessels.
    """
    if not (artefacts.heart_ghost or artefacts.body_ghost):
        return
    axis = artefacts.ghost_axis
    step = max(1, round(artefacts.ghost_spacing * signal.shape[axis]))
    source = np.float32(artefacts.heart_ghost) * thorax
    if artefacts.body_ghost:
        source = source + np.float32(artefacts.body_ghost) * signal
    for order in (1, 2):
        for sign in (-1, 1):
            angle = rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.uniform(4, 12), signal.shape[0])
            height = (np.cos(angle) / order**1.5).astype(np.float32)
            signal += np.roll(source, sign * order * step, axis=axis) * height[:, None, None]
    np.abs(signal, out=signal)


def noise_map(artefacts: Artefacts, x_mm: FloatImage) -> FloatImage | None:
    """Factor of the noise across the body; None when even."""
    if not artefacts.central_noise:
        return None
    half = float(np.abs(x_mm).max())
    gain: FloatImage = (1 + np.float32(artefacts.central_noise) * (1 - np.abs(x_mm) / half)).astype(np.float32)
    return gain


def _add_patch(failed: FloatImage, grid: ImageGrid, patch: Patch) -> None:
    """Raise the share of failed suppression: full within 0.6 of the radius, none beyond 1.4 of it."""
    centre = grid.to_zrc(patch.centre_lps)
    spacing = np.asarray(grid.spacing.zrc_mm)
    axes = [((np.arange(n) - c) * s) ** 2 for n, c, s in zip(grid.shape, centre, spacing, strict=True)]
    distance = np.sqrt(axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :]).astype(np.float32)
    share = np.clip((np.float32(1.4 * patch.radius_mm) - distance) / np.float32(0.8 * patch.radius_mm), 0, 1)
    np.maximum(failed, share * share * (3 - 2 * share), out=failed)
