"""A mammogram on a grid of just under a millimetre, on which outlines are decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.geometry import Spacing

Pixel = TypeVar("Pixel", np.float32, np.uint8)

GRID_MM = 0.8
"""Aimed-at pixel size; the true one is a whole number of image pixels, because their means are quick to take."""
CONSTANT_SHARE = 0.03
"""At least this share of the image at one exact low value makes a constant background."""
_LOWEST_SHARE = 0.02
"""Share of pixels that may lie below the constant value: dead ones do."""


@dataclass(frozen=True, slots=True)
class CoarseImage:
    """Block means of a mammogram.

    Parameters
    ----------
    values
        (rows, columns) float32 mean attenuation of the valid pixels of a block; 0 where most are padding.
    valid
        (rows, columns) False where most of a block is padding.
    constant
        (rows, columns) True where most of a block holds the one exact value of a constant background; None where the
        image has no such background.
    block_rc
        Image pixels per block.
    spacing_mm
        Height and width of a block.
    """

    values: FloatImage
    valid: BoolImage
    constant: BoolImage | None
    block_rc: tuple[int, int]
    spacing_mm: tuple[float, float]

    @classmethod
    def of(cls, attenuation: FloatImage, *, valid: BoolImage, spacing: Spacing) -> Self:
        """Reduce an image; a strip narrower than one block at its lower and right edge is left out."""
        sides = zip(valid.shape, spacing.rc_mm, strict=True)
        down, across = (min(max(1, round(GRID_MM / step)), n) for n, step in sides)
        block = (down, across)
        values, enough = _valid_means(attenuation, valid, block)
        constant = _constant_blocks(attenuation, valid, block)
        return cls(values, enough, constant, block, (down * spacing.row_mm, across * spacing.col_mm))

    def pixels(self, length_mm: float) -> int:
        """Length in blocks, at least one."""
        return max(1, round(length_mm / max(self.spacing_mm)))

    def enlarge(self, mask: BoolImage, shape: tuple[int, int]) -> BoolImage:
        """Bring a mask back to the image's pixels, with a smooth outline."""
        rows, cols = (n * block for n, block in zip(mask.shape, self.block_rc, strict=True))
        soft = cv2.resize(mask.astype(np.uint8) * np.uint8(255), (cols, rows), interpolation=cv2.INTER_LINEAR)
        rest = (shape[0] - rows, shape[1] - cols)
        if any(rest):
            soft = cv2.copyMakeBorder(soft, 0, rest[0], 0, rest[1], cv2.BORDER_REPLICATE)
        enlarged: BoolImage = soft > 127
        return enlarged


def block_means(image: NDArray[Pixel], block_rc: tuple[int, int]) -> NDArray[Pixel]:
    """Mean over blocks of whole pixels."""
    rows, cols = (n // block for n, block in zip(image.shape, block_rc, strict=True))
    whole = image[: rows * block_rc[0], : cols * block_rc[1]]
    means: NDArray[Pixel] = cv2.resize(whole, (cols, rows), interpolation=cv2.INTER_AREA)
    return means


def _valid_means(attenuation: FloatImage, valid: BoolImage, block_rc: tuple[int, int]) -> tuple[FloatImage, BoolImage]:
    if valid.all():
        values = block_means(attenuation, block_rc)
        return values, np.ones(values.shape, dtype=bool)
    weight = block_means(valid.astype(np.float32), block_rc)
    total = block_means(np.where(valid, attenuation, np.float32(0.0)), block_rc)
    enough = weight > 0.5
    return np.where(enough, total / np.maximum(weight, 1e-6), 0.0).astype(np.float32), enough


def _constant_blocks(attenuation: FloatImage, valid: BoolImage, block_rc: tuple[int, int]) -> BoolImage | None:
    sparse = (slice(None, None, max(1, block_rc[0] // 2)), slice(None, None, max(1, block_rc[1] // 2)))
    sample = attenuation[sparse][valid[sparse]]
    if not sample.size:
        return None
    low = np.partition(sample, int(_LOWEST_SHARE * sample.size))[int(_LOWEST_SHARE * sample.size)]
    if np.mean(sample == low) < CONSTANT_SHARE:
        return None
    share = block_means(cv2.compare(attenuation, float(low), cv2.CMP_EQ), block_rc)
    constant: BoolImage = share > 127
    return constant
