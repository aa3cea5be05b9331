"""What a compressed frame says about itself, read from its first bytes without decoding it.

A 1 kB JPEG 2000 stream can declare 16384 x 16384 samples while the DICOM header says 64 x 64; a decoder believes the
stream. Reading the size takes microseconds: JPEG 2000 SIZ (ISO/IEC 15444-1 A.5.1), JPEG SOFn (ISO/IEC 10918-1 B.2.2),
JPEG-LS SOF55 (ISO/IEC 14495-1 C.2.2).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from calcmeasure.errors import ErrorCode, PixelError

_J2K_START = b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_JP2_BOXES_LIMIT = 4096
"""The code stream of a JP2 wrapper (not allowed in DICOM, met in practice) starts within these bytes."""

_START_OF_SCAN = 0xDA
_LOSSLESS_PRESET = 0xF8
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_OVERSIZE_PRESET = 4


@dataclass(frozen=True, slots=True)
class StreamSize:
    """Dimensions declared by a code stream.

    Parameters
    ----------
    rows, columns, components
        Of the decoded picture.
    precision
        Bits per sample.
    signed
        Whether samples are declared as signed (JPEG 2000 only).
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False

    @property
    def container_bytes(self) -> int:
        """Bytes a decoder uses for one sample."""
        return 1 if self.precision <= 8 else 2 if self.precision <= 16 else 4


def read_jpeg2000_size(stream: bytes) -> StreamSize:
    """Read the SIZ marker segment.

    Raises
    ------
    PixelError
        ``E_PIXELS`` when there is none, ``E_SIZE_LIE`` for subsampled components.
    """
    start = stream.find(_J2K_START, 0, _JP2_BOXES_LIMIT) if stream.startswith(_JP2_SIGNATURE) else 0
    if start < 0 or not stream.startswith(_J2K_START, start):
        raise PixelError("the frame is not a JPEG 2000 code stream")
    try:
        _length, _caps, *sizes, components = struct.unpack_from(">HHIIIIIIIIH", stream, start + 4)
        depth, step_x, step_y = struct.unpack_from(">BBB", stream, start + 42)
    except struct.error as error:
        raise PixelError("the JPEG 2000 code stream ends in its header", code=ErrorCode.TRUNCATED) from error
    if (step_x, step_y) != (1, 1):
        raise PixelError("the JPEG 2000 samples are subsampled", code=ErrorCode.SIZE_LIE)
    columns, rows = sizes[0] - sizes[2], sizes[1] - sizes[3]
    return StreamSize(rows, columns, components, (depth & 0x7F) + 1, signed=bool(depth & 0x80))


def read_jpeg_size(stream: bytes) -> StreamSize:
    """Read the one frame header (SOFn, or SOF55 of JPEG-LS) before the first scan.

    Raises
    ------
    PixelError
        ``E_PIXELS`` when the markers make no sense, ``E_TRUNCATED`` when the stream ends before its first scan,
        ``E_SIZE_LIE`` when the size is declared twice or put off to a later marker.
    """
    if not stream.startswith(b"\xff\xd8"):
        raise PixelError("the frame is not a JPEG code stream")
    size: StreamSize | None = None
    for marker, body in _segments(stream):
        if marker == _LOSSLESS_PRESET and body[:1] == bytes([_OVERSIZE_PRESET]):
            raise PixelError("the JPEG-LS stream redefines its size", code=ErrorCode.SIZE_LIE)
        if marker not in _START_OF_FRAME:
            continue
        if size is not None:
            raise PixelError("the JPEG stream declares its size twice", code=ErrorCode.SIZE_LIE)
        size = _frame_header(body)
    if size is None:
        raise PixelError("the JPEG stream starts a scan without a frame header")
    return size


def _segments(stream: bytes) -> list[tuple[int, bytes]]:
    """Marker segments up to the first scan."""
    segments: list[tuple[int, bytes]] = []
    position = 2
    while position + 4 <= len(stream):
        if stream[position] != 0xFF:
            raise PixelError("the JPEG stream holds bytes between its marker segments")
        marker = stream[position + 1]
        if marker == 0xFF or marker in _STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _START_OF_SCAN:
            return segments
        length = int.from_bytes(stream[position + 2 : position + 4], "big")
        if length < 2:
            break
        segments.append((marker, stream[position + 4 : position + 2 + length]))
        position += 2 + length
    raise PixelError("the JPEG stream ends before its first scan", code=ErrorCode.TRUNCATED)


def _frame_header(body: bytes) -> StreamSize:
    if len(body) < 6:
        raise PixelError("the JPEG frame header is too short", code=ErrorCode.TRUNCATED)
    precision, rows, columns, components = struct.unpack_from(">BHHB", body)
    if rows == 0 or columns == 0:
        raise PixelError("the JPEG stream does not declare its size", code=ErrorCode.SIZE_LIE)
    return StreamSize(rows, columns, components, precision)
