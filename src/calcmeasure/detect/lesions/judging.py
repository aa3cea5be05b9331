"""Candidates outlined, measured and weighed; of those that overlap the likeliest stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import Points
from calcmeasure.detect.lesions.boundary import Outline, outline_lesion, smoothed
from calcmeasure.detect.lesions.evidence import Surroundings, evidence_of
from calcmeasure.detect.lesions.extents import widest_mm
from calcmeasure.detect.lesions.scene import Cut, Scene, candidates_in, cut_around, paint
from calcmeasure.detect.lesions.seeds import Candidate
from calcmeasure.detect.lesions.weighing import probability_of

FloatArray = NDArray[np.float64]

SHARED = 0.2
"""Two outlines that share more than this of the smaller one are outlines of the same thing."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One outlined candidate.

    Parameters
    ----------
    outline
        In the frame of `cut`.
    cut
        Where in the volume.
    evidence
        A row of `evidence.FEATURES`.
    diameter_mm
        Greatest in-plane diameter of the outline.
    """

    outline: Outline
    cut: Cut
    evidence: FloatArray
    diameter_mm: float

    @property
    def probability(self) -> float:
        """Of being a lesion."""
        return probability_of(self.evidence)

    @property
    def offset_zrc(self) -> tuple[int, int, int]:
        """First voxel of the cut."""
        return (self.cut[0].start, self.cut[1].start, self.cut[2].start)

    @property
    def contours_zrc(self) -> tuple[Points, ...]:
        """Polygons in the frame of the volume."""
        offset = np.asarray(self.offset_zrc, dtype=float)
        return tuple(points + offset for points in self.outline.contours_zrc)


def judge(scene: Scene) -> tuple[Judged, ...]:
    """Everything that enhances, likeliest lesion first, none twice."""
    found = sorted(judge_all(scene), key=lambda judged: -judged.probability)
    kept: list[Judged] = []
    for judged in found:
        if all(_shared(judged, other) <= SHARED for other in kept):
            kept.append(judged)
    return tuple(kept)


def judge_all(scene: Scene) -> Iterator[Judged]:
    """Outline and measure every candidate; some are the same thing."""
    candidates = candidates_in(scene)
    for candidate in candidates:
        cut = cut_around(candidate, scene)
        outline = _outlined(candidate, scene, cut=cut, others=candidates)
        if outline is not None and outline.contours_zrc:
            diameter_mm = widest_mm(outline.contours_zrc, scene.image.grid.spacing)
            evidence = evidence_of(outline, _surroundings(scene, cut), diameter_mm=diameter_mm)
            yield Judged(outline, cut, evidence, diameter_mm)


def _outlined(candidate: Candidate, scene: Scene, *, cut: Cut, others: tuple[Candidate, ...]) -> Outline | None:
    own = paint(candidate, cut, scene.maps.factors)
    tissue = scene.searched(cut)
    for other in others:
        painted = paint(other, cut, scene.maps.factors)
        if not (painted & own).any():
            tissue &= ~painted
    return outline_lesion(scene.maps.subtraction[cut], own, tissue=tissue, voxel_mm=scene.voxel_mm)


def _surroundings(scene: Scene, cut: Cut) -> Surroundings:
    late = scene.late
    factors = scene.maps.factors
    blocks = tuple(np.arange(s.start, s.stop) // f for s, f in zip(cut, factors, strict=True))
    return Surroundings(
        smooth=smoothed(scene.maps.subtraction[cut], scene.voxel_mm),
        percent=scene.maps.percent[cut],
        before=scene.pre[cut],
        late=None if late is None else late[cut] - scene.pre[cut],
        breast=scene.region.mask[cut],
        depth_mm=scene.depth_mm[np.ix_(*blocks)],
        voxel_mm=scene.voxel_mm,
        background=scene.maps.background,
    )


def _shared(first: Judged, second: Judged) -> float:
    """Share of the smaller mask that lies in the other."""
    starts = [max(a.start, b.start) for a, b in zip(first.cut, second.cut, strict=True)]
    stops = [min(a.stop, b.stop) for a, b in zip(first.cut, second.cut, strict=True)]
    if any(stop <= start for start, stop in zip(starts, stops, strict=True)):
        return 0.0
    parts = [
        j.outline.mask[tuple(slice(a - s.start, b - s.start) for a, b, s in zip(starts, stops, j.cut, strict=True))]
        for j in (first, second)
    ]
    smaller = min(int(first.outline.mask.sum()), int(second.outline.mask.sum()))
    return float((parts[0] & parts[1]).sum()) / max(smaller, 1)
