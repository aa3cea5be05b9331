"""Lesion detection stage by stage, motion correction beside SimpleITK, and accuracy on phantoms.

Run: ``python benchmarks/bench_lesions.py [--full] [--seeds N]``; prints Markdown tables.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from calcmeasure.detect.contract import DynamicImage
from calcmeasure.detect.lesions import detector as stages
from calcmeasure.detect.lesions.chest import find_breasts
from calcmeasure.detect.lesions.motion import correct_motion
from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce
from calcmeasure.phantom.dynamic.lesions import LesionKind, LesionSpec
from calcmeasure.terms import Laterality
from timing import print_machine, print_table

SMALL = ((24, 112, 176), (2.5, 1.1, 1.0))
FULL = ((160, 320, 320), (1.0, 0.9, 0.9))
GRIDS = (SMALL, ((44, 150, 250), (2.0, 0.95, 0.95)), ((34, 170, 270), (2.2, 0.9, 0.9)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="also time a 160 x 320 x 320 examination")
    parser.add_argument("--seeds", type=int, default=12, help="phantoms for the accuracy table")
    options = parser.parse_args()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    print_machine("SimpleITK")
    sizes = {"24 x 112 x 176": (*SMALL, 5)} | ({"160 x 320 x 320": (*FULL, 1)} if options.full else {})
    print_table(
        ("examination", "breasts s", "motion s", "maps s", "lesions s", "whole s", "peak MiB", "before MiB"),
        ((name, *_stages(shape, spacing, repeats=n)) for name, (shape, spacing, n) in sizes.items()),
    )
    cases = [_accuracy(seed) for seed in range(500, 500 + options.seeds)]
    print_table(
        ("seed", "kind", "true mm", "found mm, largest first", "side right"),
        ((c["seed"], c["kind"], c["truth_mm"], c["found_mm"], c["right_side"]) for c in cases),
    )
    print_table(
        (
            "kind",
            "lesions",
            "found, largest",
            "error median mm",
            "p90 mm",
            "worst mm",
            "within max(2 mm, 10 %)",
            "extra",
        ),
        (_summary(kind, [c for c in cases if c["kind"] == kind.value]) for kind in LesionKind),
    )
    print_table(("motion correction", "s", "/ own", "mean residual"), _motion(repeats=3))


def _summary(kind: LesionKind, cases: list[dict]) -> tuple[object, ...]:
    """Errors of the largest finding; a lesion that was not found counts with its whole diameter."""
    truth = np.array([case["truth_mm"] for case in cases])
    largest = np.array([case["found_mm"][0] if case["found_mm"] else 0.0 for case in cases])
    error = np.abs(largest - truth)
    found = sum(case["right_side"] for case in cases)
    within = np.mean(error <= np.maximum(2.0, 0.1 * truth))
    extra = sum(max(0, len(case["found_mm"]) - 1) for case in cases)
    spread = (f"{value:.1f}" for value in (np.median(error), np.percentile(error, 90), error.max()))
    return kind.value, len(cases), found, *spread, f"{within:.2f}", extra


def _examination(shape, spacing, *, motion_mm: float = 1.0, noise: float = 9.0) -> DynamicImage:
    spec = DceSpec(
        shape=shape,
        spacing_zrc_mm=spacing,
        phase_starts_s=(-85.0, 50.0),
        motion_mm=motion_mm,
        noise=noise,
        anatomy_seed=1,
    )
    return _image(synthesize_dce(spec, rng=1))


def _image(phantom) -> DynamicImage:
    pre, early = (phantom.phases[k].astype(np.float32) for k in (0, phantom.still_phase))
    return DynamicImage(np.stack([pre, early]), phantom.grid)


def _stages(shape, spacing, *, repeats: int) -> tuple[str, ...]:
    image = _examination(shape, spacing)
    find_breasts(image.early, image.grid)
    before_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rounds: dict[str, list[float]] = {"breast_s": [], "motion_s": [], "maps_s": [], "lesions_s": [], "whole_s": []}
    for _ in range(repeats + 1):
        marks = [time.process_time()]
        region = find_breasts((image.pre + image.early) * np.float32(0.5), image.grid)
        marks.append(time.process_time())
        motion = correct_motion(image.pre, image.early, spacing=image.grid.spacing, region=region.mask)
        marks.append(time.process_time())
        scene = stages._scene(image, motion.moved, region)
        marks.append(time.process_time())
        stages._findings(scene)
        marks.append(time.process_time())
        for name, seconds in zip(rounds, [*np.diff(marks), marks[-1] - marks[0]], strict=True):
            rounds[name].append(float(seconds))
    medians = [f"{statistics.median(values[1:] or values):.3f}" for values in rounds.values()]
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return *medians, f"{peak_mib:.0f}", f"{before_mib:.0f}"


def _motion(*, repeats: int) -> Iterator[tuple[object, ...]]:
    """Residual: mean absolute difference to the unmoved, noise-free pre-contrast phase inside the breasts.

    Both are smoothed by one voxel, so that what interpolation does to the noise hardly counts.
    """
    shape, spacing = GRIDS[1]
    moved = _examination(shape, spacing)
    still = _examination(shape, spacing, motion_mm=0.0, noise=0.0)
    region = find_breasts(moved.early, moved.grid).mask
    yield "none", "", "", _residual(moved.pre, still.pre, region)
    _ours(moved, region)  # compiles
    own_s = 0.0
    for name, method in {"calcmeasure": _ours, "SimpleITK demons": _demons, "SimpleITK B-spline": _bspline}.items():
        taken, image = [], moved.pre
        for _ in range(repeats if method is _ours else 1):
            start = time.process_time()
            image = method(moved, region)
            taken.append(time.process_time() - start)
        median_s = statistics.median(taken)
        own_s = own_s or median_s
        yield name, f"{median_s:.3f}", f"{median_s / own_s:.1f}", _residual(image, still.pre, region)


def _residual(image, truth, region) -> float:
    return round(float(np.abs(gaussian_filter(image - truth, 1.0))[region].mean()), 2)


def _ours(image: DynamicImage, region) -> np.ndarray:
    return correct_motion(image.pre, image.early, spacing=image.grid.spacing, region=region).moved


def _itk(array, grid) -> sitk.Image:
    image = sitk.GetImageFromArray(array.astype(np.float32))
    slice_mm, row_mm, col_mm = grid.spacing.zrc_mm
    image.SetSpacing((col_mm, row_mm, slice_mm))
    return image


def _demons(image: DynamicImage, _region) -> np.ndarray:
    fixed, moving = _itk(image.early, image.grid), _itk(image.pre, image.grid)
    matched = sitk.HistogramMatching(moving, fixed, 256, 15)
    demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    demons.SetNumberOfIterations(20)
    demons.SetStandardDeviations(1.5)
    field = demons.Execute(fixed, matched)
    transform = sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64))
    return sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, sitk.sitkLinear))


def _bspline(image: DynamicImage, _region) -> np.ndarray:
    fixed, moving = _itk(image.early, image.grid), _itk(image.pre, image.grid)
    registration = sitk.ImageRegistrationMethod()
    registration.SetMetricAsMattesMutualInformation(32)
    registration.SetMetricSamplingStrategy(registration.RANDOM)
    registration.SetMetricSamplingPercentage(0.02, seed=1)
    registration.SetOptimizerAsGradientDescentLineSearch(1.0, 30)
    registration.SetOptimizerScalesFromPhysicalShift()
    registration.SetShrinkFactorsPerLevel([2, 1])
    registration.SetSmoothingSigmasPerLevel([1, 0])
    registration.SetInterpolator(sitk.sitkLinear)
    mesh = [max(1, round(n * s / 25)) for n, s in zip(fixed.GetSize(), fixed.GetSpacing(), strict=True)]
    registration.SetInitialTransform(sitk.BSplineTransformInitializer(fixed, mesh), inPlace=False)
    transform = registration.Execute(fixed, moving)
    return sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, sitk.sitkLinear))


def _accuracy(seed: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    shape, spacing = GRIDS[seed % 3]
    kind = LesionKind.NON_MASS if seed % 2 else LesionKind.MASS
    largest_mm = 28.0 if shape == SMALL[0] else 45.0
    lesion = LesionSpec(
        laterality=Laterality.LEFT if rng.random() < 0.5 else Laterality.RIGHT,
        kind=kind,
        diameter_mm=float(rng.uniform(15 if kind is LesionKind.NON_MASS else 8, largest_mm)),
        position=(float(rng.uniform(-0.25, 0.25)), float(rng.uniform(0.32, 0.5)), float(rng.uniform(-0.15, 0.15))),
        angle_deg=float(rng.uniform(0, 180)),
    )
    spec = DceSpec(
        shape=shape,
        spacing_zrc_mm=spacing,
        phase_starts_s=(-85.0, 50.0),
        lesions=(lesion,),
        background_enhancement=float(rng.uniform(0.05, 0.35)),
        motion_mm=float(rng.uniform(0.5, 1.2)),
        anatomy_seed=seed,
    )
    phantom = synthesize_dce(spec, rng=seed)
    found = stages.detect_lesions(_image(phantom)).lesions
    sizes = [round(stages._widest_mm(f.contours_zrc, phantom.grid.spacing), 1) for f in found]
    truth_mm = round(phantom.lesions[0].diameter_mm, 1)
    right_side = bool(found) and found[0].laterality is lesion.laterality
    return {"seed": seed, "kind": kind.value, "truth_mm": truth_mm, "found_mm": sizes, "right_side": right_side}


if __name__ == "__main__":
    main()
