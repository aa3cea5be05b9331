"""One click in an enhancing lesion gives its mask and sub-voxel edge, at a level between background and lesion.

Background and plateau are found once per click, with the lesion at half-maximum; a level only moves the threshold
between them. Above one half the lesion can only lose voxels, below it only win what a ball still rolls into: masks of
one seed lie inside each other, whatever the noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage, Points
from calcmeasure.detect.lesions.boundary import SHELL_MM, VESSEL_MM, VESSEL_SHARE, FloatArray
from calcmeasure.detect.lesions.clicks import smooth_cut, snapped, surroundings
from calcmeasure.detect.lesions.mask_outline import outline_of_mask
from calcmeasure.detect.lesions.regions import (
    Voxel,
    box_between,
    closed,
    component_at,
    deepest,
    filled,
    rolled,
    span_of,
)
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.terms import Flag

LEVELS = (0.2, 0.8)
"""Lowest and highest level between background (0) and lesion (1)."""
START_MM, STEP_MM, CAP_MM = 22.0, 16.0, 110.0
"""The cut reaches this far from the seed at first, then this much farther where the lesion comes near a face of it, up
to this length: 90 mm of lesion and background on both sides."""
MARGIN_MM = 6.0
"""A lesion nearer than this to a face of the cut may go on outside."""
LEAST_CONTRAST, SURE_CONTRAST = 5.0, 10.0
"""A lesion stands out of the background by this many standard deviations of the noise, and clearly so by that many."""
PLATEAU_MM, PLATEAU_PERCENT = 8.0, 75.0
"""The lesion's signal is that percentile of its voxels this near to the seed: gland it hangs on is farther off."""
ROUNDS = 4
UNSURE_CONTRAST = 2.5
"""With less than this many times what the surroundings vary by, the edge is as much theirs as the lesion's."""
SETTLED = 0.01
"""Background and plateau are found when the half-way threshold moves by less than this share of their contrast."""
_NOTHING = "nothing here stands out from its surroundings: click where the lesion is brightest, or measure it by hand"
_TOO_SMALL = "what enhances here is too small to outline at this threshold: lower it, or measure it with the caliper"


