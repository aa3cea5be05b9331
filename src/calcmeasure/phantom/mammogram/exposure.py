"""Synthetic mammograms whose every calcification is known.

Displayed images: chest wall at the left edge for a left breast, at the right edge for a right one; the lateral side
(CC) or the axilla (MLO) at the top. Marks lie on a plane; their distance at the detector is the true distance times
the magnification factor.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.phantom.mammogram.anatomy import SKIN_MM, Anatomy, BreastSpec, build_anatomy
from calcmeasure.phantom.mammogram.calcifications import Calcifications, FloatArray, IntArray, project, view_extent_mm
from calcmeasure.phantom.mammogram.detector import DetectorSpec, FloatImage, expose, presentation_pixels, raw_pixels
from calcmeasure.phantom.mammogram.specks import draw_specks
from calcmeasure.terms import Laterality, Morphology, View

FAT_PER_MM = 0.045
"""Linear attenuation of fat near 20 keV, per mm."""
CALCIUM_PER_MM = 1.15
"""What calcification adds, per mm (about 0.8 once diluted by scatter)."""
SKIN_PER_MM = 0.035
"""What skin adds to fat, per mm."""


@dataclass(frozen=True, slots=True)
class MammogramSpec:
    """One exposure.

    Parameters
    ----------
    laterality
        Left or right.
    view
        CC or MLO.
    rows, columns
        Matrix.
    imager_mm
        Row and column pitch at the detector. They differ by default: code that mixes them up is found out.
    magnification
        Size at the detector over size in the breast.
    shift_mm
        How far the breast lies above the middle of the image, mm in the breast: positioning differs between visits.
    """

    laterality: Laterality
    view: View
    breast: BreastSpec = field(default_factory=BreastSpec)
    calcifications: Calcifications = field(default_factory=Calcifications.none)
    rows: int = 1000
    columns: int = 800
    imager_mm: tuple[float, float] = (0.10, 0.09)
    magnification: float = 1.0
    shift_mm: float = 0.0
    detector: DetectorSpec = field(default_factory=DetectorSpec)

    @property
    def true_mm(self) -> tuple[float, float]:
        """Row and column pitch in the breast."""
        return (self.imager_mm[0] / self.magnification, self.imager_mm[1] / self.magnification)


@dataclass(frozen=True, slots=True)
class MammogramPhantom:
    """An exposure and the truth about it.

    Parameters
    ----------
    raw
        (rows, columns) uint16, 14 bits, linear in exposure (For Processing); dark is dense, air is saturated.
    presentation
        (rows, columns) uint16, 12 bits, log-like (For Presentation); bright is dense, air is 0.
    marks_rc
        (n, 2) centres of mass of the marks, row and column; whole numbers are pixel centres.
    diameters_mm
        (n,) mm in the breast.
    clusters
        (n,) number of the group, -1 for benign marks.
    breast
        (rows, columns) True inside the skin.
    extents_mm
        Group number to the greatest centre-to-centre span of its marks on this view, mm in the breast.
    """

    spec: MammogramSpec
    raw: NDArray[np.uint16]
    presentation: NDArray[np.uint16]
    marks_rc: FloatArray
    diameters_mm: FloatArray
    morphologies: tuple[Morphology, ...]
    clusters: IntArray
    breast: NDArray[np.bool_]
    extents_mm: dict[int, float]

    @property
    def extent_mm(self) -> float:
        """Span of the widest group; 0 without any."""
        return max(self.extents_mm.values(), default=0.0)

    @property
    def spacing(self) -> Spacing:
        """True mm per pixel in the breast."""
        return Spacing(*self.spec.true_mm, source=SpacingSource.USER, magnification=self.spec.magnification)


def synthesize_mammogram(spec: MammogramSpec, *, rng: np.random.Generator | int) -> MammogramPhantom:
    """Draw one mammogram.

    Parameters
    ----------
    spec
        What is imaged, and how.
    rng
        Quantum noise only: anatomy comes from ``spec.breast.seed``.

    Returns
    -------
    MammogramPhantom
        Both kinds of image with the truth.

    Raises
    ------
    ValueError
        If a mark falls outside the breast on this view.
    """
    rng = np.random.default_rng(rng)
    anatomy = build_anatomy(spec.breast, spec.view)
    across_mm, depth_mm = pixel_positions_mm(spec)
    inside_mm = anatomy.sample(anatomy.inside_mm, across_mm, depth_mm)
    breast = inside_mm > 0
    marks_rc = to_pixels(project(spec.calcifications.positions_dlu, spec.view), spec)
    _check_inside(marks_rc, breast)
    thinning = edge_thinning(inside_mm, spec.breast.thickness_mm)
    attenuation = anatomy.sample(anatomy.extra, across_mm, depth_mm) * full_share(inside_mm, anatomy)
    attenuation += SKIN_PER_MM * skin_path_mm(inside_mm) - thinning
    attenuation += np.float32(CALCIUM_PER_MM) * _calcium_mm(spec, marks_rc)
    signal = expose(attenuation, breast, detector=spec.detector, pixel_mm=spec.imager_mm)
    raw = raw_pixels(signal, breast, detector=spec.detector, pixel_mm=spec.imager_mm, rng=rng)
    return _phantom(spec, (raw, presentation_pixels(raw, thinning, breast, detector=spec.detector)), marks_rc, breast)


def to_pixels(points_da: FloatArray, spec: MammogramSpec) -> FloatArray:
    """Row and column of points (n, 2) given in depth and across, mm in the breast."""
    row_mm, col_mm = spec.true_mm
    rows = _middle_row(spec) - (points_da[:, 1] + spec.shift_mm) / row_mm
    cols = points_da[:, 0] / col_mm - 0.5
    return np.column_stack([rows, spec.columns - 1 - cols if spec.laterality is Laterality.RIGHT else cols])


def _middle_row(spec: MammogramSpec) -> float:
    # On MLO the breast reaches further up than down.
    return (spec.rows - 1) * (0.5 if spec.view is View.CC else 0.57)


def pixel_positions_mm(spec: MammogramSpec) -> tuple[FloatArray, FloatArray]:
    """Across position of each row and depth of each column; the inverse of `to_pixels`."""
    row_mm, col_mm = spec.true_mm
    across = (_middle_row(spec) - np.arange(spec.rows, dtype=float)) * row_mm - spec.shift_mm
    cols = np.arange(spec.columns, dtype=float)
    if spec.laterality is Laterality.RIGHT:
        cols = cols[::-1]
    return across, (cols + 0.5) * col_mm


def _check_inside(marks_rc: FloatArray, breast: NDArray[np.bool_]) -> None:
    nearest = np.rint(marks_rc).astype(np.int64)
    within = np.all((nearest >= 0) & (nearest < breast.shape), axis=1)
    if not within.all() or not breast[tuple(nearest.T)].all():
        raise ValueError("a calcification lies outside the breast on this view")


def edge_thinning(inside_mm: FloatImage, thickness_mm: float) -> FloatImage:
    """Attenuation missing at the rounded edge, where the breast is thinner than between the paddles."""
    reach = 0.35 * thickness_mm
    toward_edge = 1.0 - np.clip(inside_mm / reach, 0.0, 1.0)
    thin: FloatImage = (FAT_PER_MM * thickness_mm * (1.0 - np.sqrt(np.clip(1.0 - toward_edge**2, 0.0, None)))).astype(
        np.float32
    )
    return thin


def full_share(inside_mm: FloatImage, anatomy: Anatomy) -> FloatImage:
    """Share of the full thickness, so that tissue thins out with the breast."""
    share: FloatImage = np.clip(inside_mm / (0.2 * anatomy.thickness_mm), 0.0, 1.0)
    return share


def skin_path_mm(inside_mm: FloatImage) -> FloatImage:
    """Extra skin seen edge-on: most at the outer surface."""
    path: FloatImage = 4.0 * np.exp(-np.clip(inside_mm, 0.0, None) / np.float32(SKIN_MM))
    return path


def _calcium_mm(spec: MammogramSpec, marks_rc: FloatArray) -> FloatImage:
    marks = spec.calcifications
    return draw_specks(
        marks_rc,
        marks.diameters_mm,
        morphologies=marks.morphologies,
        seeds=marks.seeds,
        shape=(spec.rows, spec.columns),
        pixel_mm=spec.true_mm,
    )


def _phantom(
    spec: MammogramSpec,
    images: tuple[NDArray[np.uint16], NDArray[np.uint16]],
    marks_rc: FloatArray,
    breast: NDArray[np.bool_],
) -> MammogramPhantom:
    marks = spec.calcifications
    numbers = sorted(set(marks.clusters[marks.clusters >= 0].tolist()))
    extents = {number: view_extent_mm(marks.cluster(number), spec.view) for number in numbers}
    return MammogramPhantom(
        spec, *images, marks_rc, marks.diameters_mm, marks.morphologies, marks.clusters, breast, extents
    )
