"""Stored pixel values of a file in any transfer syntax, as one kind of array.

Nothing is decoded before its declared size is checked (`frame_layout`, `codestreams`). Native pixels are read straight
from their offset; compressed frames are cut out of their fragments and decoded one by one (`decoders`).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.decoders import available_codecs, decode_stream
from calcmeasure.dicom.frame_layout import BIG_ENDIAN, DEFLATED, NATIVE, FrameLayout, read_layout
from calcmeasure.dicom.guard import inflate
from calcmeasure.errors import ErrorCode, PixelError

__all__ = ["MAX_CALL_BYTES", "FrameLayout", "available_codecs", "decode_frames", "decode_layout", "frame_layout"]

StoredValues = NDArray[Any]

MAX_CALL_BYTES = 2 * 2**30
"""Ceiling for all frames decoded by one call."""

_UNDEFINED_LENGTH = 0xFFFFFFFF
_META_GROUP_LENGTH_AT = 140


def decode_frames(path: Path, *, frames: Sequence[int] | None = None) -> StoredValues:
    """Decode frames of a grey image into the integers that were stored.

    Parameters
    ----------
    path
        Any DICOM file with pixel data.
    frames
        0-based frame numbers in the order wanted; all frames when None.

    Returns
    -------
    ndarray (n, rows, columns)
        Integers as wide as Bits Allocated, masked to Bits Stored, signed as Pixel Representation says, in native byte
        order.

    Raises
    ------
    PixelError
        ``E_TRUNCATED`` for missing or cut pixel data, ``E_SIZE_LIE`` when header and data disagree, ``E_BOMB`` above
        the ceilings, ``E_TRANSFER_SYNTAX``, ``E_PHOTOMETRIC`` for colour, ``E_PIXELS`` when a decoder fails; the file's
        own code when it cannot be read at all.
    """
    _, layout = read_layout(path)
    return decode_layout(path, layout, frames=frames)


def frame_layout(path: Path) -> FrameLayout:
    """Find out how the frames of a file are stored, without decoding; raises as `decode_frames`."""
    return read_layout(path)[1]


def decode_layout(path: Path, layout: FrameLayout, *, frames: Sequence[int] | None = None) -> StoredValues:
    """Decode frames of a file whose layout is known; arguments, result and errors as `decode_frames`."""
    wanted = range(layout.frames) if frames is None else frames
    if any(not 0 <= f < layout.frames for f in wanted):
        raise PixelError(f"the file has {layout.frames} frame(s), asked for {list(wanted)[:5]}")
    if len(wanted) * layout.frame_bytes > MAX_CALL_BYTES:
        raise PixelError(f"{len(wanted)} frames would decode to more than 2 GiB; ask for fewer", code=ErrorCode.BOMB)
    try:
        with _open_data(path, layout) as file:
            if layout.transfer_syntax in NATIVE:
                return _read_native(file, layout, wanted)
            return _decode_encapsulated(file, layout, wanted)
    except OSError as error:
        raise PixelError("the pixel data cannot be read from disk", code=ErrorCode.UNREADABLE) from error


# -- native --------------------------------------------------------------------------------------------------------


def _open_data(path: Path, layout: FrameLayout) -> BinaryIO:
    if layout.transfer_syntax != DEFLATED:
        return path.open("rb")
    raw = path.read_bytes()
    (meta_length,) = struct.unpack_from("<I", raw, _META_GROUP_LENGTH_AT)
    return BytesIO(inflate(raw[_META_GROUP_LENGTH_AT + 4 + meta_length :]))


def _read_native(file: BinaryIO, layout: FrameLayout, wanted: Sequence[int]) -> StoredValues:
    stored = np.empty((len(wanted), layout.rows, layout.columns), layout.stored_dtype)
    for frame, number in zip(stored, wanted, strict=True):
        file.seek(layout.offset + number * layout.frame_bytes)
        if file.readinto(memoryview(frame).cast("B")) != layout.frame_bytes:  # type: ignore[attr-defined]
            raise PixelError("the file ends inside its pixel data", code=ErrorCode.TRUNCATED)
    if layout.stored_dtype.itemsize == 1 and _bytes_are_swapped(file, layout):
        stored = stored.reshape(-1).view(">u2").astype("<u2").view(np.uint8).reshape(stored.shape)
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    return _as_stated(native, layout, shift=layout.high_bit + 1 - layout.bits_stored)


def _bytes_are_swapped(file: BinaryIO, layout: FrameLayout) -> bool:
    """8-bit samples in 16-bit words of a big endian file (PS3.5 8.1.1); needs an even number of columns."""
    if layout.transfer_syntax != BIG_ENDIAN or layout.frame_bytes % 2:
        return False
    file.seek(layout.offset - 8)
    return file.read(2) == b"OW"


def _as_stated(values: StoredValues, layout: FrameLayout, *, shift: int = 0) -> StoredValues:
    """Keep the bits that are stored and give them their sign; `values` is owned and may be changed."""
    unsigned = values.view(np.dtype(f"u{values.dtype.itemsize}"))
    if shift:
        unsigned >>= shift
    unused = layout.bits_allocated - layout.bits_stored
    if layout.signed:
        signed: StoredValues = (unsigned << unused).view(layout.dtype) if unused else unsigned.view(layout.dtype)
        return signed >> unused if unused else signed
    if unused:
        unsigned &= (1 << layout.bits_stored) - 1
    return unsigned


# -- encapsulated --------------------------------------------------------------------------------------------------


def _decode_encapsulated(file: BinaryIO, layout: FrameLayout, wanted: Sequence[int]) -> StoredValues:
    spans = _frame_spans(file, layout)
    decoded = np.empty((len(wanted), layout.rows, layout.columns), f"u{layout.bits_allocated // 8}")
    for target, number in zip(decoded, wanted, strict=True):
        stream = b"".join(_read_span(file, *span) for span in spans[number])
        target[:] = decode_stream(stream, layout)
    return _as_stated(decoded, layout)


def _read_span(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


_Span = tuple[int, int]


def _frame_spans(file: BinaryIO, layout: FrameLayout) -> list[list[_Span]]:
    """(offset, length) of the fragments of each frame (PS3.5 A.4)."""
    table, *fragments = _fragments(file, layout.offset) or [(0, 0)]
    if not fragments or len(fragments) < layout.frames:
        raise PixelError(f"{len(fragments)} of {layout.frames} frames are there", code=ErrorCode.TRUNCATED)
    if layout.frames == 1:
        return [fragments]
    if len(fragments) == layout.frames:
        return [[span] for span in fragments]
    starts = _table_starts(file, table, fragments) or _marker_starts(file, fragments)
    if len(starts) != layout.frames or starts[0] != 0:
        raise PixelError(
            f"the fragments form {len(starts)} frames, the header says {layout.frames}", code=ErrorCode.SIZE_LIE
        )
    return [fragments[a:b] for a, b in zip(starts, [*starts[1:], len(fragments)], strict=True)]


def _fragments(file: BinaryIO, offset: int) -> list[_Span]:
    """Every item of the encapsulated value, the offset table first."""
    end = file.seek(0, 2)
    spans: list[_Span] = []
    position = offset
    while position + 8 <= end:
        file.seek(position)
        group, element, length = struct.unpack("<HHI", file.read(8))
        if (group, element) == (0xFFFE, 0xE0DD):
            return spans
        if (group, element) != (0xFFFE, 0xE000) or length == _UNDEFINED_LENGTH:
            raise PixelError("the encapsulated pixel data are not a sequence of fragments")
        if position + 8 + length > end:
            raise PixelError("the file ends inside a compressed frame", code=ErrorCode.TRUNCATED)
        spans.append((position + 8, length))
        position += 8 + length
    return spans


def _table_starts(file: BinaryIO, table: _Span, fragments: list[_Span]) -> list[int]:
    """Index of each frame's first fragment by the basic offset table; empty when it is absent or wrong."""
    offsets = np.frombuffer(_read_span(file, *table)[: table[1] // 4 * 4], "<u4")
    first = fragments[0][0]
    numbers = {start - first: i for i, (start, _) in enumerate(fragments)}
    return [numbers[o] for o in offsets.tolist()] if all(o in numbers for o in offsets.tolist()) else []


def _marker_starts(file: BinaryIO, fragments: list[_Span]) -> list[int]:
    """Index of each fragment that begins a code stream."""
    return [i for i, (start, _) in enumerate(fragments) if _read_span(file, start, 2) in (b"\xff\xd8", b"\xff\x4f")]
