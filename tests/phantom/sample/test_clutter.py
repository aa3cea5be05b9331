"""Files an index has to leave out are valid DICOM and say what they are."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date

import numpy as np
import pydicom
import pytest

from calcmeasure.phantom.dataset import PatientInfo, StudyInfo, UidFactory
from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce
from calcmeasure.phantom.dynamic.plan import Vendor
from calcmeasure.phantom.sample.clutter import write_projection, write_scout, write_subtraction

UIDS = UidFactory(2)
STUDY = StudyInfo(PatientInfo("CM-0009", "Phantom^Test"), UIDS("study"), date(2024, 1, 1))
WRITERS = {"LOCALIZER": write_scout, "SUBTRACTION": write_subtraction, "MIP": write_projection}


@pytest.fixture(scope="module")
def phantom():
    return synthesize_dce(DceSpec(shape=(10, 40, 60), spacing_zrc_mm=(6.0, 3.0, 3.0), lesions=()), rng=0)


@pytest.mark.parametrize(("kind", "count"), [("LOCALIZER", 3), ("SUBTRACTION", 6), ("MIP", 1)])
def test_kind_count_and_series(phantom, tmp_path, kind, count):
    paths = WRITERS[kind](phantom, tmp_path, study=STUDY, uids=UIDS, vendor=Vendor.GE)
    headers = [pydicom.dcmread(path) for path in paths]
    assert len(headers) == count
    assert {header.ImageType[2] for header in headers} == {kind}
    assert {header.ImageType[0] for header in headers} == {"ORIGINAL" if kind == "LOCALIZER" else "DERIVED"}
    assert len({header.SeriesInstanceUID for header in headers}) == 1
    assert len({header.SOPInstanceUID for header in headers}) == count
    assert {header.StudyInstanceUID for header in headers} == {STUDY.study_uid}


@pytest.mark.parametrize("kind", WRITERS)
def test_dciodvfy_finds_no_error(phantom, tmp_path, kind):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    for path in WRITERS[kind](phantom, tmp_path, study=STUDY, uids=UIDS, vendor=Vendor.SIEMENS):
        said = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in said.stdout + said.stderr


def test_subtraction_is_early_minus_pre_and_never_negative(phantom, tmp_path):
    paths = write_subtraction(phantom, tmp_path, study=STUDY, uids=UIDS, vendor=Vendor.GE)
    first = phantom.grid.shape[0] // 2 - 3
    early, pre = (phantom.phases[index, first].astype(int) for index in (phantom.still_phase, 0))
    np.testing.assert_array_equal(pydicom.dcmread(paths[0]).pixel_array, np.clip(early - pre, 0, None))
