"""Arrays too large for memory, in a nameless file: pages are fetched as they are looked at, and given back at need."""

from __future__ import annotations

import mmap
import os
import tempfile
from math import prod

import numpy as np
from numpy.typing import NDArray

IN_MEMORY_BYTES = 1 << 30
"""A larger series goes into a file: two at a time would otherwise fill the memory of a workplace."""


def roomy_array(shape: tuple[int, ...], *, largest: int = IN_MEMORY_BYTES) -> NDArray[np.float32]:
    """Make an array of signal to be filled.

    Parameters
    ----------
    shape
        Of the array.
    largest
        Bytes that are kept in memory.

    Returns
    -------
    float32 ndarray
        In a file without a name, gone with the array, where it is larger and the disk has room for it; in memory
        otherwise.
    """
    n_bytes = 4 * prod(shape)
    if n_bytes <= largest:
        return np.empty(shape, dtype=np.float32)
    with tempfile.TemporaryFile(prefix="calcmeasure-") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        except OSError:
            return np.empty(shape, dtype=np.float32)
        return np.frombuffer(mmap.mmap(file.fileno(), n_bytes), dtype=np.float32).reshape(shape)


def give_back(array: NDArray[np.float32]) -> None:
    """Let go of the pages of a roomy array: they stay in its file, and no longer count as this process's memory."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    pages = base.obj if isinstance(base, memoryview) else base
    if isinstance(pages, mmap.mmap):
        pages.madvise(mmap.MADV_DONTNEED)
