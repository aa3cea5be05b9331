"""A cohort as the CSV table that `calcmeasure.cohort.reading` takes."""

from __future__ import annotations

import csv
import io

from calcmeasure.cohort.columns import COHORT_COLUMNS
from calcmeasure.cohort.row import Cohort, CohortRow
from calcmeasure.tables import as_text_cell


def cohort_csv(cohort: Cohort) -> str:
    """Write every row as one line of text, in the order of the cohort; the same cohort gives the same bytes.

    Categories are left out: they follow from the lengths and are computed anew when the table is read.

    Parameters
    ----------
    cohort
        Rows that count and rows that do not.

    Returns
    -------
    str
        CSV with a header, decimal points and line feeds; texts that would run as a formula begin with ``'``.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COHORT_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_record(row) for row in cohort.rows)
    return stream.getvalue()


def _record(row: CohortRow) -> dict[str, str]:
    imaging, receptors, result, clinical = row.imaging, row.receptors, row.pathology, row.clinical
    values: dict[str, object] = {
        "patient_id": row.patient_id,
        "laterality": row.laterality,
        "extent_baseline_mm": imaging.extent_baseline_mm,
        "extent_followup_mm": imaging.extent_followup_mm,
        "diameter_baseline_mm": imaging.diameter_baseline_mm,
        "diameter_followup_mm": imaging.diameter_followup_mm,
        "pathology_size_mm": result.size_mm,
        "miller_payne": result.miller_payne,
        "residual": result.residual,
        "er": receptors.er,
        "pr": receptors.pr,
        "her2": receptors.her2,
        "age_years": clinical.age_years,
        "regimen": clinical.regimen,
        "histology": clinical.histology,
        "grade": clinical.grade,
        "surgery": clinical.surgery,
        "lesion_type_mg": imaging.lesion_type_mg,
        "morphology_baseline": imaging.morphology_baseline,
        "morphology_followup": imaging.morphology_followup,
        "distribution_baseline": imaging.distribution_baseline,
        "distribution_followup": imaging.distribution_followup,
        "lesion_type_mri": imaging.lesion_type_mri,
        "n_lesions": imaging.n_lesions,
        "excluded": row.excluded,
    }
    return {column: _cell(value) for column, value in values.items()}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return as_text_cell(value)
    return str(int(value)) if isinstance(value, int) else repr(value)
