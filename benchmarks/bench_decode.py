"""Decode one mammogram-sized frame per transfer syntax, beside pydicom's default, in one run.

Run: ``python benchmarks/bench_decode.py``. Prints the median of five decodes each, file reading included.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom import uid

from calcmeasure.dicom.codecs import decode_frames

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


def median_ms(work: Callable[[], object], *, repeats: int = 5) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main() -> None:
    frame = picture()
    print(f"| one {SHAPE[0]} x {SHAPE[1]} frame, 12 bit | MB | calcmeasure ms | pydicom ms | ratio |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for syntax in SYNTAXES:
            path = Path(folder) / f"{syntax}.dcm"
            write(frame, path, syntax)
            ours = median_ms(lambda p=path: decode_frames(p))
            theirs = median_ms(lambda p=path: pydicom.dcmread(p).pixel_array)
            np.testing.assert_array_equal(decode_frames(path)[0], frame)
            np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, frame)
            size_mb = path.stat().st_size / 1e6
            print(f"| {syntax.name} | {size_mb:.1f} | {ours:.0f} | {theirs:.0f} | {theirs / ours:.2f} |")


if __name__ == "__main__":
    main()
