"""Motion between phases: a local-contrast-normalised Lucas-Kanade pyramid on a B-spline.

Other phases are moved onto the early one, so the image a lesion is measured in is never resampled. Brightness is
normalised first (logarithm, minus the local mean, over the local spread): contrast uptake, which is smooth on that
scale, drops out and a least-squares force works. The displacement is a stiff cubic B-spline with knots 20 mm apart, too
smooth to swallow a lesion.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, DynamicImage, FloatImage, PhaseMotion
from calcmeasure.detect.lesions.displacement import Displacement
from calcmeasure.detect.lesions.pyramid import MAX_SHIFT_MM, ControlGrid, Level
from calcmeasure.detect.lesions.regions import box_between, span_of
from calcmeasure.detect.lesions.spline import Spline
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import Spacing
from calcmeasure.terms import Flag

FloatArray = NDArray[np.float64]

LEVELS_MM = (4.0, 2.0, 1.0)
"""Voxel size of the pyramid's levels, coarse to fine."""
ROUNDS = (5, 4, 3)
"""Gauss-Newton rounds at each level."""
SURE_LEVEL = 1
"""What has hardly moved on this level is looked at no closer: the finest level only takes noise away from a motion."""
MARGIN_MM = 12.0
"""Around the region's box: what the skin is matched with, and what moves in."""
MAX_STRAIN = 0.3
"""Largest change of displacement per mm: stays far from folding. Breathing of 6 mm reaches about 0.2, and it is
stiffness, not this bound, that keeps a lesion's size."""
MIN_GAIN = 0.02
"""The mismatch must fall by this fraction, or nothing is moved."""
NOISE_MM = 0.18
"""A root mean square displacement in the breasts below this is no motion: noise and uptake alone feign up to 0.14 mm,
and what is moved by less loses more by being sampled anew than it gains."""


@dataclass(frozen=True, slots=True)
class MotionCorrection:
    """What was moved, how far, and whether it helped.

    Parameters
    ----------
    moved
        (slices, rows, columns) float32 the moving phase on the fixed one's grid.
    displacement
        Zero where nothing was moved.
    mismatch_before, mismatch_after
        Root mean square difference of the normalised phases inside the region.
    reason
        Why nothing was moved: ``below noise``, ``no gain`` or ``no structure``; empty when something was.
    """

    moved: FloatImage
    displacement: Displacement
    mismatch_before: float
    mismatch_after: float
    reason: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        """``motion_corrected`` or ``motion_not_corrected``."""
        return (Flag.MOTION_NOT_CORRECTED.value if self.reason else Flag.MOTION_CORRECTED.value,)

    @property
    def shift_mm(self) -> FloatArray:
        """(3, n, m, k) displacement at the control points along slice, row and column."""
        return self.displacement.shift_mm

    @property
    def largest_mm(self) -> float:
        """Length of the largest displacement."""
        return self.displacement.largest_mm


@dataclass(frozen=True, slots=True)
class AlignedPhases:
    """Phases of a series on the early one.

    Parameters
    ----------
    moved
        Index to (slices, rows, columns) float32 of every phase that was moved.
    displacements
        Index to how it was moved.
    motion
        One record per phase that was compared.
    """

    moved: dict[int, FloatImage] = field(default_factory=dict)
    displacements: dict[int, Displacement] = field(default_factory=dict)
    motion: tuple[PhaseMotion, ...] = ()


def align_phases(image: DynamicImage, region: BoolImage, *, phases: Iterable[int] | None = None) -> AlignedPhases:
    """Move phases onto the early one, those that need it.

    Parameters
    ----------
    image
        All phases.
    region
        (slices, rows, columns) where agreement matters: the breasts.
    phases
        0-based; by default the one before contrast, the neighbours of the early one and the last.
    """
    early, last = image.early_index, len(image.phases) - 1
    wanted = {image.pre_index, early - 1, early + 1, last} if phases is None else set(phases)
    target = _Target(image.early, image.grid.spacing, region)
    found = {i: _correct(image.phases[i], target) for i in sorted(wanted - {early}) if 0 <= i <= last}
    helped = {i: correction for i, correction in found.items() if not correction.reason}
    return AlignedPhases(
        {i: correction.moved for i, correction in helped.items()},
        {i: correction.displacement for i, correction in helped.items()},
        tuple(PhaseMotion(i, c.mismatch_before, c.mismatch_after, c.largest_mm, c.reason) for i, c in found.items()),
    )


