"""What examinations are drawn from: ranges of lesions, breasts, machines and everything that only resembles a lesion.

Two settings differ on purpose. A detector is trained on `TRAINING` and judged on `TESTING`, whose machines, breasts and
lesions lie partly outside what training has shown, and whose seeds are others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from calcmeasure.phantom.dynamic.artefacts import FatSuppression
from calcmeasure.phantom.dynamic.orientation import Plane
from calcmeasure.phantom.dynamic.ranges import Range

TRAINING_SEEDS = range(1_000_000)
TESTING_SEEDS = range(1_000_000, 2_000_000)


class Disease(StrEnum):
    """What an examination shows."""

    MASS = "mass"
    RIM = "rim"
    """A mass that enhances at its rim, around a core that does not."""
    NON_MASS = "non-mass"
    """Clumped enhancement of a segment or region."""
    MULTIFOCAL = "multifocal"
    """Two to four masses in one quadrant or breast; the first is the largest."""
    RESIDUAL = "residual"
    """What treatment left: a faint focus of 3-8 mm."""
    NONE = "none"
    """Nothing: a normal breast, or a complete response."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Grid of an examination.

    Parameters
    ----------
    shape
        (slices, rows, columns).
    slice_mm, in_plane_mm
        Ranges of the spacing.
    """

    plane: Plane
    shape: tuple[int, int, int]
    slice_mm: Range
    in_plane_mm: Range
    is_one_breast: bool = False


AXIAL = Layout(Plane.AXIAL, (48, 170, 260), (1.4, 2.8), (0.9, 1.2))
AXIAL_ISOTROPIC = Layout(Plane.AXIAL, (84, 128, 208), (1.1, 1.3), (1.1, 1.3))
SAGITTAL = Layout(Plane.SAGITTAL, (44, 176, 176), (2.0, 3.0), (0.8, 1.05), is_one_breast=True)
CORONAL = Layout(Plane.CORONAL, (64, 128, 232), (1.8, 2.6), (0.9, 1.2))


@dataclass(frozen=True, slots=True)
class SurroundingSettings:
    """What else lies in the breasts: mean number per examination (Poisson) or share of examinations.

    Parameters
    ----------
    nodes, axillary_nodes
        Lymph nodes with a fatty hilum.
    foci
        Spots of background enhancement.
    nipples
        Share with nipples that enhance; factor of the skin's uptake.
    vessels, vessel_width
        Of each breast.
    seromas, clips, implants
        Share of examinations with signs of earlier surgery.
    """

    nodes: float = 0.4
    axillary_nodes: float = 1.2
    foci: float = 8.0
    nipples: float = 0.7
    skin_uptake: Range = (0.7, 2.0)
    vessels: Range = (2.0, 5.0)
    vessel_width: Range = (0.8, 1.3)
    seromas: float = 0.06
    clips: float = 0.25
    implants: float = 0.06


BARE = SurroundingSettings(
    nodes=0.0, axillary_nodes=0.0, foci=0.0, nipples=0.0, skin_uptake=(1.0, 1.0), seromas=0.0, clips=0.0, implants=0.0
)
"""Breasts, vessels and heart only."""


@dataclass(frozen=True, slots=True)
class ExamSettings:
    """Ranges an examination is drawn from.

    Parameters
    ----------
    seeds
        The only seeds these settings accept: no test examination can be drawn while training.
    diseases
        Share of each, normalised.
    diameter_mm, residual_mm, non_mass_mm
        Greatest in-plane diameter, logarithmic; no lesion is larger than its breast can hold.
    strength
        Of the lesion's uptake, logarithmic; persistent and residual disease at least so much that background is less.
    irregularity, core
        See `LesionSpec`.
    contact_share
        Share of masses that touch the chest wall.
    layouts
        Grids, alike often.
    density, background
        Share of fibroglandular tissue; its enhancement at 90 s (minimal 0.05 to marked 0.6).
    uneven_uptake
        See `Surroundings`.
    phases
        Number of phases.
    duration_s, delay_s
        Of a phase; from the injection to the first phase after it.
    tr_s, flip_deg
        Of the gradient echo.
    noise
        Standard deviation, stored units (fibroglandular tissue is about 280 before contrast).
    blur_mm, shading, central_noise
        Of the machine.
    motion_mm
        Size of the displacement between phases, root mean square.
    moved_share
        Share of examinations in which anything moves.
    fat
        Share of each kind of fat suppression.
    residual_fat
        Signal of suppressed fat.
    ghosts, heart_ghost, body_ghost
        Share of examinations with ghosts, and their signal.
    positioning_mm, positioning_deg
        How differently the breasts hang at the second visit.
    """

    seeds: range
    diseases: tuple[tuple[Disease, float], ...] = (
        (Disease.MASS, 0.30),
        (Disease.RIM, 0.15),
        (Disease.NON_MASS, 0.20),
        (Disease.MULTIFOCAL, 0.12),
        (Disease.RESIDUAL, 0.12),
        (Disease.NONE, 0.11),
    )
    diameter_mm: Range = (7.0, 55.0)
    residual_mm: Range = (3.0, 8.0)
    non_mass_mm: Range = (14.0, 65.0)
    strength: Range = (0.5, 1.3)
    irregularity: Range = (0.02, 0.14)
    core: Range = (0.0, 0.35)
    contact_share: float = 0.08
    layouts: tuple[Layout, ...] = (AXIAL, AXIAL, AXIAL, AXIAL_ISOTROPIC, SAGITTAL, CORONAL)
    density: Range = (0.1, 0.6)
    background: Range = (0.05, 0.45)
    uneven_uptake: Range = (0.2, 0.4)
    phases: Range = (3.0, 7.0)
    duration_s: Range = (55.0, 95.0)
    delay_s: Range = (10.0, 40.0)
    tr_s: Range = (0.0042, 0.0060)
    flip_deg: Range = (10.0, 14.0)
    noise: Range = (6.0, 13.0)
    blur_mm: Range = (0.6, 1.1)
    shading: Range = (0.3, 1.4)
    central_noise: Range = (0.0, 0.6)
    motion_mm: Range = (0.0, 4.0)
    moved_share: float = 0.8
    fat: tuple[tuple[FatSuppression, float], ...] = (
        (FatSuppression.GOOD, 0.68),
        (FatSuppression.NONE, 0.14),
        (FatSuppression.PARTIAL, 0.12),
        (FatSuppression.SWAPPED, 0.06),
    )
    residual_fat: Range = (0.08, 0.20)
    ghosts: float = 0.4
    heart_ghost: Range = (0.02, 0.10)
    body_ghost: Range = (0.0, 0.015)
    positioning_mm: Range = (0.0, 8.0)
    positioning_deg: Range = (0.0, 4.0)
    surroundings: SurroundingSettings = field(default_factory=SurroundingSettings)


TRAINING = ExamSettings(seeds=TRAINING_SEEDS)
"""To train on."""
TESTING = ExamSettings(
    seeds=TESTING_SEEDS,
    diameter_mm=(6.0, 60.0),
    strength=(0.45, 1.5),
    irregularity=(0.04, 0.18),
    density=(0.08, 0.7),
    background=(0.05, 0.60),
    uneven_uptake=(0.25, 0.45),
    phases=(3.0, 8.0),
    duration_s=(48.0, 105.0),
    tr_s=(0.0040, 0.0070),
    flip_deg=(9.0, 17.0),
    noise=(7.0, 16.0),
    blur_mm=(0.7, 1.3),
    shading=(0.0, 1.8),
    central_noise=(0.0, 0.9),
    motion_mm=(0.0, 6.0),
    heart_ghost=(0.03, 0.14),
    body_ghost=(0.0, 0.02),
    surroundings=SurroundingSettings(
        nodes=0.5, axillary_nodes=1.5, foci=12.0, vessels=(2.0, 6.0), vessel_width=(0.7, 1.5)
    ),
)
"""To judge on: noisier, more motion, denser breasts, stronger background, ghosts and vessels than training shows."""
NORMAL_TRAINING = replace(TRAINING, diseases=((Disease.NONE, 1.0),))
"""Without any lesion; everything else as ever."""
NORMAL_TESTING = replace(TESTING, diseases=((Disease.NONE, 1.0),))
