"""The synthetic cohort against the cells the study printed, each typed from its tables (doi 10.21037/qims-22-1170).

Quartiles, standard deviations and correlations are computed here by other ways than the generator's.
"""

from __future__ import annotations

import csv
import statistics
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import f

from calcmeasure.cohort.columns import COHORT_COLUMNS
from calcmeasure.cohort.reading import read_cohort
from calcmeasure.model.pathology import Subtype
from calcmeasure.phantom.study.cohort import DEFAULT_SEED, study_cohort
from calcmeasure.phantom.study.files import write_study_cohort

SHIPPED = Path(__file__).parents[3] / "sample_dicom" / "study"

# Table 5, cm: extent, lesion and specimen after treatment; then ICC (low, high) of its columns a, b and c.
TABLE_5 = {
    "all": (
        ("2.8 (0.9 to 4.8)", "0.8 (0.0 to 1.5)", "0.4 (0.0 to 1.5)"),
        ("0.097 (-0.078 to 0.266)", "0.771 (0.689 to 0.833)", "0.140 (-0.035 to 0.306)"),
    ),
    "HR-/HER2+": (
        ("3.7 (2.0 to 5.2)", "0.0 (0.0 to 1.0)", "0.0 (0.0 to 0.2)"),
        ("0.161 (-0.243 to 0.517)", "0.757 (0.522 to 0.885)", "0.082 (-0.316 to 0.456)"),
    ),
    "HR+/HER2+": (
        ("2.9 (1.0 to 4.5)", "0.6 (0.0 to 1.1)", "0.2 (0.0 to 1.5)"),
        ("0.134 (-0.174 to 0.418)", "0.717 (0.531 to 0.837)", "0.149 (-0.159 to 0.430)"),
    ),
    "HR+/HER2-": (
        ("2.4 (0.6 to 4.7)", "1.2 (0.6 to 2.2)", "1.2 (0.5 to 2.5)"),
        # Printed is 0.175 (-0.118 to 0.441), which no 47 patients have.
        ("0.175 (-0.115 to 0.438)", "0.736 (0.570 to 0.844)", "0.255 (-0.032 to 0.503)"),
    ),
    "TN": (
        ("2.8 (1.5 to 6.1)", "1.0 (0.3 to 1.7)", "0.8 (0.0 to 1.6)"),
        ("-0.018 (-0.545 to 0.519)", "0.883 (0.662 to 0.963)", "0.065 (-0.484 to 0.577)"),
    ),
}

COUNTS = {
    # Table 1
    "regimen": {
        "chemotherapy": 65,
        "chemotherapy + targeted therapy": 60,
        "chemotherapy + endocrine therapy": 1,
        "endocrine therapy + targeted therapy": 1,
    },
    "histology": {"IDC": 116, "ILC": 1, "IDC+DCIS": 10},
    "surgery": {"breast-conserving": 24, "mastectomy": 103},
    "grade": {"1": 5, "2": 74, "3": 48},
    # Table 3
    "lesion_type_mg": {"calcifications": 36, "calcifications+mass": 91},
    "morphology_baseline": {
        "amorphous": 21,
        "coarse-heterogeneous": 15,
        "fine-pleomorphic": 53,
        "fine-linear": 38,
    },
    "distribution_baseline": {"diffuse": 2, "regional": 14, "grouped": 65, "segmental": 44, "linear": 2},
    "lesion_type_mri": {"mass": 103, "non-mass": 24},
}

