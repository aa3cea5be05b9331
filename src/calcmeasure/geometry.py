"""Where pixels lie and how far apart they are: spacing with its source, image grids, lengths.

Frames, named in every variable: ``_rc`` / ``_zrc`` are 0-based pixel indices (a whole number is a pixel centre),
``_lps`` is mm in DICOM patient space (left, posterior, head). mm values end in ``_mm``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calcmeasure.errors import ErrorCode, GeometryError, SpacingError

FloatArray = NDArray[np.float64]


class SpacingSource(StrEnum):
    """Which rule produced a pixel spacing (order of trust; see docs/explanation/spacing.md)."""

    USER = "user"
    """A reader's own calibration."""
    FIDUCIAL = "fiducial"
    """Pixel Spacing calibrated on an object of known size (calibration type FIDUCIAL)."""
    GEOMETRY = "geometry"
    """Pixel Spacing corrected for an assumed depth (calibration type GEOMETRY)."""
    CORRECTED = "corrected"
    """Pixel Spacing that differs from Imager Pixel Spacing: already corrected."""
    MAGNIFICATION_CORRECTED = "magnification_corrected"
    """Imager Pixel Spacing / Estimated Radiographic Magnification Factor."""
    SID_SOD_CORRECTED = "sid_sod_corrected"
    """Imager Pixel Spacing / (source-detector / source-patient distance)."""
    DETECTOR = "detector"
    """Imager Pixel Spacing as it stands: mm at the detector plane."""
    UNKNOWN = "unknown"
    """Pixel Spacing alone on a projection image: the plane is not stated."""
    SCANNED = "scanned"
    """Nominal Scanned Pixel Spacing of a digitised film."""
    PATIENT = "patient"
    """Pixel Spacing and slice positions of a cross-sectional image: mm in the patient."""
    GIVEN = "given"
    """Taken from a table or a saved annotation that names no rule."""

    @property
    def words(self) -> str:
        """The source in a reader's words, for labels beside a length."""
        return _SOURCE_WORDS[self]


