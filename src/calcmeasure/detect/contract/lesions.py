"""What a lesion detector returns: lesions, how they were told from the background, and what was moved to see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calcmeasure.detect.contract.images import BoolImage, FloatImage, Points
from calcmeasure.model.enhancement import BackgroundEnhancement, PhaseDiameter, PhaseMotion
from calcmeasure.terms import Laterality, LesionType


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
