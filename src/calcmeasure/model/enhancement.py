"""What a dynamic series says about one lesion beside its length: uptake, background, motion, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calcmeasure.terms.enhancement import BackgroundLevel, DelayedCourse, InitialRise


@dataclass(frozen=True, slots=True)
class PhaseDiameter:
    """In-plane greatest diameter of a lesion at one phase.

    Parameters
    ----------
    index
        0-based phase.
    diameter_mm
        By the same rule as the measured one; None when the lesion is not seen at this phase.
    """

    index: int
    diameter_mm: float | None


@dataclass(frozen=True, slots=True)
class PhaseMotion:
    """How one phase was moved onto the early one.

    Parameters
    ----------
    index
        0-based phase.
    mismatch_before, mismatch_after
        Root mean square difference of the contrast-normalised phases inside the breast. Equal when nothing was moved.
    largest_mm
        Longest displacement anywhere; 0 when nothing was moved.
    reason
        Why nothing was moved, in one or two words: ``below noise``, ``no gain``, ``no structure``; empty when moved.
    """

    index: int
    mismatch_before: float
    mismatch_after: float
    largest_mm: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BackgroundEnhancement:
    """Enhancement of normal tissue at the early phase.

    Parameters
    ----------
    percent
        Median percent enhancement of fibroglandular tissue.
    spread
        Its robust standard deviation, percent.
    tissue_ml
        Volume of the tissue it was taken over.
    """

    percent: float
    spread: float
    tissue_ml: float


@dataclass(frozen=True, slots=True)
class LesionUptake:
    """Contrast uptake of a lesion, on phases brought into place.

    Parameters
    ----------
    early_percent
        Median percent enhancement of its voxels at the early phase.
    peak_percent
        95th percentile of the same: the strongest part, without single noisy voxels.
    ser
        Signal enhancement ratio of the mean signal, early over last; None without a later phase, or where nothing is
        left of the enhancement.
    washout_percent
        Fall of the mean signal from the end of the initial phase to the last one, in percent of the former; negative
        where it goes on rising. None without a later phase.
    time_to_peak_s
        Time of the phase with the highest mean signal, on the clock of the series.
    initial, delayed
        Class of the curve of the mean signal (BI-RADS); None where no phase tells it.
    """

    early_percent: float
    peak_percent: float
    ser: float | None = None
    washout_percent: float | None = None
    time_to_peak_s: float | None = None
    initial: InitialRise | None = None
    delayed: DelayedCourse | None = None


@dataclass(frozen=True, slots=True)
class FunctionalVolume:
    """Functional tumour volume around one lesion.

    Parameters
    ----------
    volume_mm3
        Of the voxels that count.
    early_index, late_index
        Phases used; None for the late one where there is none later than the early one.
    parameters
        Every threshold, by name.
    """

    volume_mm3: float
    early_index: int
    late_index: int | None
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LesionEnhancement:
    """Everything a dynamic series says about one lesion, or about a breast without one.

    Parameters
    ----------
    detector
        Name of the detector, which is also that of the way of measuring (largest lesion, extent of disease).
    uptake, functional
        None where there is no lesion.
    background, background_level
        None where a detector does not measure it.
    background_rule
        Names the cut-offs of the level.
    at_phases
        Diameter at the phases beside the early one.
    motion
        One per phase that was compared with the early one.
    volume_change
        Relative change of the lesion's volume by the motion correction; None when nothing was moved.
    parameters
        Every number that decided what is a lesion, by name.
    mask_sha256
        Hash of the mask the figures were taken in; empty without a lesion.
    """

    detector: str
    uptake: LesionUptake | None = None
    functional: FunctionalVolume | None = None
    background: BackgroundEnhancement | None = None
    background_level: BackgroundLevel | None = None
    background_rule: str = ""
    at_phases: tuple[PhaseDiameter, ...] = ()
    motion: tuple[PhaseMotion, ...] = ()
    volume_change: float | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    mask_sha256: str = ""
