"""Shared DICOM modules: fixed identifiers, lossless pixels in every transfer syntax, the same bytes on every run."""

from __future__ import annotations

from datetime import date

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.phantom.dataset import (
    IMPLEMENTATION_UID,
    Equipment,
    PatientInfo,
    SeriesInfo,
    StudyInfo,
    Syntax,
    UidFactory,
    code_item,
    dicom_date,
    new_dataset,
    save,
    set_pixels,
)
from calcmeasure.terms import Modality, View

UIDS = UidFactory(3)
STUDY = StudyInfo(PatientInfo("CM-0009", "Phantom^Test"), UIDS("study"), date(2024, 2, 3), accession="A1")
SERIES = SeriesInfo(STUDY, UIDS("series"), 4, Modality.MR, Equipment("Maker", "Model"), description="d", protocol="p")
MR = "1.2.840.10008.5.1.4.1.1.4"


def image(frames: np.ndarray, *, bits_stored: int = 12) -> pydicom.Dataset:
    dataset = new_dataset(SERIES, sop_class_uid=MR, sop_uid=UIDS("image"), instance_number=2)
    set_pixels(dataset, frames, bits_stored=bits_stored)
    return dataset


@given(st.integers(), st.lists(st.one_of(st.text(max_size=8), st.integers()), max_size=4))
def test_uids_are_valid_and_repeatable(seed, labels):
    uid = UidFactory(seed)(*labels)
    assert uid == UidFactory(seed)(*labels)
    assert pydicom.uid.UID(uid).is_valid
    assert uid.startswith("2.25.")


def test_uids_differ_by_seed_and_by_where_labels_split():
    assert UidFactory(1)("a") != UidFactory(2)("a")
    assert UIDS("ab", "c") != UIDS("a", "bc")
    assert pydicom.uid.UID(IMPLEMENTATION_UID).is_valid


def test_patient_study_series_and_equipment_are_in_the_header():
    dataset = image(np.zeros((4, 5), np.uint16))
    expected = {
        "PatientID": "CM-0009",
        "PatientName": "Phantom^Test",
        "PatientBirthDate": "19700101",
        "PatientIdentityRemoved": "YES",
        "StudyInstanceUID": STUDY.study_uid,
        "StudyDate": "20240203",
        "StudyTime": "090000",
        "AccessionNumber": "A1",
        "SeriesInstanceUID": SERIES.series_uid,
        "SeriesNumber": 4,
        "SeriesTime": "090000",
        "ProtocolName": "p",
        "Modality": "MR",
        "Manufacturer": "Maker",
        "InstanceNumber": 2,
        "Rows": 4,
        "Columns": 5,
    }
    assert {keyword: dataset[keyword].value for keyword in expected} == expected


def test_series_time_and_missing_protocol():
    series = SeriesInfo(STUDY, UIDS("x"), 1, Modality.MG, Equipment("a", "b"), series_time="101112.5")
    dataset = new_dataset(series, sop_class_uid=MR, sop_uid=UIDS("i"), instance_number=1)
    assert dataset.SeriesTime == "101112.5"
    assert "ProtocolName" not in dataset


@pytest.mark.parametrize("syntax", list(Syntax), ids=lambda s: s.name)
@pytest.mark.parametrize("shape", [(33, 47), (3, 40, 41)], ids=["single", "multi-frame"])
def test_pixels_survive_every_transfer_syntax(tmp_path, syntax, shape):
    frames = np.random.default_rng(0).integers(0, 4096, shape, dtype=np.uint16)
    path = save(image(frames), tmp_path / "deep" / "image", syntax=syntax)
    read = pydicom.dcmread(path)
    assert read.file_meta.TransferSyntaxUID == syntax.value
    assert read.SOPInstanceUID == UIDS("image") == read.file_meta.MediaStorageSOPInstanceUID
    np.testing.assert_array_equal(read.pixel_array, frames)


@pytest.mark.parametrize("syntax", [Syntax.EXPLICIT_LE, Syntax.RLE, Syntax.JPEG_LS])
def test_signed_pixels_survive(tmp_path, syntax):
    frames = np.arange(-800, 800, dtype=np.int16).reshape(40, 40)
    read = pydicom.dcmread(save(image(frames), tmp_path / "s.dcm", syntax=syntax))
    assert read.PixelRepresentation == 1
    np.testing.assert_array_equal(read.pixel_array, frames)


def test_files_are_equal_byte_for_byte_and_have_a_zero_preamble(tmp_path):
    frames = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    first, second = (save(image(frames), tmp_path / name, syntax=Syntax.RLE) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes()[:132] == bytes(128) + b"DICM"


@pytest.mark.parametrize(
    ("frames", "bits", "message"),
    [
        (np.array([[4096]], np.uint16), 12, "range 0 to 4095"),
        (np.array([[-2049]], np.int16), 12, "range -2048 to 2047"),
        (np.zeros(4, np.uint16), 12, "dimensions"),
    ],
)
def test_pixels_that_do_not_fit_are_refused(frames, bits, message):
    with pytest.raises(ValueError, match=message):
        image(frames, bits_stored=bits)


def test_photometric_interpretation_said_before_is_kept():
    dataset = new_dataset(SERIES, sop_class_uid=MR, sop_uid=UIDS("i"), instance_number=1)
    dataset.PhotometricInterpretation = "MONOCHROME1"
    set_pixels(dataset, np.zeros((2, 2), np.uint16), bits_stored=12)
    assert dataset.PhotometricInterpretation == "MONOCHROME1"
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 12, 11)


def test_codes_and_dates():
    item = code_item(View.CC.code)
    assert (item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning) == ("399162004", "SCT", "cranio-caudal")
    assert dicom_date(date(1999, 12, 1)) == "19991201"


def test_compressed_syntaxes_are_told_apart():
    assert {s for s in Syntax if not s.is_compressed} == {Syntax.EXPLICIT_LE, Syntax.IMPLICIT_LE}
