"""Read the header of a file nobody vouches for: every way it can lie, end early or blow up becomes a coded error."""

from __future__ import annotations

import logging
import os
import stat
import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset, read_file_meta_info
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from calcmeasure.dicom.header import Header
from calcmeasure.errors import DicomReadError, ErrorCode

MAX_INFLATED_BYTES = 256 * 2**20
"""Ceiling for a deflated data set: no honest header or single image needs more."""
MAX_INFLATE_RATIO = 200
"""Deflate reaches about 1000:1 on constant bytes; images stay below 50:1."""
MAX_DECODED_BYTES = 4 * 2**30
"""Ceiling for the decoded pixels of one file."""

_PREAMBLE = 128
_META_START = _PREAMBLE + 4 + 12
"""First byte counted by the group length of the file meta information."""
_PIXEL_TAGS = {(0x7FE0, 0x0010), (0x7FE0, 0x0008), (0x7FE0, 0x0009)}
_PARSE_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
_UNDEFINED = 0xFFFFFFFF
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data of a file lie.

    Parameters
    ----------
    offset
        Byte offset of the value in the file; when `found` is false, the end of the header that was read.
    length
        Declared length in bytes; None when undefined (encapsulated) or not found.
    found
        Whether the element was met. A header scan may stop before it.
    available
        Bytes from `offset` to the end of the file (of the inflated data set for a deflated file).
    """

    offset: int
    length: int | None
    found: bool
    available: int


def check_regular_file(path: Path) -> os.stat_result:
    """Look at a path without opening it.

    Raises
    ------
    DicomReadError
        ``E_UNREADABLE`` for anything but a regular file: a pipe or device could block for ever.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise DicomReadError("the file cannot be looked at", code=ErrorCode.UNREADABLE) from error
    if not stat.S_ISREG(status.st_mode):
        raise DicomReadError("not a regular file (pipe, socket or device)", code=ErrorCode.UNREADABLE)
    return status


def read_guarded(path: Path) -> tuple[Header, PixelElement]:
    """Read a whole header with pydicom, sequences included, from an untrusted file.

    Parameters
    ----------
    path
        A regular file.

    Returns
    -------
    tuple
        The header, and where the pixel data lie.

    Raises
    ------
    DicomReadError
        ``E_UNREADABLE``, ``E_NOT_DICOM``, ``E_BOMB``, ``E_NESTING``, ``E_TRANSFER_SYNTAX`` or ``E_MALFORMED``.
    """
    check_regular_file(path)
    try:
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")
            return _read_open(file, path)
    except DicomReadError:
        raise
    except (RecursionError, MemoryError) as error:
        raise DicomReadError("sequences are nested deeper than can be read", code=ErrorCode.NESTING) from error
    except PermissionError as error:
        raise DicomReadError("no permission to read the file", code=ErrorCode.UNREADABLE) from error
    except InvalidDicomError as error:
        raise DicomReadError("the file is not DICOM", code=ErrorCode.NOT_DICOM) from error
    except _PARSE_ERRORS as error:
        code = ErrorCode.UNREADABLE if isinstance(error, OSError) else ErrorCode.MALFORMED
        raise DicomReadError(f"the data set cannot be parsed ({type(error).__name__})", code=code) from error


def check_transfer_syntax(header: Header) -> None:
    """Refuse a transfer syntax that DICOM does not define for still images.

    Raises
    ------
    DicomReadError
        ``E_TRANSFER_SYNTAX``.
    """
    uid = _syntax(header)
    known = uid.type == "Transfer Syntax"
    video = uid.startswith("1.2.840.10008.1.2.4.10") or uid.name.startswith(("MPEG", "HEVC"))
    if not known or video:
        shown = header.transfer_syntax[-24:] or "none"
        raise DicomReadError(f"unknown transfer syntax (…{shown})", code=ErrorCode.TRANSFER_SYNTAX)


def check_pixel_size(header: Header, pixels: PixelElement) -> None:
    """Compare the size the header promises with the bytes that are there.

    Parameters
    ----------
    header
        Of an image.
    pixels
        From the header scan.

    Raises
    ------
    DicomReadError
        ``E_SIZE_LIE`` when header and element disagree, ``E_TRUNCATED`` when the file ends first, ``E_BOMB`` when the
        decoded image would be absurdly large.
    """
    expected = _expected_bytes(header)
    if expected > MAX_DECODED_BYTES:
        raise DicomReadError(f"the image would decode to {expected / 2**30:.0f} GiB", code=ErrorCode.BOMB)
    if _syntax(header).is_encapsulated:
        _check_encapsulated(pixels)
    else:
        _check_native(pixels, expected)


def inflate(raw: bytes) -> bytes:
    """Inflate a deflated data set, stopping at the ceiling instead of filling the memory.

    Raises
    ------
    DicomReadError
        ``E_BOMB`` above `MAX_INFLATED_BYTES` or `MAX_INFLATE_RATIO`; ``E_TRUNCATED`` when the stream ends early.
    """
    limit = min(MAX_INFLATED_BYTES, max(len(raw) * MAX_INFLATE_RATIO, 2**20))
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    data = stream.decompress(raw, limit)
    if not stream.eof:
        if stream.unconsumed_tail or len(data) >= limit:
            raise DicomReadError("the deflated data set expands beyond any honest size", code=ErrorCode.BOMB)
        raise DicomReadError("the deflated data set ends early", code=ErrorCode.TRUNCATED)
    return data


