"""How the frames of an image file are stored, found and checked before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import uid

from calcmeasure.dicom.guard import PixelElement, read_guarded
from calcmeasure.dicom.header import Header
from calcmeasure.errors import DicomReadError, ErrorCode, PixelError

MAX_FRAME_BYTES = 256 * 2**20
"""Ceiling for one decoded frame: four times the largest film scan; decoders need up to five times this to work."""

BIG_ENDIAN = str(uid.ExplicitVRBigEndian)
DEFLATED = str(uid.DeflatedExplicitVRLittleEndian)
NATIVE = frozenset({str(uid.ImplicitVRLittleEndian), str(uid.ExplicitVRLittleEndian), BIG_ENDIAN, DEFLATED})
RLE = frozenset({str(uid.RLELossless)})
JPEG = frozenset(map(str, uid.JPEGTransferSyntaxes))
JPEG_LS = frozenset(map(str, uid.JPEGLSTransferSyntaxes))
JPEG_2000 = frozenset(
    map(str, (uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K))
)
READABLE = NATIVE | RLE | JPEG | JPEG_LS | JPEG_2000
"""Transfer syntaxes whose pixels can be had."""


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """How the frames of one file are stored and where they lie.

    Parameters
    ----------
    transfer_syntax
        UID.
    rows, columns, frames
        Size of the picture and number of pictures.
    bits_allocated, bits_stored, high_bit
        Of one sample.
    signed
        Pixel Representation.
    offset
        Byte offset of the pixel data's value, in the file (in the inflated data set for a deflated file).
    length
        Of the value in bytes; None when encapsulated.
    """

    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    offset: int
    length: int | None

    @property
    def is_native(self) -> bool:
        """Whether frames lie uncompressed in the file at `offset`, one after the other."""
        return self.transfer_syntax in NATIVE and self.transfer_syntax != DEFLATED

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """Unsigned type of one sample as it lies in the file."""
        return np.dtype(f"{'>' if self.transfer_syntax == BIG_ENDIAN else '<'}u{self.bits_allocated // 8}")

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the decoded values, native byte order."""
        return np.dtype(f"{'i' if self.signed else 'u'}{self.bits_allocated // 8}")

    @property
    def frame_bytes(self) -> int:
        """Decoded size of one frame."""
        return self.rows * self.columns * (self.bits_allocated // 8)


def read_layout(path: Path) -> tuple[Header, FrameLayout]:
    """Read the header of an image and the layout of its frames; raises as `decode_frames`."""
    try:
        header, element = read_guarded(path)
    except DicomReadError as error:
        raise PixelError(error.message, code=error.code) from error
    return header, layout_from_header(header, element)


def layout_from_header(header: Header, element: PixelElement) -> FrameLayout:
    """Check and combine what header and pixel element say; raises as `decode_frames`."""
    if header.transfer_syntax not in READABLE:
        raise PixelError(
            f"no decoder for transfer syntax …{header.transfer_syntax[-20:]}", code=ErrorCode.TRANSFER_SYNTAX
        )
    if not element.found:
        raise PixelError("the file holds no pixel data", code=ErrorCode.TRUNCATED)
    if header.integer("SamplesPerPixel") not in (1, None):
        raise PixelError("a colour image, where a grey one is needed", code=ErrorCode.PHOTOMETRIC)
    bits_stored = _needed(header, "BitsStored", 32)
    high_bit = header.integer("HighBit")
    layout = FrameLayout(
        header.transfer_syntax,
        rows=_needed(header, "Rows", 65535),
        columns=_needed(header, "Columns", 65535),
        frames=header.integer("NumberOfFrames") or 1,
        bits_allocated=_needed(header, "BitsAllocated", 32),
        bits_stored=bits_stored,
        high_bit=bits_stored - 1 if high_bit is None else high_bit,
        signed=header.integer("PixelRepresentation") == 1,
        offset=element.offset,
        length=element.length,
    )
    _check_layout(layout, element)
    return layout


def _needed(header: Header, keyword: str, largest: int) -> int:
    value = header.integer(keyword)
    if value is None or not 1 <= value <= largest:
        raise PixelError(f"{keyword} is missing or impossible")
    return value


def _check_layout(layout: FrameLayout, element: PixelElement) -> None:
    if layout.bits_allocated not in (8, 16, 32) or layout.bits_stored > layout.bits_allocated:
        raise PixelError(f"{layout.bits_stored} bits stored in {layout.bits_allocated} is not supported")
    if not layout.bits_stored - 1 <= layout.high_bit < layout.bits_allocated:
        raise PixelError("the high bit contradicts the bits stored", code=ErrorCode.SIZE_LIE)
    if layout.frames < 1:
        raise PixelError("the number of frames is impossible", code=ErrorCode.SIZE_LIE)
    if layout.frame_bytes > MAX_FRAME_BYTES:
        raise PixelError(f"one frame would decode to {layout.frame_bytes / 2**20:.0f} MiB", code=ErrorCode.BOMB)
    if layout.transfer_syntax in NATIVE:
        _check_native_length(layout, element)


def _check_native_length(layout: FrameLayout, element: PixelElement) -> None:
    expected = layout.frames * layout.frame_bytes
    if layout.length is None:
        raise PixelError("uncompressed pixel data of undefined length")
    if layout.length < expected:
        raise PixelError(
            f"{layout.frames} x {layout.rows} x {layout.columns} needs {expected} bytes, {layout.length} are declared",
            code=ErrorCode.SIZE_LIE,
        )
    if element.available < expected:
        raise PixelError(f"the file ends after {element.available} of {expected} pixel bytes", code=ErrorCode.TRUNCATED)
