"""Load one phase of 160 slices: calcmeasure against SimpleITK's series reader and pydicom's pixel_array, in one run."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phases import sort_dynamic_series
from calcmeasure.dicom.volumes import load_phases
from timing import print_machine, print_times, take_times

SLICES, ROWS, COLUMNS = 160, 320, 320


def write_series(folder: Path, *, phases: int = 2) -> list[Path]:
    rng = np.random.default_rng(5)
    study, series, frame_of_reference = (generate_uid(entropy_srcs=[name]) for name in ("study", "series", "frame"))
    paths = []
    for phase in range(phases):
        for z in range(SLICES):
            dataset = Dataset()
            dataset.file_meta = FileMetaDataset()
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
            dataset.SOPInstanceUID = generate_uid(entropy_srcs=[f"{phase}-{z}"])
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
            dataset.FrameOfReferenceUID = frame_of_reference
            dataset.Modality, dataset.Manufacturer = "MR", "GE MEDICAL SYSTEMS"
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
            dataset.SeriesNumber, dataset.InstanceNumber = "5", str(phase * SLICES + z + 1)
            dataset.AcquisitionTime = f"1000{phase:02d}" if phases == 1 else f"10{2 * phase:02d}00"
            dataset.TemporalPositionIdentifier = str(phase + 1)
            dataset.ImagePositionPatient = ["-150", "-150", f"{z * 1.1:.4f}"]
            dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
            dataset.PixelSpacing, dataset.SliceThickness = ["0.9375", "0.9375"], "1.1"
            dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = ROWS, COLUMNS, 1
            dataset.PhotometricInterpretation = "MONOCHROME2"
            dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
            private = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
            for number in range(60):
                private.add_new(number, "LO", f"private value {number}")
            dataset.PixelData = rng.integers(0, 4096, (ROWS, COLUMNS), dtype=np.uint16).tobytes()
            path = folder / f"{phase}_{z:04d}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    with tempfile.TemporaryDirectory() as name:
        paths = write_series(Path(name))
        series = sort_dynamic_series([Header.read(path) for path in paths]).series[0]
        first = [str(frame.path) for frame in series.phases[0].frames]

        def ours() -> np.ndarray:
            return load_phases(series, indices=[0])[0]

        def with_sitk() -> sitk.Image:
            reader = sitk.ImageSeriesReader()
            reader.SetFileNames(first)
            return reader.Execute()

        def with_pydicom() -> np.ndarray:
            return np.stack([pydicom.dcmread(path).pixel_array for path in first])

        np.testing.assert_array_equal(ours(), with_pydicom().astype(np.float32))
        np.testing.assert_array_equal(ours(), sitk.GetArrayFromImage(with_sitk()).astype(np.float32))
        cases = {
            "calcmeasure load_phases": ours,
            "SimpleITK ImageSeriesReader": with_sitk,
            "pydicom pixel_array": with_pydicom,
            "limit: reading the bytes into one buffer": lambda: read_bytes(first),
            "limit: filling a new float32 array": lambda: np.empty((SLICES, ROWS, COLUMNS), np.float32).fill(0),
        }
        times = take_times(cases, repeats=repeats)
    print_machine("pydicom", "SimpleITK")
    print(f"one phase of {SLICES} x {ROWS} x {COLUMNS}, files in memory, {repeats} repeats; answers equal")
    print_times(times, own="calcmeasure load_phases")


def read_bytes(paths: list[str]) -> None:
    buffer = bytearray(2 * ROWS * COLUMNS + 8192)
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.preadv(descriptor, [buffer], 0)
        os.close(descriptor)


if __name__ == "__main__":
    main()
