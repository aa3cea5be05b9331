"""A dynamic contrast-enhanced breast MR examination with known truth: two breasts, Tofts kinetics, Rician noise.

The geometry of every lesion is defined in the phase nearest 90 s after injection (the *still* phase); the other
phases are displaced against it by a smooth field of breathing size, as a later subtraction would see it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.phantom.dynamic.anatomy import Anatomy, FieldOfView, build_anatomy, coil_shading
from calcmeasure.phantom.dynamic.drawing import DrawnLesion, draw_lesion
from calcmeasure.phantom.dynamic.kinetics import ArterialInput, GradientEcho, Tissue, tissue_concentration
from calcmeasure.phantom.dynamic.lesions import (
    Kinetics,
    LesionKind,
    LesionSpec,
    LesionTruth,
    lesion_truth,
    shape_lesion,
    vanished_truth,
)

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]

_TISSUES = {
    "fat": Tissue(0.30, density=0.13),
    "gland": Tissue(1.30, density=1.0, ktrans_per_min=0.020, ve=0.25),
    "skin": Tissue(0.90, density=0.55, ktrans_per_min=0.02, ve=0.2),
    "muscle": Tissue(1.00, density=0.75, ktrans_per_min=0.015, ve=0.1),
    "blood": Tissue(1.45, density=0.85, vp=0.45),
}
_LESION_T1_S = 1.25
_EXCHANGE = {
    Kinetics.WASHOUT: (0.60, 0.38, 0.05),
    Kinetics.PLATEAU: (0.32, 0.42, 0.03),
    Kinetics.PERSISTENT: (0.12, 0.50, 0.01),
}
"""Transfer constant per minute, extracellular and plasma fraction of a lesion's fast part."""
_SLOW_SHARE = {LesionKind.MASS: 0.45, LesionKind.NON_MASS: 0.28}
"""Transfer constant of a mass's core, or of the tissue between clumps, relative to the fast part."""
_GAIN = 9000.0
_STILL_TIME_S = 90.0


@dataclass(frozen=True, slots=True)
class PhaseTiming:
    """When a phase was acquired, in seconds after the start of the injection (negative: before)."""

    start_s: float
    duration_s: float
    centre_s: float
    """When the centre of k-space was sampled: it sets the contrast of the picture."""


@dataclass(frozen=True, slots=True)
class DceSpec:
    """What to synthesise.

    Parameters
    ----------
    shape
        (slices, rows, columns).
    spacing_zrc_mm
        Slice, row and column spacing.
    tilt_deg
        Rotation of the planes about the patient's x, y and z axis.
    centre_lps
        Centre of the volume, mm.
    phase_starts_s, phase_duration_s
        Relative to the start of the injection; at least one phase lies before it.
    centre_fraction
        Where in a phase the centre of k-space is sampled, 0-1.
    lesions
        Drawn in order; none for a breast without enhancing lesion.
    background_enhancement
        Fraction by which fibroglandular tissue brightens at 90 s (0.05 minimal - 0.35 marked).
    density
        Rough share of fibroglandular tissue.
    noise
        Standard deviation of each complex channel in stored units (fibroglandular tissue is about 350).
    motion_mm
        Typical displacement between phases.
    blur_mm
        Full width at half maximum of the in-plane point spread.
    anatomy_seed
        The patient: keep it between visits.
    """

    shape: tuple[int, int, int] = (24, 112, 176)
    spacing_zrc_mm: tuple[float, float, float] = (2.5, 1.1, 1.0)
    tilt_deg: tuple[float, float, float] = (4.0, -2.5, 3.0)
    centre_lps: tuple[float, float, float] = (2.0, -45.0, 12.0)
    phase_starts_s: tuple[float, ...] = (-85.0, 50.0, 120.0, 190.0, 260.0)
    phase_duration_s: float = 70.0
    centre_fraction: float = 0.5
    lesions: tuple[LesionSpec, ...] = (LesionSpec(),)
    background_enhancement: float = 0.15
    density: float = 0.35
    noise: float = 9.0
    motion_mm: float = 0.8
    blur_mm: float = 0.8
    anatomy_seed: int = 0
    sequence: GradientEcho = field(default_factory=GradientEcho)
    arterial: ArterialInput = field(default_factory=ArterialInput)

    @property
    def timings(self) -> tuple[PhaseTiming, ...]:
        """One per phase."""
        duration, share = self.phase_duration_s, self.centre_fraction
        return tuple(PhaseTiming(start, duration, start + share * duration) for start in self.phase_starts_s)

    @property
    def still_phase(self) -> int:
        """The phase whose k-space centre lies nearest 90 s after injection: the truth refers to it."""
        return min(range(len(self.timings)), key=lambda i: abs(self.timings[i].centre_s - _STILL_TIME_S))


