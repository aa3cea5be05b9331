"""Mammograms in standard orientation, back to back and in one scale: placed by their layers, never changed themselves.

The right breast lies on the viewer's left with its chest wall on the right, the left breast the other way round; the
axilla (MLO and other lateral views) or the lateral side (CC) is at the top. Patient Orientation (0020,0020) tells how
an image is stored; without it the brighter edge is taken for the chest wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.imaging import Mammogram
from calcmeasure.terms import Laterality, View
from napari_calcmeasure.display.panel import Placement
from napari_calcmeasure.display.windows import presets_of

if TYPE_CHECKING:
    from calcmeasure.dicom.presentation import DisplayValues

GAP_MM = 3.0
"""Between rows, and between pairs, of images."""
EDGE_SHARE = 20
"""One part in so many of the columns is looked at to tell the brighter edge."""
COARSE_MM = 0.5
"""Pixel size at which the breast is outlined for placing."""
_SEEN_FROM_ABOVE = (View.CC, View.XCCL, View.XCCM)
_MEDIAL = {Laterality.RIGHT: "L", Laterality.LEFT: "R"}
_OPPOSITE = {"A": "P", "P": "A", "H": "F", "F": "H", "L": "R", "R": "L"}


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored picture is turned to be read.

    Parameters
    ----------
    mirror_rows, mirror_columns
        Upside down, and left for right.
    is_rotated
        Whether it is stored lying on its side: it then hangs as stored.
    """

    mirror_rows: bool = False
    mirror_columns: bool = False
    is_rotated: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Size and orientation of an image to be placed.

    Parameters
    ----------
    shape
        (rows, columns).
    step
        Row and column distance in world units: mm, or 1 where an image has none.
    lies_left
        Whether it lies left of the line where chest walls meet: a right breast.
    """

    shape: tuple[int, int]
    step: tuple[float, float]
    orientation: Orientation = Orientation()
    lies_left: bool = False

    @property
    def height(self) -> float:
        """In world units, between the outer edges of the pixels."""
        return self.shape[0] * self.step[0]

    @property
    def width(self) -> float:
        """In world units, between the outer edges of the pixels."""
        return self.shape[1] * self.step[1]

    def place(self, *, top: float, wall: float) -> Placement:
        """Place its upper edge and its edge at the chest wall.

        Parameters
        ----------
        top, wall
            World row and column.
        """
        left = wall - self.width if self.lies_left else wall
        row = _axis(top, self.height, self.step[0], mirrored=self.orientation.mirror_rows)
        column = _axis(left, self.width, self.step[1], mirrored=self.orientation.mirror_columns)
        return Placement((row[0], column[0]), (row[1], column[1]))

    def place_centred(self, centre_row: float) -> Placement:
        """Place a row of the stored image at world row 0 and its chest wall at world column 0."""
        from_top = (self.shape[0] - 1 - centre_row if self.orientation.mirror_rows else centre_row) + 0.5
        return self.place(top=-from_top * self.step[0], wall=0.0)


def orient(mammogram: Mammogram, shown: DisplayValues) -> Orientation:
    """Tell how a mammogram is turned to be read.

    Parameters
    ----------
    mammogram
        From the index. Without a side there is no standard orientation: it hangs as stored.
    shown
        Its pixels, asked where Patient Orientation says nothing of the chest wall.
    """
    along_row, along_column = _directions(mammogram)
    if _is_sideways(along_row, along_column):
        return Orientation(is_rotated=True)
    if mammogram.laterality not in _MEDIAL:
        return Orientation()
    known = along_row[:1] in ("A", "P")
    wall_on_right = along_row.startswith("P") if known else _is_brighter_on_right(shown)
    mirror_columns = wall_on_right is not (mammogram.laterality is Laterality.RIGHT)
    return Orientation(_is_upside_down(mammogram, along_column), mirror_columns)


def back_to_back(pictures: Sequence[Picture], blocks: Sequence[tuple[int, int]]) -> list[Placement]:
    """Place pairs of breasts: chest walls meet in the middle of a block, images of one row of blocks share its middle.

    Parameters
    ----------
    pictures
        At most one left and one right breast per block.
    blocks
        (row, column) of each picture's block.
    """
    rows = sorted({row for row, _ in blocks})
    columns = sorted({column for _, column in blocks})
    heights = {r: max(p.height for p, b in zip(pictures, blocks, strict=True) if b[0] == r) for r in rows}
    walls = _walls(pictures, blocks, columns)
    tops = dict(zip(rows, _starts([heights[r] for r in rows]), strict=True))
    return [
        picture.place(top=tops[row] + (heights[row] - picture.height) / 2, wall=walls[column])
        for picture, (row, column) in zip(pictures, blocks, strict=True)
    ]


def outline_breast(
    values: NDArray[Any], *, step: tuple[float, float], is_inverted: bool
) -> tuple[NDArray[np.bool_], int]:
    """Tell roughly where the breast is.

    Parameters
    ----------
    values
        (rows, columns) of a panel.
    step
        Row and column distance, mm.
    is_inverted
        Whether low values are dense.

    Returns
    -------
    tuple of ndarray and int
        Mask, and how many pixels one of its pixels stands for along either axis. All True where no breast can be told.
    """
    from calcmeasure.detect.mammogram.breast import find_breast

    reduction = max(1, int(COARSE_MM / max(step)))
    coarse = np.ascontiguousarray(values[::reduction, ::reduction], np.float32)
    spacing = Spacing(step[0] * reduction, step[1] * reduction, SpacingSource.GIVEN)
    everywhere = np.ones(coarse.shape, bool)
    found = find_breast(-coarse if is_inverted else coarse, valid=everywhere, spacing=spacing)
    return (found.mask if found.trusted else everywhere), reduction


def breast_middle(shown: DisplayValues, *, step: tuple[float, float]) -> float:
    """Find the stored row halfway between the breast's highest and lowest point."""
    mask, reduction = outline_breast(shown.values, step=step, is_inverted=shown.is_inverted)
    rows = np.flatnonzero(mask.any(axis=1)) * reduction
    return float(rows[0] + rows[-1] + reduction - 1) / 2


