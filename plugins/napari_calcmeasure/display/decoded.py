"""Decoded images kept in memory, the least lately used given up first.

Nothing is written to disk: a cache of pixels there would leave pictures of patients behind, in a place that nobody
expects and nobody clears, while decoding again takes a fraction of a second.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from calcmeasure.model.imaging import Mammogram
from napari_calcmeasure.jobs import LARGE_PX, Do, here

if TYPE_CHECKING:
    from calcmeasure.dicom.presentation import DisplayValues

DEFAULT_BYTES = 2**30
"""Some sixty mammograms of 16 bits and 3328 × 2560 pixels."""
_Key = tuple[Path, int, int, int]


class DecodedImages:
    """Mammograms decoded to be looked at; safe to use from several threads, each image decoded once.

    Parameters
    ----------
    max_bytes
        Upper bound of all arrays kept. The image loaded last is kept even when it alone is larger.
    do_large
        Where large images are decoded.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES, *, do_large: Do = here) -> None:
        self._max_bytes, self._do_large = max_bytes, do_large
        self._kept: OrderedDict[_Key, DisplayValues] = OrderedDict()
        self._under_way: dict[_Key, Future[DisplayValues]] = {}
        self._lock = Lock()

    @property
    def nbytes(self) -> int:
        """Size of all arrays kept."""
        with self._lock:
            return self._nbytes()

    def load(self, mammogram: Mammogram) -> DisplayValues:
        """Decode a mammogram, or take it from memory when its file has not changed.

        Parameters
        ----------
        mammogram
            From the index.

        Raises
        ------
        PixelError
            As `calcmeasure.dicom.pixels.load_mammogram`.
        """
        key = _key(mammogram)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            waiting = self._under_way.get(key)
            if waiting is None:
                mine = self._under_way[key] = Future()
        return self._decode(mammogram, key, mine) if waiting is None else waiting.result()

    def is_ready(self, mammogram: Mammogram) -> bool:
        """Whether it would be taken from memory."""
        with self._lock:
            return _key(mammogram) in self._kept

    def clear(self) -> None:
        """Give up everything kept."""
        with self._lock:
            self._kept.clear()

    def _decode(self, mammogram: Mammogram, key: _Key, mine: Future[DisplayValues]) -> DisplayValues:
        from calcmeasure.dicom.presentation import load_display_values

        do = self._do_large if mammogram.rows * mammogram.columns > LARGE_PX else here
        try:
            shown = do(load_display_values, mammogram)
        except BaseException as error:
            with self._lock:
                del self._under_way[key]
            mine.set_exception(error)
            raise
        with self._lock:
            self._kept[key] = shown
            del self._under_way[key]
            while len(self._kept) > 1 and self._nbytes() > self._max_bytes:
                self._kept.popitem(last=False)
        mine.set_result(shown)
        return shown

    def _nbytes(self) -> int:
        return sum(shown.nbytes for shown in self._kept.values())


def _key(mammogram: Mammogram) -> _Key:
    """File, frame, and the file's state: a file written anew is decoded anew."""
    path = mammogram.image.path
    try:
        state = path.stat()
    except OSError:
        return (path, mammogram.image.frame, 0, 0)
    return (path, mammogram.image.frame, state.st_mtime_ns, state.st_size)
