"""The functional tumour volume's mask of a phase of 160 x 320 x 320 beside whole-volume NumPy and SciPy.

The peer writes down the published steps one after the other, with whole volumes in between: percent enhancement, a
threshold on the signal before contrast, a convolution that counts passing neighbours, the early-to-late ratio. It runs
as one would write it, in double precision, and as fast as NumPy and SciPy could be made to do it, in single.

Run: ``python benchmarks/bench_functional_volume.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import scipy.signal

from accuracy.suites import FIRST_SEED
from bench_lesion_speed import FULL, MOVING
from calcmeasure.measure.functional_mask import functional_tumour_mask
from calcmeasure.phantom.dynamic.exams import draw_exam
from timing import print_machine, print_table, print_times, take_times

CENTRE = 100
"""Weight of a voxel itself, so that one number tells whether it and enough of its neighbours pass."""


def convolved(passing: np.ndarray) -> np.ndarray:
    weights = np.ones((3, 3, 3), np.float32)
    weights[1, 1, 1] = CENTRE
    return np.rint(scipy.signal.convolve(passing.astype(np.float32), weights, mode="same"))


def added(passing: np.ndarray) -> np.ndarray:
    counts = np.pad(passing, 1).astype(np.int8)
    for axis in range(3):
        lines = np.moveaxis(counts, axis, 0)
        counts = np.moveaxis(lines[:-2] + lines[1:-1] + lines[2:], 0, axis)
    return counts + np.int8(CENTRE - 1) * passing.astype(np.int8)


def whole_volumes(phases: list[np.ndarray], *, count: Callable[[np.ndarray], np.ndarray], kind: type) -> np.ndarray:
    pre, early, late = (phase.astype(kind, copy=False) for phase in phases)
    bright = pre >= 0.6 * np.percentile(pre, 95)
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100 * (early - pre) / pre
        ratio = (early - pre) / (late - pre)
    passing = bright & (percent >= 70)
    return (count(passing) >= CENTRE + 4) & (ratio >= 0)


def main() -> None:
    exam = draw_exam(FIRST_SEED, settings=replace(MOVING, layouts=(FULL,)))
    phases = [exam.phases[k].astype(np.float32) for k in (0, exam.still_phase, -1)]
    pre, early, late = phases
    print_machine("scipy")
    cases = {
        "calcmeasure": partial(functional_tumour_mask, pre, early, late, region=np.ones(pre.shape, bool)),
        "NumPy and scipy.signal, double": partial(whole_volumes, phases, count=convolved, kind=np.float64),
        "the same, single": partial(whole_volumes, phases, count=convolved, kind=np.float32),
        "NumPy alone, single": partial(whole_volumes, phases, count=added, kind=np.float32),
    }
    masks = {name: work() for name, work in cases.items()}
    own = masks["calcmeasure"]
    rows = ((name, int(mask.sum()), f"{100 * np.mean(mask == own):.4f} %") for name, mask in masks.items())
    print_table(("way", "voxels that count", "voxels alike"), rows)
    print_times(take_times(cases, repeats=7), own="calcmeasure")


if __name__ == "__main__":
    main()