def _read_open(file: BinaryIO, path: Path) -> tuple[Header, PixelElement]:
    size = os.fstat(file.fileno()).st_size
    start = file.read(_PREAMBLE + 4)
    file.seek(0)
    if start[_PREAMBLE:] != b"DICM":
        return _read_without_preamble(file, path, size)
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        file.seek(_META_START + int(meta.FileMetaInformationGroupLength))
        return _read_deflated(file, path)
    dataset = pydicom.dcmread(file, stop_before_pixels=True)
    return Header.from_dataset(dataset, path), _pixel_element(file, size, little=_is_little(dataset))


def _read_without_preamble(file: BinaryIO, path: Path, size: int) -> tuple[Header, PixelElement]:
    """Old exports start with group 0002 or 0008 at byte 0; anything else is another kind of file."""
    group = struct.unpack("<H", file.read(2).ljust(2, b"\0"))[0]
    file.seek(0)
    if group not in (0x0002, 0x0008):
        raise DicomReadError("the file is not DICOM", code=ErrorCode.NOT_DICOM)
    dataset = pydicom.dcmread(file, stop_before_pixels=True, force=True)
    header = Header.from_dataset(dataset, path)
    if not header.text("SOPClassUID"):
        raise DicomReadError("the file is not DICOM", code=ErrorCode.NOT_DICOM)
    if not header.transfer_syntax:
        syntax = pydicom.uid.ImplicitVRLittleEndian if dataset.original_encoding[0] else _explicit_syntax(dataset)
        header = Header(path, str(syntax), header.values, header.sequences)
    return header, _pixel_element(file, size, little=_is_little(dataset))


def _explicit_syntax(dataset: pydicom.Dataset) -> UID:
    little = _is_little(dataset)
    return pydicom.uid.ExplicitVRLittleEndian if little else pydicom.uid.ExplicitVRBigEndian


def _is_little(dataset: pydicom.Dataset) -> bool:
    return dataset.original_encoding[1] is not False


def _read_deflated(file: BinaryIO, path: Path) -> tuple[Header, PixelElement]:
    """`file` stands after the meta information."""
    data = BytesIO(inflate(file.read()))
    dataset = read_dataset(data, is_implicit_VR=False, is_little_endian=True, stop_when=_at_pixels)
    header = Header.from_dataset(dataset, path)
    header = Header(path, str(DeflatedExplicitVRLittleEndian), header.values, header.sequences)
    return header, _pixel_element(data, data.getbuffer().nbytes, little=True)


def _at_pixels(tag: pydicom.tag.BaseTag, _vr: str | None, _length: int) -> bool:
    return (tag.group, tag.element) in _PIXEL_TAGS


def _pixel_element(file: BinaryIO, size: int, *, little: bool) -> PixelElement:
    """Read the element head that the parser stopped at."""
    start = file.tell()
    head = file.read(12)
    order = "<" if little else ">"
    if len(head) < 8 or struct.unpack(order + "HH", head[:4]) not in _PIXEL_TAGS:
        return PixelElement(start, None, False, size - start)
    explicit = head[4:6].isalpha()
    if explicit and len(head) < 12:
        return PixelElement(start, None, False, size - start)
    length = struct.unpack(order + "I", head[8:12] if explicit else head[4:8])[0]
    offset = start + (12 if explicit else 8)
    return PixelElement(offset, None if length == _UNDEFINED else length, True, size - offset)


def _syntax(header: Header) -> UID:
    """Transfer syntax, well formed or not: pydicom would warn of it, and quote it."""
    return UID(header.transfer_syntax, validation_mode=pydicom.config.IGNORE)


def _expected_bytes(header: Header) -> int:
    rows, columns, bits = (_whole(header, name) for name in ("Rows", "Columns", "BitsAllocated"))
    if not (0 < rows <= 65535 and 0 < columns <= 65535):
        raise DicomReadError(f"impossible image size {rows} x {columns}", code=ErrorCode.SIZE_LIE)
    if bits not in (1, 8, 16, 32, 64):
        raise DicomReadError(f"impossible Bits Allocated {bits}", code=ErrorCode.SIZE_LIE)
    samples = _whole(header, "SamplesPerPixel", default=1)
    frames = _whole(header, "NumberOfFrames", default=1)
    if samples not in (1, 3, 4) or frames < 1:
        raise DicomReadError(f"impossible frame count {frames} or samples {samples}", code=ErrorCode.SIZE_LIE)
    return (rows * columns * samples * frames * bits + 7) // 8


def _whole(header: Header, keyword: str, *, default: int = 0) -> int:
    value = header.integer(keyword)
    return default if value is None and not header.text(keyword) else value or 0


def _check_encapsulated(pixels: PixelElement) -> None:
    if pixels.available <= 16:
        raise DicomReadError("the file ends before its pixel data", code=ErrorCode.TRUNCATED)
    if pixels.found and pixels.length is not None:
        raise DicomReadError("compressed pixel data of defined length", code=ErrorCode.SIZE_LIE)


def _check_native(pixels: PixelElement, expected: int) -> None:
    if pixels.found and pixels.length is None:
        raise DicomReadError("uncompressed pixel data of undefined length", code=ErrorCode.SIZE_LIE)
    if pixels.length is not None and pixels.length < expected:
        message = f"the header promises {expected} bytes of pixels, the element holds {pixels.length}"
        raise DicomReadError(message, code=ErrorCode.SIZE_LIE)
    if pixels.available < expected:
        message = f"the file ends {expected - pixels.available} bytes before its pixel data do"
        raise DicomReadError(message, code=ErrorCode.TRUNCATED)
