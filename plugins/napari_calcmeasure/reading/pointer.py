"""What the hand does on an image, in the image's own pixel indices: the only input of the drawing tools."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_calcmeasure.reading.finding import Point, Target


class Motion(StrEnum):
    """What happened."""

    PRESS = "press"
    DRAG = "drag"
    """Moved with the button down."""
    HOVER = "hover"
    """Moved with the button up."""
    RELEASE = "release"
    DOUBLE_CLICK = "double-click"


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """One pointer event on one image.

    Parameters
    ----------
    point
        Where, in pixel indices of the stored image.
    reach
        How many pixels away still counts as "on it" (a few screen pixels at the present zoom), at least 0.5.
    shift
        Whether Shift is held: brush erases, mark tool removes.
    """

    motion: Motion
    target: Target
    point: Point
    reach: float = 3.0
    shift: bool = False
