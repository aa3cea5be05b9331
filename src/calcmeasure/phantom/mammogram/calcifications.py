"""Calcifications of known position and size in three dimensions, and their projections.

Breast frame, ``_dlu`` in mm: depth from the chest wall towards the nipple, lateral, up (towards the head). A
projection lies in a plane of depth and *across*: the second axis points to the top of the displayed image.
Morphologies and distributions are those of BI-RADS (5th edition).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist, squareform

from calcmeasure.terms import Distribution, Morphology, View

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MLO_ANGLE_RAD = math.radians(45.0)
"""Tilt of the medio-lateral oblique plane from the vertical."""
_ROUNDING_MM = 1e-9
NO_CLUSTER = -1
"""Cluster number of marks that belong to none (benign ones)."""


@dataclass(frozen=True, slots=True)
class Calcifications:
    """Marks in one breast.

    Parameters
    ----------
    positions_dlu
        (n, 3) centres, mm, breast frame.
    diameters_mm
        (n,) diameter of the sphere each mark is built on; a lobed or linear mark keeps its projected area.
    morphologies
        One per mark.
    clusters
        (n,) number of the group each mark belongs to, or `NO_CLUSTER`.
    seeds
        (n,) decides each mark's own shape, so that it looks the same at every visit.
    """

    positions_dlu: FloatArray
    diameters_mm: FloatArray
    morphologies: tuple[Morphology, ...]
    clusters: IntArray
    seeds: IntArray

    @classmethod
    def none(cls) -> Calcifications:
        """No marks at all."""
        return cls(np.empty((0, 3)), np.empty(0), (), np.empty(0, np.int64), np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.diameters_mm)

    def __add__(self, other: Calcifications) -> Calcifications:
        return Calcifications(
            np.concatenate([self.positions_dlu, other.positions_dlu]),
            np.concatenate([self.diameters_mm, other.diameters_mm]),
            self.morphologies + other.morphologies,
            np.concatenate([self.clusters, other.clusters]),
            np.concatenate([self.seeds, other.seeds]),
        )

    def subset(self, keep: NDArray[np.bool_]) -> Calcifications:
        """Keep the marks where `keep` (n,) is True."""
        names = tuple(name for name, kept in zip(self.morphologies, keep, strict=True) if kept)
        return Calcifications(
            self.positions_dlu[keep], self.diameters_mm[keep], names, self.clusters[keep], self.seeds[keep]
        )

    def cluster(self, number: int) -> Calcifications:
        """Take the marks of one group."""
        return self.subset(self.clusters == number)


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """A group of calcifications to grow.

    Parameters
    ----------
    centre_dlu
        mm, breast frame.
    extent_mm
        Greatest centre-to-centre span, the larger of CC and MLO.
    diameter_mm
        Median; single marks scatter log-normally around it.
    smallest_mm, rim_mm
        Lower bound of any diameter, and of those on the outline in either view, whose visibility decides the extent.
    """

    centre_dlu: tuple[float, float, float]
    extent_mm: float
    n_marks: int
    morphology: Morphology = Morphology.FINE_PLEOMORPHIC
    distribution: Distribution = Distribution.GROUPED
    diameter_mm: float = 0.30
    smallest_mm: float = 0.15
    rim_mm: float = 0.0
    number: int = 0


def project(positions_dlu: FloatArray, view: View) -> FloatArray:
    """Parallel projection of the breast frame onto a view.

    Returns
    -------
    (n, 2) ndarray
        Depth and across, mm in the breast. Across is lateral on CC and up and lateral on MLO (the edges that lie at
        the top of a displayed image).

    Raises
    ------
    ValueError
        For a view other than CC and MLO.
    """
    if not view.is_standard:
        raise ValueError(f"phantoms are projected to CC and MLO only, not to {view}")
    depth, lateral, up = positions_dlu.T
    across = lateral if view is View.CC else up * math.cos(MLO_ANGLE_RAD) + lateral * math.sin(MLO_ANGLE_RAD)
    return np.column_stack([depth, across])


def view_extent_mm(marks: Calcifications, view: View) -> float:
    """Greatest distance between two mark centres on a view, mm in the breast; 0 for fewer than two."""
    return _greatest_mm(project(marks.positions_dlu, view))


def extent_mm(marks: Calcifications) -> float:
    """Patient's extent: the larger of CC and MLO."""
    return max(view_extent_mm(marks, view) for view in (View.CC, View.MLO))


