"""What a dynamic examination is made from."""

from __future__ import annotations

from dataclasses import dataclass, field

from calcmeasure.phantom.dynamic.artefacts import Artefacts
from calcmeasure.phantom.dynamic.distractors import Surroundings
from calcmeasure.phantom.dynamic.kinetics import ArterialInput, GradientEcho
from calcmeasure.phantom.dynamic.lesions import LesionSpec
from calcmeasure.phantom.dynamic.movement import PhaseMovement
from calcmeasure.phantom.dynamic.orientation import Plane

STILL_TIME_S = 90.0
"""The truth refers to the phase whose k-space centre lies nearest this time after injection."""


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
    plane
        Orientation of the slices.
    positioning
        How the breasts hang differently from the visit that `anatomy_seed` describes.
    movements
        One per phase, instead of the field of `motion_mm`; the still phase stays where it is.
    surroundings
        What else enhances or was left by surgery.
    artefacts
        What the scanner does wrong.
    is_lean
        Draw lesions with fewer points per voxel (`draw_lesion_leanly`): many examinations in little time.
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
    plane: Plane = Plane.AXIAL
    positioning: PhaseMovement = field(default_factory=PhaseMovement)
    movements: tuple[PhaseMovement, ...] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)
    artefacts: Artefacts = field(default_factory=Artefacts)
    is_lean: bool = False

    @property
    def timings(self) -> tuple[PhaseTiming, ...]:
        """One per phase."""
        duration, share = self.phase_duration_s, self.centre_fraction
        return tuple(PhaseTiming(start, duration, start + share * duration) for start in self.phase_starts_s)

    @property
    def still_phase(self) -> int:
        """The phase whose k-space centre lies nearest 90 s after injection: the truth refers to it."""
        return min(range(len(self.timings)), key=lambda i: abs(self.timings[i].centre_s - STILL_TIME_S))
