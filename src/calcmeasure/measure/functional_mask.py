"""Voxels that count towards the functional tumour volume, found in two passes over the phases.

Source: Hylton et al., Radiology 2012;263:663-672 and Newitt et al., J Digit Imaging 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from calcmeasure.errors import ErrorCode, PhaseError

FloatImage = NDArray[np.float32]
BoolImage = NDArray[np.bool_]

BRIGHT = 0.95
"""Share of the region's voxels that are darker before contrast than what the background is told by."""
_BINS = 1 << 16


@dataclass(frozen=True, slots=True)
class FtvRule:
    """Parameters of the functional tumour volume; all of them belong into a report of the volume.

    Parameters
    ----------
    background_fraction
        Share of the region's 95th percentile before contrast below which a voxel does not count.
    percent
        Least percent enhancement at the early phase.
    neighbours
        Least number of the 26 neighbours that pass as well.
    least_ser
        Least signal enhancement ratio.
    """

    background_fraction: float = 0.6
    percent: float = 70.0
    neighbours: int = 4
    least_ser: float = 0.0


def functional_tumour_mask(
    pre: FloatImage, early: FloatImage, late: FloatImage | None, *, region: BoolImage, rule: FtvRule | None = None
) -> BoolImage:
    """Voxels that count towards the functional tumour volume.

    A voxel counts when it lies in the region, its signal before contrast reaches a share of the region's 95th
    percentile, it enhances enough, enough of its 26 neighbours do both as well, and its early-to-late ratio is not
    below the least one.

    Parameters
    ----------
    pre, early, late
        (slices, rows, columns) signal in one common scaling. Without a late phase the ratio is not asked for.
    region
        (slices, rows, columns) the reader's box, or the breast.
    rule
        Thresholds; the published ones by default.

    Returns
    -------
    (slices, rows, columns) bool ndarray
        Its volume is the count times the voxel volume.

    Raises
    ------
    PhaseError
        If the phases or the region differ in shape.
    """
    limits = rule or FtvRule()
    before, after = (np.ascontiguousarray(phase, np.float32) for phase in (pre, early))
    last = None if late is None else np.ascontiguousarray(late, np.float32)
    inside = np.ascontiguousarray(region, np.bool_)
    shapes = {volume.shape for volume in (before, after, inside, before if last is None else last)}
    if len(shapes) > 1:
        raise PhaseError(f"phases and region differ in shape: {sorted(shapes)}", code=ErrorCode.GEOMETRY)
    if not inside.any():
        return np.zeros(before.shape, dtype=np.bool_)
    least_signal = limits.background_fraction * percentile_inside(before, inside, BRIGHT)
    passing = _passing(before, after, inside, least_signal, limits.percent)
    counted: BoolImage = _surrounded(passing, limits.neighbours)
    if last is not None:
        _drop_low_ratios(counted, before, after, last, limits.least_ser)
    return counted


def percentile_inside(image: FloatImage, region: BoolImage, share: float) -> float:
    """Value that a share of a region's voxels lies below, linear between two of them (as `numpy.percentile`).

    Exact: voxels are counted by the upper half of their bits, and only those of one count are sorted.

    Parameters
    ----------
    image, region
        Contiguous, of one shape; the region must not be empty.
    share
        0 to 1.
    """
    values, inside = image.reshape(-1), region.reshape(-1)
    totals = np.cumsum(_counts(values.view(np.uint32), inside))
    place = share * float(totals[-1] - 1)
    ranks = np.minimum([int(place), int(place) + 1], totals[-1] - 1)
    first, last = (int(b) for b in np.searchsorted(totals, ranks, side="right"))
    below = int(totals[first - 1]) if first else 0
    low, high = (float(value) for value in _lowest_of(np.array([first, last + 1], np.uint32)))
    near = np.sort(_between(values, inside, low, high, int(totals[last]) - below))
    one, other = (float(near[rank - below]) for rank in ranks)
    return one + (other - one) * (place - int(place))