@dataclass(frozen=True, slots=True)
class DcePhantom:
    """A synthetic examination and its truth.

    Parameters
    ----------
    phases
        (phases, slices, rows, columns) uint16 signal, common scaling.
    grid
        Shared by all phases.
    timings
        One per phase.
    lesions
        Truth in the order of the specification, gone lesions included (diameter 0).
    labels
        (slices, rows, columns) uint8: 1-based index of the lesion that fills at least half of the voxel.
    breast
        (slices, rows, columns) mask of breast tissue without skin and chest wall.
    still_phase
        Index of the phase the truth is aligned with.
    """

    spec: DceSpec
    phases: NDArray[np.uint16]
    grid: ImageGrid
    timings: tuple[PhaseTiming, ...]
    lesions: tuple[LesionTruth, ...]
    labels: NDArray[np.uint8]
    breast: NDArray[np.bool_]
    still_phase: int


def synthesize_dce(spec: DceSpec, *, rng: np.random.Generator | int) -> DcePhantom:
    """Make one examination.

    Parameters
    ----------
    spec
        What to draw. Anatomy and lesion shapes follow ``spec.anatomy_seed`` alone.
    rng
        Noise and motion of this visit.

    Raises
    ------
    ValueError
        If a lesion lies outside the volume.
    """
    generator = np.random.default_rng(rng)
    grid = make_grid(spec)
    anatomy = build_anatomy(grid, density=spec.density, seed=spec.anatomy_seed)
    drawn, truths = _place_lesions(spec, grid)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for number, lesion in drawn:
        labels[lesion.box][lesion.coverage >= 0.5] = number
    lesions = [lesion for _, lesion in drawn]
    static, tissue_maps = _signal_maps(spec, anatomy, lesions)
    breast = anatomy.breast > 0.5
    shading = coil_shading(grid)
    del anatomy
    phases = np.empty((len(spec.timings), *grid.shape), dtype=np.uint16)
    for index in range(len(spec.timings)):
        clean = _phase_signal(spec, static, tissue_maps, lesions=lesions, index=index)
        clean = _displaced(clean, spec, index=index, rng=generator)
        phases[index] = _acquired(clean * shading, spec, generator)
    return DcePhantom(spec, phases, grid, spec.timings, truths, labels, breast, spec.still_phase)


def make_grid(spec: DceSpec) -> ImageGrid:
    """Make the tilted grid of a specification: columns run to the left, rows to posterior, slices to the head."""
    axes = _rotation(spec.tilt_deg) @ np.eye(3)[:, [2, 1, 0]]
    steps = axes.T * np.asarray(spec.spacing_zrc_mm)[:, None]
    origin = np.asarray(spec.centre_lps) - (np.asarray(spec.shape) - 1) / 2 @ steps
    slice_mm, row_mm, column_mm = spec.spacing_zrc_mm
    return ImageGrid(
        shape=spec.shape,
        origin_lps=(float(origin[0]), float(origin[1]), float(origin[2])),
        axes_lps=tuple((float(a[0]), float(a[1]), float(a[2])) for a in axes.T),
        spacing=Spacing(row_mm, column_mm, SpacingSource.PATIENT, slice_mm=slice_mm),
    )


