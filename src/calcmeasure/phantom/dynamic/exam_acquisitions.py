"""How an examination is acquired: machine, clock, motion and artefacts drawn from settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calcmeasure.phantom.dynamic.anatomy import FieldOfView
from calcmeasure.phantom.dynamic.artefacts import Artefacts, FatSuppression, Patch
from calcmeasure.phantom.dynamic.exam_settings import ExamSettings
from calcmeasure.phantom.dynamic.examination import make_grid
from calcmeasure.phantom.dynamic.kinetics import ArterialInput, GradientEcho
from calcmeasure.phantom.dynamic.movement import PhaseMovement
from calcmeasure.phantom.dynamic.ranges import pick, uniform
from calcmeasure.phantom.dynamic.spec import DceSpec
from calcmeasure.terms import Laterality

Triple = tuple[float, float, float]

_JUMPS = 0.35
"""Share of moving patients who lie still but for one sudden change."""
_TURN_DEG_PER_MM = 0.25
_PATCHES = {FatSuppression.PARTIAL: ((1, 4), (18.0, 45.0)), FatSuppression.SWAPPED: ((1, 3), (10.0, 22.0))}
_SWAP_CLEAR_MM = 8.0
_ALONG_ROWS = 0.35
"""Share of examinations that encode phase along the rows: on axial slices through the heart, which most avoid."""


def acquire(spec: DceSpec, settings: ExamSettings, *, rng: np.random.Generator) -> DceSpec:
    """Fill in everything that one visit to the scanner decides."""
    clock, machine, motion, wrong = rng.spawn(4)
    duration_s, delay_s = uniform(settings.duration_s, clock), uniform(settings.delay_s, clock)
    count = int(clock.integers(round(settings.phases[0]), round(settings.phases[1]) + 1))
    before_s = -duration_s - uniform((5.0, 40.0), clock)
    spec = replace(
        spec,
        phase_starts_s=(before_s, *(delay_s + duration_s * k for k in range(count - 1))),
        phase_duration_s=duration_s,
        centre_fraction=uniform((0.3, 0.5), clock),
        sequence=GradientEcho(uniform(settings.tr_s, machine), uniform(settings.flip_deg, machine)),
        arterial=ArterialInput(delay_s=uniform((8.0, 22.0), machine), haematocrit=uniform((0.36, 0.45), machine)),
        noise=uniform(settings.noise, machine),
        blur_mm=uniform(settings.blur_mm, machine),
    )
    return replace(spec, movements=_movements(spec, settings, motion), artefacts=_artefacts(spec, settings, rng=wrong))


def reposition(settings: ExamSettings, rng: np.random.Generator) -> PhaseMovement:
    """Hang the breasts differently: shift, turn and a smooth change of shape."""
    size_mm, size_deg = uniform(settings.positioning_mm, rng), uniform(settings.positioning_deg, rng)
    return PhaseMovement(
        shift_mm=_triple(rng.normal(size=3) * 0.6 * size_mm),
        turn_deg=_triple(rng.normal(size=3) * 0.6 * size_deg),
        wave_mm=_triple(rng.normal(size=3) * 0.4 * size_mm),
        wave_phases=_wave_phases(rng),
    )


def _movements(spec: DceSpec, settings: ExamSettings, rng: np.random.Generator) -> tuple[PhaseMovement, ...]:
    """One per phase, against the still one."""
    count = len(spec.phase_starts_s)
    size_mm = uniform(settings.motion_mm, rng)
    if rng.random() >= settings.moved_share:
        size_mm = 0.0
    if rng.random() < _JUMPS:
        return _jump(spec, size_mm, rng)
    return tuple(PhaseMovement() if index == spec.still_phase else _movement(size_mm, rng) for index in range(count))


def _jump(spec: DceSpec, size_mm: float, rng: np.random.Generator) -> tuple[PhaseMovement, ...]:
    """All phases on the far side of one moment lie differently from the still one."""
    count, still = len(spec.phase_starts_s), spec.still_phase
    moment = int(rng.integers(1, count))
    moved = _movement(size_mm, rng)
    return tuple(moved if (index < moment) != (still < moment) else PhaseMovement() for index in range(count))


def _movement(size_mm: float, rng: np.random.Generator) -> PhaseMovement:
    """Displacement of a given root mean square: two thirds of its square rigid, the rest smooth."""
    weights = np.array([0.6, 1.0, 0.7])
    rigid = rng.normal(size=3) * weights
    wave = rng.normal(size=3) * weights
    unit = float(np.sqrt((weights**2).sum()))
    return PhaseMovement(
        shift_mm=_triple(rigid * size_mm * np.sqrt(2 / 3) / unit),
        turn_deg=_triple(rng.normal(size=3) * size_mm * _TURN_DEG_PER_MM * 0.5),
        wave_mm=_triple(wave * size_mm * np.sqrt(1 / 3 * 6) / unit),
        wave_phases=_wave_phases(rng),
    )


def _artefacts(spec: DceSpec, settings: ExamSettings, *, rng: np.random.Generator) -> Artefacts:
    fat = pick(settings.fat, rng)
    has_ghosts = rng.random() < settings.ghosts
    return Artefacts(
        fat=fat,
        patches=_patches(spec, fat, rng),
        residual_fat=uniform(settings.residual_fat, rng),
        ghost_axis=1 if rng.random() < _ALONG_ROWS else 2,
        heart_ghost=uniform(settings.heart_ghost, rng) if has_ghosts else 0.0,
        body_ghost=uniform(settings.body_ghost, rng) if has_ghosts else 0.0,
        ghost_spacing=uniform((0.12, 0.35), rng),
        shading=uniform(settings.shading, rng),
        central_noise=uniform(settings.central_noise, rng),
    )


def _patches(spec: DceSpec, fat: FatSuppression, rng: np.random.Generator) -> tuple[Patch, ...]:
    """Where fat suppression fails; water is never swapped away where a lesion lies, for nothing could find it there."""
    if fat not in _PATCHES:
        return ()
    (fewest, most), radii_mm = _PATCHES[fat]
    field = FieldOfView.of(make_grid(spec))
    lesions = [(field.breast_point_lps(s.laterality, s.position), s.diameter_mm / 2) for s in spec.lesions]
    patches = []
    for _ in range(int(rng.integers(fewest, most))):
        side = Laterality.LEFT if rng.random() < 0.5 else Laterality.RIGHT
        where = (uniform((-0.9, 0.9), rng), uniform((0.0, 0.9), rng), uniform((-0.9, 0.9), rng))
        centre, radius_mm = field.breast_point_lps(side, where), uniform(radii_mm, rng)
        reach = [1.4 * radius_mm + size + _SWAP_CLEAR_MM for _, size in lesions]
        is_clear = all(np.linalg.norm(centre - p) > r for (p, _), r in zip(lesions, reach, strict=True))
        if fat is FatSuppression.PARTIAL or is_clear:
            patches.append(Patch(_triple(centre), radius_mm))
    return tuple(patches)


def _wave_phases(rng: np.random.Generator) -> tuple[Triple, Triple, Triple]:
    first, second, third = rng.uniform(0, 2 * np.pi, (3, 3))
    return _triple(first), _triple(second), _triple(third)


def _triple(values: np.ndarray) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