def _lowest_of(bins: NDArray[np.uint32]) -> FloatImage:
    """Lowest number of each bin."""
    bits = bins << np.uint32(16)
    return np.where(bits >> np.uint32(31), bits & np.uint32(0x7FFFFFFF), ~bits).astype(np.uint32).view(np.float32)


@njit(cache=True, inline="always")
def _bin(bits: np.uint32) -> int:
    """Upper bits of a float, in the order of the numbers: a negative one's are turned around, nought has no sign."""
    flipped = ~bits if bits > np.uint32(0x80000000) else bits | np.uint32(0x80000000)
    return int(flipped >> np.uint32(16))


@njit(cache=True)
def _counts(bits: NDArray[np.uint32], inside: BoolImage) -> NDArray[np.int64]:
    counts = np.zeros(_BINS, np.int64)
    for k in range(bits.size):
        if inside[k]:
            counts[_bin(bits[k])] += 1
    return counts


@njit(cache=True)
def _between(values: FloatImage, inside: BoolImage, low: float, high: float, count: int) -> FloatImage:
    """Voxels of the region from `low` to below `high`."""
    found, size = np.empty(count, np.float32), 0
    for k in range(values.size):
        if low <= values[k] < high and inside[k]:
            found[size] = values[k]
            size += 1
    return found


@njit(cache=True, error_model="numpy")
def _passing(before: FloatImage, after: FloatImage, inside: BoolImage, least: float, percent: float) -> BoolImage:
    """Voxels that are bright enough and enhance enough, with a border of none around them.

    Each is worked out whole, for a division in vain costs less than a branch that cannot be foretold.
    """
    nz, nr, nc = before.shape
    passing = np.zeros((nz + 2, nr + 2, nc + 2), np.bool_)
    for z in range(nz):
        for r in range(nr):
            line, kept, first, second = passing[z + 1, r + 1, 1:], inside[z, r], before[z, r], after[z, r]
            for c in range(nc):
                pre, post = np.float64(first[c]), np.float64(second[c])
                line[c] = kept[c] & (pre >= least) & (pre > 0) & (100.0 * (post - pre) / pre >= percent)
    return passing


@njit(cache=True)
def _surrounded(passing: BoolImage, neighbours: int) -> BoolImage:
    """Without the border; of the voxels that pass, those with enough neighbours that do."""
    nz, nr, nc = passing.shape[0] - 2, passing.shape[1] - 2, passing.shape[2] - 2
    counted, sums = np.empty((nz, nr, nc), np.bool_), np.empty(nc + 2, np.uint8)
    for z in range(nz):
        for r in range(nr):
            sums[:] = 0
            for plane in passing[z : z + 3]:
                _add_lines(sums, plane[r], plane[r + 1], plane[r + 2])
            line, own = counted[z, r], passing[z + 1, r + 1, 1:]
            for c in range(nc):
                line[c] = own[c] & (np.uint8(sums[c] + sums[c + 1] + sums[c + 2]) > neighbours)
    return counted


@njit(cache=True)
def _add_lines(sums: NDArray[np.uint8], one: BoolImage, two: BoolImage, three: BoolImage) -> None:
    for k in range(sums.size):
        sums[k] += np.uint8(one[k]) + np.uint8(two[k]) + np.uint8(three[k])


@njit(cache=True, error_model="numpy")
def _drop_low_ratios(counted: BoolImage, before: FloatImage, after: FloatImage, last: FloatImage, least: float) -> None:
    """Early over late enhancement: infinite where nothing is left late; where nothing ever enhanced it is no number."""
    line, first, second, third = counted.reshape(-1), before.reshape(-1), after.reshape(-1), last.reshape(-1)
    for k in range(line.size):
        pre = np.float64(first[k])
        line[k] &= (second[k] - pre) / (third[k] - pre) >= least
