"""One small picture written as mammograms of many kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom import uid

from calcmeasure.terms import PresentationIntent

TOP = 4095
PRESENTATION, PROCESSING = PresentationIntent.FOR_PRESENTATION, PresentationIntent.FOR_PROCESSING
WINDOW = {"WindowCenter": 2048, "WindowWidth": 4096, "VOILUTFunction": "LINEAR_EXACT"}
PHYSICS = {"PixelIntensityRelationship": "LIN", "PixelIntensityRelationshipSign": 1}


def picture() -> np.ndarray:
    """Air at 0 on the right, tissue rising to the chest wall on the left, one bright speck."""
    tissue = np.linspace(3000, 800, 36)[None, :] + np.linspace(0, 300, 40)[:, None]
    image = np.zeros((40, 60), np.uint16)
    image[:, :36] = tissue
    image[20, 10] = 4000
    return image


def exposure() -> np.ndarray:
    """Detector counts of the same scene: bright where little is absorbed."""
    return np.rint(4000 * np.exp(picture() / -1500.0)).astype(np.uint16)


def write(stored: np.ndarray, path: Path, *, syntax: str = uid.ExplicitVRLittleEndian, **changes: object) -> Path:
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.1.2", "1.2.3.4", "MG"
    ds.PhotometricInterpretation, ds.SamplesPerPixel = "MONOCHROME2", 1
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    ds.PixelData = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    ds["PixelData"].VR = "OW"
    if uid.UID(syntax).is_encapsulated:
        ds.compress(syntax, generate_instance_uid=False)
    elif syntax == uid.ExplicitVRBigEndian:
        ds.PixelData = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
        ds.file_meta.TransferSyntaxUID = syntax
    ds.save_as(path, enforce_file_format=True)
    return path


def table_item(outputs: np.ndarray, *, first: int, vr: str) -> pydicom.Dataset:
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [len(outputs) % 65536, first, 12])
    words = outputs.astype("<u2")
    item.add_new("LUTData", vr, words.tobytes() if vr == "OW" else words.tolist())
    return item
