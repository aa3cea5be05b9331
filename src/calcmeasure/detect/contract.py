"""What a detector receives and returns: the contract of the ``calcmeasure.detectors`` entry points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid, Spacing
from calcmeasure.terms import Distribution, Laterality, MarkLabel, PresentationIntent, View

FloatImage = NDArray[np.float32]
BoolImage = NDArray[np.bool_]
Points = NDArray[np.float64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ProjectionImage:
    """One mammogram, ready for detection.

    Parameters
    ----------
    attenuation
        (rows, columns) float32; higher means more X-ray attenuation, whatever the encoding was. On a logarithmic
        scale for both intents (For Processing images are log-transformed when they are loaded).
    valid
        (rows, columns) False where a pixel is padding.
    spacing
        mm per pixel with its source.
    """

    attenuation: FloatImage
    valid: BoolImage
    spacing: Spacing
    laterality: Laterality | None = None
    view: View | None = None
    intent: PresentationIntent | None = None


@dataclass(frozen=True, slots=True)
class CalcificationMarks:
    """Specks on one mammogram; one value per mark in every field.

    Parameters
    ----------
    points_rc
        (n, 2) row, column, sub-pixel, pixel centres whole.
    diameters_mm
        (n,) estimated diameter.
    probabilities
        (n,) calibrated chance of being a calcification, 0-1.
    contrasts
        (n,) attenuation above the surroundings, in the units of the image given; NaN where unknown.
    snr
        (n,) contrast over the local noise at the mark's own size; NaN where unknown.
    labels
        What each is taken for.
    suspicious_chances
        (n,) chance of a mark, if it is a calcification, to be of none of the typically benign kinds (arterial, coarse,
        skin), 0-1; None where a detector does not tell.
    """

    points_rc: Points
    diameters_mm: Values
    probabilities: Values
    contrasts: Values
    snr: Values
    labels: tuple[MarkLabel, ...]
    suspicious_chances: Values | None = None

    @classmethod
    def plain(cls, points_rc: Points, diameters_mm: Values, *, probabilities: Values | None = None) -> Self:
        """Suspicious marks of which only place and size (and perhaps a probability) are known."""
        n = len(points_rc)
        unknown = np.full(n, np.nan)
        chances = np.ones(n) if probabilities is None else probabilities
        return cls(points_rc, diameters_mm, chances, unknown, unknown, (MarkLabel.SUSPICIOUS,) * n)

    @classmethod
    def none(cls) -> Self:
        """No mark at all."""
        return cls.plain(np.empty((0, 2)), np.empty(0))

    def __len__(self) -> int:
        return len(self.points_rc)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """Subset or reorder by a mask or by indices."""
        chosen = np.flatnonzero(which) if which.dtype == np.bool_ else which
        return type(self)(
            self.points_rc[chosen],
            self.diameters_mm[chosen],
            self.probabilities[chosen],
            self.contrasts[chosen],
            self.snr[chosen],
            tuple(self.labels[i] for i in chosen),
            None if self.suspicious_chances is None else self.suspicious_chances[chosen],
        )

    def labelled(self, *labels: MarkLabel) -> NDArray[np.bool_]:
        """Tell which marks carry one of the labels."""
        return np.array([label in labels for label in self.labels], dtype=bool)


@dataclass(frozen=True, slots=True)
class CalcificationCluster:
    """A group of calcifications taken as one finding.

    Parameters
    ----------
    marks
        Its members.
    confidence
        0-1 for the group.
    distribution
        A hint from shape and size; a reader decides.
    wider_rc
        (m, 2) marks the group would have if linked over the wider of the two link distances; None when not looked at.
    """

    marks: CalcificationMarks
    confidence: float
    distribution: Distribution | None = None
    wider_rc: Points | None = None
    flags: tuple[str, ...] = ()

    @property
    def points_rc(self) -> Points:
        """(n, 2) row, column of the members."""
        return self.marks.points_rc


@dataclass(frozen=True, slots=True)
class CalcificationFindings:
    """What a calcification detector saw on one image.

    Parameters
    ----------
    clusters
        Strongest first; empty when nothing suspicious was found.
    breast
        (rows, columns) mask.
    marks
        Every mark seen, in a cluster or not, down to the most sensitive setting: another sensitivity regroups them.
    """

    clusters: tuple[CalcificationCluster, ...]
    breast: BoolImage
    marks: CalcificationMarks
    flags: tuple[str, ...] = ()

    @property
    def left_out_rc(self) -> Points:
        """(m, 2) marks seen and left out on purpose: vascular, skin, coarse, scattered, foreign, artefacts."""
        return self.marks.points_rc[~self.marks.labelled(MarkLabel.SUSPICIOUS)]


@dataclass(frozen=True, slots=True)
class DynamicImage:
    """Pre-contrast, early and (where there is one) late phase of a dynamic series.

    Parameters
    ----------
    pre, early, late
        (slices, rows, columns) float32 signal in one common scaling. `late` may be None.
    grid
        Shared by the phases.
    """

    pre: FloatImage
    early: FloatImage
    late: FloatImage | None
    grid: ImageGrid


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
    """

    mask: BoolImage
    offset_zrc: tuple[int, int, int]
    contours_zrc: tuple[Points, ...]
    laterality: Laterality
    centre_zrc: tuple[float, float, float]
    confidence: float
    alternative_diameter_mm: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LesionFindings:
    """What a lesion detector saw in one dynamic series.

    Parameters
    ----------
    lesions
        Largest first; empty when nothing enhances beyond the background.
    breast
        (slices, rows, columns) mask of both breasts, chest wall left out.
    enhancement
        (slices, rows, columns) float32 percent enhancement at the early phase after motion correction.
    """

    lesions: tuple[LesionFinding, ...]
    breast: BoolImage
    enhancement: FloatImage
    flags: tuple[str, ...] = ()


class CalcificationDetector(Protocol):
    """Finds groups of calcifications on one mammogram."""

    def __call__(self, image: ProjectionImage) -> CalcificationFindings:
        """Detect; raises `DetectorError` when the image cannot be judged."""


class LesionDetector(Protocol):
    """Finds enhancing lesions in one dynamic series."""

    def __call__(self, image: DynamicImage) -> LesionFindings:
        """Detect; raises `DetectorError` when the series cannot be judged."""
