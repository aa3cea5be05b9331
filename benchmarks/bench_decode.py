"""Decode one mammogram-sized frame per transfer syntax, beside pydicom's default, in one run.

Run: ``python benchmarks/bench_decode.py``. Prints the median of five decodes each, file reading included.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pydicom
from pydicom import uid

from calcmeasure.dicom.codecs import decode_frames
from timing import print_machine, print_table, take_times

SHAPE = (3328, 2560)
SYNTAXES = [
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.RLELossless,
    uid.JPEGLSLossless,
    uid.JPEG2000Lossless,
    uid.HTJ2KLossless,
    uid.JPEGLosslessSV1,
]


def picture() -> np.ndarray:
    rng = np.random.default_rng(7)
    smooth = np.add.outer(np.linspace(0, 1800, SHAPE[0]), np.linspace(0, 1500, SHAPE[1]))
    return (smooth + rng.normal(100, 8, SHAPE)).clip(0, 4095).astype(np.uint16)


def write(frame: np.ndarray, path: Path, syntax: uid.UID) -> None:
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.2", "1.2.3"
    ds.PhotometricInterpretation, ds.SamplesPerPixel, ds.PixelRepresentation = "MONOCHROME2", 1, 0
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = *frame.shape, 16, 12, 11
    ds.PixelData = frame.tobytes()
    ds["PixelData"].VR = "OW"
    if syntax == uid.ExplicitVRBigEndian:
        ds.PixelData = frame.astype(">u2").tobytes()
        ds.file_meta.TransferSyntaxUID = syntax
    elif syntax in (uid.HTJ2KLossless, uid.JPEGLosslessSV1):
        encapsulate(ds, frame, syntax)
    elif syntax.is_encapsulated:
        ds.compress(syntax, generate_instance_uid=False)
    ds.save_as(path, enforce_file_format=True)


def encapsulate(ds: pydicom.Dataset, frame: np.ndarray, syntax: uid.UID) -> None:
    import imagecodecs

    is_jpeg = syntax == uid.JPEGLosslessSV1
    stream = imagecodecs.ljpeg_encode(frame, bitspersample=12) if is_jpeg else imagecodecs.htj2k_encode(frame)
    ds.PixelData = pydicom.encaps.encapsulate([stream])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = syntax


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    frame = picture()
    for syntax in SYNTAXES:
        path = folder / f"{syntax}.dcm"
        write(frame, path, syntax)
        np.testing.assert_array_equal(decode_frames(path)[0], frame)
        np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, frame)
        cases = {"own": partial(decode_frames, path), "pydicom": partial(decode_with_pydicom, path)}
        own, peer = (1e3 * median(values) for values in take_times(cases, repeats=5).values())
        yield syntax.name, f"{path.stat().st_size / 1e6:.1f}", f"{own:.0f}", f"{peer:.0f}", f"{peer / own:.2f}"
        path.unlink()


def decode_with_pydicom(path: Path) -> np.ndarray:
    return pydicom.dcmread(path).pixel_array


def main() -> None:
    print_machine("pydicom", "imagecodecs")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        columns = (f"one {SHAPE[0]} x {SHAPE[1]} frame, 12 bit", "MB", "calcmeasure ms", "pydicom ms", "ratio")
        print_table(columns, rows(Path(folder)))


if __name__ == "__main__":
    main()