def grow_cluster(spec: ClusterSpec, *, rng: np.random.Generator | int) -> Calcifications:
    """Lay out a group whose extent is exactly the asked one.

    Marks are strewn evenly along the group's axis, so that no gap is wide enough to split it, and scaled until the
    larger of the two projected extents is `spec.extent_mm`.

    Raises
    ------
    ValueError
        If fewer than two marks or no extent is asked for.
    """
    if spec.n_marks < 2 or spec.extent_mm <= 0:
        raise ValueError("a cluster needs at least two marks and a positive extent")
    rng = np.random.default_rng(rng)
    along, sideways = _layout(spec, rng)
    axis = _axis(spec.distribution, rng)
    positions = along[:, None] * axis + sideways @ _normals(axis)
    marks = _as_marks(positions, spec, rng)
    scale = spec.extent_mm / extent_mm(marks)
    centre = 0.5 * (positions.min(axis=0) + positions.max(axis=0))
    placed = (positions - centre) * scale + np.asarray(spec.centre_dlu)
    return _with_visible_rim(
        Calcifications(placed, marks.diameters_mm, marks.morphologies, marks.clusters, marks.seeds), spec.rim_mm
    )


def shrink_cluster(marks: Calcifications, *, to_mm: float) -> Calcifications:
    """Remove outermost marks until the extent is at most `to_mm`: what treatment is simulated to do.

    Each step drops that end of the farthest pair that lies farther from the group's centre. The extent left is the
    nearest one at or below `to_mm` that the marks allow; ask `extent_mm` for it. Nothing is left of a group shrunk
    to 0.
    """
    if to_mm <= 0:
        return Calcifications.none()
    centre = marks.positions_dlu.mean(axis=0) if len(marks) else np.zeros(3)
    while len(marks) and extent_mm(marks) > to_mm + _ROUNDING_MM:
        view = max((View.CC, View.MLO), key=lambda v: view_extent_mm(marks, v))
        gaps = squareform(pdist(project(marks.positions_dlu, view)))
        ends = np.array(np.unravel_index(int(gaps.argmax()), gaps.shape))
        reach = np.linalg.norm(marks.positions_dlu[ends] - centre, axis=1)
        marks = marks.subset(np.arange(len(marks)) != ends[reach.argmax()])
    return marks


def scattered_punctate(centres_dlu: FloatArray, *, rng: np.random.Generator | int) -> Calcifications:
    """Single round benign marks of 0.25 to 0.4 mm at the given (n, 3) places."""
    rng = np.random.default_rng(rng)
    n = len(centres_dlu)
    return _benign(centres_dlu, rng.uniform(0.25, 0.40, n), Morphology.ROUND, rng)


def coarse_benign(centre_dlu: tuple[float, float, float], *, diameter_mm: float = 3.0, seed: int = 0) -> Calcifications:
    """One dense, coarse calcification such as an involuted fibroadenoma's."""
    return _benign(np.array([centre_dlu]), np.array([diameter_mm]), Morphology.COARSE, np.random.default_rng(seed))


def vascular_track(
    start_dlu: tuple[float, float, float],
    *,
    length_mm: float = 30.0,
    calibre_mm: float = 1.6,
    rng: np.random.Generator | int,
) -> Calcifications:
    """Calcified artery: two parallel rows of marks along a bending course towards the nipple."""
    rng = np.random.default_rng(rng)
    along = np.arange(0.0, length_mm, 0.55)
    bend = rng.uniform(1.5, 3.0) * np.sin(2 * math.pi * along / length_mm * rng.uniform(0.6, 0.9))
    rows = []
    for side in (-0.5, 0.5):
        kept = rng.random(along.size) < 0.8
        wall = bend + side * calibre_mm + rng.normal(0, 0.06, along.size)
        place = along + rng.normal(0, 0.15, along.size)
        rows.append(np.column_stack([place, wall, wall * 0.4])[kept])
    positions = np.concatenate(rows) + np.asarray(start_dlu)
    return _benign(positions, rng.uniform(0.25, 0.45, len(positions)), Morphology.VASCULAR, rng)


