"""Voxels of a lesion inside its annotation: lossless, in the grid of the series, told from a changed one by a hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calcmeasure.errors import AnnotationError, ErrorCode
from calcmeasure.geometry import ImageGrid
from calcmeasure.model.annotation import MASK_FIELD, Annotation
from calcmeasure.terms import Method

__all__ = [
    "MASK_FIELD",
    "StoredMask",
    "mask_digest",
    "mask_from_json",
    "mask_to_json",
    "names_mask",
    "stored_mask",
]

MOST_VOXELS = 2**31
"""A larger cut is refused before it is unpacked."""

BoolImage = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StoredMask:
    """Voxels of one lesion.

    Parameters
    ----------
    voxels
        (slices, rows, columns) of the cut.
    offset_zrc
        Voxel of the series at which the cut begins.
    grid_shape
        (slices, rows, columns) of the series; None where nobody wrote it down.
    """

    voxels: BoolImage
    offset_zrc: tuple[int, int, int]
    grid_shape: tuple[int, int, int] | None = None

    def in_series(self) -> BoolImage:
        """(slices, rows, columns) of the whole series, as a segmentation object holds it.

        Raises
        ------
        AnnotationError
            ``E_MASK`` where the shape of the series is not known.
        """
        if self.grid_shape is None:
            raise _damaged("does not say how large its series is")
        whole = np.zeros(self.grid_shape, dtype=np.bool_)
        whole[tuple(slice(o, o + n) for o, n in zip(self.offset_zrc, self.voxels.shape, strict=True))] = self.voxels
        return whole


def mask_to_json(voxels: BoolImage, *, offset_zrc: Sequence[int], grid: ImageGrid) -> dict[str, Any]:
    """Turn a mask into JSON values.

    Parameters
    ----------
    voxels
        (slices, rows, columns) of the cut.
    offset_zrc
        Voxel of the series at which it begins.
    grid
        Of the series: its shape and its place in the patient are written down, so that a segmentation object can be
        made without the images.
    """
    packed = np.packbits(voxels).tobytes()
    offset, shape = [int(o) for o in offset_zrc], [int(n) for n in voxels.shape]
    return {
        "offset": offset,
        "shape": shape,
        "data": base64.b64encode(zlib.compress(packed, 9)).decode("ascii"),
        "sha256": _digest(packed, offset, shape),
        "grid": {
            "shape": list(grid.shape),
            "origin_lps": list(grid.origin_lps),
            "axes_lps": [list(axis) for axis in grid.axes_lps],
        },
    }


def mask_from_json(content: Mapping[str, Any]) -> StoredMask:
    """Unpack a mask and check its hash.

    Raises
    ------
    AnnotationError
        ``E_MASK`` when it cannot be unpacked, does not fill its shape, leaves its series, or is not the one hashed.
    """
    offset, shape = (tuple(int(i) for i in content[name]) for name in ("offset", "shape"))
    packed = _unpacked(content["data"], shape)
    stated = content.get("sha256")
    if stated is not None and stated != _digest(packed, offset, shape):
        raise _damaged("is not the one that was stored")
    grid = content.get("grid")
    grid_shape = None if grid is None else tuple(int(n) for n in grid["shape"])
    if grid_shape is not None and any(o + n > m for o, n, m in zip(offset, shape, grid_shape, strict=True)):
        raise _damaged("leaves the grid of its series")
    voxels = np.unpackbits(np.frombuffer(packed, np.uint8), count=prod(shape)).astype(np.bool_).reshape(shape)
    return StoredMask(voxels, _triple(offset), None if grid_shape is None else _triple(grid_shape))


def mask_digest(voxels: BoolImage, *, offset_zrc: Sequence[int]) -> str:
    """Hash that tells a mask from every other one, its place in the series included."""
    return _digest(np.packbits(voxels).tobytes(), offset_zrc, voxels.shape)


def names_mask(annotation: Annotation) -> bool:
    """Whether figures were taken in a mask that must be there; without a reader's own the outline still stands."""
    return annotation.method is Method.AUTO and bool(annotation.enhancement and annotation.enhancement.mask_sha256)


def stored_mask(annotation: Annotation) -> StoredMask | None:
    """Mask saved with an annotation; None where there is none and none is missing.

    Raises
    ------
    AnnotationError
        ``E_MASK`` when it is damaged, or when an automatic measurement names a mask that is not there.
    """
    content = annotation.extra.get(MASK_FIELD)
    if not isinstance(content, Mapping):
        if names_mask(annotation):
            raise _damaged("is missing")
        return None
    mask = mask_from_json(content)
    digest = mask_digest(mask.voxels, offset_zrc=mask.offset_zrc)
    if annotation.enhancement and names_mask(annotation) and annotation.enhancement.mask_sha256 != digest:
        raise _damaged("is not the one its figures were taken in")
    return mask


def _unpacked(data: str, shape: Sequence[int]) -> bytes:
    n_bytes = (prod(shape) + 7) // 8
    if prod(shape) > MOST_VOXELS:
        raise _damaged("is larger than any breast")
    try:
        packed = zlib.decompressobj().decompress(base64.b64decode(data, validate=True), n_bytes + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise _damaged("cannot be unpacked") from error
    if len(packed) != n_bytes:
        raise _damaged("does not fill its shape")
    return packed


def _digest(packed: bytes, offset: Sequence[int], shape: Sequence[int]) -> str:
    place = ",".join(map(str, (*offset, *shape)))
    return hashlib.sha256(f"{place};".encode() + packed).hexdigest()


def _triple(values: Sequence[int]) -> tuple[int, int, int]:
    z, r, c = values
    return (z, r, c)


def _damaged(words: str) -> AnnotationError:
    return AnnotationError(
        f"the mask saved with a lesion {words}; measure the series again, or take the file from a backup",
        code=ErrorCode.MASK,
    )
