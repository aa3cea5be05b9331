"""What the synthetic patients have, before anything is drawn: a seed varies anatomy and sizes, never a category."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from calcmeasure.phantom.dataset import PatientInfo
from calcmeasure.phantom.dynamic.examination import DceSpec
from calcmeasure.phantom.dynamic.lesions import LesionKind, LesionSpec
from calcmeasure.phantom.dynamic.plan import Vendor
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.calcifications import (
    Calcifications,
    ClusterSpec,
    FloatArray,
    coarse_benign,
    extent_mm,
    grow_cluster,
    project,
    scattered_punctate,
    shrink_cluster,
    vascular_track,
)
from calcmeasure.phantom.mammogram.writer import GE_LIKE, HOLOGIC_LIKE, Calibration, MammographyVendor
from calcmeasure.terms import Distribution, ExtentChange, Laterality, Morphology, Response, View

TIMEPOINTS = ("baseline", "followup-1")
_BENIGN_GAP_MM = 14.0
_MR_SHAPE = (22, 104, 168)
_MR_SPACING_MM = (2.5, 1.15, 1.05)
_PHASE_STARTS_S = (-85.0, 50.0, 120.0, 190.0)


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """One time point of one patient.

    Parameters
    ----------
    affected, other
        Marks in the breast with the cluster, and in the other one.
    imager_mm, magnification
        Mammographic geometry of this visit.
    dce
        Examination to synthesise.
    """

    timepoint: str
    day: date
    affected: Calcifications
    other: Calcifications
    imager_mm: tuple[float, float]
    magnification: float
    dce: DceSpec


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """One patient: what is true, and how machines write it down.

    Parameters
    ----------
    laterality
        Side of the cluster and of the lesion.
    images_other_side
        Whether the normal breast is imaged too.
    extent_class, response
        True categories (the 10 % rule; the response by both lesion profiles).
    """

    person: PatientInfo
    laterality: Laterality
    breasts: tuple[BreastSpec, BreastSpec]
    visits: tuple[VisitPlan, VisitPlan]
    mammography: MammographyVendor
    calibration: Calibration
    mr_vendor: Vendor
    images_other_side: bool
    extent_class: ExtentChange
    response: Response
    summary: str

    @property
    def other_laterality(self) -> Laterality:
        """The side without cluster and lesion."""
        return Laterality.LEFT if self.laterality is Laterality.RIGHT else Laterality.RIGHT


@dataclass(frozen=True, slots=True)
class _Design:
    """One patient's row of the design table. Sizes in mm, baseline then follow-up."""

    number: int
    name: str
    laterality: Laterality
    extents_mm: tuple[float, float]
    lesions_mm: tuple[float, float]
    cluster: ClusterSpec
    lesion: LesionSpec
    mammography: MammographyVendor
    calibration: Calibration
    magnifications: tuple[float, float]
    imager_mm: tuple[tuple[float, float], tuple[float, float]]
    mr_vendor: Vendor
    images_other_side: bool
    extent_class: ExtentChange
    response: Response
    summary: str


_EVEN, _UNEVEN, _FINE = (0.10, 0.10), (0.10, 0.09), (0.09, 0.09)
_CLUSTER = ClusterSpec((27.0, 4.0, 2.0), 0.0, 48, diameter_mm=0.38, smallest_mm=0.28, rim_mm=0.45)
_DESIGNS = (
    _Design(
        1,
        "Phantom^Anna",
        Laterality.LEFT,
        (38.0, 19.0),
        (32.0, 15.5),
        replace(_CLUSTER, distribution=Distribution.SEGMENTAL, n_marks=56),
        LesionSpec(laterality=Laterality.LEFT, diameter_mm=32.0),
        HOLOGIC_LIKE,
        Calibration.FACTOR,
        (1.06, 1.05),
        (_UNEVEN, _EVEN),
        Vendor.GE,
        True,
        ExtentChange.DECREASE,
        Response.PR,
        "segmental fine pleomorphic calcifications that shrink; a mass that shrinks",
    ),
    _Design(
        2,
        "Phantom^Berta",
        Laterality.RIGHT,
        (40.0, 40.0),
        (25.0, 0.0),
        replace(_CLUSTER, distribution=Distribution.REGIONAL, n_marks=64, morphology=Morphology.COARSE_HETEROGENEOUS),
        LesionSpec(laterality=Laterality.RIGHT, diameter_mm=25.0, angle_deg=-20.0),
        GE_LIKE,
        Calibration.DISTANCES,
        (1.05, 1.05),
        (_EVEN, _EVEN),
        Vendor.SIEMENS,
        False,
        ExtentChange.UNCHANGED,
        Response.CR,
        "regional coarse heterogeneous calcifications that stay; a mass that disappears",
    ),
    _Design(
        3,
        "Phantom^Clara",
        Laterality.LEFT,
        (19.0, 34.0),
        (34.0, 32.5),
        replace(_CLUSTER, distribution=Distribution.LINEAR, n_marks=44, morphology=Morphology.FINE_LINEAR),
        LesionSpec(laterality=Laterality.LEFT, kind=LesionKind.NON_MASS, diameter_mm=34.0, angle_deg=10.0),
        HOLOGIC_LIKE,
        Calibration.CORRECTED,
        (1.07, 1.07),
        (_FINE, _FINE),
        Vendor.PHILIPS,
        True,
        ExtentChange.INCREASE,
        Response.SD,
        "fine linear calcifications that spread along a duct; non-mass enhancement that stays",
    ),
    _Design(
        4,
        "Phantom^Dora",
        Laterality.RIGHT,
        (22.0, 0.0),
        (20.0, 31.0),
        replace(_CLUSTER, distribution=Distribution.GROUPED, n_marks=36, morphology=Morphology.ROUND),
        LesionSpec(laterality=Laterality.RIGHT, diameter_mm=20.0, irregularity=0.1),
        GE_LIKE,
        Calibration.ABSENT,
        (1.0, 1.0),
        (_UNEVEN, _UNEVEN),
        Vendor.ENHANCED,
        False,
        ExtentChange.DECREASE,
        Response.PD,
        "grouped round calcifications that disappear; a mass that grows",
    ),
)


