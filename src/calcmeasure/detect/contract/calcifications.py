"""What a calcification detector returns: marks, groups of them, and everything seen on one mammogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract.images import BoolImage, Points, Values
from calcmeasure.terms import Distribution, MarkLabel


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
    body_chances
        (n,) chance to lie on a calcification at all: several marks may lie on a long one, of which one stands for it;
        None where a detector does not tell.
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
    body_chances: Values | None = None

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
            None if self.body_chances is None else self.body_chances[chosen],
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
