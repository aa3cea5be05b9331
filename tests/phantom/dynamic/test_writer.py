"""Vendor-shaped dynamic MR files: what each layout says, what each trouble breaks, and that they are valid DICOM."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date, datetime

import numpy as np
import pydicom
import pytest

from calcmeasure.phantom.dataset import PatientInfo, StudyInfo, Syntax, UidFactory
from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce
from calcmeasure.phantom.dynamic.writer import MrWriteOptions, Trouble, Vendor, write_dce_study

UIDS = UidFactory(7)
STUDY = StudyInfo(PatientInfo("CM-9", "Phantom^Nine"), UIDS("CM-9", "mr"), date(2024, 3, 5), "092000")
CLASSIC = (Vendor.GE, Vendor.SIEMENS, Vendor.PHILIPS)
SLICES, PHASES = 4, 5


@pytest.fixture(scope="module")
def phantom():
    return synthesize_dce(DceSpec(shape=(SLICES, 32, 40), spacing_zrc_mm=(8.0, 4.0, 3.6), motion_mm=0.0), rng=1)


@pytest.fixture
def write(phantom, tmp_path):
    def write(vendor, *troubles, **options):
        chosen = MrWriteOptions(troubles=frozenset(troubles), **options)
        return write_dce_study(phantom, tmp_path, study=STUDY, uids=UIDS, vendor=vendor, options=chosen)

    return write


def _read(written):
    return [pydicom.dcmread(path) for path in written.paths]


@pytest.mark.parametrize(("vendor", "series"), [(Vendor.GE, 1), (Vendor.SIEMENS, PHASES), (Vendor.PHILIPS, 1)])
def test_files_and_series_of_a_vendor(write, vendor, series):
    written = write(vendor)
    assert len(written.paths) == len(set(written.sop_uids)) == SLICES * PHASES
    assert len(written.series_uids) == series
    datasets = _read(written)
    assert [str(d.SeriesInstanceUID) for d in datasets[:: SLICES * PHASES // series]] == list(written.series_uids)
    assert {d.FrameOfReferenceUID for d in datasets} == {written.frame_of_reference_uid}
    assert {d.StudyInstanceUID for d in datasets} == {STUDY.study_uid}


@pytest.mark.parametrize("vendor", CLASSIC)
def test_pixels_and_positions_come_back(write, phantom, vendor):
    for index, dataset in enumerate(_read(write(vendor))):
        phase, place = divmod(index, SLICES)
        np.testing.assert_array_equal(dataset.pixel_array, phantom.phases[phase, place])
        np.testing.assert_allclose(dataset.ImagePositionPatient, phantom.grid.to_lps((place, 0, 0)), atol=1e-5)
        np.testing.assert_allclose(dataset.PixelSpacing, phantom.grid.spacing.rc_mm)
    orientation = np.array(dataset.ImageOrientationPatient, dtype=float)
    np.testing.assert_allclose(np.cross(orientation[:3], orientation[3:]), phantom.grid.axes_lps[0], atol=1e-8)


def test_ge_tells_the_phase_in_every_way(write):
    datasets = _read(write(Vendor.GE))
    phases = [index // SLICES for index in range(len(datasets))]
    assert [d.TemporalPositionIdentifier - 1 for d in datasets] == phases
    assert [float(d.TriggerTime) for d in datasets[::SLICES]] == [0, 135000, 205000, 275000, 345000]
    assert datasets[0].AcquisitionTime == datasets[0].ContentTime == "092835.000"
    assert datasets[-1].AcquisitionTime == "093420.000"
    assert "ContrastBolusStartTime" not in datasets[0]


def test_siemens_has_one_time_per_series(write):
    datasets = _read(write(Vendor.SIEMENS))
    assert all("TriggerTime" not in d and "TemporalPositionIdentifier" not in d for d in datasets)
    times = [{d.AcquisitionTime for d in datasets[i : i + SLICES]} for i in range(0, len(datasets), SLICES)]
    assert all(len(t) == 1 for t in times)
    assert len(set.union(*times)) == PHASES
    assert len({d.ContentTime for d in datasets}) == len(datasets)
    assert {d.ContrastBolusStartTime for d in datasets} == {"093000.000"}
    assert [d.SeriesNumber for d in datasets[::SLICES]] == [5, 6, 7, 8, 9]


def test_philips_tells_the_time_by_trigger_only(write):
    datasets = _read(write(Vendor.PHILIPS))
    assert len({d.AcquisitionTime for d in datasets}) == len({d.ContentTime for d in datasets}) == 1
    assert len({d.TriggerTime for d in datasets}) == PHASES
    assert {d.NumberOfTemporalPositions for d in datasets} == {PHASES}
    assert float(datasets[0].TemporalResolution) == 70000


def test_enhanced_frames_carry_times_and_places(write, phantom):
    written = write(Vendor.ENHANCED)
    assert len(written.paths) == 1
    dataset = pydicom.dcmread(written.paths[0])
    frames = dataset.PerFrameFunctionalGroupsSequence
    assert dataset.NumberOfFrames == len(frames) == SLICES * PHASES
    np.testing.assert_array_equal(dataset.pixel_array.reshape(phantom.phases.shape), phantom.phases)
    injected = datetime(2024, 3, 5, 9, 30)
    for index, frame in enumerate(frames):
        phase, place = divmod(index, SLICES)
        content, timing = frame.FrameContentSequence[0], phantom.timings[phase]
        assert content.TemporalPositionIndex == phase + 1
        assert _seconds(content.FrameAcquisitionDateTime, injected) == timing.start_s
        assert _seconds(content.FrameReferenceDateTime, injected) == timing.centre_s
        assert content.FrameAcquisitionDuration == 1000 * timing.duration_s
        offset = frame.TemporalPositionSequence[0].TemporalPositionTimeOffset
        assert offset == timing.start_s - phantom.timings[0].start_s
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose(position, phantom.grid.to_lps((place, 0, 0)), atol=1e-5)
    profile = dataset.ContrastBolusAgentSequence[0].ContrastAdministrationProfileSequence[0]
    assert profile.ContrastBolusStartTime == "093000.000"


@pytest.mark.parametrize(("vendor", "asked"), [(Vendor.GE, True), (Vendor.SIEMENS, False)])
def test_bolus_time_can_be_asked_for(write, vendor, asked):
    datasets = _read(write(vendor, bolus_time=asked))
    assert all(("ContrastBolusStartTime" in d) is asked for d in datasets)


@pytest.mark.parametrize("syntax", list(Syntax))
def test_every_syntax_is_lossless(write, phantom, syntax):
    datasets = _read(write(Vendor.GE, syntax=syntax))
    assert {d.file_meta.TransferSyntaxUID for d in datasets} == {syntax.value}
    np.testing.assert_array_equal(datasets[-1].pixel_array, phantom.phases[-1, -1])


@pytest.mark.parametrize("vendor", Vendor)
def test_the_same_input_gives_the_same_bytes(write, vendor):
    first = [path.read_bytes() for path in write(vendor).paths]
    assert first == [path.read_bytes() for path in write(vendor).paths]


@pytest.mark.parametrize("vendor", Vendor)
def test_pre_and_rest_are_two_series(write, vendor):
    written = write(vendor, Trouble.PRE_AND_REST)
    assert len(written.series_uids) == 2
    owners = [str(d.SeriesInstanceUID) for d in _read(written)]
    assert owners.count(written.series_uids[0]) == (1 if vendor is Vendor.ENHANCED else SLICES)


def test_midnight_rolls_the_dates(write):
    datasets = _read(write(Vendor.GE, Trouble.MIDNIGHT))
    assert (datasets[0].AcquisitionDate, datasets[0].AcquisitionTime) == ("20240305", "235930.000")
    assert (datasets[-1].AcquisitionDate, datasets[-1].AcquisitionTime) == ("20240306", "000515.000")
    assert {d.StudyDate for d in datasets} == {"20240305"}


def test_midnight_without_dates(write):
    datasets = _read(write(Vendor.GE, Trouble.MIDNIGHT_WITHOUT_DATES))
    assert all("AcquisitionDate" not in d and d.ContentDate == "20240305" for d in datasets)
    assert datasets[-1].AcquisitionTime < datasets[0].AcquisitionTime


@pytest.mark.parametrize("vendor", CLASSIC)
def test_a_slice_is_missing_in_the_last_phase(write, vendor):
    written = write(vendor, Trouble.MISSING_SLICE)
    assert len(written.paths) == SLICES * PHASES - 1
    positions = [tuple(d.ImagePositionPatient) for d in _read(written)]
    assert sorted(positions.count(p) for p in set(positions)) == [PHASES - 1] + [PHASES] * (SLICES - 1)


@pytest.mark.parametrize("vendor", [Vendor.GE, Vendor.PHILIPS])
def test_the_first_image_has_no_trigger_time(write, vendor):
    datasets = _read(write(vendor, Trouble.NO_FIRST_TRIGGER))
    assert ["TriggerTime" in d for d in datasets] == [False] + [True] * (len(datasets) - 1)


def test_magnitude_and_phase_differ_in_image_type(write):
    datasets = _read(write(Vendor.SIEMENS, Trouble.MAGNITUDE_AND_PHASE))
    assert len(datasets) == 2 * SLICES * PHASES
    assert [d.ImageType[2] for d in datasets[:4]] == ["M", "P", "M", "P"]


def test_control_and_label_cannot_be_told_apart(write):
    first, second, *_ = _read(write(Vendor.PHILIPS, Trouble.CONTROL_AND_LABEL))
    different = {e.keyword for e in first if e.keyword not in second or second[e.keyword].value != e.value}
    assert different == {"SOPInstanceUID", "InstanceNumber", "PixelData"}


@pytest.mark.parametrize("vendor", CLASSIC)
def test_equal_times_tell_nothing(write, vendor):
    datasets = _read(write(vendor, Trouble.EQUAL_TIMES))
    for keyword in ("SeriesTime", "AcquisitionTime", "ContentTime", "TriggerTime"):
        assert len({str(d.get(keyword)) for d in datasets}) == 1


@pytest.mark.parametrize("vendor", CLASSIC)
def test_blank_times_tell_nothing(write, vendor):
    for dataset in _read(write(vendor, Trouble.BLANK_TIMES)):
        for keyword in ("SeriesTime", "AcquisitionTime", "ContentTime", "TriggerTime", "TemporalResolution"):
            assert not dataset.get(keyword)


def test_blank_times_of_enhanced_frames(write):
    dataset = pydicom.dcmread(write(Vendor.ENHANCED, Trouble.BLANK_TIMES).paths[0])
    content = dataset.PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0]
    assert "FrameAcquisitionDateTime" not in content
    assert "FrameReferenceDateTime" not in content


def test_shuffled_numbers_keep_everything_else(write):
    plain = [d.InstanceNumber for d in _read(write(Vendor.GE))]
    shuffled = [d.InstanceNumber for d in _read(write(Vendor.GE, Trouble.SHUFFLED_NUMBERS))]
    assert plain != shuffled
    assert sorted(plain) == sorted(shuffled)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")
@pytest.mark.parametrize("vendor", Vendor)
def test_files_follow_the_standard(write, phantom, tmp_path, vendor):
    """First and last file of every layout and of every trouble that does not break the standard on purpose."""
    broken = {Trouble.BLANK_TIMES} if vendor is Vendor.ENHANCED else set()
    paths = []
    for trouble in [None, *(t for t in Trouble if t not in broken)]:
        written = write(vendor, *([trouble] if trouble else []))
        copies = [written.paths[0], written.paths[-1]]
        paths += [shutil.copy(p, tmp_path / f"{trouble}-{n}.dcm") for n, p in enumerate(copies)]
    errors = {line for path in paths for line in _dciodvfy(path) if line.startswith("Error")}
    assert not errors


def _dciodvfy(path):
    result = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    return (result.stdout + result.stderr).splitlines()


def _seconds(text, since):
    return (datetime.strptime(str(text), "%Y%m%d%H%M%S.%f") - since).total_seconds()