# Table 4: no change, decrease, increase.
CHANGES = ("unchanged", "decrease", "increase")
TABLE_4 = {
    "CR": (22, 15, 5),
    "PR": (26, 32, 12),
    "SD": (8, 2, 5),
    "PD": (0, 0, 0),
    "MP 1": (1, 0, 0),
    "MP 2": (4, 1, 3),
    "MP 3": (18, 20, 13),
    "MP 4": (8, 7, 0),
    "MP 5": (25, 21, 6),
    "pCR": (25, 21, 6),
    "no pCR": (31, 28, 16),
    "none": (13, 15, 4),
    "invasive": (24, 27, 14),
    "invasive+dcis": (7, 1, 2),
    "dcis": (12, 6, 2),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The cohort as its seed gives it today."""
    out = tmp_path_factory.mktemp("study")
    write_study_cohort(out)
    return out


@pytest.fixture(scope="module")
def rows(folder):
    """Included patients as text."""
    with (folder / "cohort.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if not row["excluded"]]


@pytest.fixture(scope="module")
def cohort(folder):
    """The cohort as the program reads it."""
    return read_cohort(folder / "cohort.csv")


def quartiles_cm(values_mm):
    """Median (quartiles) with one decimal; quantiles of the inclusive sort of Hyndman and Fan's type 6 (SPSS)."""
    q1, median, q3 = statistics.quantiles(values_mm, n=4, method="exclusive")
    return f"{median / 10:.1f} ({q1 / 10:.1f} to {q3 / 10:.1f})"


def consistency(pairs):
    """ICC(C,1) and its interval from the mean squares of a two-way analysis of variance (McGraw and Wong 1996)."""
    values = np.asarray(pairs)
    n, k = values.shape
    between = k * ((values.mean(axis=1) - values.mean()) ** 2).sum() / (n - 1)
    residual = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    quantile = f.ppf(0.975, n - 1, (n - 1) * (k - 1))
    icc, low, high = ((r - 1) / (r + k - 1) for r in (between / error * q for q in (1, 1 / quantile, quantile)))
    return f"{icc:.3f} ({low:.3f} to {high:.3f})"


def of_group(cohort, name):
    return [row for row in cohort.included if name == "all" or row.subtype == name]


def sizes_mm(row):
    return row.imaging.extent_followup_mm, row.imaging.diameter_followup_mm, row.pathology.size_mm


def labels(row):
    """Lines of Table 4 that a patient belongs to."""
    complete = row.pathology.is_complete_response()
    return {str(row.imaging.response), f"MP {row.pathology.miller_payne:d}", str(row.pathology.residual),
            "pCR" if complete else "no pCR"}  # fmt: skip


def test_the_table_is_read_without_a_complaint(cohort):
    assert cohort.problems == ()
    assert len(cohort.included) == 127
    assert Counter(row.excluded for row in cohort.rows if row.excluded) == {
        "prior_cancer": 3, "distant_metastases": 2, "poor_image_quality": 2, "E_NO_PATHOLOGY": 2, "E_NO_FOLLOWUP": 2,
    }  # fmt: skip


def test_table_1_age(rows):
    ages = [float(row["age_years"]) for row in rows]
    assert f"{statistics.mean(ages):.1f} ± {statistics.stdev(ages):.1f}" == "49.9 ± 9.3"


@pytest.mark.parametrize("column", COUNTS)
def test_tables_1_and_3_count(rows, column):
    assert Counter(row[column] for row in rows) == COUNTS[column]


def test_tables_1_and_2_subtype_and_complete_response(cohort):
    found = Counter((str(row.subtype), row.pathology.is_complete_response()) for row in cohort.included)
    yes, no = (19, 21, 8, 4), (6, 21, 39, 9)
    assert found == {
        (str(subtype), complete): count
        for complete, counts in ((True, yes), (False, no))
        for subtype, count in zip(Subtype, counts, strict=True)
    }


def test_surgery_by_complete_response(cohort):
    found = Counter((row.clinical.surgery, row.pathology.is_complete_response()) for row in cohort.included)
    assert found["mastectomy", True] == 40, "40 of 103"
    assert found["breast-conserving", True] == 12, "12 of the 52 with complete response had conserving surgery"


def test_table_3_what_changed(rows):
    for kind in ("morphology", "distribution"):
        before, after = f"{kind}_baseline", f"{kind}_followup"
        changes = sorted((row[before], row[after]) for row in rows if row[before] != row[after])
        assert (
            changes
            == {
                "morphology": [("coarse-heterogeneous", "amorphous"), ("fine-pleomorphic", "coarse-heterogeneous")],
                "distribution": [("grouped", "diffuse")],
            }[kind]
        )


def test_table_3_lesions(cohort):
    assert Counter(row.imaging.n_lesions == 1 for row in cohort.included) == {True: 76, False: 51}
    assert sum(row.imaging.diameter_followup_mm == 0 for row in cohort.included) == 42


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("extent_baseline_mm", "3.3 (1.5 to 4.8)"),
        ("extent_followup_mm", "2.8 (0.9 to 4.8)"),
        ("diameter_baseline_mm", "2.9 (2.3 to 4.0)"),
        ("diameter_followup_mm", "0.8 (0.0 to 1.5)"),
    ],
)
def test_table_3_sizes(cohort, name, printed):
    assert quartiles_cm([getattr(row.imaging, name) for row in cohort.included]) == printed


