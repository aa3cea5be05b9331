"""Compiled walk over the elements of a little-endian DICOM prefix.

It collects every public element with a plain value up to group 0028 and stops there: private vendor blocks and pixels
are stepped over, sequences are skipped. Whatever is out of the ordinary ends the walk with `UNUSUAL`, never a guess.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

DONE = 0
"""Everything up to group 0028 was collected."""
UNUSUAL = 1
"""Not an ordinary file: read it with the complete parser."""
MORE = 2
"""The prefix ends inside what is wanted."""

MAX_ELEMENTS = 1024
MAX_VALUE_BYTES = 16384
"""Longest plain value collected; a longer one before the pixels is unusual."""

_MAX_DEPTH = 32
_LAST_WANTED = 0x0028FFFF
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXELS = 0x7FE00010
_START = 132


def _vr_set(names: str) -> tuple[int, ...]:
    """Value representations as little-endian 16-bit numbers."""
    return tuple(ord(n[0]) | ord(n[1]) << 8 for n in names.split())


_SQ, _UN = _vr_set("SQ UN")
_BINARY = np.array(_vr_set("OB OW OF OD OL OV"), dtype=np.uint16)
_LONG = np.array(_vr_set("OB OW OF OD OL OV SQ UN UT UC UR SV UV"), dtype=np.uint16)
_SHORT = np.array(_vr_set("AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US"), dtype=np.uint16)


class Collected(NamedTuple):
    """What the walk found.

    `tags`, `vrs` (0 when implicit) and `ends` have one entry per element; value i is ``values[ends[i-1]:ends[i]]``.
    `reached` is the offset the walk came to; `pixel_length` is -1 when the pixel element was not met.
    """

    status: int
    tags: NDArray[np.uint32]
    vrs: NDArray[np.uint16]
    ends: NDArray[np.uint32]
    values: NDArray[np.uint8]
    reached: int
    pixel_length: int


def collect_elements(prefix: bytes, file_size: int) -> Collected:
    """Walk the first bytes of a file.

    Parameters
    ----------
    prefix
        Bytes from the start of the file, preamble included.
    file_size
        Bytes in the whole file.
    """
    tags = np.empty(MAX_ELEMENTS, dtype=np.uint32)
    vrs = np.empty(MAX_ELEMENTS, dtype=np.uint16)
    ends = np.empty(MAX_ELEMENTS, dtype=np.uint32)
    values = np.empty(len(prefix), dtype=np.uint8)
    buffer = np.frombuffer(prefix, dtype=np.uint8)
    status, n, n_bytes, reached, pixel_length = _walk(buffer, file_size, tags, vrs, ends, values)
    return Collected(status, tags[:n], vrs[:n], ends[:n], values[:n_bytes], reached, pixel_length)


@njit(cache=True)
def _contains(codes, code):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for known in codes:  # noqa: SIM110
        if known == code:
            return True
    return False


@njit(cache=True)
def _u16(buffer, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return np.int64(buffer[at]) | np.int64(buffer[at + 1]) << 8


@njit(cache=True)
def _u32(buffer, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return _u16(buffer, at) | _u16(buffer, at + 2) << 16


@njit(cache=True)
def _head(buffer, at, implicit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Tag, VR, length and offset of the value; VR -1 when unusual, tag -1 when the prefix ends."""
    if at + 12 > len(buffer):
        return -1, 0, 0, at
    tag = _u16(buffer, at) << 16 | _u16(buffer, at + 2)
    if implicit or tag >> 16 == 0xFFFE:
        return tag, 0, _u32(buffer, at + 4), at + 8
    vr = _u16(buffer, at + 4)
    if _contains(_SHORT, vr):
        return tag, vr, _u16(buffer, at + 6), at + 8
    if _contains(_LONG, vr):
        return tag, vr, _u32(buffer, at + 8), at + 12
    return tag, -1, 0, at


@njit(cache=True)
def _syntax(buffer, at, length):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """0 explicit, 1 implicit little endian, -1 anything else. Compressed images have explicit headers."""
    root = b"1.2.840.10008.1.2"
    while length > 0 and buffer[at + length - 1] in (0, 32):
        length -= 1
    if length < len(root):
        return -1
    for i in range(len(root)):
        if buffer[at + i] != root[i]:
            return -1
    rest = at + len(root)
    extra = length - len(root)
    if extra == 0:
        return 1
    plain = extra == 2 and buffer[rest + 1] == 49
    compressed = (extra == 2 and buffer[rest + 1] == 53) or (
        extra >= 4 and buffer[rest + 1] == 52 and buffer[rest + 2] == 46
    )
    return 0 if buffer[rest] == 46 and (plain or compressed) else -1


