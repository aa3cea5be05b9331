"""Greatest diameter beside scikit-image and SimpleITK, and the bias of each convention (B10-B12).

Run: ``python benchmarks/bench_diameter.py``. Prints one Markdown table per question; every answer is checked against
the peer's before its time counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from statistics import median

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from skimage.measure import find_contours, regionprops

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.diameter import Convention, mask_diameters
from calcmeasure.measure.outline import measure_outline
from timing import median_s, print_machine, print_table, seconds

UNIT = Spacing(1.0, 1.0, SpacingSource.GIVEN, slice_mm=1.0)
SIZES = (1_000, 10_000, 100_000, 1_000_000)


def rough_lesion(voxels: int, rng: np.random.Generator) -> np.ndarray:
    """Ellipsoid of about this many voxels with a bumpy border, in its box."""
    radius = (voxels / (4 / 3 * np.pi)) ** (1 / 3)
    side = int(2.8 * radius) + 4
    grid = (np.indices((side,) * 3) - side / 2) / np.array([0.9, 1.0, 1.15]).reshape(3, 1, 1, 1)
    bumps = ndimage.gaussian_filter(rng.standard_normal((side,) * 3), radius / 4)
    return np.sqrt((grid**2).sum(axis=0)) < radius * (1 + 0.12 * bumps / bumps.std())


def itk_feret(image: sitk.Image) -> float:
    stats = sitk.LabelShapeStatisticsImageFilter()
    stats.ComputeFeretDiameterOn()
    stats.Execute(image)
    return float(stats.GetFeretDiameter(1))


def speed() -> Iterator[tuple[str, ...]]:
    rng = np.random.default_rng(7)
    for size in SIZES:
        mask = rough_lesion(size, rng)
        image = sitk.GetImageFromArray(mask.astype(np.uint8))
        found = mask_diameters(mask, UNIT, convention=Convention.CENTRE)
        start = time.process_time()
        difference = abs(found.diameter_3d_mm - itk_feret(image))
        itk = [time.process_time() - start]
        assert difference < 1e-6, f"answers differ by {difference} mm"
        ours = 1e3 * median_s(partial(mask_diameters, mask, UNIT, convention=Convention.CENTRE), repeats=15)
        if size < 1_000_000:  # one run takes minutes
            itk += [seconds(partial(itk_feret, image)) for _ in range(2)]
        peers = [1e3 * median(itk)]
        if size <= 10_000:
            peers.append(1e3 * median_s(partial(image_feret, mask.astype(np.uint8)), repeats=3))
        cells = [cell for peer in peers for cell in (f"{peer:.1f}", f"{peer / ours:.0f}")]
        yield f"{np.count_nonzero(mask):,}", f"{ours:.2f}", *cells, *["not run"] * (4 - len(cells))


def image_feret(region: np.ndarray) -> float:
    return float(regionprops(region)[0].feret_diameter_max)


def bias() -> Iterator[tuple[str, ...]]:
    """In-plane diameter of ellipses of 6-40 mm at 1 mm, as a partial-volume image and as a mask."""
    rng = np.random.default_rng(11)
    errors: dict[str, list[float]] = {name: [] for name in ("contour", *(c.value for c in Convention))}
    for _ in range(300):
        long_mm, angle, width = rng.uniform(6, 40), rng.uniform(0, np.pi), rng.uniform(0.5, 1)
        fine = (np.indices((480, 480)) + 0.5) / 10 - 24 - rng.uniform(-0.5, 0.5, (2, 1, 1))
        along, across = (
            fine[0] * np.cos(angle) + fine[1] * np.sin(angle),
            fine[1] * np.cos(angle) - fine[0] * np.sin(angle),
        )
        inside = (along / long_mm) ** 2 + (across / long_mm / width) ** 2 <= 0.25
        image = inside.reshape(48, 10, 48, 10).mean(axis=(1, 3))
        contour = max(find_contours(image, 0.5), key=len)
        errors["contour"].append(measure_outline(contour, UNIT).value_mm - long_mm)
        for convention in Convention:
            value_mm = mask_diameters((image >= 0.5)[None], UNIT, convention=convention).value_mm
            errors[convention.value].append(value_mm - long_mm)
    return ((name, f"{np.mean(values):+.3f}", f"{np.std(values):.3f}") for name, values in errors.items())


if __name__ == "__main__":
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    print_machine("SimpleITK", "scikit-image")
    print_table(("voxels", "ours ms", "ITK Feret ms", "ratio", "scikit-image Feret ms", "ratio"), speed())
    print_table(("convention", "mean error mm", "sd mm"), bias())
