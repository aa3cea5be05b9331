"""How many pixels the ends of a line may be off before a class changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.exact import micrometres

MOST_PIXELS = 64
"""Beyond this no hand is off, and the search ends."""


def pixel_um(measurements: Iterable[Measurement]) -> int:
    """Length of the longest pixel side of the images measured on, in µm; 0 where no spacing is known."""
    spacings = [m.image.spacing for m in measurements if m.image and m.image.spacing]
    return max([micrometres(max(spacing.rc_mm)) for spacing in spacings]) if spacings else 0


def fewest_pixels(
    judge: Callable[[int, int], object],
    pair_um: tuple[int, int],
    *,
    pixels_um: tuple[int, int],
    shortest_um: int = 0,
    most: int = MOST_PIXELS,
) -> int | None:
    """Find the smallest number of pixels which, at each end of either line, changes the class.

    Parameters
    ----------
    judge
        Class of (before, after), both in µm; a longer line never goes back to a class that a shorter one left.
    pair_um
        Length before and after; one that is 0 has no ends to shift.
    pixels_um
        Side of a pixel before and after; 0 when unknown, and then that line is not shifted.
    shortest_um
        What shortening stops at.
    most
        Pixels tried at each end.

    Returns
    -------
    int or None
        None when even `most` pixels change nothing.

    Examples
    --------
    >>> fewest_pixels(lambda old, new: new >= old, (1000, 860), pixels_um=(0, 70))
    1
    """
    if not any(pixels_um):
        return None
    known, found = judge(*pair_um), most + 1
    for which, side_um in enumerate(pixels_um):
        for sign in (-1, 1) if side_um and pair_um[which] else ():
            is_changed = _changed(
                judge, pair_um, known=known, which=which, step_um=sign * 2 * side_um, shortest_um=shortest_um
            )
            if found > 1 and is_changed(found - 1):
                found = bisect_left(range(1, found - 1), True, key=is_changed) + 1
    return found if found <= most else None


def _changed(
    judge: Callable[[int, int], object],
    pair_um: tuple[int, int],
    *,
    known: object,
    which: int,
    step_um: int,
    shortest_um: int,
) -> Callable[[int], bool]:
    """Whether the class changes when one of two lengths is off by a number of steps."""

    def is_changed(steps: int) -> bool:
        shifted = list(pair_um)
        shifted[which] = max(min(shortest_um, pair_um[which]), pair_um[which] + steps * step_um)
        return judge(shifted[0], shifted[1]) != known

    return is_changed
