"""Compiled walk over the elements of little-endian DICOM prefixes, many files in one call.

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

Bytes = NDArray[np.uint8]

_MAX_DEPTH = 32
_LAST_WANTED = 0x0028FFFF
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXELS = 0x7FE00010
_START = 132
_SHORT, _LONG, _BINARY = 1, 2, 3


def _vr_codes(names: str) -> list[int]:
    """Value representations as little-endian 16-bit numbers, as they stand in the file."""
    return [ord(n[0]) | ord(n[1]) << 8 for n in names.split()]


def _vr_forms() -> Bytes:
    """How the length of each value representation is written, at ``26 * first + second`` letter."""
    names = {
        _SHORT: "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US",
        _LONG: "SQ UN UT UC UR SV UV",
        _BINARY: "OB OW OF OD OL OV",
    }
    forms = np.zeros(26 * 26, dtype=np.uint8)
    for form, group in names.items():
        forms[[26 * (ord(n[0]) - 65) + ord(n[1]) - 65 for n in group.split()]] = form
    return forms


_SQ, _UN, _UI = _vr_codes("SQ UN UI")
_FORMS = _vr_forms()


class WalkedPrefixes(NamedTuple):
    """What the walk found in n prefixes.

    Parameters
    ----------
    rows
        (n, 5) per file: status, end of its packed elements, end of its key, offset the walk came to, length of the
        pixel element (-1 when it was not met).
    packed
        Per file its packed elements and its key. Packed are, little endian, the number of elements (2 bytes), their
        tags (4 bytes each), value representations (2, zero when implicit), the bounds of their values (4, one more than
        elements) and the values.
        A key holds the length of the pixel element, the key elements and one byte for each tag that must be present.
    """

    rows: NDArray[np.int64]
    packed: Bytes


def walk_prefixes(
    prefixes: Bytes, sizes: NDArray[np.int64], *, key_tags: NDArray[np.uint32], needed_tags: NDArray[np.uint32]
) -> WalkedPrefixes:
    """Walk the first bytes of many files.

    Parameters
    ----------
    prefixes
        (n, width) bytes from the start of each file, preamble included.
    sizes
        (n, 2) bytes of the prefix that are filled, bytes in the whole file.
    key_tags, needed_tags
        Ascending. The elements that make up a file's key, and the identifiers of which only the presence does.
    """
    n, width = prefixes.shape
    rows = np.empty((n, 5), dtype=np.int64)
    # An element takes 8 bytes or more in the file and 10 when packed; a key repeats some of them.
    packed = np.empty(n * (3 * width + 64 + len(needed_tags)), dtype=np.uint8)
    _walk_all(prefixes, sizes, (key_tags, needed_tags), rows, packed)
    return WalkedPrefixes(rows, packed)


@njit(cache=True, inline="always")
def _u16(buffer, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return np.int64(buffer[at]) | np.int64(buffer[at + 1]) << 8


@njit(cache=True, inline="always")
def _u32(buffer, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return _u16(buffer, at) | _u16(buffer, at + 2) << 16


@njit(cache=True)
def _form(vr):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Form of a value representation; 0 when there is none of that name."""
    first, second = (vr & 0xFF) - 65, (vr >> 8) - 65
    return np.int64(_FORMS[26 * first + second]) if 0 <= first < 26 and 0 <= second < 26 else 0


