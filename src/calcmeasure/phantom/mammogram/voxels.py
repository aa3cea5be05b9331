"""Calcifications given as voxels, for instance a cluster of another simulator, projected into a scene."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass, find_objects, label

from calcmeasure.phantom.mammogram.contents import Contents
from calcmeasure.phantom.mammogram.deposits import Deposit
from calcmeasure.phantom.mammogram.path_map import PathMap
from calcmeasure.phantom.mammogram.places import Place
from calcmeasure.terms import MarkLabel

_TOUCHING = np.ones((3, 3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class VoxelModel:
    """Where there is calcium.

    Parameters
    ----------
    voxels
        (height, rows, columns); whatever is not zero is calcium. The beam runs along height.
    voxel_mm
        Edge of the cubic voxels.
    """

    voxels: NDArray[np.uint8]
    voxel_mm: float


def insert_voxels(contents: Contents, model: VoxelModel, *, centre_da: Place) -> Contents:
    """Put a voxel model into a breast as one more group.

    Every connected lump (26 neighbours) becomes one suspicious mark, its path length projected along the first axis;
    rows run down the displayed image, columns with depth. The middle of the model comes to `centre_da`.
    """
    number = 1 + max((deposit.cluster for deposit in contents.deposits), default=-1)
    lumps = tuple(_lumps(model, centre_da, number=number))
    return replace(contents, deposits=lumps + contents.deposits)


def _lumps(model: VoxelModel, centre_da: Place, *, number: int) -> list[Deposit]:
    numbered, _ = label(model.voxels, _TOUCHING)
    middle = 0.5 * (np.array(model.voxels.shape[1:]) - 1.0)
    lumps = []
    for lump, box in enumerate(find_objects(numbered), start=1):
        column_mm = model.voxel_mm * (numbered[box] == lump).sum(axis=0, dtype=np.float64)
        row, col = center_of_mass(column_mm)
        away_rc = (np.array([row + box[1].start, col + box[2].start]) - middle) * model.voxel_mm
        place = (float(centre_da[0] + away_rc[1]), float(centre_da[1] - away_rc[0]))
        lumps.append(_deposit(column_mm, model.voxel_mm, place, number=number))
    return lumps


def _deposit(column_mm: NDArray[np.float64], voxel_mm: float, place: Place, *, number: int) -> Deposit:
    diameter = float(voxel_mm * np.sqrt(4.0 / np.pi * np.count_nonzero(column_mm)))
    return Deposit(place, PathMap(column_mm, voxel_mm), diameter, MarkLabel.SUSPICIOUS, number)
