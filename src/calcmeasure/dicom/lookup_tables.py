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
    """First usable table of a sequence, as `read_lookup_tables`; None when there is none."""
    return next(iter(read_lookup_tables(header, keyword, signed_input=signed_input)), None)


def read_lookup_tables(header: Header, keyword: str, *, signed_input: bool) -> tuple[LookupTable, ...]:
    """Tables of a sequence, in its order; unusable ones are left out.

    Parameters
    ----------
    header
        Of the image.
    keyword
        ``ModalityLUTSequence`` or ``VOILUTSequence``.
    signed_input
        Whether input values can be negative: the first mapped value is then read as signed.
    """
    tables = (_read_item(header, keyword, number, signed_input) for number in range(len(header.items(keyword))))
    return tuple(table for table in tables if table is not None)


def _read_item(header: Header, keyword: str, number: int, signed_input: bool) -> LookupTable | None:
    item = header.items(keyword)[number]
    numbers = [int(n) for n in item.numbers("LUTDescriptor")]
    if len(numbers) != 3 or not 1 <= numbers[2] <= 16:
        return None
    entries, first, bits = numbers[0] % 65536 or 65536, numbers[1], numbers[2]
    listed = item.numbers("LUTData")
    outputs = np.asarray(listed, np.uint16) if listed else _words(header, keyword, number, entries=entries)
    if outputs.size < entries:
        return None
    first = first - 65536 if signed_input and first > 32767 else first
    return LookupTable(outputs[:entries], first, bits, explanation=item.text("LUTExplanation"))


def _words(header: Header, keyword: str, number: int, *, entries: int) -> NDArray[np.uint16]:
    """Table data of VR OW, which a `Header` leaves out."""
    data = _raw_table(header.path, keyword, number)
    if entries <= len(data) < 2 * entries:
        return np.frombuffer(data, np.uint8).astype(np.uint16)
    order = ">" if header.transfer_syntax == BIG_ENDIAN else "<"
    return np.frombuffer(data[: len(data) // 2 * 2], f"{order}u2").astype(np.uint16)


def _raw_table(path: Path, keyword: str, number: int) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[keyword], force=True)
    items = dataset.get(keyword) or []
    data = items[number].get("LUTData") if number < len(items) else None
    return data if isinstance(data, bytes) else b""