@njit(cache=True)
def _head(buffer, at, implicit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Tag, VR, length and offset of the value; VR -1 when unusual, tag -1 when the prefix ends."""
    if at + 12 > len(buffer):
        return -1, 0, 0, at
    tag = _u16(buffer, at) << 16 | _u16(buffer, at + 2)
    if implicit or tag >> 16 == 0xFFFE:
        return tag, 0, _u32(buffer, at + 4), at + 8
    vr = _u16(buffer, at + 4)
    form = _form(vr)
    if form == _SHORT:
        return tag, vr, _u16(buffer, at + 6), at + 8
    return (tag, vr, _u32(buffer, at + 8), at + 12) if form else (tag, -1, 0, at)


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
    if len(buffer) < _START or _u32(buffer, _START - 4) != 0x4D434944:
        return at, -1, 0, 0
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
def _put(target, at, source, start, length):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Copy bytes and return where they end; no slices, as most values are shorter than making one is worth."""
    for i in range(length):
        target[at + i] = source[start + i]
    return at + length


@njit(cache=True)
def _put_number(target, at, number, n_bytes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(n_bytes):
        target[at + i] = (number >> (8 * i)) & 0xFF
    return at + n_bytes


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
def _walk(buffer, file_size, tags, vrs, spans):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901
    """Walk all elements: one branchy function, because it is compiled and every branch is a format rule."""
    at, encoding, syntax_at, syntax_length = _walk_meta(buffer)
    if encoding < 0:
        return UNUSUAL, 0, at, -1
    tags[0], vrs[0], spans[0, 0], spans[0, 1], n = 0x00020010, 0, syntax_at, syntax_length, 1
    previous = -1
    short = UNUSUAL if len(buffer) >= file_size else MORE
    while True:
        tag, vr, length, value = _head(buffer, at, encoding == 1)
        if tag == -1:
            return (DONE if previous > _LAST_WANTED else short), n, at, -1
        if vr == -1 or _is_odd(tag, vr, length, previous):
            return UNUSUAL, n, at, -1
        if tag == _PIXELS:
            return DONE, n, value, length
        previous = tag
        if length == _UNDEFINED:
            at = _skip_sequence(buffer, value, encoding == 1)
            if at < 0:
                status = UNUSUAL if at == -1 else (DONE if tag > _LAST_WANTED else short)
                return status, n, value, -1
            continue
        at = value + length
        if tag > _LAST_WANTED or (tag >> 16) % 2 == 1 or tag & 0xFFFF == 0 or vr == _SQ:
            continue
        if n == MAX_ELEMENTS or length > MAX_VALUE_BYTES:
            return UNUSUAL, n, value, -1
        if at > len(buffer):
            return short, n, value, -1
        tags[n], vrs[n], spans[n, 0] = tag, vr, value
        spans[n, 1] = 0 if _form(vr) == _BINARY else length
        n += 1


@njit(cache=True)
def _pack(buffer, elements, packed, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    tags, vrs, spans = elements
    n = len(tags)
    bounds = np.zeros(n + 1, dtype=np.uint32)
    for i in range(n):
        bounds[i + 1] = bounds[i] + np.uint32(spans[i, 1])
    at = _put_number(packed, at, n, 2)
    at = _put(packed, at, tags.view(np.uint8), 0, 4 * n)
    at = _put(packed, at, vrs.view(np.uint8), 0, 2 * n)
    at = _put(packed, at, bounds.view(np.uint8), 0, 4 * n + 4)
    for i in range(n):
        at = _put(packed, at, buffer, spans[i, 0], spans[i, 1])
    return at


@njit(cache=True)
def _has_first_value(buffer, start, length):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(start, start + length):
        if buffer[i] == 92:
            return False
        if buffer[i] not in (0, 32):
            return True
    return False


@njit(cache=True)
def _key(buffer, elements, wanted, packed, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Append tag, VR, length and value of the key elements, and whether the needed identifiers have a value."""
    tags, vrs, spans = elements
    key_tags, needed_tags = wanted
    k, m = 0, 0
    flags = np.zeros(len(needed_tags), dtype=np.uint8)
    for i in range(len(tags)):
        while k < len(key_tags) and key_tags[k] < tags[i]:
            k += 1
        while m < len(needed_tags) and needed_tags[m] < tags[i]:
            m += 1
        needed = m < len(needed_tags) and needed_tags[m] == tags[i]
        if needed:
            flags[m] = _has_first_value(buffer, spans[i, 0], spans[i, 1])
        if (k < len(key_tags) and key_tags[k] == tags[i]) or (needed and vrs[i] not in (0, _UI)):
            at = _put_number(packed, at, np.int64(tags[i]), 4)
            at = _put_number(packed, at, np.int64(vrs[i]), 2)
            at = _put_number(packed, at, spans[i, 1], 4)
            at = _put(packed, at, buffer, spans[i, 0], spans[i, 1])
    return _put(packed, at, flags, 0, len(flags))


@njit(cache=True, nogil=True)
def _walk_all(prefixes, sizes, wanted, rows, packed):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    tags = np.empty(MAX_ELEMENTS, dtype=np.uint32)
    vrs = np.empty(MAX_ELEMENTS, dtype=np.uint16)
    spans = np.empty((MAX_ELEMENTS, 2), dtype=np.int64)
    at = 0
    for i in range(len(prefixes)):
        buffer = prefixes[i, : sizes[i, 0]]
        status, n, reached, pixel_length = _walk(buffer, sizes[i, 1], tags, vrs, spans)
        elements_end = at
        if status == DONE:
            elements = tags[:n], vrs[:n], spans[:n]
            elements_end = _pack(buffer, elements, packed, at)
            at = _put_number(packed, elements_end, pixel_length, 8)
            at = _key(buffer, elements, wanted, packed, at)
        rows[i, 0], rows[i, 1], rows[i, 2] = status, elements_end, at
        rows[i, 3], rows[i, 4] = reached, pixel_length
