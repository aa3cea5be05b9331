"""Everything a folder can hold that should not be there: each file gets its code, and nobody else's rows change."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pydicom
import pytest

from calcmeasure.errors import ErrorCode
from calcmeasure.terms import View
from program import calcmeasure, codes_by_name, table
from tiny_patients import BASELINE, FOLLOWUP, TinyPatient, write_dynamic, write_mammograms, write_patient

pytestmark = pytest.mark.timeout(900)  # a busy machine may need minutes for a whole run


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


hostile = _load("hostile_files")
EXPECTED = {
    "not_dicom": "E_NOT_DICOM",
    "zero_bytes": "E_NOT_DICOM",
    "truncated": "E_TRUNCATED",
    "unknown_syntax": "E_TRANSFER_SYNTAX",
    "lies_about_its_size": "E_SIZE_LIE",
    "codestream_bomb": "E_BOMB",
    "codestream_of_another_size": "E_SIZE_LIE",
    "deflate_bomb": "E_BOMB",
    "nested": "E_NESTING",
    "pipe": "E_UNREADABLE",
    "dangling_link": "E_UNREADABLE",
    "outward_link": "E_UNREADABLE",
    "no_uid": "E_NO_UID",
    "colour": "E_PHOTOMETRIC",
    "no_laterality": "E_LATERALITY",
    "no_spacing": "E_SPACING_UNKNOWN",
    "hostile_spacing": "E_SPACING_HOSTILE",
}


@pytest.fixture(scope="module")
def good_rows(tmp_path_factory):
    """The measurements of the good patient when nothing else is there."""
    root = tmp_path_factory.mktemp("good")
    write_patient(root / "in", TinyPatient("GOOD"))
    done = calcmeasure("run", root / "in", "--out", root / "out")
    assert done.returncode == 0, done.stderr
    return (root / "out" / "patients" / "GOOD.csv").read_bytes()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """One run over good patients and every kind of trouble; (source, out, finished command)."""
    root = tmp_path_factory.mktemp("mixed")
    source = root / "in"
    write_patient(source, TinyPatient("GOOD"))
    folder = write_patient(source, TinyPatient("MIXED", seed=2))
    _write_hostile(folder, good=folder / "MG" / f"{BASELINE}-CC.dcm")
    _write_identity_troubles(source)
    _write_incomplete(source)
    out = root / "out"
    return source, out, calcmeasure("run", source, "--out", out, "--jobs", 2, "-vv")


def _write_hostile(folder: Path, *, good: Path) -> None:
    for name in EXPECTED:
        getattr(hostile, name)(good, folder / f"{name}.dcm")
    hostile.write_dicomdir(folder)


def _write_identity_troubles(source: Path) -> None:
    """Two people under one identifier; one UID with two pictures."""
    write_mammograms(source / "TWO", TinyPatient("TWO", name="One^Person", seed=3), BASELINE)
    other = TinyPatient("TWO", name="Another^Woman", birth_date=date(1950, 5, 5), seed=3)
    write_mammograms(source / "TWO", other, FOLLOWUP)
    (first, _) = write_mammograms(source / "DUP", TinyPatient("DUP", seed=4), BASELINE)
    write_mammograms(source / "DUP", TinyPatient("DUP", seed=4), FOLLOWUP)
    changed = pydicom.dcmread(first)
    changed.PixelData = changed.PixelData[::-1]
    changed.save_as(first.with_name("other-pixels.dcm"))
    first.with_name("copy.dcm").write_bytes(first.with_name(f"{BASELINE}-MLO.dcm").read_bytes())


def _write_incomplete(source: Path) -> None:
    for day in (BASELINE, FOLLOWUP):
        write_mammograms(source / "ONEVIEW", TinyPatient("ONEVIEW", seed=5), day, views=(View.CC,))
    write_mammograms(source / "ONETIME", TinyPatient("ONETIME", seed=6), BASELINE)
    write_dynamic(source / "ONEPHASE", TinyPatient("ONEPHASE", seed=7), BASELINE, n_phases=1)
    write_mammograms(source / "ONEPHASE", TinyPatient("ONEPHASE", seed=7), BASELINE)


def rows_of(out: Path, patient_id: str, name: str = "measurements.csv") -> list[dict[str, str]]:
    return [row for row in table(out / name) if row["patient_id"] == patient_id]


def test_the_run_is_a_partial_success(mixed):
    _, _, done = mixed
    assert done.returncode == 5, done.stderr


def test_rows_of_the_others_are_unchanged(mixed, good_rows):
    _, out, _ = mixed
    assert (out / "patients" / "GOOD.csv").read_bytes() == good_rows


@pytest.mark.parametrize(("name", "code"), EXPECTED.items())
def test_every_bad_file_has_its_code(mixed, name, code):
    _, out, _ = mixed
    assert codes_by_name(out).get(f"{name}.dcm") == code


def test_the_good_images_beside_the_bad_ones_are_measured(mixed):
    _, out, _ = mixed
    rows = [r for r in rows_of(out, "MIXED") if r["value_mm"]]
    assert [(r["timepoint"], r["view"]) for r in rows if r["value_mm"]] == [
        ("baseline", "CC"),
        ("baseline", "MLO"),
        ("followup-1", "CC"),
        ("followup-1", "MLO"),
    ]
    (response,) = {r["category"] for r in rows_of(out, "MIXED", "responses.csv")}
    assert response == "unchanged"


def test_an_image_without_spacing_keeps_a_row_without_value(mixed):
    _, out, _ = mixed
    rows = [r for r in rows_of(out, "MIXED") if "E_SPACING" in r["flags"]]
    assert {r["flags"].split(";")[0] for r in rows} >= {"E_SPACING_UNKNOWN"}
    assert {(r["value_mm"], r["spacing_row_mm"]) for r in rows} == {("", "")}


def test_dicomdir_references_are_not_followed(mixed):
    _, out, _ = mixed
    assert codes_by_name(out)["DICOMDIR"] == "E_DICOMDIR"
    assert not any("PASSWD" in row["path"] for row in table(out / "skipped.csv"))


def test_two_people_under_one_identifier_are_not_compared(mixed):
    _, out, _ = mixed
    rows = rows_of(out, "TWO")
    assert rows
    assert all("E_PATIENT_CONFLICT" in row["flags"] for row in rows)
    assert all(row["value_mm"] == "" for row in rows)
    assert {r["category"] for r in rows_of(out, "TWO", "responses.csv")} <= {"not_comparable"}


def test_one_uid_with_two_pictures_is_not_used(mixed):
    _, out, _ = mixed
    codes = codes_by_name(out)
    assert codes["other-pixels.dcm"] == "E_UID_CONFLICT"
    skipped = {row["path"]: row["code"] for row in table(out / "skipped.csv")}
    assert "E_UID_CONFLICT" in {code for path, code in skipped.items() if path.endswith(f"DUP/{BASELINE}-CC.dcm")}
    assert [(r["timepoint"], r["view"]) for r in rows_of(out, "DUP")] == [
        ("baseline", "MLO"),
        ("followup-1", "CC"),
        ("followup-1", "MLO"),
    ]
    copies = [codes["copy.dcm"], codes.get(f"{BASELINE}-MLO.dcm")]
    assert "E_DUPLICATE" in copies


def test_one_view_is_said(mixed):
    _, out, _ = mixed
    (row,) = [r for r in rows_of(out, "ONEVIEW", "responses.csv") if r["criteria"] == "extent-10"]
    assert row["category"] == "unchanged"
    assert "one_view_only" in row["flags"]


def test_one_time_point_is_measured_and_not_scored(mixed):
    _, out, _ = mixed
    assert len(rows_of(out, "ONETIME")) == 2
    assert rows_of(out, "ONETIME", "responses.csv") == []
    assert codes_by_name(out)["ONETIME.csv"] == "E_NO_FOLLOWUP"
    (line,) = [row for row in table(out / "skipped.csv") if row["path"].endswith("patients/ONETIME.csv")]
    assert line["code"] == "E_NO_FOLLOWUP"


def test_one_phase_cannot_enhance(mixed):
    _, out, _ = mixed
    codes = {row["code"] for row in table(out / "skipped.csv") if "/ONEPHASE/" in row["path"]}
    assert codes <= {"E_NOT_DYNAMIC"}
    assert codes
    assert not [r for r in rows_of(out, "ONEPHASE") if r["modality"] == "MR" and r["value_mm"]]


def test_every_file_is_accounted_for(mixed):
    source, out, _ = mixed
    every = {p for p in source.rglob("*") if not p.is_dir() or p.is_symlink()}
    listed = [Path(row["path"]) for row in table(out / "skipped.csv")]
    assert len(set(listed)) == len(listed)
    measured = {r["sop_uid"] for r in table(out / "measurements.csv")}
    assert {p for p in every - set(listed) if pydicom.dcmread(p).SOPInstanceUID not in measured} == set()


def test_reasons_are_sentences_and_codes_are_known(mixed):
    _, out, _ = mixed
    for row in table(out / "skipped.csv"):
        assert row["code"] in set(map(str, ErrorCode))
        assert len(row["reason"].split()) >= 3, row
