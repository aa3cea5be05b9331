"""What a lesion detector returns: lesions, how they were told from the background, and what was moved to see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calcmeasure.detect.contract.images import BoolImage, FloatImage, Points
from calcmeasure.terms import Laterality, LesionType


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
class LesionFinding:
    """One enhancing lesion.

    Parameters
    ----------
    mask
        (slices, rows, columns) of the box that starts at `offset_zrc` in the volume.
    contours_zrc
        One closed polygon (n, 3) per slice and part: sub-voxel iso-contours, slice index constant within a polygon.
    laterality
        Side of the midline, by patient coordinates.
    centre_zrc
        Centre of mass.
    confidence
        0-1.
    alternative_diameter_mm
        In-plane diameter by a second, simpler rule; None when that rule found nothing.
    kind
        Mass, non-mass or focus, as a hint from shape and size; a reader decides. None when a detector does not tell.
    at_phases
        Diameter at the phases beside the early one: how much the answer hangs on the phase.
    volume_change
        Relative change of this lesion's volume by the motion correction (Jacobian); None when nothing was moved.
    """

    mask: BoolImage
    offset_zrc: tuple[int, int, int]
    contours_zrc: tuple[Points, ...]
    laterality: Laterality
    centre_zrc: tuple[float, float, float]
    confidence: float
    alternative_diameter_mm: float | None = None
    flags: tuple[str, ...] = ()
    kind: LesionType | None = None
    at_phases: tuple[PhaseDiameter, ...] = ()
    volume_change: float | None = None


@dataclass(frozen=True, slots=True)
class LesionFindings:
    """What a lesion detector saw in one dynamic series.

    Parameters
    ----------
    lesions
        Most suspicious first; empty when nothing enhances beyond the background.
    breast
        (slices, rows, columns) mask of both breasts, chest wall left out.
    enhancement
        (slices, rows, columns) float32 percent enhancement at the early phase after motion correction.
    others
        What enhances and was not taken for a lesion, most suspicious first; a flag of each says what it looks like.
    background
        None when a detector does not measure it.
    motion
        One per phase that was compared with the early one.
    moved
        Index to (slices, rows, columns) float32 of every phase that was moved onto the early one.
    parameters
        Every number that decided what is a lesion, by name.
    """

    lesions: tuple[LesionFinding, ...]
    breast: BoolImage
    enhancement: FloatImage
    flags: tuple[str, ...] = ()
    others: tuple[LesionFinding, ...] = ()
    background: BackgroundEnhancement | None = None
    motion: tuple[PhaseMotion, ...] = ()
    moved: Mapping[int, FloatImage] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
