"""The written cohort: truth agrees with an independent look at the marks, files repeat, clutter is there."""

from __future__ import annotations

import csv
import hashlib
import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from calcmeasure.phantom.mammogram.calcifications import project
from calcmeasure.phantom.mammogram.exposure import synthesize_mammogram
from calcmeasure.phantom.sample import folder as sample
from calcmeasure.phantom.sample.folder import DEFAULT_SEED, mammogram_specs, noise_seed, write_patient
from calcmeasure.phantom.sample.plan import plan_cohort
from calcmeasure.phantom.sample.truth import CHANGE_COLUMNS, TrueChange
from calcmeasure.terms import Quantity, View

SHIPPED = Path(__file__).parents[3] / "sample_dicom"


def small(plan):
    """The same patient with a coarse MR examination, to be quick."""
    visits = tuple(
        replace(visit, dce=replace(visit.dce, shape=(12, 56, 84), spacing_zrc_mm=(5.0, 2.2, 2.1)))
        for visit in plan.visits
    )
    return replace(plan, visits=visits)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """A cohort of the patients whose exports differ most: Siemens (bare names) and Enhanced."""
    folder = tmp_path_factory.mktemp("cohort")
    plans = [small(plan) for plan in plan_cohort(5)[1::2]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "plan_cohort", lambda _seed: tuple(plans))
        done: list[str] = []
        written = sample.write_phantom_cohort(folder, seed=5, on_patient=done.append)
    assert done == ["CM-0002", "CM-0004"]
    return written


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_truth_equals_a_brute_force_look_at_the_marks(cohort):
    rows = {
        (row["patient_id"], row["timepoint"], row["view"]): float(row["value_mm"])
        for row in rows_of(cohort.folder / "truth_measurements.csv")
        if row["quantity"] == "calcification_extent"
    }
    for plan in plan_cohort(5)[1::2]:
        for visit, view in itertools.product(plan.visits, (View.CC, View.MLO)):
            points = project(visit.affected.cluster(0).positions_dlu, view).tolist()
            span = max((math.dist(a, b) for a, b in itertools.combinations(points, 2)), default=0.0)
            assert rows[plan.person.patient_id, visit.timepoint, view] == pytest.approx(span, abs=5e-4)


def test_truth_table_has_a_row_per_side_and_quantity_with_categories(cohort):
    rows = rows_of(cohort.folder / "truth.csv")
    assert tuple(rows[0]) == CHANGE_COLUMNS
    found = {
        (row["patient_id"], row["quantity"]): (row["paper-2023"], row["recist-1.1"], row["extent-10"]) for row in rows
    }
    assert found == {
        ("CM-0002", "calcification_extent"): ("unchanged", "", "unchanged"),
        ("CM-0002", "lesion_diameter"): ("CR", "CR", ""),
        ("CM-0004", "calcification_extent"): ("decrease", "", "decrease"),
        ("CM-0004", "lesion_diameter"): ("PD", "PD", ""),
    }
    for row in rows:
        change = 100 * (float(row["followup_mm"]) / float(row["baseline_mm"]) - 1)
        assert float(row["change_percent"]) == pytest.approx(change, abs=0.02)


def test_patient_extent_is_the_larger_view(cohort):
    for change in cohort.changes:
        values = [
            row.value_mm
            for row in cohort.measurements
            if (row.patient_id, row.quantity, row.timepoint) == (change.patient_id, change.quantity, "baseline")
        ]
        assert change.baseline_mm == max(values)


def test_every_truth_row_points_at_a_file(cohort):
    uids = {"sop": set(), "series": set()}
    for path in cohort.folder.rglob("*"):
        if path.is_file() and path.suffix not in {".csv", ".md", ".txt"}:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            uids["sop"].add(header.SOPInstanceUID)
            uids["series"].add(header.SeriesInstanceUID)
            assert header.PatientID in path.parts
    for row in cohort.measurements:
        kind = "sop" if row.quantity is Quantity.CALCIFICATION_EXTENT else "series"
        assert row.uid in uids[kind]


def test_clutter_lies_between_the_images(cohort):
    names = {path.name for path in cohort.folder.rglob("*") if path.is_file()}
    assert {"README.md", "export notes.txt", "localizer-1.dcm", "projection-1.dcm", "RCC"} <= names
    types = {
        path.name: pydicom.dcmread(path, stop_before_pixels=True).ImageType[2]
        for path in cohort.folder.rglob("other/*.dcm")
    }
    assert types["localizer-2.dcm"] == "LOCALIZER"
    assert types["projection-1.dcm"] == "MIP"
    assert "--seed 5" in (cohort.folder / "README.md").read_text(encoding="utf-8")


def test_same_seed_same_bytes(cohort, tmp_path):
    write_patient(small(plan_cohort(5)[3]), tmp_path, seed=5)
    for path in (tmp_path / "CM-0004").rglob("*"):
        if path.is_file():
            twin = cohort.folder / path.relative_to(tmp_path)
            assert _hash(path) == _hash(twin)


@pytest.mark.parametrize("change", [TrueChange("a", "L", Quantity.CALCIFICATION_EXTENT, "f", "", 0.0, 5.0, "", "", "")])
def test_change_from_nothing_has_no_percent(change):
    assert change.change_percent is None


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="sample_dicom/ is not in this checkout")
def test_shipped_sample_is_what_the_seed_gives():
    plan = plan_cohort(DEFAULT_SEED)[0]
    visit = plan.visits[1]
    spec = next(mammogram_specs(plan, visit))
    rng = noise_seed(DEFAULT_SEED, plan, visit.timepoint, spec.laterality, spec.view)
    phantom = synthesize_mammogram(spec, rng=rng)
    folder = SHIPPED / plan.person.patient_id / visit.day.isoformat() / "MG"
    for name, expected in (("LCC.dcm", phantom.presentation), ("LCC-raw.dcm", phantom.raw)):
        shipped = pydicom.dcmread(folder / name).pixel_array.astype(int)
        difference = np.abs(shipped - expected)
        # Another processor may round the last bit of a Fourier transform otherwise.
        assert (difference > 0).mean() < 1e-3
        assert difference[phantom.breast].mean() < 1e-2


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="sample_dicom/ is not in this checkout")
def test_shipped_truth_has_all_categories_and_is_small():
    rows = rows_of(SHIPPED / "truth.csv")
    assert {row["recist-1.1"] for row in rows} == {"", "CR", "PR", "SD", "PD"}
    assert {row["extent-10"] for row in rows} == {"", "increase", "decrease", "unchanged"}
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) < 40e6


def _hash(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