def plan_cohort(seed: int) -> tuple[PatientPlan, ...]:
    """Decide everything about the patients.

    Parameters
    ----------
    seed
        Varies tissue, noise, positions and sizes (by up to 5 %); categories stay what the design says.
    """
    return tuple(_plan_patient(design, seed) for design in _DESIGNS)


def _plan_patient(design: _Design, seed: int) -> PatientPlan:
    rng = np.random.default_rng([seed, design.number])
    scale = rng.uniform(0.95, 1.05)
    breasts = tuple(_breast(rng) for _ in range(2))
    marks = _affected_marks(design, scale, rng)
    other = _other_marks(design, rng)
    start = date(2024, design.number, 8 + 2 * design.number)
    visits = tuple(
        VisitPlan(
            timepoint,
            date.fromordinal(start.toordinal() + 147 * index),
            marks[index],
            other,
            design.imager_mm[index],
            design.magnifications[index],
            _dce(design, scale * design.lesions_mm[index], seed),
        )
        for index, timepoint in enumerate(TIMEPOINTS)
    )
    return PatientPlan(
        PatientInfo(f"CM-{design.number:04d}", design.name, date(1965 + 4 * design.number, 5, 17)),
        design.laterality,
        (breasts[0], breasts[1]),
        (visits[0], visits[1]),
        design.mammography,
        design.calibration,
        design.mr_vendor,
        design.images_other_side,
        design.extent_class,
        design.response,
        design.summary,
    )


def _breast(rng: np.random.Generator) -> BreastSpec:
    return BreastSpec(
        depth_mm=rng.uniform(55.0, 58.0),
        width_mm=rng.uniform(76.0, 80.0),
        thickness_mm=round(rng.uniform(42.0, 52.0)),
        density=rng.uniform(0.3, 0.45),
        seed=int(rng.integers(1 << 31)),
    )


def _affected_marks(design: _Design, scale: float, rng: np.random.Generator) -> tuple[Calcifications, Calcifications]:
    """Lay out marks at baseline and follow-up: the smaller group is the larger one with its outermost marks removed."""
    sizes = [scale * size for size in design.extents_mm]
    largest = grow_cluster(replace(design.cluster, extent_mm=max(sizes)), rng=rng)
    first, second = (shrink_cluster(largest, to_mm=size) for size in sizes)
    places = np.array([[38.0, -22.0, -6.0], [11.0, -27.0, 0.0], [20.0, 26.0, -2.0]])
    single = scattered_punctate(places[[_is_apart(place, largest) for place in places]], rng=rng)
    return first + single, second + single


def _is_apart(place_dlu: FloatArray, cluster: Calcifications) -> bool:
    """Whether a benign mark lies too far from the group to be taken for one of its members on either view."""
    return all(
        np.linalg.norm(project(cluster.positions_dlu, view) - project(place_dlu[None], view), axis=1).min()
        > _BENIGN_GAP_MM
        for view in (View.CC, View.MLO)
    )


def _other_marks(design: _Design, rng: np.random.Generator) -> Calcifications:
    """Benign findings of the normal breast."""
    if design.number == 1:
        return coarse_benign((30.0, 10.0, 6.0), diameter_mm=2.6, seed=int(rng.integers(1 << 31)))
    return vascular_track((14.0, -8.0, -6.0), length_mm=24.0, rng=rng)


def _dce(design: _Design, diameter_mm: float, seed: int) -> DceSpec:
    return DceSpec(
        shape=_MR_SHAPE,
        spacing_zrc_mm=_MR_SPACING_MM,
        phase_starts_s=_PHASE_STARTS_S,
        lesions=(replace(design.lesion, diameter_mm=diameter_mm),),
        anatomy_seed=seed * 10 + design.number,
    )


def true_extent_mm(visit: VisitPlan) -> float:
    """Extent of the cluster in the affected breast, the larger of CC and MLO; 0 when it is gone."""
    return extent_mm(visit.affected.cluster(0))
