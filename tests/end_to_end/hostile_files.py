"""Files that break the rules, each in its own way, made from one good mammogram."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, JPEG2000Lossless

Maker = Callable[[Path, Path], None]


def not_dicom(_good: Path, path: Path) -> None:
    path.write_text("a letter that lies in the folder", encoding="utf-8")


def zero_bytes(_good: Path, path: Path) -> None:
    path.write_bytes(b"")


def truncated(good: Path, path: Path) -> None:
    write(fresh(good, path.stem), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def unknown_syntax(good: Path, path: Path) -> None:
    dataset = fresh(good, path.stem)
    dataset.PixelData = encapsulate([b"\0" * 64])
    dataset["PixelData"].VR = "OB"
    write(dataset, path, syntax=JPEG2000Lossless)
    # The private syntax is of the same length as the one it replaces.
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.4.90", b"1.2.999.10008.1.2.4.77"))


def lies_about_its_size(good: Path, path: Path) -> None:
    dataset = fresh(good, path.stem)
    dataset.Rows = dataset.Rows * 2
    write(dataset, path)


def codestream_bomb(good: Path, path: Path) -> None:
    """Rows and Columns ask for 8 GiB; the JPEG 2000 stream holds a few bytes."""
    dataset = fresh(good, path.stem)
    dataset.Rows = dataset.Columns = 65535
    dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51" + b"\0" * 60])
    dataset["PixelData"].VR = "OB"
    write(dataset, path, syntax=JPEG2000Lossless)


def codestream_of_another_size(good: Path, path: Path) -> None:
    """The header tells a small image, the JPEG 2000 stream announces 60000 x 60000."""
    dataset = fresh(good, path.stem)
    size = b"".join(n.to_bytes(4, "big") for n in (60000, 60000, 0, 0, 60000, 60000, 0, 0))
    siz = b"\xff\x51\x00\x29\x00\x00" + size + b"\x00\x01\x0b\x01\x01"
    dataset.PixelData = encapsulate([b"\xff\x4f" + siz + b"\xff\x93" + b"\0" * 100 + b"\xff\xd9"])
    dataset["PixelData"].VR = "OB"
    write(dataset, path, syntax=JPEG2000Lossless)


def deflate_bomb(good: Path, path: Path) -> None:
    """300 MB of zeros in 300 kB."""
    dataset = fresh(good, path.stem)
    del dataset.PixelData
    write(dataset, path, syntax=DeflatedExplicitVRLittleEndian)
    head = path.read_bytes()
    start = 128 + 4 + 12 + int.from_bytes(head[140:144], "little")
    inside = zlib.decompress(head[start:], -zlib.MAX_WBITS)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeezer.compress(inside + b"\xe0\x7f\x10\x00OW\0\0" + (300_000_000).to_bytes(4, "little"))
    block = b"\0" * 1_000_000
    packed += b"".join(squeezer.compress(block) for _ in range(300)) + squeezer.flush()
    path.write_bytes(head[:start] + packed)


def nested(good: Path, path: Path) -> None:
    """Sequences inside sequences, three thousand deep."""
    write(fresh(good, path.stem), path)
    whole = path.read_bytes()
    start = 128 + 4 + 12 + int.from_bytes(whole[140:144], "little")
    opened = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    path.write_bytes(whole[:start] + opened * 3000 + closed * 3000 + whole[start:])


def pipe(_good: Path, path: Path) -> None:
    os.mkfifo(path)


def dangling_link(_good: Path, path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def outward_link(_good: Path, path: Path) -> None:
    path.symlink_to("/etc/hostname")


def no_uid(good: Path, path: Path) -> None:
    dataset = fresh(good, path.stem)
    del dataset.SOPInstanceUID
    write(dataset, path, whole=False)


def colour(good: Path, path: Path) -> None:
    dataset = fresh(good, path.stem)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.Rows, dataset.Columns = 100, 90
    dataset.PixelData = b"\x40" * (100 * 90 * 3)
    write(dataset, path)


def no_laterality(good: Path, path: Path) -> None:
    dataset = fresh(good, path.stem)
    for keyword in ("ImageLaterality", "Laterality", "PatientOrientation"):
        if keyword in dataset:
            delattr(dataset, keyword)
    write(dataset, path)


def no_spacing(good: Path, path: Path) -> None:
    dataset = fresh(good, path.stem)
    for keyword in ("ImagerPixelSpacing", "PixelSpacing", "EstimatedRadiographicMagnificationFactor"):
        if keyword in dataset:
            delattr(dataset, keyword)
    write(dataset, path)


def hostile_spacing(good: Path, path: Path) -> None:
    dataset = fresh(good, path.stem)
    dataset.ImagerPixelSpacing = [-0.1, 0.0]
    del dataset.EstimatedRadiographicMagnificationFactor
    write(dataset, path)


def fresh(good: Path, label: str) -> pydicom.FileDataset:
    """The good image under another SOP Instance UID."""
    dataset = pydicom.dcmread(good)
    dataset.SOPInstanceUID = f"2.25.{int.from_bytes(label.encode()[:12].ljust(12), 'big')}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def write(dataset: pydicom.FileDataset, path: Path, *, syntax: UID | None = None, whole: bool = True) -> None:
    if syntax is not None:
        dataset.file_meta.TransferSyntaxUID = syntax
    dcmwrite(path, dataset, enforce_file_format=whole)


def write_dicomdir(folder: Path) -> None:
    """A DICOMDIR whose only record points out of its folder."""
    record = Dataset()
    record.DirectoryRecordType = "IMAGE"
    record.ReferencedFileID = ["UP", "UP", "UP", "ETC", "PASSWD"]
    record.OffsetOfTheNextDirectoryRecord = record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.RecordInUseFlag = 0xFFFF
    dataset = Dataset()
    dataset.DirectoryRecordSequence = Sequence([record])
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.1.3.10")
    meta.MediaStorageSOPInstanceUID = UID("2.25.77")
    meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    dataset.file_meta = meta
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    (folder / "DICOMDIR").write_bytes(buffer.getvalue().replace(b"UP\\UP\\UP", b"..\\..\\.."))
