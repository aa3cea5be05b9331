"""Calcification detection: seconds per image beside scikit-image's blob detectors, and accuracy on phantoms.

The peers find local maxima only: no breast mask, no local noise, no line rejection, no clusters; their scales are the
detector's. They run on a crop of 700 x 700 pixels of 0.07 mm because a whole image takes them minutes.

Run: ``python benchmarks/bench_calcifications.py [--seeds N]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
from scipy.spatial import cKDTree
from skimage.feature import blob_dog, blob_log

from calcmeasure.detect.calcifications.detector import detect_calcifications
from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.measure.extent import measure_extent
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.calcifications import ClusterSpec, coarse_benign, grow_cluster
from calcmeasure.phantom.mammogram.exposure import MammogramPhantom, MammogramSpec, synthesize_mammogram
from calcmeasure.terms import Distribution, Laterality, View
from timing import print_machine, print_table, print_times, seconds, take_times

SHAPE, PITCH_MM, CROP = (3328, 2560), 0.07, 700
SIGMAS_PX = (0.8, 4.5)
FIRST_SEED = 7000
MATCH_MM = 0.5
GROUPS = {
    "rim marks of 0.45 mm and more (as in the sample)": ClusterSpec(
        (27.0, 4.0, 2.0), 0.0, 48, diameter_mm=0.38, smallest_mm=0.28, rim_mm=0.45
    ),
    "marks of 0.15 mm and more, rim as it falls": ClusterSpec((27.0, 4.0, 2.0), 0.0, 40),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="phantom breasts per kind of group, two views each")
    seeds = range(FIRST_SEED, FIRST_SEED + parser.parse_args().seeds)
    cv2.setNumThreads(1)
    print_machine("scikit-image", "opencv-python-headless")
    _speed()
    columns = (
        *("group", "views", "found", "error median mm", "p90 mm", "worst mm", "within 10 %"),
        *("within max(2 mm, 10 %)", "marks >= 0.3 mm", "marks >= 0.2 mm", "false groups / view"),
    )
    print_table(columns, (_accuracy(name, group, seeds) for name, group in GROUPS.items()))


def _speed() -> None:
    image = _image()
    middle = SHAPE[0] // 2 - CROP // 2
    crop = ProjectionImage(
        np.ascontiguousarray(image.attenuation[middle : middle + CROP, :CROP]),
        np.ones((CROP, CROP), dtype=bool),
        image.spacing,
    )
    scaled = (crop.attenuation - crop.attenuation.min()) / np.ptp(crop.attenuation)
    low, high = SIGMAS_PX
    blobs = {"min_sigma": low, "max_sigma": high, "threshold": 0.02}
    own = "detect_calcifications, crop"
    cases = {
        own: partial(detect_calcifications, crop),
        "skimage blob_dog, crop": partial(blob_dog, scaled, sigma_ratio=1.414, **blobs),
    }
    times = take_times(cases, repeats=3)
    slow = partial(blob_log, scaled, num_sigma=6, **blobs)
    times["skimage blob_log, crop, once"] = [seconds(slow)]
    whole = f"detect_calcifications, {SHAPE[0]} x {SHAPE[1]}"
    times |= take_times({whole: partial(detect_calcifications, image)}, repeats=5)
    print_times(times, own=own, unit="s")


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


def _accuracy(name: str, group: ClusterSpec, seeds: range) -> tuple[object, ...]:
    """One row of the table: extents against the true ones, and the share of true marks that were marked."""
    errors, truths, large, small, false_groups, found = [], [], [], [], 0, 0
    for phantom in _phantoms(group, seeds):
        findings = detect_calcifications(_as_image(phantom))
        is_true = [_near(cluster.points_rc, phantom).mean() > 0.5 for cluster in findings.clusters]
        false_groups += is_true.count(False)
        found += any(is_true)
        spans = [measure_extent(c.points_rc, phantom.spacing).value_mm for c in findings.clusters]
        errors.append(abs(max(spans, default=0.0) - phantom.extent_mm))
        truths.append(phantom.extent_mm)
        members = phantom.clusters >= 0
        marked = _marked(phantom.marks_rc[members], findings.clusters, phantom)
        large.append(marked[phantom.diameters_mm[members] >= 0.3])
        small.append(marked[phantom.diameters_mm[members] >= 0.2])
    error, truth = np.array(errors), np.array(truths)
    return (
        name,
        len(error),
        found,
        f"{np.median(error):.2f}",
        f"{np.percentile(error, 90):.2f}",
        f"{error.max():.2f}",
        f"{np.mean(error <= 0.1 * truth):.2f}",
        f"{np.mean(error <= np.maximum(2.0, 0.1 * truth)):.2f}",
        f"{np.concatenate(large).mean():.3f}",
        f"{np.concatenate(small).mean():.3f}",
        f"{false_groups / len(error):.2f}",
    )


def _phantoms(group: ClusterSpec, seeds: range) -> Iterator[MammogramPhantom]:
    for seed in seeds:
        rng = np.random.default_rng(seed)
        kind = (Distribution.GROUPED, Distribution.SEGMENTAL, Distribution.LINEAR, Distribution.REGIONAL)[seed % 4]
        sized = ClusterSpec(
            group.centre_dlu,
            float(rng.uniform(15.0, 40.0)),
            group.n_marks,
            distribution=kind,
            diameter_mm=group.diameter_mm,
            smallest_mm=group.smallest_mm,
            rim_mm=group.rim_mm,
        )
        marks = grow_cluster(sized, rng=rng) + coarse_benign((38.0, -20.0, -8.0), diameter_mm=2.6, seed=seed)
        breast = BreastSpec(seed=seed, depth_mm=57.0, width_mm=80.0, density=float(rng.uniform(0.2, 0.6)))
        for view in (View.CC, View.MLO):
            yield synthesize_mammogram(MammogramSpec(Laterality.LEFT, view, breast, marks), rng=rng)


def _as_image(phantom: MammogramPhantom) -> ProjectionImage:
    attenuation = -np.log(np.maximum(phantom.raw.astype(np.float32), 1.0))
    return ProjectionImage(attenuation, np.ones(attenuation.shape, dtype=bool), phantom.spacing)


def _near(points_rc: np.ndarray, phantom: MammogramPhantom) -> np.ndarray:
    """Which points lie on a true mark of a group."""
    true_mm = phantom.marks_rc[phantom.clusters >= 0] * phantom.spacing.rc_mm
    return cKDTree(true_mm).query(points_rc * phantom.spacing.rc_mm)[0] < MATCH_MM


def _marked(marks_rc: np.ndarray, clusters, phantom: MammogramPhantom) -> np.ndarray:
    if not clusters:
        return np.zeros(len(marks_rc), dtype=bool)
    points_mm = np.concatenate([c.points_rc for c in clusters]) * phantom.spacing.rc_mm
    return cKDTree(points_mm).query(marks_rc * phantom.spacing.rc_mm)[0] < MATCH_MM


if __name__ == "__main__":
    main()
