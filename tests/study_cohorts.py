"""Cohorts for tests of a study: made row by row, or drawn at random with a seed."""

from __future__ import annotations

import numpy as np

from calcmeasure.cohort.row import Cohort, CohortRow, Imaging
from calcmeasure.model.pathology import PathologyResult, Receptors, Residual
from calcmeasure.response.criteria import load_profile
from calcmeasure.response.exact import micrometres
from calcmeasure.response.extent_change import classify_extent_change
from calcmeasure.terms import Laterality, Response

PROFILE = load_profile("paper-2023")
REASONS = ("previous_breast_cancer", "distant_metastases", "no_pathology", "poor_image_quality")
RECEPTORS = (Receptors(False, False, True), Receptors(True, True, True), Receptors(True, False, False),
             Receptors(False, False, False))  # fmt: skip


def row(
    patient: str,
    *,
    extent: tuple[float | None, float | None] = (33.0, 28.0),
    diameter: tuple[float | None, float | None] = (29.0, 8.0),
    size_mm: float | None = 4.0,
    receptors: Receptors = RECEPTORS[2],
    excluded: str = "",
) -> CohortRow:
    """One side with categories by the study's own criteria."""
    change = None
    if extent[0] is not None and extent[1] is not None:
        change = classify_extent_change(micrometres(extent[0]), micrometres(extent[1]), PROFILE.extent)
    residual = None if size_mm is None else Residual.INVASIVE if size_mm else Residual.NONE
    imaging = Imaging(*extent, *diameter, extent_change=change, response=_response(*diameter))
    return CohortRow(
        patient, Laterality.LEFT, imaging, receptors, PathologyResult(size_mm, None, residual), excluded=excluded
    )


def cohort(*rows: CohortRow) -> Cohort:
    return Cohort(rows, PROFILE.name, PROFILE.sha256)


def random_cohort(n: int = 127, *, excluded: int = 0, seed: int = 4) -> Cohort:
    """Many zeros, skewed sizes, an MRI that follows the specimen and a mammogram that does not."""
    rng = np.random.default_rng(seed)
    return cohort(*(_random_row(number, rng, excluded=number >= n) for number in range(n + excluded)))


def _random_row(number: int, rng: np.random.Generator, *, excluded: bool) -> CohortRow:
    size = 0.0 if rng.random() < 0.35 else round(float(rng.gamma(1.6, 9.0)), 1)
    before = round(float(rng.gamma(3.0, 10.0)) + 8.0, 1)
    seen = size if rng.random() < 0.8 else float(rng.gamma(1.5, 6.0))
    after = max(round(seen + float(rng.normal(0, 4.0)) * (size > 0), 1), 0.0)
    extent = round(float(rng.gamma(2.2, 15.0)) + 2.0, 1)
    grown = round(extent * float(np.clip(rng.normal(0.95, 0.35), 0.0, None)), 1) if rng.random() > 0.4 else extent
    grown = round(extent * float(rng.uniform(2.1, 3.4)), 1) if rng.random() < 0.03 else grown
    return row(
        f"S{number:03d}",
        extent=(extent, grown),
        diameter=(before, after),
        size_mm=size,
        receptors=RECEPTORS[int(rng.choice(4, p=(0.2, 0.33, 0.37, 0.1)))],
        excluded=str(rng.choice(REASONS)) if excluded else "",
    )


def _response(before: float | None, after: float | None) -> Response | None:
    if before is None or after is None:
        return None
    if not before:
        return Response.NE
    if not after:
        return Response.CR
    share = (after - before) / before
    return Response.PR if share < -0.3 else Response.PD if share > 0.2 else Response.SD