@pytest.mark.parametrize("line", TABLE_4)
def test_table_4(cohort, line):
    found = Counter(str(row.imaging.extent_change) for row in cohort.included if line in labels(row))
    assert tuple(found[change] for change in CHANGES) == TABLE_4[line]


@pytest.mark.parametrize("name", TABLE_5)
def test_table_5(cohort, name):
    sizes = np.array([sizes_mm(row) for row in of_group(cohort, name)])
    assert tuple(quartiles_cm(list(column)) for column in sizes.T) == TABLE_5[name][0]
    agreement = tuple(consistency(sizes[:, pair]) for pair in ([0, 2], [1, 2], [0, 1]))
    assert agreement == TABLE_5[name][1]


def test_mri_against_the_specimen(cohort):
    found = Counter(
        (not row.pathology.is_complete_response(), row.imaging.diameter_followup_mm > 0) for row in cohort.included
    )
    assert found == {(True, True): 69, (True, False): 6, (False, True): 16, (False, False): 36}
    missed = [
        row for row in cohort.included if row.imaging.diameter_followup_mm == 0 and row.pathology.miller_payne < 5
    ]
    assert {row.subtype for row in missed} == {Subtype.LUMINAL}
    assert all(row.receptors.er for row in missed)
    assert all(row.pathology.residual.startswith("invasive") for row in missed)


def test_a_patient_is_consistent_with_itself(cohort):
    for row in cohort.included:
        assert (row.pathology.size_mm == 0) is (row.pathology.residual == "none")
        assert (row.imaging.diameter_followup_mm == 0) is (row.imaging.response == "CR")
        assert row.imaging.diameter_baseline_mm >= 8
        assert row.receptors.er or not row.receptors.pr


def test_columns_are_those_of_a_cohort_table(rows):
    assert tuple(rows[0]) == COHORT_COLUMNS


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="sample_dicom/ is not in this checkout")
@pytest.mark.parametrize("name", ["cohort.csv", "README.md"])
def test_shipped_files_are_what_the_seed_gives(folder, name):
    assert (SHIPPED / name).read_bytes() == (folder / name).read_bytes()


def test_readme_names_the_seed_and_every_correlation(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert f"--seed {DEFAULT_SEED}" in text
    lines = [line.strip("| ").split(" | ") for line in text.splitlines()]
    table = {line[0]: line[2:] for line in lines if line[0] in TABLE_5 and len(line) == 5}
    for name, (_, printed) in TABLE_5.items():
        assert [f"{float(value):.3f}" for value in table[name]] == [cell.split()[0] for cell in printed]


def test_another_seed_gives_other_patients_with_the_same_table(folder, tmp_path):
    other = read_cohort(write_study_cohort(tmp_path, seed=7))
    assert (tmp_path / "cohort.csv").read_bytes() != (folder / "cohort.csv").read_bytes()
    for name in TABLE_5:
        sizes = np.array([sizes_mm(row) for row in of_group(other, name)])
        assert tuple(quartiles_cm(list(column)) for column in sizes.T) == TABLE_5[name][0]
        assert tuple(consistency(sizes[:, pair]) for pair in ([0, 2], [1, 2], [0, 1])) == TABLE_5[name][1]


def test_identifiers_are_in_order_and_unique():
    identifiers = [row["patient_id"] for row in study_cohort(seed=3)]
    assert identifiers == sorted(set(identifiers))
