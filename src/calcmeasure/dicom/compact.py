"""A header as the bytes it came in: decoded value by value, only when asked for.

Thousands of slices share a folder and a handful of their values are ever read. Bytes are also what travels between
processes and into the index cache.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from calcmeasure.dicom.guard import PixelElement
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.tag_walk import DONE, MORE, Collected, collect_elements

PREFIX_BYTES = 8192
"""First read; holds the header of nearly every MR slice up to group 0028."""
MAX_PREFIX_BYTES = PREFIX_BYTES * 4**3

_SYNTAX_TAG = 0x00020010
_CHARSET_TAG = 0x00080005
_SIGNED_TAG = 0x00280103
_UNDEFINED = 0xFFFFFFFF
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
_TEXT = {"LO", "PN", "SH", "UC"}
_LONG_TEXT = {"LT", "ST", "UT", "UR"}
_PLAIN = {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"}
_DELIMITERS = {0x0D, 0x0A, 0x09, 0x0C}


class CompactValues(Mapping[str, tuple[str, ...]]):
    """Values of the plain public elements of a header, by keyword, decoded on access.

    Parameters
    ----------
    raw
        From `pack`.
    """

    __slots__ = ("_raw", "_rows", "_start")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._rows: dict[int, tuple[int, int, int]] | None = None
        self._start = 0

    def __reduce__(self) -> tuple[object, ...]:
        return (CompactValues, (self._raw,))

    def __getitem__(self, keyword: str) -> tuple[str, ...]:
        tag = tag_for_keyword(keyword)
        if tag is None or tag not in self._table or not _is_plain(tag, self._table[tag][0]):
            raise KeyError(keyword)
        return self._decode(tag)

    def __iter__(self) -> Iterator[str]:
        for tag, (vr, _, _) in self._table.items():
            if _is_plain(tag, vr) and tag != _SYNTAX_TAG:
                yield keyword_for_tag(tag)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def raw(self) -> bytes:
        """The bytes, as `pack` made them."""
        return self._raw

    def signature(self, *, equal: tuple[int, ...], present: tuple[int, ...]) -> tuple[object, ...]:
        """Build a key of the raw values of some tags and the mere presence of others."""
        return (*map(self._bytes, equal), *(bool(self._bytes(tag).strip(b" \0")) for tag in present))

    @property
    def transfer_syntax(self) -> str:
        """UID from the file meta information."""
        return self._bytes(_SYNTAX_TAG).decode("ascii", "replace").strip(" \0")

    @property
    def _table(self) -> dict[int, tuple[int, int, int]]:
        if self._rows is None:
            (n,) = struct.unpack_from("<H", self._raw)
            columns = struct.unpack_from(f"<{n}I{n}I{n}H", self._raw, 2)
            tags, ends, vrs = columns[:n], columns[n : 2 * n], columns[2 * n :]
            self._start = 2 + 10 * n
            self._rows = dict(zip(tags, zip(vrs, (0, *ends), ends, strict=False), strict=True))
        return self._rows

    def _bytes(self, tag: int) -> bytes:
        row = self._table.get(tag)
        return self._raw[self._start + row[1] : self._start + row[2]] if row else b""

    def _decode(self, tag: int) -> tuple[str, ...]:
        value = self._bytes(tag)
        vr = _vr_name(tag, self._table[tag][0])
        if vr == "US or SS":
            vr = "SS" if self._bytes(_SIGNED_TAG)[:1] == b"\1" else "US"
        if vr in _NUMBERS:
            return _read_numbers(value, _NUMBERS[vr])
        if vr == "AT":
            parts = _read_numbers(value, "H")
            pairs = zip(parts[::2], parts[1::2], strict=False)
            return tuple(f"({int(group):04X},{int(element):04X})" for group, element in pairs)
        if vr in _PLAIN | _TEXT | _LONG_TEXT:
            return self._read_text(value, vr)
        return ()

    def _read_text(self, value: bytes, vr: str) -> tuple[str, ...]:
        if vr not in _PLAIN and (not value.isascii() or b"\x1b" in value):
            text = decode_bytes(value, self._encodings(), _DELIMITERS)
        else:
            text = value.decode("latin-1")
        text = text.rstrip(" \0")
        if not text:
            return ()
        if vr in _LONG_TEXT:
            return (text,)
        padding = " \0=" if vr == "PN" else " \0"
        return tuple(part.strip(" \0").rstrip(padding) for part in text.split("\\"))

    def _encodings(self) -> list[str]:
        names = self._bytes(_CHARSET_TAG).decode("ascii", "replace").rstrip(" \0")
        return list(_encodings(names))


def read_compact(path: Path, file_size: int) -> tuple[Header, PixelElement] | None:
    """Read the plain public elements up to group 0028 from the first bytes of a file.

    Parameters
    ----------
    path
        A regular file.
    file_size
        Bytes.

    Returns
    -------
    tuple or None
        Header without sequences, and where the pixels lie; None for anything out of the ordinary.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = _collect(descriptor, file_size)
    finally:
        os.close(descriptor)
    if found is None:
        return None
    values = CompactValues(pack(found))
    length = found.pixel_length if found.pixel_length not in (-1, _UNDEFINED) else None
    pixels = PixelElement(found.reached, length, found.pixel_length != -1, file_size - found.reached)
    return unpack_header(path, values), pixels


def unpack_header(path: Path, values: CompactValues) -> Header:
    """Make the header of a file from its packed values."""
    return Header(path, values.transfer_syntax, values)


def pack(found: Collected) -> bytes:
    """Pack collected elements: count, tags, ends, value representations, values; all little endian."""
    count = struct.pack("<H", len(found.tags))
    return b"".join((count, found.tags.tobytes(), found.ends.tobytes(), found.vrs.tobytes(), found.values.tobytes()))


def _collect(descriptor: int, file_size: int) -> Collected | None:
    wanted = PREFIX_BYTES
    while wanted <= MAX_PREFIX_BYTES:
        prefix = os.pread(descriptor, wanted, 0)
        if prefix[128:132] != b"DICM":
            return None
        found = collect_elements(prefix, file_size)
        if found.status == DONE:
            return found
        if found.status != MORE:
            return None
        wanted *= 4
    return None


@lru_cache(maxsize=4096)
def _vr_name(tag: int, code: int) -> str:
    if code:
        return chr(code & 0xFF) + chr(code >> 8)
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


@lru_cache(maxsize=4096)
def _is_plain(tag: int, code: int) -> bool:
    """Whether the element has a keyword and is no sequence."""
    return bool(keyword_for_tag(tag)) and _vr_name(tag, code) not in ("SQ", "")


@lru_cache(maxsize=64)
def _encodings(names: str) -> tuple[str, ...]:
    return tuple(convert_encodings(names.split("\\") if names else ""))


def _read_numbers(value: bytes, letter: str) -> tuple[str, ...]:
    size = struct.calcsize(letter)
    return tuple(str(n) for n in struct.unpack(f"<{len(value) // size}{letter}", value[: len(value) // size * size]))