def _benign(
    positions_dlu: FloatArray, diameters_mm: FloatArray, morphology: Morphology, rng: np.random.Generator
) -> Calcifications:
    n = len(positions_dlu)
    numbers = np.full(n, NO_CLUSTER, np.int64)
    return Calcifications(positions_dlu, diameters_mm, (morphology,) * n, numbers, rng.integers(1 << 31, size=n))


def _layout(spec: ClusterSpec, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Positions along the axis (n,) and sideways (n, 2), in units of the group's length."""
    n = spec.n_marks
    t = (np.arange(n) + rng.uniform(0.1, 0.9, n)) / n
    t[0], t[-1] = 0.0, 1.0
    radius = np.sqrt(rng.random(n)) * _half_width(spec.distribution, t)
    angle = rng.uniform(0, 2 * math.pi, n)
    sideways = np.column_stack([radius * np.cos(angle), 0.7 * radius * np.sin(angle)])
    if spec.distribution is Distribution.LINEAR:
        sideways[:, 0] += 0.06 * np.sin(math.pi * t * rng.uniform(0.8, 1.6))
    return t - 0.5, sideways


def _half_width(distribution: Distribution, t: FloatArray) -> FloatArray:
    if distribution is Distribution.LINEAR:
        return np.full(t.shape, 0.025)
    if distribution is Distribution.SEGMENTAL:
        # A lobe: narrow towards the nipple (t = 1), wide towards the chest wall.
        return 0.04 + 0.22 * (1.0 - t) * np.clip(t / 0.12, 0.3, 1.0)
    widest = 0.42 if distribution is Distribution.REGIONAL else 0.34
    rounded: FloatArray = widest * np.sqrt(np.clip(1.0 - (2.0 * t - 1.0) ** 2, 0.05, 1.0))
    return rounded


def _axis(distribution: Distribution, rng: np.random.Generator) -> FloatArray:
    """Direction of growth: ducts run towards the nipple, other groups lie anyhow but seldom along the beam."""
    tilt = 0.35 if distribution in (Distribution.LINEAR, Distribution.SEGMENTAL) else 1.0
    axis = np.array([1.0, *rng.uniform(-tilt, tilt, 2)])
    unit: FloatArray = axis / np.linalg.norm(axis)
    return unit


def _normals(axis: FloatArray) -> FloatArray:
    first = np.cross(axis, [0.0, 0.0, 1.0])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(axis, first)])


def _as_marks(positions: FloatArray, spec: ClusterSpec, rng: np.random.Generator) -> Calcifications:
    n = spec.n_marks
    spread = 0.15 if spec.morphology in (Morphology.ROUND, Morphology.AMORPHOUS) else 0.30
    diameters = np.maximum(spec.diameter_mm * np.exp(rng.normal(0.0, spread, n)), spec.smallest_mm)
    numbers = np.full(n, spec.number, np.int64)
    return Calcifications(positions, diameters, (spec.morphology,) * n, numbers, rng.integers(1 << 31, size=n))


def _with_visible_rim(marks: Calcifications, rim_mm: float) -> Calcifications:
    diameters = marks.diameters_mm.copy()
    for view in (View.CC, View.MLO):
        rim = _outline(project(marks.positions_dlu, view))
        diameters[rim] = np.maximum(diameters[rim], rim_mm)
    return Calcifications(marks.positions_dlu, diameters, marks.morphologies, marks.clusters, marks.seeds)


def _outline(points: FloatArray) -> IntArray:
    try:
        return np.asarray(ConvexHull(points).vertices, np.int64)
    except (QhullError, ValueError):
        return np.arange(len(points))


def _greatest_mm(points: FloatArray) -> float:
    return float(pdist(points).max()) if len(points) > 1 else 0.0
