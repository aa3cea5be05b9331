"""Calcification detection: processor seconds and peak memory per image beside scikit-image's blob detectors.

The peers find local maxima only: no breast mask, no local noise, no classes, no groups; their scales are the
detector's. They are given the box around the breast, which the detector has to find. What the hardware asks for at
least stands below: one pass of the image through memory, and the Gaussian filters alone.

Run: ``python benchmarks/bench_calcification_speed.py [--full]``; ``--full`` runs `blob_log` on the whole breast, which
takes more than a minute.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from threading import Event

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import blob_dog, blob_log

from calcifications.running import detect
from calcmeasure.detect.contract import CalcificationFindings, ProjectionImage
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.calcifications import ClusterSpec, grow_cluster
from calcmeasure.phantom.mammogram.exposure import MammogramSpec, synthesize_mammogram
from calcmeasure.terms import Laterality, View
from timing import Work, print_machine, print_table, print_times, seconds, take_times

SHAPE, PITCH_MM, CROP = (3328, 2560), 0.07, 700
BLOBS = {"min_sigma": 0.8, "max_sigma": 4.5}
GATE = 0.02
"""Threshold of the peers, nepers: about three standard deviations of the noise in the finest band."""
LOW_GATE = 0.01
"""A lower one: their time grows with the number of blobs, which they prune pair by pair."""
WIDTHS_PX = (0.8, 1.13, 1.6, 2.26, 3.2, 4.5, 6.4)
FloatImage = NDArray[np.float32]
SAMPLED_S = 0.002


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also blob_log on the whole breast")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print_machine("scikit-image", "opencv-python-headless")
    attenuation, box = breast_image()
    breast = np.ascontiguousarray(attenuation[box])
    print(f"\nimage {SHAPE[0]} x {SHAPE[1]}, box around the breast {breast.shape[0]} x {breast.shape[1]}")
    _times_of_a_breast(attenuation, breast, full=options.full)
    _times_of_a_crop(breast)
    _memory(attenuation, breast)


def breast_image() -> tuple[FloatImage, tuple[slice, slice]]:
    """A breast of about 150 cm² in an image of 233 x 179 mm, For Processing, and the box around it."""
    marks = grow_cluster(ClusterSpec((50.0, 5.0, 2.0), 30.0, 40, diameter_mm=0.38, rim_mm=0.45), rng=1)
    breast = BreastSpec(depth_mm=105.0, width_mm=190.0, seed=1)
    spec = MammogramSpec(
        Laterality.LEFT, View.CC, breast, marks, rows=SHAPE[0], columns=SHAPE[1], imager_mm=(PITCH_MM, PITCH_MM)
    )
    phantom = synthesize_mammogram(spec, rng=1)
    rows, columns = (np.flatnonzero(phantom.breast.any(axis=axis)) for axis in (1, 0))
    box = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    return -np.log(np.maximum(phantom.raw.astype(np.float32), 1.0)), box


def _times_of_a_breast(attenuation: FloatImage, breast: FloatImage, *, full: bool) -> None:
    own = "calcmeasure, whole image"
    cases: dict[str, Work] = {
        own: partial(_own, attenuation),
        "limit: Gaussian filters alone (OpenCV), breast": partial(_filters, breast),
        "limit: one pass through memory, breast": partial(_pass, breast),
    }
    times = take_times(cases, repeats=5)
    times["scikit-image blob_dog, breast, once"] = [seconds(partial(_dog, breast))]
    if full:
        times["scikit-image blob_log, 6 widths, breast, once"] = [seconds(partial(_log, breast))]
    print_times(times, own=own, unit="s")


def _times_of_a_crop(breast: FloatImage) -> None:
    first = breast.shape[0] // 2 - CROP // 2
    crop = np.ascontiguousarray(breast[first : first + CROP, :CROP])
    own = f"calcmeasure, crop of {CROP} x {CROP}"
    times = take_times({own: partial(_own, crop), "scikit-image blob_dog, crop": partial(_dog, crop)}, repeats=3)
    for gate in (GATE, LOW_GATE):
        times[f"scikit-image blob_log, 6 widths, threshold {gate}, crop, once"] = [seconds(partial(_log, crop, gate))]
    times[f"scikit-image blob_dog, threshold {LOW_GATE}, crop, once"] = [seconds(partial(_dog, crop, LOW_GATE))]
    print_times(times, own=own, unit="s")
    blobs = ", ".join(f"{len(_dog(crop, gate))} blobs of blob_dog at {gate}" for gate in (GATE, LOW_GATE))
    print(f"\n{len(_own(crop).marks)} marks of calcmeasure on the crop, {blobs}")


def _memory(attenuation: FloatImage, breast: FloatImage) -> None:
    """Peak beyond what the image itself and the imported libraries take, each in a process of its own."""
    works: dict[str, tuple[Callable[[FloatImage], object], FloatImage]] = {
        "calcmeasure, whole image": (_own, attenuation),
        "scikit-image blob_dog, breast": (_dog, breast),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.npy"
        rows = []
        for name, (work, image) in works.items():
            np.save(path, image)
            with get_context("spawn").Pool(1) as pool:
                rows.append((name, f"{pool.apply(_extra_mib, (work, path)):.0f}", f"{image.nbytes / 2**20:.0f}"))
    print_table(("case", "peak MiB beyond the image", "image MiB"), rows)


def _extra_mib(work: Callable[[FloatImage], object], path: Path) -> float:
    cv2.setNumThreads(1)
    _own(np.zeros((300, 300), np.float32))  # imports and compiles
    image = np.load(path)
    before, stop = _resident_mib(), Event()
    with ThreadPoolExecutor(1) as watcher:
        peak = watcher.submit(_peak_mib, stop)
        work(image)
        stop.set()
    return peak.result() - before


def _peak_mib(stop: Event) -> float:
    peak = 0.0
    while not stop.wait(SAMPLED_S):
        peak = max(peak, _resident_mib())
    return peak


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _own(attenuation: FloatImage) -> CalcificationFindings:
    spacing = Spacing(PITCH_MM, PITCH_MM, SpacingSource.USER)
    return detect(ProjectionImage(attenuation, np.ones(attenuation.shape, dtype=bool), spacing))


def _dog(attenuation: FloatImage, gate: float = GATE) -> FloatImage:
    return blob_dog(attenuation, sigma_ratio=1.414, threshold=gate, **BLOBS)


def _log(attenuation: FloatImage, gate: float = GATE) -> FloatImage:
    return blob_log(attenuation, num_sigma=6, threshold=gate, **BLOBS)


def _filters(image: FloatImage) -> object:
    for narrow, wide in pairwise((0.0, *WIDTHS_PX)):
        image = cv2.GaussianBlur(image, (0, 0), float(np.sqrt(wide**2 - narrow**2)))
    return image


def _pass(image: FloatImage) -> object:
    return image.copy()


if __name__ == "__main__":
    main()
