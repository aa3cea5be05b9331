"""A dynamic contrast-enhanced breast MR examination with known truth: two breasts, Tofts kinetics, Rician noise.

The geometry of every lesion is defined in the phase nearest 90 s after injection (the *still* phase); the other
phases are displaced against it, as a later subtraction would see it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.phantom.dynamic.anatomy import (
    Anatomy,
    FieldOfView,
    build_anatomy,
    coil_shading,
    patient_coordinates,
)
from calcmeasure.phantom.dynamic.artefacts import add_ghosts, noise_map
from calcmeasure.phantom.dynamic.distractors import DISTRACTOR_CODES, DistractorKind, Layer, distractor_layers
from calcmeasure.phantom.dynamic.drawing import DrawnLesion, draw_lesion, draw_lesion_leanly
from calcmeasure.phantom.dynamic.lesions import LesionTruth, lesion_truth, shape_lesion, vanished_truth
from calcmeasure.phantom.dynamic.movement import breathing
from calcmeasure.phantom.dynamic.orientation import plane_axes
from calcmeasure.phantom.dynamic.signals import SignalMaps, phase_signal, signal_maps
from calcmeasure.phantom.dynamic.spec import DceSpec, PhaseTiming

__all__ = ["DcePhantom", "DceSpec", "PhaseTiming", "make_grid", "rician_noise", "synthesize_dce"]

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]

_FWHM_PER_SIGMA = 2.355
_HALF = 0.5
_BARELY = 0.02
"""Share of a voxel below which blood is taken for the heart's."""


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
    distractors
        (slices, rows, columns) uint8: what fills at least half of the voxel and is no lesion (`DISTRACTOR_CODES`).
    """

    spec: DceSpec
    phases: NDArray[np.uint16]
    grid: ImageGrid
    timings: tuple[PhaseTiming, ...]
    lesions: tuple[LesionTruth, ...]
    labels: NDArray[np.uint8]
    breast: NDArray[np.bool_]
    still_phase: int
    distractors: NDArray[np.uint8]


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
    anatomy = _positioned_anatomy(spec, grid)
    drawn, truths = _place_lesions(spec, grid)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for number, lesion in drawn:
        labels[lesion.box][lesion.coverage >= 0.5] = number
    placed = _place_distractors(spec, grid, anatomy)
    layers = tuple(layer for _, layer in placed)
    maps = signal_maps(spec, anatomy, grid, layers=layers, lesions=tuple(lesion for _, lesion in drawn))
    distractors = _distractor_labels(anatomy, placed)
    distractors[labels > 0] = 0
    breast = anatomy.breast > 0.5
    thorax = anatomy.blood * (anatomy.breast < _BARELY)
    del anatomy
    scanner = _Scanner(spec, grid, thorax)
    phases = np.empty((len(spec.timings), *grid.shape), dtype=np.uint16)
    for index in range(len(spec.timings)):
        phases[index] = scanner.phase(maps, index, rng=generator)
    return DcePhantom(spec, phases, grid, spec.timings, truths, labels, breast, spec.still_phase, distractors)


def make_grid(spec: DceSpec) -> ImageGrid:
    """Make the tilted grid of a specification, see `Plane`."""
    axes = plane_axes(spec.plane, spec.tilt_deg)
    steps = axes * np.asarray(spec.spacing_zrc_mm)[:, None]
    origin = np.asarray(spec.centre_lps) - (np.asarray(spec.shape) - 1) / 2 @ steps
    slice_mm, row_mm, column_mm = spec.spacing_zrc_mm
    return ImageGrid(
        shape=spec.shape,
        origin_lps=(float(origin[0]), float(origin[1]), float(origin[2])),
        axes_lps=tuple((float(a[0]), float(a[1]), float(a[2])) for a in axes),
        spacing=Spacing(row_mm, column_mm, SpacingSource.PATIENT, slice_mm=slice_mm),
    )


def rician_noise(clean: FloatImage, *, sigma: float | FloatImage, rng: np.random.Generator) -> FloatImage:
    """Magnitude of a signal with Gaussian noise of standard deviation `sigma` in both channels."""
    real = clean + sigma * rng.standard_normal(clean.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(clean.shape, dtype=np.float32)
    magnitude: FloatImage = np.hypot(real, imaginary)
    return magnitude


def _place_lesions(spec: DceSpec, grid: ImageGrid) -> tuple[list[tuple[int, DrawnLesion]], tuple[LesionTruth, ...]]:
    field_of_view = FieldOfView.of(grid)
    drawn: list[tuple[int, DrawnLesion]] = []
    truths: list[LesionTruth] = []
    for number, lesion in enumerate(spec.lesions, start=1):
        centre = _seen_at(spec, grid, field_of_view.breast_point_lps(lesion.laterality, lesion.position))
        centre_zrc = (float(centre[0]), float(centre[1]), float(centre[2]))
        if lesion.diameter_mm == 0:
            truths.append(vanished_truth(lesion, centre_zrc))
            continue
        surface = shape_lesion(lesion, grid, centre_zrc=centre_zrc, seed=spec.anatomy_seed)
        truths.append(lesion_truth(lesion, surface, grid))
        _check_inside(truths[-1], grid)
        draw = draw_lesion_leanly if spec.is_lean else draw_lesion
        drawn.append((number, draw(lesion, surface, grid, ends_zrc=truths[-1].ends_zrc, seed=spec.anatomy_seed)))
    return drawn, tuple(truths)


def _check_inside(truth: LesionTruth, grid: ImageGrid) -> None:
    ends = np.asarray(truth.ends_zrc)
    if np.any(ends < 0) or np.any(ends > np.asarray(grid.shape) - 1):
        raise ValueError(f"lesion {truth.lesion_id} reaches out of the volume: move it or make it smaller")


def _seen_at(spec: DceSpec, grid: ImageGrid, point_lps: FloatArray) -> FloatArray:
    """Voxel position of a place in the breast as it hangs at this visit."""
    centre = grid.to_zrc(point_lps)
    return centre if spec.positioning.is_still else spec.positioning.seen_at(centre[None], grid)[0]


def _positioned_anatomy(spec: DceSpec, grid: ImageGrid) -> Anatomy:
    anatomy = build_anatomy(grid, density=spec.density, seed=spec.anatomy_seed, surroundings=spec.surroundings)
    if spec.positioning.is_still:
        return anatomy
    moved = {f.name: spec.positioning.applied_to(getattr(anatomy, f.name), grid) for f in fields(Anatomy)}
    return Anatomy(**moved)


def _place_distractors(spec: DceSpec, grid: ImageGrid, anatomy: Anatomy) -> tuple[tuple[DistractorKind, Layer], ...]:
    """Layers of the distractors; only a nipple stands out of the body."""
    field_of_view = FieldOfView.of(grid)
    placed: list[tuple[DistractorKind, Layer]] = []
    for distractor in spec.surroundings.distractors:
        point = field_of_view.breast_point_lps(distractor.laterality, distractor.position)
        layers = distractor_layers(distractor, grid, centre_zrc=_seen_at(spec, grid, point))
        if distractor.kind is not DistractorKind.NIPPLE:
            layers = tuple(replace(layer, coverage=layer.coverage * anatomy.body[layer.box]) for layer in layers)
        placed += [(distractor.kind, layer) for layer in layers]
    return tuple(placed)


def _distractor_labels(anatomy: Anatomy, placed: tuple[tuple[DistractorKind, Layer], ...]) -> NDArray[np.uint8]:
    labels = np.zeros(anatomy.skin.shape, dtype=np.uint8)
    labels[anatomy.skin >= _HALF] = DISTRACTOR_CODES[DistractorKind.SKIN]
    blood = anatomy.blood >= _HALF
    in_breast = anatomy.breast >= _BARELY
    labels[blood & in_breast] = DISTRACTOR_CODES[DistractorKind.VESSEL]
    labels[blood & ~in_breast] = DISTRACTOR_CODES[DistractorKind.HEART]
    for kind, layer in placed:
        labels[layer.box][layer.coverage >= _HALF] = DISTRACTOR_CODES[kind]
    return labels


class _Scanner:
    """Turns what is there into what one machine stores."""

    def __init__(self, spec: DceSpec, grid: ImageGrid, thorax: FloatImage) -> None:
        self._spec = spec
        self._grid = grid
        self._thorax = thorax
        shading = coil_shading(grid)
        power = spec.artefacts.shading
        self._shading = shading if power == 1 else shading ** np.float32(power)
        x, _, _ = patient_coordinates(grid)
        self._noise_gain = noise_map(spec.artefacts, x)

    def phase(self, maps: SignalMaps, index: int, *, rng: np.random.Generator) -> NDArray[np.uint16]:
        """(slices, rows, columns) stored values of one phase."""
        spec = self._spec
        clean = phase_signal(spec, maps, time_s=spec.timings[index].centre_s)
        sigma = np.array([0.0, *(spec.blur_mm / _FWHM_PER_SIGMA / np.asarray(spec.spacing_zrc_mm[1:]))])
        clean = np.asarray(gaussian_filter(clean, sigma, truncate=3.0), dtype=np.float32)
        clean = self._moved(clean, index, rng)
        add_ghosts(clean, self._thorax * clean, spec.artefacts, rng=rng)
        noise = spec.noise if self._noise_gain is None else np.float32(spec.noise) * self._noise_gain
        noisy = rician_noise(clean * self._shading, sigma=noise, rng=rng)
        return np.clip(np.rint(noisy), 0, 4095).astype(np.uint16)

    def _moved(self, clean: FloatImage, index: int, rng: np.random.Generator) -> FloatImage:
        spec, is_still = self._spec, index == self._spec.still_phase
        if spec.movements:
            return clean if is_still else spec.movements[index].applied_to(clean, self._grid)
        return breathing(clean, spec.spacing_zrc_mm, motion_mm=spec.motion_mm, rng=rng, is_still=is_still)