_SOURCE_WORDS = {
    SpacingSource.USER: "calibrated by reader",
    SpacingSource.FIDUCIAL: "calibrated on a fiducial",
    SpacingSource.GEOMETRY: "geometry-calibrated",
    SpacingSource.CORRECTED: "corrected by the manufacturer",
    SpacingSource.MAGNIFICATION_CORRECTED: "magnification-corrected",
    SpacingSource.SID_SOD_CORRECTED: "corrected by source distances",
    SpacingSource.DETECTOR: "at detector",
    SpacingSource.UNKNOWN: "plane unknown",
    SpacingSource.SCANNED: "on film",
    SpacingSource.PATIENT: "in patient",
    SpacingSource.GIVEN: "as given",
}


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distance between neighbouring pixel centres, in mm, with the rule that gave it.

    Parameters
    ----------
    row_mm
        Distance between rows (DICOM's first Pixel Spacing value).
    col_mm
        Distance between columns (the second value).
    source
        Which rule produced the numbers.
    slice_mm
        Distance between slice centres along their normal; None for a projection image.
    magnification
        The factor that detector spacing was divided by; None when none was applied.

    Raises
    ------
    SpacingError
        If a distance is not a positive finite number.

    Examples
    --------
    >>> Spacing(0.07, 0.07, SpacingSource.DETECTOR).area_mm2
    0.0049
    """

    row_mm: float
    col_mm: float
    source: SpacingSource
    slice_mm: float | None = None
    magnification: float | None = None

    def __post_init__(self) -> None:
        values = (self.row_mm, self.col_mm, *(() if self.slice_mm is None else (self.slice_mm,)))
        if not all(np.isfinite(v) and v > 0 for v in values):
            raise SpacingError(
                f"pixel spacing must be positive and finite, got {values} mm",
                code=ErrorCode.SPACING_HOSTILE,
            )

    @property
    def rc_mm(self) -> tuple[float, float]:
        """(row, column) spacing in mm."""
        return (self.row_mm, self.col_mm)

    @property
    def zrc_mm(self) -> tuple[float, float, float]:
        """(slice, row, column) spacing in mm.

        Raises
        ------
        SpacingError
            For a projection image, which has no slice spacing.
        """
        if self.slice_mm is None:
            raise SpacingError("a projection image has no slice spacing")
        return (self.slice_mm, self.row_mm, self.col_mm)

    @property
    def area_mm2(self) -> float:
        """Area of one pixel."""
        return round(self.row_mm * self.col_mm, 12)


@dataclass(frozen=True, slots=True)
class ImageGrid:
    """Regular volume: pixel index to patient space and back.

    Parameters
    ----------
    shape
        (slices, rows, columns).
    origin_lps
        Centre of voxel (0, 0, 0) in mm.
    axes_lps
        (3, 3) rows are the unit vectors of the slice, row and column index directions.
    spacing
        With `slice_mm`.
    """

    shape: tuple[int, int, int]
    origin_lps: tuple[float, float, float]
    axes_lps: tuple[tuple[float, float, float], ...]
    spacing: Spacing

    @property
    def steps_lps(self) -> FloatArray:
        """(3, 3) mm moved in patient space per unit of slice, row and column index (one row each)."""
        steps: FloatArray = np.asarray(self.axes_lps, dtype=float) * np.asarray(self.spacing.zrc_mm)[:, None]
        return steps

    def to_lps(self, points_zrc: ArrayLike) -> FloatArray:
        """Pixel indices to patient space.

        Parameters
        ----------
        points_zrc
            (..., 3) slice, row, column indices.

        Returns
        -------
        (..., 3) ndarray, mm
        """
        points = np.asarray(points_zrc, dtype=float)
        mapped: FloatArray = points @ self.steps_lps + np.asarray(self.origin_lps)
        return mapped

    def to_zrc(self, points_lps: ArrayLike) -> FloatArray:
        """Patient space to pixel indices; the inverse of `to_lps`.

        Raises
        ------
        GeometryError
            If the grid's directions do not span space.
        """
        steps = self.steps_lps
        if abs(np.linalg.det(steps)) < 1e-12:
            raise GeometryError("the image grid is degenerate: its directions do not span space")
        offset = np.asarray(points_lps, dtype=float) - np.asarray(self.origin_lps)
        mapped: FloatArray = offset @ np.linalg.inv(steps)
        return mapped


def line_length_mm(ends: ArrayLike, spacing: Spacing) -> float:
    """Length of a straight line between two pixel positions.

    Parameters
    ----------
    ends
        (2, 2) row, column, or (2, 3) slice, row, column; whole numbers are pixel centres.
    spacing
        Of the image the line was drawn on.

    Raises
    ------
    ValueError
        If `ends` has another shape.

    Examples
    --------
    >>> line_length_mm([(0, 0), (30, 40)], Spacing(0.1, 0.1, SpacingSource.PATIENT))
    5.0
    """
    points = np.asarray(ends, dtype=float)
    if points.shape not in ((2, 2), (2, 3)):
        raise ValueError(f"ends must have shape (2, 2) or (2, 3), got {points.shape}")
    step = np.abs(points[1] - points[0]) * _scale(points.shape[1], spacing)
    return float(np.sqrt(np.sum(step**2)))


def to_mm(points: ArrayLike, spacing: Spacing) -> FloatArray:
    """Scale (..., 2) row, column or (..., 3) slice, row, column indices to mm along the image axes."""
    array = np.asarray(points, dtype=float)
    scaled: FloatArray = array * _scale(array.shape[-1], spacing)
    return scaled


def _scale(dimensions: int, spacing: Spacing) -> FloatArray:
    return np.asarray(spacing.rc_mm if dimensions == 2 else spacing.zrc_mm, dtype=float)
