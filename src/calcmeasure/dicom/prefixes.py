"""First bytes of many files, read and walked in batches through one buffer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.guard import PixelElement
from calcmeasure.dicom.tag_walk import DONE, MORE, WalkedPrefixes, walk_prefixes

PREFIX_BYTES = 8192
"""First read; holds the header of nearly every MR slice up to group 0028."""
MAX_PREFIX_BYTES = PREFIX_BYTES * 4**3
BATCH_FILES = 64
"""Prefixes walked in one call: together they stay in the processor's cache."""

_UNDEFINED = 0xFFFFFFFF
_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class WalkedFile(NamedTuple):
    """What one file's prefix holds.

    Parameters
    ----------
    raw
        Packed elements.
    key
        Of the elements the reader was asked for, and the length of the pixel element.
    reached
        Byte offset of the pixels; when they were not met, of the end of the walk.
    pixel_length
        Declared bytes of the pixel element; -1 when it was not met.
    file_size
        Bytes.
    """

    raw: bytes
    key: bytes
    reached: int
    pixel_length: int
    file_size: int

    @property
    def pixels(self) -> PixelElement:
        """Where the pixels lie."""
        length = self.pixel_length if self.pixel_length not in (-1, _UNDEFINED) else None
        return PixelElement(self.reached, length, self.pixel_length != -1, self.file_size - self.reached)


class PrefixReader:
    """Reads prefixes into one buffer, over and over.

    Parameters
    ----------
    key_tags
        Elements that make up a file's key, ascending.
    needed_tags
        Identifiers whose mere presence goes into the key, ascending.
    n_files
        Files walked in one call.
    """

    def __init__(
        self, *, key_tags: Sequence[int] = (), needed_tags: Sequence[int] = (), n_files: int = BATCH_FILES
    ) -> None:
        self._key_tags = np.array(key_tags, dtype=np.uint32)
        self._needed_tags = np.array(needed_tags, dtype=np.uint32)
        self._prefixes = np.empty((n_files, PREFIX_BYTES), dtype=np.uint8)
        self._sizes = np.empty((n_files, 2), dtype=np.int64)
        self._targets = [[row.data] for row in self._prefixes]

    def read(self, files: Sequence[tuple[str, int]]) -> list[WalkedFile | None]:
        """Read and walk files.

        Parameters
        ----------
        files
            Path and bytes of regular files.

        Returns
        -------
        list
            None for a file out of the ordinary or one that cannot be read: the complete parser tells why.
        """
        step = len(self._targets)
        return [found for i in range(0, len(files), step) for found in self._read_batch(files[i : i + step])]

    def read_one(self, path: str, size: int) -> WalkedFile | None:
        """Read and walk one file.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        found: WalkedFile | int = MORE
        wanted = PREFIX_BYTES
        while found == MORE and wanted <= MAX_PREFIX_BYTES:
            prefix = np.empty((1, min(wanted, size)), dtype=np.uint8)
            sizes = np.array([(_fill(path, [prefix[0].data]), size)], dtype=np.int64)
            found = self._walk(prefix, sizes)[0]
            wanted *= 4
        return None if isinstance(found, int) else found

    def _read_batch(self, files: Sequence[tuple[str, int]]) -> list[WalkedFile | None]:
        n = len(files)
        self._sizes[:n, 0] = [_fill_or_none(path, target) for (path, _), target in zip(files, self._targets)]  # noqa: B905
        self._sizes[:n, 1] = [size for _, size in files]
        found = self._walk(self._prefixes[:n], self._sizes[:n])
        return [self._settle(f, files[i]) if isinstance(f, int) else f for i, f in enumerate(found)]

    def _settle(self, status: int, file: tuple[str, int]) -> WalkedFile | None:
        """Read more of a file whose header is longer than the first read."""
        try:
            return self.read_one(*file) if status == MORE else None
        except OSError:
            return None

    def _walk(self, prefixes: NDArray[np.uint8], sizes: NDArray[np.int64]) -> list[WalkedFile | int]:
        walked = walk_prefixes(prefixes, sizes, key_tags=self._key_tags, needed_tags=self._needed_tags)
        return _unpack(walked, sizes[:, 1].tolist())


def _fill(path: str, target: Sequence[memoryview]) -> int:
    """Bytes read from the start of a file."""
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        return os.preadv(descriptor, target, 0)
    finally:
        os.close(descriptor)


def _fill_or_none(path: str, target: Sequence[memoryview]) -> int:
    """Bytes read; 0, which no walk takes for DICOM, when the file cannot be read."""
    try:
        return _fill(path, target)
    except OSError:
        return 0


def _unpack(walked: WalkedPrefixes, file_sizes: Sequence[int]) -> list[WalkedFile | int]:
    """Take the files apart; a status other than `DONE` stands for itself."""
    packed = walked.packed.data
    found: list[WalkedFile | int] = []
    start = 0
    for (status, middle, end, reached, pixel_length), size in zip(walked.rows.tolist(), file_sizes, strict=True):
        if status == DONE:
            raw, key = packed[start:middle].tobytes(), packed[middle:end].tobytes()
            found.append(WalkedFile(raw, key, reached, pixel_length, size))
        else:
            found.append(status)
        start = end
    return found