def correct_motion(moving: FloatImage, fixed: FloatImage, *, spacing: Spacing, region: BoolImage) -> MotionCorrection:
    """Move one phase onto another.

    Parameters
    ----------
    moving, fixed
        (slices, rows, columns) signal of the two phases on one grid.
    spacing
        mm per voxel; voxels may be anisotropic.
    region
        (slices, rows, columns) where agreement matters: the breasts.

    Returns
    -------
    MotionCorrection
        With `moving` itself when a displacement would not help.

    Raises
    ------
    DetectorError
        `ErrorCode.DETECTION` if the shapes differ.
    """
    if not moving.shape == fixed.shape == region.shape:
        raise DetectorError(
            f"phases and region differ in shape: {moving.shape}, {fixed.shape}, {region.shape}",
            code=ErrorCode.DETECTION,
        )
    return _correct(moving, _Target(fixed, spacing, region))


@dataclass(frozen=True)
class _Target:
    """The phase others are moved onto; what is computed from it serves them all."""

    fixed: FloatImage
    spacing: Spacing
    region: BoolImage
    made: dict[int, Level] = field(default_factory=dict)

    @cached_property
    def control(self) -> ControlGrid:
        return ControlGrid.over(self.fixed.shape, self.spacing)

    @cached_property
    def spline(self) -> Spline:
        return Spline.over(self.control.shape, self.control.step_mm)

    @cached_property
    def box(self) -> tuple[slice, ...]:
        """Box around the region that everything is matched in."""
        if not self.region.any():
            return tuple(slice(0, count) for count in self.region.shape)
        first, last = span_of(self.region)
        margin = np.ceil(MARGIN_MM / np.asarray(self.spacing.zrc_mm)).astype(int)
        return box_between(first - margin, last + margin + 1)

    def level(self, number: int) -> Level:
        """One of the pyramid, coarse to fine; made when it is first asked for."""
        if number not in self.made:
            fixed, region = self.fixed[self.box], self.region[self.box]
            start_zrc = np.array([part.start for part in self.box])
            self.made[number] = Level.of(
                fixed, spacing=self.spacing, region=region, voxel_mm=LEVELS_MM[number], start_zrc=start_zrc
            )
        return self.made[number]


def _correct(moving: FloatImage, target: _Target) -> MotionCorrection:
    grid = target.control
    still = found = Displacement(np.zeros((3, *grid.shape)), grid.step_mm)
    coefficients = np.zeros((3, *target.spline.shape))
    for number, rounds in enumerate(ROUNDS):
        level = target.level(number)
        if not level.region.any():
            return MotionCorrection(moving, still, 0.0, 0.0, "no structure")
        image = level.normalised(moving[target.box])
        if number == 0:
            coefficients += level.translation_mm(image)[:, None, None, None]
        for _ in range(rounds):
            sums = level.equations(image, target.spline.at_points(coefficients), grid)
            coefficients = coefficients + target.spline.step(sums, coefficients)
        found = Displacement(_tame(target.spline.at_points(coefficients), grid), grid.step_mm)
        usual_mm = _usual_mm(found, target.level(0))
        if number == SURE_LEVEL and usual_mm < NOISE_MM:
            break
    before, after = (level.mismatch(image, shift_mm, grid) for shift_mm in (still.shift_mm, found.shift_mm))
    reason = _why_not(before, after, usual_mm=usual_mm)
    if reason:
        return MotionCorrection(moving, still, before, before, reason)
    return MotionCorrection(found.apply(moving, target.spacing), found, before, after)


def _usual_mm(displacement: Displacement, level: Level) -> float:
    """Root mean square displacement inside the region."""
    return float(np.sqrt((displacement.at(level.places_mm()) ** 2).sum(axis=0).mean()))


def _why_not(before: float, after: float, *, usual_mm: float) -> str:
    if not after < (1 - MIN_GAIN) * before:
        return "no gain"
    return "below noise" if usual_mm < NOISE_MM else ""


def _tame(shift_mm: FloatArray, grid: ControlGrid) -> FloatArray:
    """Keep the displacement smooth, short and nearly rigid over a lesion."""
    sigma = (0, *np.minimum(0.6, (np.asarray(grid.shape) - 1) / 2))
    smooth: FloatArray = ndimage.gaussian_filter(shift_mm, sigma, mode="nearest")
    length = np.sqrt((smooth**2).sum(axis=0))
    smooth = smooth * np.minimum(1, MAX_SHIFT_MM / np.maximum(length, 1e-9))
    for _ in range(8):
        if _strain(smooth, grid) <= MAX_STRAIN:
            return smooth
        smooth = ndimage.gaussian_filter(smooth, sigma, mode="nearest")
    return smooth * min(1.0, MAX_STRAIN / _strain(smooth, grid))


def _strain(shift_mm: FloatArray, grid: ControlGrid) -> float:
    """Largest change of displacement per mm between neighbouring control points."""
    strains = [np.abs(np.diff(shift_mm, axis=k + 1)).max(initial=0) / grid.step_mm[k] for k in range(3)]
    return float(max(strains))
