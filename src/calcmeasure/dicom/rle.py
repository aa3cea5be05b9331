"""RLE Lossless frames (PS3.5 annex G), decoded with every bound checked.

Each byte of a sample is a segment of its own, most significant first, packed by runs (PackBits). The loop is compiled:
as fast as the native decoders at hand, and damaged input ends in an error instead of stopping the process.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from calcmeasure.errors import ErrorCode, PixelError

MAX_RATIO = 128
"""A run of at most 128 bytes is coded in 2; twice that leaves room for nothing but lies."""

_HEADER_BYTES = 64


def decode_rle(stream: bytes, *, samples: int, sample_bytes: int) -> NDArray[Any]:
    """Decode one frame of a single-channel image.

    Parameters
    ----------
    stream
        The whole RLE frame, header included.
    samples
        Rows x columns.
    sample_bytes
        Bytes of one sample.

    Returns
    -------
    ndarray (samples,)
        Unsigned.

    Raises
    ------
    PixelError
        ``E_SIZE_LIE`` when the frame cannot hold that many samples, ``E_TRUNCATED`` when it ends early.
    """
    if len(stream) * MAX_RATIO < samples * sample_bytes:
        raise PixelError("the RLE frame is too short for its size", code=ErrorCode.SIZE_LIE)
    packed = np.frombuffer(stream, np.uint8)
    planes = np.empty((samples, sample_bytes), np.uint8)
    for number, (start, end) in enumerate(_segments(stream, sample_bytes)):
        if not _unpack(packed[start:end], planes[:, sample_bytes - 1 - number]):
            raise PixelError("a segment of the RLE frame ends early", code=ErrorCode.TRUNCATED)
    return planes.reshape(-1).view(f"<u{sample_bytes}")


def _segments(stream: bytes, count: int) -> list[tuple[int, int]]:
    """(start, end) of each segment: as many as a sample has bytes, in order, inside the frame."""
    if len(stream) < _HEADER_BYTES:
        raise PixelError("the RLE frame ends in its header", code=ErrorCode.TRUNCATED)
    stated, *offsets = struct.unpack_from("<16I", stream)
    ends = [*offsets[:count], len(stream)]
    if stated != count or ends[0] < _HEADER_BYTES or not all(a < b for a, b in pairwise(ends)):
        raise PixelError("the segments of the RLE frame contradict the header", code=ErrorCode.SIZE_LIE)
    return list(pairwise(ends))


@numba.njit(cache=True, nogil=True)
def _unpack(packed: NDArray[np.uint8], plane: NDArray[np.uint8]) -> bool:
    """Fill `plane`; False when `packed` ends first. A last run reaching past the plane is cut, as writers pad rows."""
    read = 0
    written = 0
    while written < plane.size:
        if read + 1 >= packed.size:
            return False
        control = packed[read]
        if control == 128:
            read += 1
        elif control > 128:
            stop = min(written + 257 - control, plane.size)
            plane[written:stop] = packed[read + 1]
            read += 2
            written = stop
        else:
            count = min(control + 1, plane.size - written)
            if read + 1 + count > packed.size:
                return False
            plane[written : written + count] = packed[read + 1 : read + 1 + count]
            read += control + 2
            written += count
    return True
