"""Candidates outlined, measured and weighed; of those that overlap the likeliest stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit

from calcmeasure.detect.contract import Points
from calcmeasure.detect.lesions.appearance import is_full
from calcmeasure.detect.lesions.boundary import Outline, outline_lesion, smoothed
from calcmeasure.detect.lesions.clumps import ClumpGatherer
from calcmeasure.detect.lesions.evidence import Surroundings, compared, evidence_of
from calcmeasure.detect.lesions.extents import widest_mm
from calcmeasure.detect.lesions.scene import Cut, Scene, candidates_in, cut_around, paint
from calcmeasure.detect.lesions.seeds import Candidate
from calcmeasure.detect.lesions.weighing import log_odds_of

FloatArray = NDArray[np.float64]

SHARED = 0.2
"""Two outlines that share more than this of the smaller one are outlines of the same thing."""
INSIDE = 0.8
"""An outline with this share of it in a larger one is a part of it."""
MOSTLY = 0.5
"""A mass that is more than this share of a region is the lesion, and what was joined to it is not."""
NEARLY_FULL = 0.8
"""The better half of a whole that fills so much of its ellipsoid is the lesion, no clump of it: a real tumour is less
smooth than any that is simulated, and the spurs at its edge lead to what lies beside it."""
LIKELIER = 3.0
"""A clump likelier than the whole it lies in by no more than this, in log-odds, does not stand for the whole."""


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
    log_odds
        Of being a lesion.
    diameter_mm
        Greatest in-plane diameter of the outline.
    is_region
        Whether clumps were joined to it.
    """

    outline: Outline
    cut: Cut
    evidence: FloatArray
    log_odds: float
    diameter_mm: float
    is_region: bool = False

    @property
    def probability(self) -> float:
        """Of being a lesion."""
        return float(expit(self.log_odds))

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
    outlined = judge_all(scene)
    found = [_below_its_mass(_above_its_clumps(judged, outlined), outlined) for judged in outlined]
    kept: list[Judged] = []
    for judged in sorted(found, key=lambda one: (-one.log_odds, -int(one.outline.mask.sum()))):
        if all(_shared(judged, other) <= SHARED for other in kept):
            kept.append(judged)
    return tuple(kept)


def _above_its_clumps(judged: Judged, outlined: tuple[Judged, ...]) -> Judged:
    """Give what is likely a lesion hardly higher odds than clumps in it: of non-mass enhancement, the whole."""
    if judged.log_odds < 0:
        return judged
    size = int(judged.outline.mask.sum())
    likelier = [one for one in outlined if 0 <= one.log_odds - judged.log_odds <= LIKELIER]
    clumps = [one for one in likelier if _is_a_clump_of(one, size=size) and _shared(one, judged) >= INSIDE]
    above = [float(np.nextafter(clump.log_odds, np.inf)) for clump in clumps]
    return replace(judged, log_odds=max([judged.log_odds, *above]))


def _is_a_clump_of(judged: Judged, *, size: int) -> bool:
    """Whether an outline is smaller than a whole of so many voxels, and not its better half that takes up space."""
    own = int(judged.outline.mask.sum())
    return own < size and not (own >= MOSTLY * size and is_full(judged.evidence, least=NEARLY_FULL))


def _below_its_mass(judged: Judged, outlined: tuple[Judged, ...]) -> Judged:
    """Give a region that is mostly one mass hardly lower odds than that mass has."""
    if not judged.is_region:
        return judged
    least = MOSTLY * int(judged.outline.mask.sum())
    masses = [one for one in outlined if _is_a_mass(one, least=least) and _shared(one, judged) >= INSIDE]
    below = [float(np.nextafter(one.log_odds, -np.inf)) for one in masses]
    return replace(judged, log_odds=min([judged.log_odds, *below]))


def _is_a_mass(judged: Judged, *, least: float) -> bool:
    """Whether an outline of at least so many voxels is likely a lesion of its own, as full as a mass."""
    if judged.is_region or judged.log_odds < 0 or judged.outline.mask.sum() < least:
        return False
    return is_full(judged.evidence)


def judge_all(scene: Scene) -> tuple[Judged, ...]:
    """Outline, measure and weigh every candidate, alone and with the clumps around it; some are the same thing."""
    return tuple(replace(one, log_odds=log_odds_of(one.evidence)) for one in measure_all(scene))


def measure_all(scene: Scene) -> tuple[Judged, ...]:
    """Outline and measure every candidate as `judge_all` does; not yet weighed."""
    measured = tuple(_measured_each(scene))
    rows = compared([one.evidence for one in measured])
    return tuple(replace(one, evidence=row) for one, row in zip(measured, rows, strict=True))


def _measured_each(scene: Scene) -> Iterator[Judged]:
    candidates = candidates_in(scene)
    clumps = ClumpGatherer.of(scene)
    for candidate in candidates:
        cut = cut_around(candidate, scene)
        outline = _outlined(candidate, scene, cut=cut, others=candidates)
        if outline is None or not outline.contours_zrc:
            continue
        yield _measured(outline, cut, scene)
        region = clumps.region_around(outline, cut)
        if region is not None:
            yield _measured(*region, scene, is_region=True)


def _measured(outline: Outline, cut: Cut, scene: Scene, *, is_region: bool = False) -> Judged:
    diameter_mm = widest_mm(outline.contours_zrc, scene.image.grid.spacing)
    evidence = evidence_of(outline, _surroundings(outline, cut, scene), diameter_mm=diameter_mm)
    return Judged(outline, cut, evidence, np.nan, diameter_mm, is_region)


def _outlined(candidate: Candidate, scene: Scene, *, cut: Cut, others: tuple[Candidate, ...]) -> Outline | None:
    own = paint(candidate, cut, scene.maps.factors)
    tissue = scene.searched(cut)
    for other in others:
        painted = paint(other, cut, scene.maps.factors)
        if not (painted & own).any():
            tissue &= ~painted
    return outline_lesion(scene.maps.subtraction[cut], own, tissue=tissue, voxel_mm=scene.voxel_mm)


def _surroundings(outline: Outline, cut: Cut, scene: Scene) -> Surroundings:
    centre = np.asarray(ndimage.center_of_mass(outline.mask)) + [part.start for part in cut]
    late, timed = scene.late, scene.timed
    is_timed = scene.image.early_index in timed
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
        wall_mm=scene.wall_mm[np.ix_(*blocks)],
        lateral=scene.lateral(centre),
        after=tuple(scene.phase(index)[cut] for index in timed) if is_timed else (),
        times_s=tuple(timed.values()),
        early=list(timed).index(scene.image.early_index) if is_timed else 0,
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
