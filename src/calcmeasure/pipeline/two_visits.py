"""The same view of one side at several visits, each read again with another visit in mind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.calcifications.breast_view import BreastView
from calcmeasure.detect.calcifications.regrouping import regroup
from calcmeasure.detect.calcifications.second_look import SeenView, look_again
from calcmeasure.detect.contract import CalcificationCluster, CalcificationFindings
from calcmeasure.geometry import Spacing
from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import Flag, merge_flags

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeenMammogram:
    """A mammogram read alone.

    Parameters
    ----------
    path
        Of its file.
    blank
        Its annotation without a mark.
    display
        (rows, columns) uint8 as a reader expects to see it.
    findings
        Independent ones.
    reduced
        The image as registration needs it; None where it is not compared with another visit.
    linked
        Findings with another visit in mind; None where no other visit was looked at.
    """

    path: Path
    blank: Annotation
    display: NDArray[np.uint8]
    findings: CalcificationFindings
    spacing: Spacing
    reduced: BreastView | None
    linked: CalcificationFindings | None = None

    @property
    def final(self) -> CalcificationFindings:
        """What is measured: with another visit in mind where there is one."""
        return self.findings if self.linked is None else self.linked

    def at(self, false_marks: float) -> SeenMammogram:
        """Group the marks anew at another operating point; what the other visit says stays."""
        linked = None if self.linked is None else regroup(self.linked, spacing=self.spacing, false_marks=false_marks)
        findings = regroup(self.findings, spacing=self.spacing, false_marks=false_marks)
        return replace(self, findings=findings, linked=linked)

    def alone(self, cluster: CalcificationCluster) -> Points | None:
        """Give the marks of a group as found without another visit: of the independent group that shares most with it.

        Returns
        -------
        (n, 2) ndarray or None
            Empty when alone nothing was found there; None where no other visit was looked at.
        """
        if self.linked is None:
            return None
        mine = _places(cluster.points_rc)
        best = max(self.findings.clusters, key=lambda one: len(mine & _places(one.points_rc)), default=None)
        shares = best is not None and bool(mine & _places(best.points_rc))
        return best.points_rc if best is not None and shares else np.empty((0, 2))


def look_at_visits_together(seen: Sequence[SeenMammogram], *, false_marks: float) -> list[SeenMammogram]:
    """Read every image again with the same view of a neighbouring visit in mind.

    Parameters
    ----------
    seen
        All of one patient, in the order of the visits.
    false_marks
        Operating point.

    Returns
    -------
    list of SeenMammogram
        In the order given. The first visit is read with the second in mind, every later one with the one before it.
        Views that could not be laid over each other keep their independent findings and say so.
    """
    together = list(seen)
    for places in _same_views(seen).values():
        for before, after in pairwise(places):
            one, other = seen[before], seen[after]
            if one.reduced is None or other.reduced is None:
                continue
            linked = look_again(
                SeenView(one.findings, one.spacing, one.reduced),
                SeenView(other.findings, other.spacing, other.reduced),
                false_marks=false_marks,
            )
            if before == places[0]:
                together[before] = _with(one, linked.earlier, is_linked=linked.is_linked)
            together[after] = _with(other, linked.later, is_linked=linked.is_linked)
    return together


def _same_views(seen: Sequence[SeenMammogram]) -> dict[tuple[object, object], list[int]]:
    """Images of one side and projection, one per visit: the first that could be compared."""
    places: dict[tuple[object, object], list[int]] = defaultdict(list)
    visits: set[tuple[object, ...]] = set()
    for place, one in enumerate(seen):
        view = (one.blank.laterality, one.blank.view)
        if one.reduced is None or None in view or (*view, one.blank.timepoint) in visits:
            continue
        visits.add((*view, one.blank.timepoint))
        places[view].append(place)
    return places


def _with(one: SeenMammogram, findings: CalcificationFindings, *, is_linked: bool) -> SeenMammogram:
    if is_linked:
        return replace(one, linked=findings)
    flags = merge_flags(one.blank.flags, (Flag.VISITS_NOT_REGISTERED,))
    return replace(one, blank=replace(one.blank, flags=flags))


def _places(points_rc: Points) -> set[tuple[float, float]]:
    return {(float(row), float(col)) for row, col in points_rc}
