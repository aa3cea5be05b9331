"""Header scan of a folder of MR slices beside its peers: files per second, medians of one run, same files, warm.

Usage: python benchmarks/bench_index.py [number of files] [repeats]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.scan import FoundFile, scan_files, walk_sources

SLICES, N_PRIVATE = 160, 60


def write_template(path: Path) -> tuple[bytes, bytes]:
    """One slice of about 120 elements, 60 of them private, with a sequence; returns its bytes and its UID."""
    data = Dataset()
    uid = "1.2.826.0.1.3680043.8.498.1000000000"
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", uid
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.826.0.1.1", "1.2.826.0.1.2"
    data.Modality, data.PatientID, data.PatientName, data.StudyDate = "MR", "P1", "Doe^Ann", "20200101"
    data.ImageType, data.SeriesDescription, data.Manufacturer = ["ORIGINAL", "PRIMARY", "M"], "T1 dyn", "SIEMENS"
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.3", "1.2.4"
    data.ReferencedImageSequence = [reference, reference]
    for i in range(40):
        data.add_new((0x0018, 0x9000 + 2 * i), "LO", f"value {i}")
    block = data.private_block(0x0019, "VENDOR BLOCK", create=True)
    for i in range(N_PRIVATE):
        block.add_new(i, "LO", f"private value {i}")
    data.AcquisitionTime, data.RepetitionTime, data.EchoTime = "101500.00", "5.1", "2.4"
    data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness = [1, 1], 1
    data.Rows = data.Columns = 320
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.PixelData = bytes(320 * 320 * 2)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, uid
    FileDataset(path, data, file_meta=meta, preamble=bytes(128)).save_as(path, enforce_file_format=True)
    return path.read_bytes(), uid.encode()


def write_folder(root: Path, n_files: int) -> None:
    raw, uid = write_template(root / "template")
    (root / "template").unlink()
    for i in range(n_files):
        series = root / f"series{i // SLICES:03d}"
        series.mkdir(exist_ok=True)
        text = raw.replace(uid, uid[:-10] + b"%010d" % (1000000000 + i))
        (series / f"{i:06d}").write_bytes(text.replace(b"1.2.826.0.1.2\0", b"1.2.826.0.1.%d\0" % (2 + i // SLICES % 7)))


def read_prefixes(files: list[FoundFile]) -> None:
    for file in files:
        descriptor = os.open(file.path, os.O_RDONLY)
        os.pread(descriptor, 8192, 0)
        os.close(descriptor)


def read_with_pydicom(files: list[FoundFile]) -> None:
    for file in files:
        pydicom.dcmread(file.path, stop_before_pixels=True)


def scan_with_sitk(root: Path) -> None:
    for folder in sorted(root.iterdir()):
        for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)):
            sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid)


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    n_files = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "study"
        root.mkdir()
        write_folder(root, n_files)
        files = [f for f in walk_sources([root]) if isinstance(f, FoundFile)]
        scan_files(files[:10])
        cache = Path(name) / "cache.sqlite"
        rows = {
            "raw pread of 8 kB (limit)": lambda: read_prefixes(files),
            "calcmeasure scan_files": lambda: scan_files(files),
            "calcmeasure index_folder": lambda: index_folder([root]),
            "pydicom stop_before_pixels": lambda: read_with_pydicom(files),
            "SimpleITK/GDCM series scan": lambda: scan_with_sitk(root),
        }
        times = {label: [] for label in [*rows, "index_folder, first, with cache", "index_folder, rescan"]}
        for _ in range(repeats):
            for label, work in rows.items():
                times[label].append(seconds(work))
            cache.unlink(missing_ok=True)
            times["index_folder, first, with cache"].append(seconds(lambda: index_folder([root], cache=cache)))
            times["index_folder, rescan"].append(seconds(lambda: index_folder([root], cache=cache)))
        ours = statistics.median(times["calcmeasure scan_files"])
        print(f"{len(files)} files, {len(list(pydicom.dcmread(files[0].path)))} elements each, {repeats} repeats")
        print("| method | files/s, median | time / scan_files |\n|---|---|---|")
        for label, values in times.items():
            median = statistics.median(values)
            print(f"| {label} | {len(files) / median:,.0f} | {median / ours:.2f} |")
        first = statistics.median(times["index_folder, first, with cache"])
        print(
            f"rescan is {first / statistics.median(times['index_folder, rescan']):.0f} times faster than the first index"
        )


if __name__ == "__main__":
    main()