@njit(cache=True)
def _walk_meta(buffer):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Offset of the data set, encoding, offset and length of the transfer syntax."""
    at, encoding, syntax_at, syntax_length = _START, -1, 0, 0
    while True:
        tag, vr, length, value = _head(buffer, at, False)
        if tag >> 16 != 2:
            return at, encoding, syntax_at, syntax_length
        if vr == -1 or value + length > len(buffer):
            return at, -1, 0, 0
        if tag == 0x00020010:
            encoding, syntax_at, syntax_length = _syntax(buffer, value, length), value, length
        at = value + length


@njit(cache=True)
def _keep(buffer, value, length, values, n_bytes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    values[n_bytes : n_bytes + length] = buffer[value : value + length]
    return n_bytes + length


@njit(cache=True)
def _is_odd(tag, vr, length, previous):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether a top-level element needs the complete parser."""
    undefined = length == _UNDEFINED and vr not in (0, _SQ) and tag != _PIXELS
    public_unknown = vr == _UN and (tag >> 16) % 2 == 0 and tag <= _LAST_WANTED
    return tag <= previous or tag >> 16 == 0xFFFE or undefined or public_unknown


@njit(cache=True)
def _skip_sequence(buffer, at, implicit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Offset after a sequence of undefined length whose value starts at `at`; -1 unusual, -2 the prefix ends."""
    depth = 1
    while depth > 0:
        tag, vr, length, value = _head(buffer, at, implicit)
        if tag == -1:
            if at + 8 <= len(buffer) and _u32(buffer, at) == 0xE0DDFFFE:
                return at + 8 if depth == 1 else -2
            return -2
        if vr == -1 or (length == _UNDEFINED and vr not in (0, _SQ)) or depth > _MAX_DEPTH:
            return -1
        at = value
        if tag == _SEQUENCE_END:
            depth -= 1
        elif tag in (_ITEM, _ITEM_END):
            at += 0 if length == _UNDEFINED else length
        elif length == _UNDEFINED:
            depth += 1
        else:
            at += length
    return at


@njit(cache=True)
def _walk(buffer, file_size, tags, vrs, ends, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901
    """Walk all elements: one branchy function, because it is compiled and every branch is a format rule."""
    at, encoding, syntax_at, syntax_length = _walk_meta(buffer)
    if encoding < 0:
        return UNUSUAL, 0, 0, at, -1
    n_bytes = _keep(buffer, syntax_at, syntax_length, values, 0)
    tags[0], vrs[0], ends[0], n = 0x00020010, 0, n_bytes, 1
    previous = -1
    short = UNUSUAL if len(buffer) >= file_size else MORE
    while True:
        tag, vr, length, value = _head(buffer, at, encoding == 1)
        if tag == -1:
            return (DONE if previous > _LAST_WANTED else short), n, n_bytes, at, -1
        if vr == -1 or _is_odd(tag, vr, length, previous):
            return UNUSUAL, n, n_bytes, at, -1
        if tag == _PIXELS:
            return DONE, n, n_bytes, value, length
        previous = tag
        if length == _UNDEFINED:
            at = _skip_sequence(buffer, value, encoding == 1)
            if at < 0:
                status = UNUSUAL if at == -1 else (DONE if tag > _LAST_WANTED else short)
                return status, n, n_bytes, value, -1
            continue
        at = value + length
        if tag > _LAST_WANTED or (tag >> 16) % 2 == 1 or tag & 0xFFFF == 0 or vr == _SQ:
            continue
        if n == MAX_ELEMENTS or length > MAX_VALUE_BYTES:
            return UNUSUAL, n, n_bytes, value, -1
        if at > len(buffer):
            return short, n, n_bytes, value, -1
        if not _contains(_BINARY, vr):
            n_bytes = _keep(buffer, value, length, values, n_bytes)
        tags[n], vrs[n], ends[n] = tag, vr, n_bytes
        n += 1