def rician_noise(clean: FloatImage, *, sigma: float, rng: np.random.Generator) -> FloatImage:
    """Magnitude of a signal with Gaussian noise of standard deviation `sigma` in both channels."""
    real = clean + sigma * rng.standard_normal(clean.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(clean.shape, dtype=np.float32)
    magnitude: FloatImage = np.hypot(real, imaginary)
    return magnitude


def _rotation(degrees: tuple[float, float, float]) -> FloatArray:
    a, b, c = np.deg2rad(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    rotation: FloatArray = about_z @ about_y @ about_x
    return rotation


def _place_lesions(spec: DceSpec, grid: ImageGrid) -> tuple[list[tuple[int, DrawnLesion]], tuple[LesionTruth, ...]]:
    field_of_view = FieldOfView.of(grid)
    drawn: list[tuple[int, DrawnLesion]] = []
    truths: list[LesionTruth] = []
    for number, lesion in enumerate(spec.lesions, start=1):
        centre = grid.to_zrc(field_of_view.breast_point_lps(lesion.laterality, lesion.position))
        centre_zrc = (float(centre[0]), float(centre[1]), float(centre[2]))
        if lesion.diameter_mm == 0:
            truths.append(vanished_truth(lesion, centre_zrc))
            continue
        surface = shape_lesion(lesion, grid, centre_zrc=centre_zrc, seed=spec.anatomy_seed)
        truths.append(lesion_truth(lesion, surface, grid))
        _check_inside(truths[-1], grid)
        drawn.append((number, draw_lesion(lesion, surface, grid, ends_zrc=truths[-1].ends_zrc, seed=spec.anatomy_seed)))
    return drawn, tuple(truths)


def _check_inside(truth: LesionTruth, grid: ImageGrid) -> None:
    ends = np.asarray(truth.ends_zrc)
    if np.any(ends < 0) or np.any(ends > np.asarray(grid.shape) - 1):
        raise ValueError(f"lesion {truth.lesion_id} reaches out of the volume: move it or make it smaller")


def _signal_maps(
    spec: DceSpec, anatomy: Anatomy, lesions: list[DrawnLesion]
) -> tuple[FloatImage, dict[str, FloatImage]]:
    """Signal before contrast, and per enhancing tissue the share of each voxel; lesions displace what they cover."""
    maps = {
        "fat": anatomy.fat.copy(),
        "gland": anatomy.gland.copy(),
        "skin": anatomy.skin.copy(),
        "muscle": anatomy.muscle.copy(),
        "blood": anatomy.blood.copy(),
    }
    for lesion in lesions:
        for share in maps.values():
            share[lesion.box] *= 1 - lesion.coverage
    static = np.zeros(anatomy.fat.shape, dtype=np.float32)
    for name, share in maps.items():
        static += share * np.float32(_GAIN * float(spec.sequence.signal(_TISSUES[name], 0.0)))
    lesion_signal = np.float32(_GAIN * float(spec.sequence.signal(Tissue(_LESION_T1_S), 0.0)))
    for lesion in lesions:
        static[lesion.box] += lesion.coverage * lesion_signal
    maps["gland"] *= anatomy.uptake
    del maps["fat"]
    return static, maps


def _phase_signal(
    spec: DceSpec, static: FloatImage, maps: dict[str, FloatImage], *, lesions: list[DrawnLesion], index: int
) -> FloatImage:
    """Noise-free signal of one phase without shading."""
    time_s = spec.timings[index].centre_s
    signal = static.copy()
    for name, share in maps.items():
        added = _added_signal(spec, _TISSUES[name], time_s)
        if name == "gland":
            added *= _background_factor(spec)
        signal += share * np.float32(added)
    for lesion in lesions:
        fast, slow = (_added_signal(spec, tissue, time_s) for tissue in _lesion_tissues(lesion.spec))
        signal[lesion.box] += lesion.fast * np.float32(fast) + (lesion.coverage - lesion.fast) * np.float32(slow)
    sigma = np.array([0.0, *(spec.blur_mm / 2.355 / np.asarray(spec.spacing_zrc_mm[1:]))])
    return np.asarray(gaussian_filter(signal, sigma, truncate=3.0), dtype=np.float32)


def _lesion_tissues(spec: LesionSpec) -> tuple[Tissue, Tissue]:
    """Fast part (rim, clumps) and slow part (core, tissue between clumps)."""
    ktrans, ve, vp = _EXCHANGE[spec.kinetics]
    ktrans *= spec.strength
    fast = Tissue(_LESION_T1_S, ktrans_per_min=ktrans, ve=ve, vp=vp)
    return fast, Tissue(_LESION_T1_S, ktrans_per_min=ktrans * _SLOW_SHARE[spec.kind], ve=ve, vp=vp / 2)


def _added_signal(spec: DceSpec, tissue: Tissue, time_s: float) -> float:
    """Signal above the one before contrast."""
    concentration = tissue_concentration([time_s], tissue, arterial=spec.arterial)
    after = float(spec.sequence.signal(tissue, concentration)[0])
    return _GAIN * (after - float(spec.sequence.signal(tissue, 0.0)))


def _background_factor(spec: DceSpec) -> float:
    """Scales the gland's curve so that its enhancement at 90 s is the wanted fraction."""
    tissue = _TISSUES["gland"]
    unscaled = _added_signal(spec, tissue, _STILL_TIME_S)
    return spec.background_enhancement * _GAIN * float(spec.sequence.signal(tissue, 0.0)) / unscaled


def _displaced(signal: FloatImage, spec: DceSpec, *, index: int, rng: np.random.Generator) -> FloatImage:
    """Move the signal by a smooth random field; the still phase stays where it is."""
    amplitudes = rng.normal(size=3) * np.array([0.4, 1.0, 0.6]) * spec.motion_mm
    phases = rng.uniform(0, 2 * np.pi, (3, 3))
    if index == spec.still_phase or spec.motion_mm == 0:
        return signal
    spacing = np.asarray(spec.spacing_zrc_mm)
    moved = np.empty_like(signal)
    margin = 6
    for first in range(0, signal.shape[0], 16):
        last = min(first + 16, signal.shape[0])
        low, high = max(0, first - margin), min(signal.shape[0], last + margin)
        axes = np.ix_(*_axes(first, last, signal.shape))
        offsets = _offsets(axes, spacing, amplitudes_mm=amplitudes, phases=phases)
        coordinates = np.stack([axis + offset for axis, offset in zip(axes, offsets, strict=True)])
        coordinates[0] -= low
        moved[first:last] = map_coordinates(signal[low:high], coordinates, order=3, mode="nearest")
    return np.maximum(moved, 0)


def _axes(first: int, last: int, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], ...]:
    ranges = ((first, last), (0, shape[1]), (0, shape[2]))
    return tuple(np.arange(*pair, dtype=np.float32) for pair in ranges)


def _offsets(
    axes: tuple[NDArray[np.float32], ...], spacing_mm: FloatArray, *, amplitudes_mm: FloatArray, phases: FloatArray
) -> list[FloatImage]:
    """Voxels to move along each axis: long waves of 90 mm around a constant, the same for any slab of the volume."""
    angles = [np.float32(2 * np.pi * step / 90.0) * axis for axis, step in zip(axes, spacing_mm, strict=True)]
    offsets: list[FloatImage] = []
    for amplitude, shifts, step in zip(amplitudes_mm, phases, spacing_mm, strict=True):
        wave = sum(np.cos(angle + np.float32(shift)) for angle, shift in zip(angles, shifts, strict=True)) / 3
        offsets.append(np.asarray(amplitude / step * (0.6 + wave), dtype=np.float32))
    return offsets


def _acquired(clean: FloatImage, spec: DceSpec, rng: np.random.Generator) -> NDArray[np.uint16]:
    noisy = rician_noise(clean, sigma=spec.noise, rng=rng)
    return np.clip(np.rint(noisy), 0, 4095).astype(np.uint16)
