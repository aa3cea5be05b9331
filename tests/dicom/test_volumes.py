from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phases import sort_dynamic_series
from calcmeasure.dicom.volumes import load_phases
from calcmeasure.errors import ErrorCode, PhaseError, PixelError

SHAPE = (2, 3, 8, 6)


def write(folder, *, syntax=ExplicitVRLittleEndian, signed=False, bits=12, slopes=None, private=None, vendor="GE"):
    """Two phases of three slices; returns stored values."""
    low = -(1 << (bits - 1)) if signed else 0
    stored = np.random.default_rng(3).integers(low, low + (1 << bits), SHAPE)
    for p in range(SHAPE[0]):
        for z in range(SHAPE[1]):
            dataset = Dataset()
            dataset.file_meta = FileMetaDataset()
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == RLELossless else syntax
            dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", f"1.2.{p + 1}{z + 1}"
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = "1.3", "1.4", "1.5"
            dataset.Modality, dataset.Manufacturer, dataset.SeriesNumber = "MR", vendor, "1"
            dataset.AcquisitionTime, dataset.InstanceNumber = f"10{p:02d}00", str(p * 3 + z + 1)
            dataset.ImagePositionPatient = ["0", "0", str(2 * z)]
            dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
            dataset.PixelSpacing, dataset.Rows, dataset.Columns = ["1", "1"], *SHAPE[2:]
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
            dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
            dataset.PixelRepresentation = int(signed)
            if slopes and slopes[p] is not None:
                dataset.RescaleSlope, dataset.RescaleIntercept = str(slopes[p]), "5"
            if private and private[p] is not None:
                block = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
                block.add_new(0x0E, "FL", private[p])
            order = ">i2" if syntax == ExplicitVRBigEndian else "<i2"
            dataset.PixelData = stored[p, z].astype(order if signed else order.replace("i", "u")).tobytes()
            dataset["PixelData"].VR = "OW"
            if syntax == RLELossless:
                dataset.compress(RLELossless)
            dataset.save_as(folder / f"{p}{z}.dcm", enforce_file_format=True)
    return stored


def series_in(folder):
    found = sort_dynamic_series([Header.read(path) for path in sorted(folder.rglob("*.dcm"))])
    (series,) = found.series
    return series


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
@pytest.mark.parametrize(("signed", "bits"), [(False, 12), (True, 12), (False, 16), (True, 16)])
def test_stored_values_in_every_encoding(tmp_path, syntax, signed, bits):
    stored = write(tmp_path, syntax=syntax, signed=signed, bits=bits)
    volume = load_phases(series_in(tmp_path), indices=[1, 0])
    assert volume.dtype == np.float32
    np.testing.assert_array_equal(volume, stored[[1, 0]])


def test_slopes_that_differ_between_phases_are_applied(tmp_path):
    stored = write(tmp_path, slopes=(1.0, 2.0))
    volume = load_phases(series_in(tmp_path), indices=[0, 1])
    np.testing.assert_array_equal(volume, np.stack([stored[0] + 5, 2 * stored[1] + 5]))


def test_private_attributes_before_the_pixels(tmp_path):
    stored = write(tmp_path, private=(1.0, 1.0))
    np.testing.assert_array_equal(load_phases(series_in(tmp_path), indices=[1]), stored[[1]])


@pytest.mark.parametrize("slopes", [(1.0, None), (1.0, 0.0), (1.0, -2.0)])
def test_unknown_scaling_is_refused(tmp_path, slopes):
    write(tmp_path, slopes=slopes)
    with pytest.raises(PhaseError) as caught:
        load_phases(series_in(tmp_path), indices=[0, 1])
    assert caught.value.code is ErrorCode.SCALING


def test_philips_scale_slope_brings_phases_to_one_scale(tmp_path):
    stored = write(tmp_path, slopes=(2.0, 4.0), private=(0.5, 0.5), vendor="Philips")
    volume = load_phases(series_in(tmp_path), indices=[0, 1])
    # signal = (stored * slope + 5) / (slope * scale slope), times the first image's 2.0 * 0.5
    expected = np.stack([(stored[0] * 2.0 + 5) / (2.0 * 0.5), (stored[1] * 4.0 + 5) / (4.0 * 0.5)])
    np.testing.assert_allclose(volume, expected, rtol=1e-6)


def test_philips_scale_slope_on_some_images_only_is_refused(tmp_path):
    write(tmp_path, slopes=(2.0, 4.0), private=(0.5, None), vendor="Philips")
    with pytest.raises(PhaseError) as caught:
        load_phases(series_in(tmp_path), indices=[0, 1])
    assert caught.value.code is ErrorCode.SCALING


def test_phase_the_series_does_not_have(tmp_path):
    write(tmp_path)
    with pytest.raises(PhaseError):
        load_phases(series_in(tmp_path), indices=[2])


@pytest.mark.parametrize("damage", ["gone", "cut", "size"])
def test_files_that_changed_since(tmp_path, damage):
    write(tmp_path)
    series = series_in(tmp_path)
    path = tmp_path / "01.dcm"
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        dataset = pydicom.dcmread(path)
        dataset.Rows, dataset.Columns = 6, 8
        dataset.save_as(path)
    with pytest.raises(PixelError):
        load_phases(series, indices=[0])


@pytest.fixture(scope="module")
def phantom():
    dce = pytest.importorskip("calcmeasure.phantom.dynamic.examination")
    spec = replace(dce.DceSpec(), shape=(6, 40, 64), spacing_zrc_mm=(10.0, 3.2, 3.0), lesions=())
    return dce.synthesize_dce(spec, rng=1)


@pytest.mark.parametrize("vendor", ["GE", "SIEMENS", "PHILIPS", "ENHANCED"])
@pytest.mark.parametrize("trouble", [None, "pre-and-rest", "midnight", "shuffled-numbers", "magnitude-and-phase"])
def test_phantom_round_trip(tmp_path, phantom, vendor, trouble):
    from calcmeasure.phantom import dataset
    from calcmeasure.phantom.dynamic import writer as mr_writer

    study = dataset.StudyInfo(dataset.PatientInfo(**_values(dataset.PatientInfo)), "1.2.3", date(2024, 3, 1))
    options = mr_writer.MrWriteOptions(troubles=frozenset({mr_writer.Trouble(trouble)} if trouble else ()))
    mr_writer.write_dce_study(
        phantom, tmp_path, study=study, uids=dataset.UidFactory(1), vendor=mr_writer.Vendor(vendor), options=options
    )
    series = series_in_kept(tmp_path)
    start = [t.start_s for t in phantom.timings]
    zero = 0.0 if series.time_zero == "injection" else start[1]
    assert [p.start_s for p in series.phases] == pytest.approx([s - zero for s in start], abs=0.01)
    assert series.first_post_contrast == 1
    assert series.grid.shape == phantom.grid.shape
    np.testing.assert_allclose(series.grid.steps_lps, phantom.grid.steps_lps, atol=1e-3)
    np.testing.assert_allclose(series.grid.origin_lps, phantom.grid.origin_lps, atol=1e-2)
    np.testing.assert_array_equal(load_phases(series, indices=range(len(start))), phantom.phases)


def series_in_kept(folder: Path):
    (series,) = sort_dynamic_series([Header.read(path) for path in sorted(folder.rglob("*.dcm"))]).series
    return series


def _values(kind):
    """Any text for fields without a default."""
    fields = [f for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING]
    return {f.name: "P1" if "id" in f.name else "A" for f in fields}
