"""Read look-up tables from a header (PS3.3 C.11.1.1 and C.11.2.1.1): text, words or bytes, either byte order."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray

from calcmeasure.dicom.frame_layout import BIG_ENDIAN
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.voi import LookupTable


def read_lookup_table(header: Header, keyword: str, *, signed_input: bool) -> LookupTable | None:
    """First table of a sequence.

    Parameters
    ----------
    header
        Of the image.
    keyword
        ``ModalityLUTSequence`` or ``VOILUTSequence``.
    signed_input
        Whether input values can be negative: the first mapped value is then read as signed.

    Returns
    -------
    LookupTable or None
        None when there is no usable table.
    """
    item = header.item(keyword)
    numbers = [int(n) for n in item.numbers("LUTDescriptor")]
    if len(numbers) != 3 or not 1 <= numbers[2] <= 16:
        return None
    entries, first, bits = numbers[0] % 65536 or 65536, numbers[1], numbers[2]
    outputs = _outputs(header, keyword, entries)
    if outputs is None:
        return None
    return LookupTable(outputs, first - 65536 if signed_input and first > 32767 else first, bits)


def _outputs(header: Header, keyword: str, entries: int) -> NDArray[np.uint16] | None:
    numbers = header.item(keyword).numbers("LUTData")
    outputs = np.asarray(numbers, np.uint16) if numbers else _words(header, keyword, entries)
    return outputs[:entries] if outputs.size >= entries else None


def _words(header: Header, keyword: str, entries: int) -> NDArray[np.uint16]:
    """Table data of VR OW, which a `Header` leaves out."""
    data = _raw_table(header.path, keyword)
    if entries <= len(data) < 2 * entries:
        return np.frombuffer(data, np.uint8).astype(np.uint16)
    order = ">" if header.transfer_syntax == BIG_ENDIAN else "<"
    return np.frombuffer(data[: len(data) // 2 * 2], f"{order}u2").astype(np.uint16)


def _raw_table(path: Path, keyword: str) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[keyword], force=True)
    items = dataset.get(keyword) or [pydicom.Dataset()]
    data = items[0].get("LUTData")
    return data if isinstance(data, bytes) else b""
