"""Header scan of a folder of MR slices beside its peers: files per processor second, one run, same files, in memory.

Usage: python benchmarks/bench_index.py [number of files] [repeats]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.scan import FoundFile, scan_files, walk_sources
from timing import print_machine, print_table, seconds

SLICES, PHASES, N_PRIVATE = 160, 6, 60
STUDY_UID, POSITION_MM, TIME = b"1.2.826.0.1.10", b"977.5", b"101500.00"
"""Values of the template that are replaced by others of the same length."""
TAGS = [
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "PatientID", "StudyDate",
    "ImageType", "SeriesDescription", "AcquisitionTime", "ImagePositionPatient", "ImageOrientationPatient",
    "PixelSpacing", "Rows", "Columns",
]  # fmt: skip


def write_template(path: Path) -> tuple[bytes, bytes]:
    """One slice of about 120 elements, 60 of them private, with a sequence; returns its bytes and its UID."""
    data = Dataset()
    uid = "1.2.826.0.1.3680043.8.498.1000000000"
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", uid
    data.StudyInstanceUID, data.SeriesInstanceUID = STUDY_UID.decode(), "1.2.826.0.1.2"
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
    data.AcquisitionTime, data.RepetitionTime, data.EchoTime = TIME.decode(), "5.1", "2.4"
    data.ImagePositionPatient, data.ImageOrientationPatient = ["0", "0", POSITION_MM.decode()], [1, 0, 0, 0, 1, 0]
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
        phase, position = divmod(i, SLICES)
        study, phase = divmod(phase, PHASES)
        series = root / f"series{i // SLICES:03d}"
        series.mkdir(exist_ok=True)
        text = raw.replace(uid, uid[:-10] + b"%010d" % (1000000000 + i))
        text = text.replace(STUDY_UID, STUDY_UID[:-2] + b"%02d" % (10 + study))
        text = text.replace(POSITION_MM, b"%05.1f" % position).replace(TIME, b"10%02d00.00" % (10 + 2 * phase))
        (series / f"{i:06d}").write_bytes(text)


def read_prefixes(files: list[FoundFile]) -> None:
    for file in files:
        descriptor = os.open(file.path, os.O_RDONLY)
        os.pread(descriptor, 8192, 0)
        os.close(descriptor)


def read_with_pydicom(files: list[FoundFile], *, tags: list[str] | None = None) -> None:
    for file in files:
        pydicom.dcmread(file.path, stop_before_pixels=True, specific_tags=tags)


def scan_with_sitk(root: Path) -> None:
    for folder in sorted(root.iterdir()):
        for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)):
            sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid)


def main() -> None:
    n_files = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "study"
        root.mkdir()
        write_folder(root, n_files)
        files = [f for f in walk_sources([root]) if isinstance(f, FoundFile)]
        cache = Path(name) / "cache.sqlite"
        scan_files(files[:10])
        cases = {
            "calcmeasure scan_files": lambda: scan_files(files),
            "calcmeasure index_folder": lambda: index_folder([root]),
            "index_folder, first, with cache": lambda: index_first(root, cache),
            "index_folder, rescan": lambda: index_folder([root], cache=cache),
            "limit: pread of 8 kB": lambda: read_prefixes(files),
            "pydicom stop_before_pixels": lambda: read_with_pydicom(files),
            "pydicom, specific_tags": lambda: read_with_pydicom(files, tags=TAGS),
            "SimpleITK/GDCM series scan": lambda: scan_with_sitk(root),
        }
        times = {label: [] for label in cases}
        for _ in range(repeats):
            for label, work in cases.items():
                times[label].append(seconds(work))
        n_elements = len(list(pydicom.dcmread(files[0].path)))
    print_machine("pydicom", "SimpleITK")
    print(f"{len(files)} files in memory, {n_elements} elements each, {repeats} repeats")
    scan, _, first, again = (statistics.median(values) for values in list(times.values())[:4])
    print_table(
        ("method", "files/s, median", "time / scan_files"),
        (
            (label, f"{len(files) / statistics.median(values):,.0f}", f"{statistics.median(values) / scan:.2f}")
            for label, values in times.items()
        ),
    )
    print(f"rescan is {first / again:.0f} times faster than the first index")


def index_first(root: Path, cache: Path) -> None:
    cache.unlink(missing_ok=True)
    index_folder([root], cache=cache)


if __name__ == "__main__":
    main()
