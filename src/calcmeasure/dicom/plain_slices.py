"""Layout and rescale of ordinary slices: decoded once for all files that state the same.

The slices of a series repeat one layout. Decoding it anew from every header takes longer than reading the pixels, so
the raw bytes are compared instead; what a file states about its own size and place of the pixels is always its own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from calcmeasure.dicom.compact import unpack_header
from calcmeasure.dicom.frame_layout import FrameLayout, layout_from_header
from calcmeasure.dicom.guard import PixelElement
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.prefixes import BATCH_FILES, PrefixReader, WalkedFile
from calcmeasure.errors import ErrorCode, PhaseError, PixelError

_STATED_TAGS = (
    0x00020010, 0x00280002, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
    0x00281052, 0x00281053,
)  # fmt: skip
"""All that `layout_from_header` and `stated_rescale` read, ascending."""


@dataclass(frozen=True, slots=True)
class Rescale:
    """Stored value to signal: value * slope + intercept."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class PlainSlice:
    """What is needed to read the one frame of an ordinary file.

    Parameters
    ----------
    rescale
        None when the file states none.
    """

    layout: FrameLayout
    rescale: Rescale | None


def plain_slices(paths: Sequence[Path]) -> list[PlainSlice | None]:
    """Find out where the pixels of many files lie and how to scale them.

    Parameters
    ----------
    paths
        Files of a series.

    Returns
    -------
    list
        None for anything but an ordinary file with one frame: the complete parser has to read it.

    Raises
    ------
    PixelError
        As `calcmeasure.dicom.codecs.decode_frames`.
    PhaseError
        As `stated_rescale`.
    """
    memo = _Memo()
    try:
        files = [(str(path), path.stat().st_size) for path in paths]
        walked = PrefixReader(key_tags=_STATED_TAGS, n_files=max(1, min(BATCH_FILES, len(files)))).read(files)
        return [found and memo.slice_of(path, found) for path, found in zip(paths, walked, strict=True)]
    except OSError as error:
        raise PixelError("a file of the series cannot be read any more", code=ErrorCode.UNREADABLE) from error


class _Memo:
    """What files with equal keys and pixels at equal places amount to."""

    __slots__ = ("_known", "_lengths")

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, PixelElement], PlainSlice] = {}
        self._lengths: dict[bytes, int] = {}

    def slice_of(self, path: Path, found: WalkedFile) -> PlainSlice | None:
        element = found.pixels
        if not element.found:
            length = self._length(path, found)
            element = _pixels_at_end(path, size=found.file_size, length=length) or element
        known = self._known.get((found.key, element))
        if known is None and element.found:
            header = unpack_header(path, found.raw)
            if "NumberOfFrames" in header:
                return None
            known = PlainSlice(layout_from_header(header, element), stated_rescale(header))
            self._known[found.key, element] = known
        return known

    def _length(self, path: Path, found: WalkedFile) -> int:
        """Bytes one frame takes by the header; 0 when it does not say."""
        if found.key not in self._lengths:
            header = unpack_header(path, found.raw)
            rows, columns, bits = (header.integer(k) or 0 for k in ("Rows", "Columns", "BitsAllocated"))
            self._lengths[found.key] = rows * columns * bits // 8
        return self._lengths[found.key]


def stated_rescale(header: Header) -> Rescale | None:
    """Rescale a header states; None when it states none.

    Raises
    ------
    PhaseError
        ``E_SCALING`` for a slope that is not positive or an intercept that is no number.
    """
    if not header.text("RescaleSlope") and not header.text("RescaleIntercept"):
        return None
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    if slope is None or slope <= 0 or (intercept is None and header.text("RescaleIntercept")):
        raise PhaseError("an image states an impossible rescale slope or intercept", code=ErrorCode.SCALING)
    return Rescale(slope, intercept or 0.0)


def _pixels_at_end(path: Path, *, size: int, length: int) -> PixelElement | None:
    """Look for the pixel element where it lies when nothing follows it; None when it does not."""
    if length <= 0 or length % 2 or size < length + 12:
        return None
    offset = size - length
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        start = os.pread(descriptor, 12, offset - 12)
    finally:
        os.close(descriptor)
    tag, declared = b"\xe0\x7f\x10\x00", length.to_bytes(4, "little")
    implicit = start[4:] == tag + declared
    explicit = start == tag + start[4:6] + b"\0\0" + declared and start[4:6] in (b"OW", b"OB")
    return PixelElement(offset, length, found=True, available=length) if implicit or explicit else None
