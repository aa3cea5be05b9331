"""The cohort table that is written: read again it is the same cohort, and no cell of it runs in a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calcmeasure.cohort.categories import judged
from calcmeasure.cohort.columns import COHORT_COLUMNS
from calcmeasure.cohort.reading import read_cohort
from calcmeasure.cohort.row import Clinical, Cohort, CohortRow, Imaging
from calcmeasure.cohort.units import LengthUnit
from calcmeasure.cohort.writing import cohort_csv
from calcmeasure.model.pathology import MillerPayne, PathologyResult, Receptors, Residual
from calcmeasure.response.criteria import load_profile
from calcmeasure.tables import FORMULA_STARTS
from calcmeasure.terms import Distribution, Laterality, LesionType, Morphology

PROFILE = load_profile("paper-2023")

lengths = st.none() | st.floats(0, 400)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12).map(str.strip)
names = texts.filter(bool)
flags = st.sampled_from([None, False, True])


def optional(kind):
    return st.sampled_from([None, *kind])


@st.composite
def pathologies(draw):
    """Reports that do not contradict themselves."""
    residual = draw(optional(Residual))
    if residual is None:
        return PathologyResult(draw(lengths), draw(optional(MillerPayne)))
    grades = [MillerPayne.NO_INVASIVE_CELLS] if residual in ("none", "dcis") else list(MillerPayne)[:4]
    sizes = st.just(0.0) if residual is Residual.NONE else st.floats(0.5, 400)
    return PathologyResult(draw(st.none() | sizes), draw(optional(grades)), residual)


rows = st.builds(
    CohortRow,
    names,
    st.sampled_from([Laterality.LEFT, Laterality.RIGHT]),
    imaging=st.builds(
        Imaging,
        lengths,
        lengths,
        lengths,
        lengths,
        lesion_type_mg=st.sampled_from(["", "calcifications", "calcifications+mass"]),
        morphology_baseline=optional(Morphology),
        morphology_followup=optional(Morphology),
        distribution_baseline=optional(Distribution),
        distribution_followup=optional(Distribution),
        lesion_type_mri=optional(LesionType),
        n_lesions=st.none() | st.integers(0, 100),
    ).map(lambda imaging: judged(imaging, PROFILE)),
    receptors=st.builds(Receptors, flags, flags, flags),
    pathology=pathologies(),
    clinical=st.builds(Clinical, st.none() | st.floats(0, 120), texts, texts, st.sampled_from([None, 1, 2, 3]), texts),
    excluded=st.sampled_from(["", "E_NO_FOLLOWUP", "poor_image_quality"]),
)


def key(row):
    return (row.patient_id, row.laterality)


def cohort_of(some):
    return Cohort(tuple(sorted(some, key=key)), PROFILE.name, PROFILE.sha256)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(rows, min_size=1, max_size=4, unique_by=key))
def test_what_is_written_is_read_as_the_same_cohort(tmp_path, some):
    cohort = cohort_of(some)
    path = tmp_path / "cohort.csv"
    path.write_text(cohort_csv(cohort), encoding="utf-8", newline="")
    assert read_cohort(path, unit=LengthUnit.MM) == cohort
    assert cohort_csv(read_cohort(path, unit=LengthUnit.MM)) == cohort_csv(cohort)


@given(rows)
def test_no_text_begins_like_a_formula(row):
    (_, cells) = csv.reader(io.StringIO(cohort_csv(cohort_of([row]))))
    assert not [cell for cell in cells if cell.startswith(FORMULA_STARTS)]


def test_cells_of_a_row():
    row = CohortRow(
        "=1+1",
        Laterality.LEFT,
        imaging=replace(Imaging(), extent_baseline_mm=33.0, n_lesions=2),
        receptors=Receptors(er=True, pr=False),
        pathology=PathologyResult(0.0, MillerPayne.NO_INVASIVE_CELLS, Residual.DCIS),
    )
    (line,) = csv.DictReader(io.StringIO(cohort_csv(cohort_of([row]))))
    assert tuple(line) == COHORT_COLUMNS
    assert {column: cell for column, cell in line.items() if cell} == {
        "patient_id": "'=1+1", "laterality": "L", "extent_baseline_mm": "33.0", "pathology_size_mm": "0.0",
        "miller_payne": "5", "residual": "dcis", "er": "1", "pr": "0", "n_lesions": "2",
    }  # fmt: skip
