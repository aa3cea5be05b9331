from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from calcmeasure.dicom import index as index_module
from calcmeasure.dicom.identity import contradicts_person, name_keys
from calcmeasure.dicom.index import index_folder
from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import FolderIndex, Skipped
from calcmeasure.terms import Laterality, View

MG_CLASS = "1.2.840.10008.5.1.4.1.1.1.2"
MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"


class _FakeSorted:
    def __init__(self, headers):
        self.series = ()
        self.skipped = tuple(Skipped(h.path, ErrorCode.NOT_DYNAMIC, "fake") for h in headers)


@pytest.fixture(autouse=True)
def _no_phases(request, monkeypatch):
    """Phases have their own tests: every MR slice handed over comes back as not dynamic."""
    if "realdata" not in request.keywords:
        monkeypatch.setattr(index_module, "sort_dynamic_series", _FakeSorted)


def write_image(path: Path, *, seed: str, modality: str = "MG", value: int = 1, **attributes: object) -> Path:
    """Write a tiny 4 x 4 image; UIDs follow from `seed`."""
    dataset = Dataset()
    dataset.SOPClassUID = MG_CLASS if modality == "MG" else MR_CLASS
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["instance", seed])
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study", seed])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", seed])
    dataset.Modality, dataset.PatientID, dataset.StudyDate = modality, "P1", "20200101"
    dataset.PatientName, dataset.ImageType = "Doe^Ann", ["ORIGINAL", "PRIMARY"]
    dataset.Rows = dataset.Columns = 4
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    if modality == "MG":
        dataset.ImageLaterality, dataset.ViewPosition = "R", "CC"
    dataset.PixelData = bytes([value]) * 32
    for keyword, content in attributes.items():
        setattr(dataset, keyword, content)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    FileDataset(path, dataset, file_meta=meta, preamble=b"\0" * 128).save_as(path, enforce_file_format=True)
    return path


def codes(index: FolderIndex) -> dict[str, str]:
    return {s.path.name: str(s.code) for s in index.skipped}


def used_paths(index: FolderIndex) -> list[Path]:
    studies = [s for p in index.patients for s in p.studies]
    paths = [m.image.path for s in studies for m in s.mammograms]
    frames = {f.path for s in studies for d in s.dynamic_series for phase in d.phases for f in phase.frames}
    return paths + sorted(frames)


def test_every_file_is_used_or_skipped_once(tmp_path):
    write_image(tmp_path / "deep" / "er" / "no_extension", seed="a")
    write_image(tmp_path / "slice.ima", seed="b", modality="MR")
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "empty.dcm").write_bytes(b"")
    index = index_folder([tmp_path])
    assert codes(index) == {"slice.ima": "E_NOT_DYNAMIC", "notes.txt": "E_NOT_DICOM", "empty.dcm": "E_NOT_DICOM"}
    assert index.counts == {"seen": 4, "used": 1, "skipped": 3, "cached": 0}
    assert [p.name for p in used_paths(index)] == ["no_extension"]


def test_studies_become_time_points_of_one_patient(tmp_path):
    write_image(tmp_path / "late", seed="b", StudyDate="20200701")
    write_image(tmp_path / "early", seed="a", StudyDate="20200101")
    (patient,) = index_folder([tmp_path]).patients
    assert [(str(s.study_date), s.timepoint) for s in patient.studies] == [
        ("2020-01-01", "baseline"),
        ("2020-07-01", "followup-1"),
    ]
    image = patient.studies[0].mammograms[0]
    assert (image.laterality, image.view, image.usable) == (Laterality.RIGHT, View.CC, True)


def test_result_does_not_depend_on_jobs_or_sources_given_twice(tmp_path, monkeypatch):
    monkeypatch.setattr("calcmeasure.dicom.scan.CHUNK_FILES", 2)
    for i in range(6):
        write_image(tmp_path / f"{i}", seed=str(i), PatientID=f"P{i % 3}")
    steps = []
    one = index_folder([tmp_path], on_progress=lambda done, total: steps.append((done, total)))
    assert index_folder([tmp_path, tmp_path], jobs=2) == one
    assert steps == [(2, 6), (4, 6), (6, 6)]


def test_missing_source_is_reported(tmp_path):
    index = index_folder([tmp_path / "nowhere"])
    assert codes(index) == {"nowhere": "E_UNREADABLE"}


def test_exact_copy_is_dropped_and_a_different_twin_quarantines_both(tmp_path):
    write_image(tmp_path / "a1", seed="a")
    shutil.copy(tmp_path / "a1", tmp_path / "a2")
    write_image(tmp_path / "b1", seed="b")
    write_image(tmp_path / "b2", seed="b", value=2)
    index = index_folder([tmp_path])
    assert codes(index) == {"a2": "E_DUPLICATE", "b1": "E_UID_CONFLICT", "b2": "E_UID_CONFLICT"}
    assert [p.name for p in used_paths(index)] == ["a1"]


def test_two_people_under_one_id_are_flagged(tmp_path):
    write_image(tmp_path / "a", seed="a", PatientBirthDate="19500101")
    write_image(tmp_path / "b", seed="b", PatientBirthDate="19610101", StudyDate="20210101")
    (patient,) = index_folder([tmp_path]).patients
    assert all("E_PATIENT_CONFLICT" in s.flags for s in patient.studies)