@dataclass(frozen=True, slots=True)
class SeededLesion:
    """A lesion segmented from one click.

    Parameters
    ----------
    mask
        (slices, rows, columns) bool, tight box that starts at `offset_zrc` in the volume.
    contours_zrc
        Closed polygons (n, 3) in volume indices, sub-voxel, one slice each.
    level, threshold
        Between background (0) and lesion (1), and the subtraction signal that is.
    flags
        Advisory codes: what to know about the edge.
    """

    mask: BoolImage
    offset_zrc: Voxel
    contours_zrc: tuple[Points, ...]
    level: float
    threshold: float
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class SeedField:
    """What one click fixes whatever the level: surroundings, background, plateau and the lesion at one half.

    Made by `plant_seed`; keeping it makes a change of the level cheap.

    Parameters
    ----------
    subtraction
        (slices, rows, columns) of the whole volume; not copied.
    voxel_mm
        (3,) voxel size.
    seed_zrc
        Voxel that the click stood for.
    inside, outside, noise
        Subtraction signal of the lesion and of its local background, and standard deviation of the noise.
    smooth, start
        Smoothed cut of the volume around the lesion and its first voxel; it grows as lower levels need it.
    half
        The lesion at level one half, in the frame of the cut.
    radius_mm, anchor_zrc
        Of the ball that rolls inside it, and the voxel it starts from.
    """

    subtraction: FloatImage
    voxel_mm: FloatArray
    seed_zrc: NDArray[np.int_]
    inside: float
    outside: float
    noise: float
    smooth: FloatImage
    start: NDArray[np.int_]
    half: BoolImage
    radius_mm: float = 0.0
    anchor_zrc: Voxel = (0, 0, 0)
    flags: tuple[str, ...] = ()

    def threshold(self, level: float) -> float:
        """Subtraction signal of a level between background (0) and lesion (1)."""
        return self.outside + level * (self.inside - self.outside)

    def at(self, level: float = 0.5) -> SeededLesion:
        """Segment at a level; a higher one never gives a larger mask.

        Raises
        ------
        ValueError
            If the level is outside `LEVELS`.
        DetectorError
            `ErrorCode.NOT_MEASURABLE` if nothing large enough to outline is left.
        """
        if not LEVELS[0] <= level <= LEVELS[1]:
            raise ValueError(f"a level lies between {LEVELS[0]} and {LEVELS[1]}, got {level}")
        threshold = self.threshold(level)
        mask = self._smaller(threshold) if level >= 0.5 else self._larger(threshold)
        if not mask.any():
            raise DetectorError(_TOO_SMALL, code=ErrorCode.NOT_MEASURABLE)
        first, last = span_of(mask)
        offset = _voxel(first + self.start)
        tight = np.ascontiguousarray(mask[box_between(first, last + 1)])
        contours = outline_of_mask(
            self.subtraction, tight, offset_zrc=offset, threshold=threshold, voxel_mm=self.voxel_mm
        )
        if not contours:
            raise DetectorError(_TOO_SMALL, code=ErrorCode.NOT_MEASURABLE)
        flags = (*self.flags, *self._edge_flags(first, last))
        return SeededLesion(tight, offset, contours, level=level, threshold=threshold, flags=flags)

    def _smaller(self, threshold: float) -> BoolImage:
        first, last = span_of(self.half)
        box = box_between(np.maximum(first - 3, 0), last + 4)
        mask = np.zeros_like(self.half)
        mask[box] = filled(closed(self.smooth[box] > threshold, self.voxel_mm) & self.half[box])
        return mask

    def _larger(self, threshold: float) -> BoolImage:
        part = self._part(threshold)
        anchor = _voxel(self.anchor_zrc - self.start)
        return filled(rolled(part, self.voxel_mm, radius_mm=self.radius_mm, anchor=anchor))

    def _part(self, threshold: float) -> BoolImage:
        """Component of the seed above a threshold, gaps closed, holes filled; the cut grows until it holds it."""
        while True:
            above = closed(self.smooth > threshold, self.voxel_mm)
            part = component_at(above, _voxel(self.seed_zrc - self.start))
            if not part.any():
                raise DetectorError(_NOTHING, code=ErrorCode.NOT_MEASURABLE)
            if not self._grow_around(*span_of(part)):
                return filled(part)

    def _grow_around(self, first: NDArray[np.int_], last: NDArray[np.int_]) -> bool:
        """Move the faces outwards that a box comes near to; False when none does or the cut is at its cap."""
        size = np.asarray(self.smooth.shape)
        margin, step = (np.ceil(mm / self.voxel_mm).astype(int) for mm in (MARGIN_MM, STEP_MM))
        room = size * self.voxel_mm < CAP_MM
        below, above = (faces & room for faces in self._open_faces(first - margin, last + margin))
        if not (below.any() or above.any()):
            return False
        old, stop = self.start, self.start + size
        self.smooth, self.start = smooth_cut(
            self.subtraction, old - below * step, stop=stop + above * step, voxel_mm=self.voxel_mm
        )
        half = np.zeros(self.smooth.shape, dtype=np.bool_)
        half[box_between(old - self.start, stop - self.start)] = self.half
        self.half = half
        return True

    def _open_faces(
        self, first: NDArray[np.int_], last: NDArray[np.int_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Lower and upper faces of the cut that a box reaches and beyond which the volume goes on."""
        size = np.asarray(self.smooth.shape)
        return (first <= 0) & (self.start > 0), (last >= size - 1) & (self.start + size < self.subtraction.shape)

    def _edge_flags(self, first: NDArray[np.int_], last: NDArray[np.int_]) -> tuple[str, ...]:
        """Say where the lesion leaves the volume, or found no edge within the cap."""
        end = np.asarray(self.subtraction.shape) - 1
        at_border = ((first + self.start == 0) | (last + self.start == end)) & (end > 0)
        leaks = any(faces.any() for faces in self._open_faces(first, last))
        return (*([Flag.PARTIAL_VIEW.value] if at_border.any() else ()), *([Flag.EDGES_UNCLEAR.value] if leaks else ()))

    def settle(self) -> None:
        """Find background, plateau and the lesion at one half of them, in turns.

        Raises
        ------
        DetectorError
            `ErrorCode.NOT_MEASURABLE` if nothing stands out.
        """
        part = self._part(self.threshold(0.5))
        for _ in range(ROUNDS):
            before = self.threshold(0.5)
            self.inside, shell = _plateau(self, part), _shell(self, part)
            self.outside = float(np.median(shell)) if shell.size else self.outside
            part = self._part(self.threshold(0.5))
            if abs(self.threshold(0.5) - before) < SETTLED * (self.inside - self.outside):
                break
        depth_mm, anchor = deepest(part, self.voxel_mm)
        self.radius_mm, self.anchor_zrc = min(VESSEL_SHARE * depth_mm, VESSEL_MM), _voxel(anchor + self.start)
        self.half = filled(rolled(part, self.voxel_mm, radius_mm=self.radius_mm, anchor=anchor))
        if self.smooth[_voxel(self.seed_zrc - self.start)] <= self.threshold(0.5):  # clicked in a dark centre
            ring = np.where(self.half, self.smooth, -np.inf)
            self.seed_zrc = np.array(np.unravel_index(int(ring.argmax()), ring.shape)) + self.start
        self._judge(shell)

    def _judge(self, shell: NDArray[np.float32]) -> None:
        """Refuse what noise could be, and say where the contrast is poor."""
        contrast = self.inside - self.outside
        leaks = any(faces.any() for faces in self._open_faces(*span_of(self.half)))
        if not contrast > (SURE_CONTRAST if leaks else LEAST_CONTRAST) * self.noise:
            raise DetectorError(_NOTHING, code=ErrorCode.NOT_MEASURABLE)
        spread = float(np.ptp(np.percentile(shell, (50, 95)))) if shell.size else 0.0
        if contrast < max(UNSURE_CONTRAST * spread, SURE_CONTRAST * self.noise):
            self.flags = (Flag.LOW_CONFIDENCE.value,)


def plant_seed(subtraction: FloatImage, seed_zrc: Sequence[float], *, voxel_mm: ArrayLike) -> SeedField:
    """Find what one click points at.

    Parameters
    ----------
    subtraction
        (slices, rows, columns) early minus pre-contrast.
    seed_zrc
        Where the reader clicked, voxel indices.
    voxel_mm
        (3,) slice, row and column spacing.

    Raises
    ------
    DetectorError
        `ErrorCode.NOT_MEASURABLE` if nothing stands out there or the click lies outside the volume.
    """
    steps_mm = np.asarray(voxel_mm, dtype=float)
    clicked = np.rint(np.asarray(seed_zrc, dtype=float)).astype(int)
    if (clicked < 0).any() or (clicked >= subtraction.shape).any():
        raise DetectorError("the click lies outside the image: click in the lesion", code=ErrorCode.NOT_MEASURABLE)
    outside, noise = surroundings(subtraction, clicked, steps_mm)
    reach = np.ceil(START_MM / steps_mm).astype(int)
    smooth, start = smooth_cut(subtraction, clicked - reach, stop=clicked + reach + 1, voxel_mm=steps_mm)
    seed, peak = snapped(smooth, clicked - start, steps_mm)
    if not peak - outside > LEAST_CONTRAST * noise:
        raise DetectorError(_NOTHING, code=ErrorCode.NOT_MEASURABLE)
    seed, peak = snapped(smooth, seed, steps_mm)  # from the blurred edge into the lesion
    half = np.zeros(smooth.shape, dtype=np.bool_)
    field = SeedField(subtraction, steps_mm, seed + start, peak, outside, noise, smooth, start, half)
    field.settle()
    return field


def _plateau(field: SeedField, part: BoolImage) -> float:
    """Signal of the lesion near the seed, away from its blurred edge."""
    reach = np.ceil(PLATEAU_MM / field.voxel_mm).astype(int)
    seed = field.seed_zrc - field.start
    box = box_between(np.maximum(seed - reach, 0), seed + reach + 1)
    signal, core = field.smooth[box], part[box]
    if not core.all():
        depth_mm = ndimage.distance_transform_edt(core, sampling=field.voxel_mm)
        core = depth_mm >= min(2.0, 0.6 * float(depth_mm.max()))
    bright = core & (signal > field.threshold(0.5))  # leaves a dark centre out
    return float(np.percentile(signal[bright if bright.any() else core], PLATEAU_PERCENT))


def _shell(field: SeedField, part: BoolImage) -> NDArray[np.float32]:
    """Signal around the lesion; every other voxel of a row and column tells the median as well."""
    thin, steps_mm = part[:, ::2, ::2], field.voxel_mm * (1, 2, 2)
    away_mm = ndimage.distance_transform_edt(~thin, sampling=steps_mm)
    shell: NDArray[np.float32] = field.smooth[:, ::2, ::2][(away_mm >= SHELL_MM[0]) & (away_mm <= SHELL_MM[1])]
    return shell


def _voxel(indices: NDArray[np.int_]) -> Voxel:
    return (int(indices[0]), int(indices[1]), int(indices[2]))