def _axis(start: float, length: float, step: float, *, mirrored: bool) -> tuple[float, float]:
    """World position of index 0 and the step from there."""
    return (start + length - step / 2, -step) if mirrored else (start + step / 2, step)


def _directions(mammogram: Mammogram) -> tuple[str, str]:
    """Where a row and a column run to; empty when the header does not say."""
    found = mammogram.patient_orientation
    return (found[0].upper(), found[1].upper()) if len(found) == 2 else ("", "")


def _is_sideways(along_row: str, along_column: str) -> bool:
    return along_column[:1] in ("A", "P") and along_row[:1] not in ("A", "P", "")


def _is_upside_down(mammogram: Mammogram, along_column: str) -> bool:
    """Whether columns run to the lateral side (CC) or to the head (others)."""
    if mammogram.view in _SEEN_FROM_ABOVE and mammogram.laterality is not None:
        return _OPPOSITE[_MEDIAL[mammogram.laterality]] in along_column
    return "H" in along_column


def _is_brighter_on_right(shown: DisplayValues) -> bool:
    edge = max(1, shown.values.shape[1] // EDGE_SHARE)
    preset = presets_of(shown)[0]
    left, right = (preset.grey(part[::8]).mean() for part in (shown.values[:, :edge], shown.values[:, -edge:]))
    return bool(right > left)


def _walls(pictures: Sequence[Picture], blocks: Sequence[tuple[int, int]], columns: Sequence[int]) -> dict[int, float]:
    """World column where the chest walls of each column of blocks meet; the first is 0."""
    walls: dict[int, float] = {}
    right_edge = 0.0
    for column in columns:
        own = [p for p, block in zip(pictures, blocks, strict=True) if block[1] == column]
        left = max((p.width for p in own if p.lies_left), default=0.0)
        walls[column] = right_edge + GAP_MM + left if walls else 0.0
        right_edge = walls[column] + max((p.width for p in own if not p.lies_left), default=0.0)
    return walls


def _starts(lengths: Sequence[float]) -> list[float]:
    """Where each of a row of things begins that lie one after the other with gaps between."""
    return [sum(lengths[:n]) + n * GAP_MM for n in range(len(lengths))]
