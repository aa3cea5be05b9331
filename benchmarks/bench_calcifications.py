"""Calcification detection: seconds per full-size image, and beside scikit-image's blob detectors on one crop.

The peers find local maxima only: no breast mask, no local noise, no line rejection, no clusters; their scales are the
detector's. They run on a crop of 700 x 700 pixels of 0.07 mm because a whole image takes them minutes.
Run with ``python benchmarks/bench_calcifications.py``; OMP_NUM_THREADS=1 for one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import cv2
import numpy as np
from skimage.feature import blob_dog, blob_log

from calcmeasure.detect.calcifications import detect_calcifications
from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.phantom.anatomy import BreastSpec
from calcmeasure.phantom.calcifications import ClusterSpec, grow_cluster
from calcmeasure.phantom.mammography import MammogramSpec, synthesize_mammogram
from calcmeasure.terms import Laterality, View

SHAPE, PITCH_MM, CROP = (3328, 2560), 0.07, 700
SIGMAS_PX = (0.8, 4.5)


def main() -> None:
    cv2.setNumThreads(1)
    image = _image()
    middle = SHAPE[0] // 2 - CROP // 2
    crop = ProjectionImage(
        np.ascontiguousarray(image.attenuation[middle : middle + CROP, :CROP]),
        np.ones((CROP, CROP), dtype=bool),
        image.spacing,
    )
    scaled = (crop.attenuation - crop.attenuation.min()) / np.ptp(crop.attenuation)
    low, high = SIGMAS_PX
    cases: dict[str, tuple[Callable[[], object], int]] = {
        "detect_calcifications, 3328 x 2560": (lambda: detect_calcifications(image), 5),
        "detect_calcifications, crop": (lambda: detect_calcifications(crop), 5),
        "skimage blob_dog, crop": (
            lambda: blob_dog(scaled, min_sigma=low, max_sigma=high, sigma_ratio=1.414, threshold=0.02),
            3,
        ),
        "skimage blob_log, crop": (
            lambda: blob_log(scaled, min_sigma=low, max_sigma=high, num_sigma=6, threshold=0.02),
            3,
        ),
    }
    seconds = {name: _median_s(call, repeats=n) for name, (call, n) in cases.items()}
    own = seconds["detect_calcifications, crop"]
    print(f"{'case':40} {'median s':>9} {'/ own on crop':>14}")
    for name, value in seconds.items():
        print(f"{name:40} {value:9.3f} {value / own:14.1f}")


def _median_s(call: Callable[[], object], *, repeats: int) -> float:
    call()  # first-call costs do not count
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def _image() -> ProjectionImage:
    """A breast of about 150 cm² in an image of 233 x 179 mm, For Processing."""
    marks = grow_cluster(ClusterSpec((50.0, 5.0, 2.0), 30.0, 40, diameter_mm=0.38, rim_mm=0.45), rng=1)
    spec = MammogramSpec(
        Laterality.LEFT,
        View.CC,
        BreastSpec(depth_mm=105.0, width_mm=190.0, seed=1),
        marks,
        rows=SHAPE[0],
        columns=SHAPE[1],
        imager_mm=(PITCH_MM, PITCH_MM),
    )
    phantom = synthesize_mammogram(spec, rng=1)
    attenuation = -np.log(np.maximum(phantom.raw.astype(np.float32), 1.0))
    return ProjectionImage(attenuation, np.ones(SHAPE, dtype=bool), phantom.spacing)


if __name__ == "__main__":
    main()
