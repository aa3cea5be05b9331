"""Things that lie in a scene, in the plane of one view, and their drawing onto an image.

Plane, ``_da`` in mm of the breast: depth from the chest wall, and across, towards the top of the displayed image (see
`calcmeasure.phantom.mammogram.calcifications.project`). Shapes are drawn for a left breast (depth runs to the right)
and mirrored for a right one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.phantom.mammogram.calcifications import NO_CLUSTER, FloatArray
from calcmeasure.phantom.mammogram.exposure import CALCIUM_PER_MM
from calcmeasure.phantom.mammogram.path_map import PathMap
from calcmeasure.phantom.mammogram.specks import Lobe, Window, path_in_window, reach_mm, window_around
from calcmeasure.terms import MarkLabel

FloatImage = NDArray[np.float32]

LABEL_CODES = {label: code for code, label in enumerate(MarkLabel, start=1)}
"""Value of each label in a label map; 0 is nothing."""
_LABELLED_FROM = 0.02
"""Nepers an object must add to a pixel to own it in the label map."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """One mark around a place.

    Parameters
    ----------
    centre_da
        Centre of mass, mm.
    shape
        Ellipsoids or a raster of path lengths around the centre of mass, as in a left breast.
    diameter_mm
        What a reader would call its size.
    label
        What it is.
    cluster
        Number of its group.
    per_mm
        Attenuation per mm of it, beyond what it displaces.
    """

    centre_da: tuple[float, float]
    shape: tuple[Lobe, ...] | PathMap
    diameter_mm: float
    label: MarkLabel
    cluster: int = NO_CLUSTER
    per_mm: float = CALCIUM_PER_MM


@dataclass(frozen=True, slots=True)
class Stamp:
    """One deposit as one image sees it: mm of path in a window of pixels."""

    deposit: Deposit
    centre_rc: FloatArray
    window: Window
    path_mm: FloatImage

    @property
    def attenuation(self) -> FloatImage:
        """Nepers it adds to each pixel of its window."""
        added: FloatImage = self.path_mm * np.float32(self.deposit.per_mm)
        return added


def stamp_deposit(
    deposit: Deposit,
    centre_rc: FloatArray,
    *,
    shape: tuple[int, int],
    pixel_mm: tuple[float, float],
    mirrored: bool = False,
) -> Stamp | None:
    """Project a deposit; None when its centre lies outside the image.

    Parameters
    ----------
    centre_rc
        Where its centre of mass falls.
    shape, pixel_mm
        Of the image; pitch in mm of the breast.
    mirrored
        For a right breast, whose depth runs to the left.
    """
    if np.any(centre_rc < 0) or np.any(centre_rc > np.array(shape) - 1):
        return None
    drawn = _mirrored(deposit.shape) if mirrored else deposit.shape
    reach = drawn.reach_mm if isinstance(drawn, PathMap) else reach_mm(drawn)
    window = window_around(centre_rc, reach, shape=shape, pixel_mm=pixel_mm)
    if window is None:
        return None
    if isinstance(drawn, PathMap):
        path_mm = drawn.in_window(centre_rc, window=window, pixel_mm=pixel_mm)
    else:
        path_mm = path_in_window(
            drawn, centre_rc, window=window, pixel_mm=pixel_mm, subpixels=_subpixels(reach / min(pixel_mm))
        )
    return Stamp(deposit, centre_rc, window, path_mm)


def add_stamps(attenuation: FloatImage, stamps: Sequence[Stamp], *, labels: NDArray[np.uint8]) -> None:
    """Add stamps to an attenuation image and enter them into a label map, both in place."""
    for stamp in stamps:
        added = stamp.attenuation
        attenuation[stamp.window] += added
        labels[stamp.window][added > _LABELLED_FROM] = LABEL_CODES[stamp.deposit.label]


def _subpixels(reach_px: float) -> int:
    """Lines of sight per pixel and axis: fewer for large bodies, whose edge is a small part of them."""
    return next(count for most, count in ((12.0, 5), (40.0, 3), (math.inf, 2)) if reach_px <= most)


def _mirrored(shape: tuple[Lobe, ...] | PathMap) -> tuple[Lobe, ...] | PathMap:
    if isinstance(shape, PathMap):
        return shape.mirrored()
    return tuple(replace(lobe, col_mm=-lobe.col_mm, angle_rad=-lobe.angle_rad) for lobe in shape)
