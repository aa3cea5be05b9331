"""What the study printed of its 127 patients: the cells a synthetic cohort has to reproduce.

Zhu et al., Quant Imaging Med Surg 2023;13(9):5593-5604, doi 10.21037/qims-22-1170. Lengths are in mm here, in cm there.
"""

from __future__ import annotations

from dataclasses import dataclass

from calcmeasure.model.pathology import Subtype
from calcmeasure.terms import Distribution, LesionType, Morphology

Quartiles = tuple[float, float, float]
"""Lower quartile, median and upper quartile."""

N_PATIENTS = 127

EXTENT_BASELINE: Quartiles = (15.0, 33.0, 48.0)
DIAMETER_BASELINE: Quartiles = (23.0, 29.0, 40.0)
AGE_MEAN, AGE_SD = 49.9, 9.3


@dataclass(frozen=True, slots=True)
class SizeTargets:
    """Sizes after treatment in one group (Table 5).

    Parameters
    ----------
    extent, diameter, pathology
        Quartiles of residual calcifications, of the enhancing lesion and of the residual tumour, mm.
    agreement
        Intraclass correlations of extent with pathology, diameter with pathology, and extent with diameter: values that
        give both the printed one and its printed interval. One interval, of extent and pathology in HR+/HER2-, follows
        from no value of all 47 patients; it fits 46, as no other interval of theirs does.
    """

    extent: Quartiles
    diameter: Quartiles
    pathology: Quartiles
    agreement: tuple[float, float, float]


ALL_SIZES = SizeTargets((9.0, 28.0, 48.0), (0.0, 8.0, 15.0), (0.0, 4.0, 15.0), (0.0970, 0.7707, 0.1397))
"""Of all patients."""
GROUP_SIZES = {
    Subtype.HER2_ENRICHED: SizeTargets((20.0, 37.0, 52.0), (0.0, 0.0, 10.0), (0.0, 0.0, 2.0), (0.1607, 0.7569, 0.0821)),
    Subtype.LUMINAL_HER2: SizeTargets((10.0, 29.0, 45.0), (0.0, 6.0, 11.0), (0.0, 2.0, 15.0), (0.1339, 0.7171, 0.1488)),
    Subtype.LUMINAL: SizeTargets((6.0, 24.0, 47.0), (6.0, 12.0, 22.0), (5.0, 12.0, 25.0), (0.1750, 0.73555, 0.2549)),
    Subtype.TRIPLE_NEGATIVE: SizeTargets(
        (15.0, 28.0, 61.0), (3.0, 10.0, 17.0), (0.0, 8.0, 16.0), (-0.0181, 0.8831, 0.0648)
    ),
}
"""Of each subtype."""

HISTOLOGY = {"IDC": 116, "ILC": 1, "IDC+DCIS": 10}
GRADES = {1: 5, 2: 74, 3: 48}
LESION_TYPES_MG = {"calcifications": 36, "calcifications+mass": 91}
MORPHOLOGY = {
    Morphology.AMORPHOUS: 21,
    Morphology.COARSE_HETEROGENEOUS: 15,
    Morphology.FINE_PLEOMORPHIC: 53,
    Morphology.FINE_LINEAR: 38,
}
MORPHOLOGY_CHANGES = {
    Morphology.FINE_PLEOMORPHIC: Morphology.COARSE_HETEROGENEOUS,
    Morphology.COARSE_HETEROGENEOUS: Morphology.AMORPHOUS,
}
"""One patient each."""
DISTRIBUTION = {
    Distribution.DIFFUSE: 2,
    Distribution.REGIONAL: 14,
    Distribution.GROUPED: 65,
    Distribution.SEGMENTAL: 44,
    Distribution.LINEAR: 2,
}
DISTRIBUTION_CHANGES = {Distribution.GROUPED: Distribution.DIFFUSE}
"""One patient; printed as cluster to scattered."""
LESION_TYPES_MRI = {LesionType.MASS: 103, LesionType.NON_MASS: 24}
LESIONS = {1: 76, 2: 27, 3: 16, 4: 8}
"""Single in 76; how the 51 multiple ones divide is printed nowhere."""
CONSERVED = {True: 12, False: 12}
"""Breast-conserving surgery with and without complete response: 24 in all, 40 of 103 mastectomies with it."""
CHEMOTHERAPY = "chemotherapy"
TARGETED = "chemotherapy + targeted therapy"
REGIMENS = {
    Subtype.HER2_ENRICHED: {TARGETED: 22, CHEMOTHERAPY: 3},
    Subtype.LUMINAL_HER2: {TARGETED: 38, CHEMOTHERAPY: 3, "endocrine therapy + targeted therapy": 1},
    Subtype.LUMINAL: {CHEMOTHERAPY: 46, "chemotherapy + endocrine therapy": 1},
    Subtype.TRIPLE_NEGATIVE: {CHEMOTHERAPY: 13},
}
"""Totals are printed; how they divide among subtypes is not, but only HER2+ tumours get targeted therapy."""
