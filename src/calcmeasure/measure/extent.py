"""Greatest extent of a set of calcification marks, from mark centre to mark centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from calcmeasure.geometry import FloatArray, Spacing, to_mm
from calcmeasure.measure.hull_kernels import convex_hull, farthest_pair

SENSITIVE_FRACTION = 0.10
"""An extent that changes by more than this without one of its two end marks rests on that mark alone."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The greatest span of a set of marks.

    Parameters
    ----------
    value_mm
        Between the centres of the two marks farthest apart; 0 for none or one.
    ends_rc
        (2, 2) row, column of those marks; (0, 2) when there is no mark.
    hull_rc
        (h, 2) convex hull of the marks, for drawing.
    without_end_mm
        The extent when the first, or the second, end mark is left out.
    outer_mm
        `value_mm` plus the radii of the two end marks: a different convention, never compared with `value_mm`.
        None when the marks' diameters were not given.
    """

    value_mm: float
    ends_rc: FloatArray
    hull_rc: FloatArray
    without_end_mm: tuple[float, float]
    outer_mm: float | None = None

    @property
    def drop_sensitivity_mm(self) -> float:
        """The largest loss of extent when one of the two end marks is left out."""
        return self.value_mm - min(self.without_end_mm)

    @property
    def sensitive_to_one_mark(self) -> bool:
        """Whether leaving out one end mark changes the extent by more than 10 %."""
        return self.drop_sensitivity_mm > SENSITIVE_FRACTION * self.value_mm


def measure_extent(points_rc: ArrayLike, spacing: Spacing, *, diameters_mm: ArrayLike | None = None) -> Extent:
    """Measure the greatest extent of marks on one projection.

    The study's rule is the largest span of the calcified area on one view; here it is exact: the farthest two of the
    convex hull's vertices, measured in mm with the row and the column spacing each in its own direction.

    Parameters
    ----------
    points_rc
        (n, 2) row, column of each mark; duplicates and marks on a line are fine.
    spacing
        Of the image.
    diameters_mm
        (n,) diameter of each mark, for `Extent.outer_mm`.

    Raises
    ------
    ValueError
        If the points are not finite (n, 2), or the diameters do not match them.

    Examples
    --------
    >>> from calcmeasure.geometry import SpacingSource
    >>> measure_extent([(0, 0), (5, 5), (30, 40)], Spacing(0.1, 0.1, SpacingSource.DETECTOR)).value_mm
    5.0
    """
    points = _marks(points_rc)
    if len(points) == 0:
        return Extent(0.0, points, points, (0.0, 0.0))
    points_mm = to_mm(points, spacing)
    first, second = _defining_marks(points_mm)
    value_mm = float(np.linalg.norm(points_mm[first] - points_mm[second]))
    return Extent(
        value_mm=value_mm,
        ends_rc=points[[first, second]],
        hull_rc=convex_hull(points_mm) / np.asarray(spacing.rc_mm),
        without_end_mm=(_span_without(points_mm, first), _span_without(points_mm, second)),
        outer_mm=None if diameters_mm is None else value_mm + _end_radii(diameters_mm, len(points), (first, second)),
    )


def _marks(points_rc: ArrayLike) -> FloatArray:
    points = np.asarray(points_rc, dtype=np.float64)
    if points.size == 0:
        return np.empty((0, 2))
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"marks must be finite (n, 2) row, column positions, got shape {points.shape}")
    return points


def _defining_marks(points_mm: FloatArray) -> tuple[int, int]:
    """Find the two marks farthest apart; among equal marks the first."""
    hull_mm = convex_hull(points_mm)
    first, second = (int(np.argmin(np.sum((points_mm - hull_mm[k]) ** 2, axis=1))) for k in farthest_pair(hull_mm))
    return first, second


def _span_without(points_mm: FloatArray, index: int) -> float:
    rest = np.delete(points_mm, index, axis=0)
    if len(rest) < 2:
        return 0.0
    first, second = _defining_marks(rest)
    return float(np.linalg.norm(rest[first] - rest[second]))


def _end_radii(diameters_mm: ArrayLike, count: int, ends: tuple[int, int]) -> float:
    diameters = np.asarray(diameters_mm, dtype=np.float64)
    if diameters.shape != (count,) or not (np.isfinite(diameters) & (diameters >= 0)).all():
        raise ValueError(f"need one diameter >= 0 per mark ({count}), got shape {diameters.shape}")
    return float(diameters[list(ends)].sum() / 2)