def test_same_id_of_two_issuers_and_blank_ids_stay_apart(tmp_path):
    write_image(tmp_path / "a", seed="a", IssuerOfPatientID="ONE")
    write_image(tmp_path / "b", seed="b", IssuerOfPatientID="TWO")
    write_image(tmp_path / "c", seed="c", PatientID="")
    write_image(tmp_path / "d", seed="d", PatientID="")
    patients = index_folder([tmp_path]).patients
    assert len(patients) == 4
    assert len({p.key.casefold() for p in patients}) == 4


def test_undated_study_is_flagged(tmp_path):
    write_image(tmp_path / "a", seed="a", StudyDate="")
    assert index_folder([tmp_path]).patients[0].studies[0].flags == ("no_study_date",)


def test_both_presentations_of_an_exposure_are_kept_and_one_set_aside(tmp_path):
    shared = {"StudyInstanceUID": "1.2.3", "AcquisitionTime": "101500", "AcquisitionDate": "20200101"}
    write_image(tmp_path / "raw", seed="a", PresentationIntentType="FOR PROCESSING", **shared)
    write_image(tmp_path / "view", seed="b", PresentationIntentType="FOR PRESENTATION", **shared)
    (study,) = index_folder([tmp_path]).patients[0].studies
    assert {m.image.path.name: m.usable for m in study.mammograms} == {"raw": False, "view": True}


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        (("P1", ""), "P1"),
        (("../../etc/passwd", ""), "etc_passwd-"),
        (("..", ""), "patient-"),
        (("a b", ""), "a_b-"),
        (("Ä", ""), "patient-"),
    ],
)
def test_keys_are_safe_file_names(identity, key):
    found = name_keys([identity])[identity]
    assert found.startswith(key)
    assert "/" not in found
    assert ".." not in found
    assert not found.startswith((".", "-"))


def test_keys_are_unique_and_do_not_depend_on_the_others_when_unchanged():
    keys = name_keys([("a", ""), ("A", ""), ("a/", ""), ("b", "")])
    assert len({k.casefold() for k in keys.values()}) == 4
    assert keys["b", ""] == "b"


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [
        ({"PatientName": "Doe^Ann"}, {"PatientName": "DOE^ANN^M"}, False),
        ({"PatientName": "Doe^Ann"}, {"PatientName": ""}, False),
        ({"PatientName": "Doe^Ann"}, {"PatientName": "Roe^Eve"}, True),
        ({"PatientBirthDate": "19500101"}, {"PatientBirthDate": ""}, False),
        ({"PatientSex": "F"}, {"PatientSex": "M"}, True),
    ],
)
def test_contradictions_between_headers(first, second, conflict, tmp_path):
    from calcmeasure.dicom.header import Header

    headers = [Header(tmp_path, "", {k: (v,) for k, v in each.items()}) for each in (first, second)]
    assert contradicts_person(headers) is conflict


@pytest.mark.realdata
def test_public_data_is_accounted_for(realdata):
    index = index_folder([realdata])
    files = [Path(folder) / name for folder, _, names in os.walk(realdata) for name in names]
    everything = [*used_paths(index), *(s.path for s in index.skipped)]
    assert sorted(everything) == sorted(files)
    by_path = {s.path.relative_to(realdata).as_posix(): s.code for s in index.skipped}
    assert by_path["ispy1_seg/MR_UnspecifiedLength.dcm"] == ErrorCode.SEGMENTATION
    assert by_path["sr_tid1500/rsna2018_dataset4/1.dcm"] == ErrorCode.NOT_IMAGE
    assert by_path["messy_dicom/MR_truncated.dcm"] in (ErrorCode.DERIVED, ErrorCode.TRUNCATED)
    assert all(c == ErrorCode.DICOMDIR for p, c in by_path.items() if Path(p).name == "DICOMDIR")
    assert {c for p, c in by_path.items() if p.startswith("unusable_phase_times/mr_0007/") and "axial" in p} == {
        ErrorCode.TIME_UNKNOWN
    }
    images = {m.image.path.name: m for p in index.patients for s in p.studies for m in s.mammograms}
    assert set(images) == {"MG1_J2KI", "MG1_JPLY", "MG_Explicit_Little.dcm"}
    assert images["MG1_J2KI"].spacing is None
    assert (images["MG1_J2KI"].laterality, images["MG1_J2KI"].view) == (Laterality.LEFT, View.MLO)
    assert (images["MG_Explicit_Little.dcm"].laterality, images["MG_Explicit_Little.dcm"].view) == (
        Laterality.RIGHT,
        View.CC,
    )


@pytest.mark.parametrize(
    ("body_part", "expected"),
    [
        ("", True),
        ("BREAST", True),
        ("breast", True),
        ("CHEST", True),
        ("LEFT BREAST", True),
        ("BRAIN", False),
        ("KNEE", False),
    ],
)
def test_only_a_stated_other_body_part_speaks_against_the_breast(body_part, expected, tmp_path):
    from calcmeasure.dicom.header import Header
    from calcmeasure.dicom.objects import shows_breast

    assert shows_breast(Header(tmp_path, "", {"BodyPartExamined": (body_part,)})) is expected
