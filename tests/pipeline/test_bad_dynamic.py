"""Dynamic series as DICOM files that are not as they should be: a result, or a refusal with its code."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from calcmeasure.detect.contract import LesionFinding, LesionFindings
from calcmeasure.dicom.index import index_folder
from calcmeasure.errors import ErrorCode
from calcmeasure.pipeline import dynamic
from calcmeasure.pipeline.patient import analyse_patient
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import Flag, Laterality

PHASES, SHAPE = 4, (6, 32, 40)
LESION = (slice(2, 4), slice(10, 20), slice(12, 24))
SIGNAL = (100, 260, 240, 220)
"""Of the lesion, phase by phase; everything else stays at 100."""


@pytest.fixture(autouse=True)
def plain_detector(monkeypatch):
    """Finds what rises by 100 % from before contrast to the early phase, as one box."""

    def detect(image):
        percent = 100 * (image.early - image.pre) / np.maximum(image.pre, 1)
        inside = np.argwhere(percent > 100)
        whole = np.ones(image.grid.shape, bool)
        if not len(inside):
            return LesionFindings((), whole, percent)
        low, high = inside.min(axis=0), inside.max(axis=0) + 1
        (z, r0, c0), (_, r1, c1) = low, high
        outline = np.array([(z, r0, c0), (z, r1, c0), (z, r1, c1), (z, r0, c1)], float)
        mask = percent[tuple(map(slice, low, high))] > 100
        centre = tuple(float(v) for v in (low + high) / 2)
        place = (int(z), int(r0), int(c0))
        return LesionFindings((LesionFinding(mask, place, (outline,), Laterality.RIGHT, centre, 0.9),), whole, percent)

    monkeypatch.setattr(dynamic, "load_detector", lambda _name, *, kind: detect)


def signal(phase: int) -> np.ndarray:
    volume = np.full(SHAPE, 100)
    volume[LESION] = SIGNAL[phase]
    return volume


def header(phase: int, z: int) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", f"1.2.{phase + 1}.{z + 1}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = "1.3", "1.4", "1.5"
    dataset.PatientID, dataset.StudyDate, dataset.Modality = "P1", "20240301", "MR"
    dataset.ImageType, dataset.Manufacturer = ["ORIGINAL", "PRIMARY", "OTHER"], "SIEMENS"
    dataset.SeriesDescription, dataset.SeriesNumber, dataset.InstanceNumber = "dyn", "1", str(phase * SHAPE[0] + z + 1)
    dataset.AcquisitionTime = f"10{phase + (phase > 0):02d}00"
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = ["0", "0", str(2 * z)], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = ["1", "1"], "2"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    return dataset


def save(folder, dataset: Dataset, values: np.ndarray) -> None:
    dataset.Rows, dataset.Columns = values.shape
    dataset.PixelData = values.astype("<i2" if dataset.PixelRepresentation else "<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)


def write(folder, *, phases=range(PHASES), change=None, value=None, keep=None):
    """Write a series; `change` alters a header, `value` the stored values, `keep` says which images there are."""
    for phase in phases:
        volume = signal(phase) if value is None else value(phase, signal(phase))
        for z in range(SHAPE[0]):
            if keep is not None and not keep(phase, z):
                continue
            dataset = header(phase, z)
            if change is not None:
                change(dataset, phase, z)
            save(folder, dataset, volume[z])


def analyse(folder):
    index = index_folder([folder])
    found = [analyse_patient(patient, RunSettings()) for patient in index.patients]
    skipped = [*index.skipped, *(entry for analysis in found for entry in analysis.skipped)]
    rows = [row for analysis in found for row in analysis.measurements]
    return rows, {str(entry.code) for entry in skipped}


def measured_right(rows) -> bool:
    (row,) = rows
    return row.value_mm == pytest.approx(np.hypot(10, 12)) and row.early_percent == pytest.approx(140, abs=30)


def test_a_sound_series_is_measured(tmp_path):
    write(tmp_path)
    rows, codes = analyse(tmp_path)
    assert measured_right(rows)
    assert codes == set()


def test_one_phase_is_refused(tmp_path):
    write(tmp_path, phases=[1])
    rows, codes = analyse(tmp_path)
    assert (rows, codes) == ([], {"E_NOT_DYNAMIC"})


def test_phases_of_different_grids_are_no_series(tmp_path):
    def shifted(dataset, phase, z):
        if phase > 1:
            dataset.ImagePositionPatient = ["0", "0", str(2 * z + 0.9)]

    write(tmp_path, change=shifted)
    rows, codes = analyse(tmp_path)
    assert [row.value_mm for row in rows] in ([], [None])
    assert codes & {"E_GEOMETRY", "E_PHASE_AMBIGUOUS", "E_MISSING_SLICE", "E_NOT_DYNAMIC"}


def test_phases_of_another_matrix_are_left_out(tmp_path):
    def coarser(dataset, phase, z):
        if phase == 3:
            dataset.PixelSpacing = ["2", "2"]

    write(tmp_path, change=coarser)
    rows, codes = analyse(tmp_path)
    assert measured_right(rows)
    assert codes == {"E_NOT_DYNAMIC"}


def test_half_a_phase_missing_costs_that_phase(tmp_path):
    write(tmp_path, keep=lambda phase, z: phase != 2 or z < SHAPE[0] // 2)
    rows, codes = analyse(tmp_path)
    assert measured_right(rows)
    assert Flag.PHASE_DROPPED in rows[0].flags
    assert codes == {"E_MISSING_SLICE"}


def test_half_of_the_phase_before_contrast_missing_is_refused(tmp_path):
    write(tmp_path, keep=lambda phase, z: phase != 0 or z < SHAPE[0] // 2)
    rows, codes = analyse(tmp_path)
    assert [row.value_mm for row in rows] == [None]
    assert "E_NO_PRE_CONTRAST" in rows[0].flags
    assert codes == {"E_MISSING_SLICE", "E_NO_PRE_CONTRAST"}


def test_signal_that_wraps_around_is_refused(tmp_path):
    write(tmp_path, value=lambda _phase, volume: 100 * (volume + 540) % 65536)
    rows, codes = analyse(tmp_path)
    assert [row.value_mm for row in rows] == [None]
    assert codes == {"E_WRAPPED"}


def test_signal_up_to_the_end_of_its_range_is_measured(tmp_path):
    write(tmp_path, value=lambda _phase, volume: volume * 250)
    assert measured_right(analyse(tmp_path)[0])


def test_signed_data_are_measured(tmp_path):
    def signed(dataset, phase, z):
        dataset.PixelRepresentation, dataset.RescaleSlope, dataset.RescaleIntercept = 1, "1", "150"

    write(tmp_path, change=signed, value=lambda _phase, volume: volume - 150)
    assert measured_right(analyse(tmp_path)[0])


def test_another_rescale_per_phase_is_taken_into_account(tmp_path):
    def scaled(dataset, phase, z):
        dataset.RescaleSlope, dataset.RescaleIntercept = str(0.25 * (phase + 1)), str(-10 * phase)

    write(tmp_path, change=scaled, value=lambda p, volume: np.rint((volume + 10 * p) / (0.25 * (p + 1))))
    rows, codes = analyse(tmp_path)
    assert measured_right(rows)
    assert codes == set()


def test_a_rescale_that_some_phases_lack_is_refused(tmp_path):
    def scaled(dataset, phase, z):
        if phase:
            dataset.RescaleSlope, dataset.RescaleIntercept = "2", "0"

    write(tmp_path, change=scaled)
    rows, codes = analyse(tmp_path)
    assert [row.value_mm for row in rows] == [None]
    assert codes == {str(ErrorCode.SCALING)}


def test_a_liver_in_breath_hold_is_refused(tmp_path):
    def liver(dataset, phase, z):
        dataset.BodyPartExamined, dataset.SeriesDescription = "LIVER", "t1 vibe bh dyn"

    write(tmp_path, change=liver)
    rows, codes = analyse(tmp_path)
    assert [row.value_mm for row in rows] in ([], [None])
    assert str(ErrorCode.BODY_PART) in codes


def test_subtraction_images_among_the_phases_are_left_out(tmp_path):
    write(tmp_path)

    def subtracted(dataset, phase, z):
        dataset.SOPInstanceUID = f"1.9.{phase + 1}.{z + 1}"
        dataset.ImageType = ["DERIVED", "PRIMARY", "M", "SUB"]

    write(tmp_path, phases=[1, 2, 3], change=subtracted, value=lambda _p, volume: volume - 100)
    rows, codes = analyse(tmp_path)
    assert measured_right(rows)
    assert codes == {str(ErrorCode.DERIVED)}
