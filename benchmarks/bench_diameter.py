"""Greatest diameter beside SimpleITK, pyradiomics and scikit-image, and the bias of each convention.

Run: ``python benchmarks/bench_diameter.py [--pyradiomics-python PYTHON]``. Prints one Markdown table per question;
every answer is checked against the peers' before its time counts. pyradiomics takes part where it is installed; for an
older Python of its own, name that interpreter. Peers measure the diameter in space (pyradiomics also that in slices),
calcmeasure the in-plane diameter, the short axis and the volume as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from statistics import median

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from skimage.measure import find_contours, regionprops

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.diameter import Convention, mask_diameters
from calcmeasure.measure.hull_kernels import farthest_pair
from calcmeasure.measure.outline import measure_outline
from lesions.peers import has_pyradiomics, pyradiomics_diameters, pyradiomics_python
from timing import print_machine, print_table, seconds, take_times

UNIT = Spacing(1.0, 1.0, SpacingSource.GIVEN, slice_mm=1.0)
SIZES = (1_000, 10_000, 100_000, 1_000_000)
PEERS = ("SimpleITK", "pyradiomics", "scikit-image")
SUPERSAMPLED = 10


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


def mid_edge_diameter(mask: np.ndarray) -> float:
    """Greatest distance of points halfway between a voxel inside and its neighbour outside: the vertices of meshes."""
    around = np.pad(mask, 1)
    points = []
    for axis in range(3):
        one, other = (np.moveaxis(around, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        between = np.argwhere(one != other) + np.array([0.5, 0.0, 0.0])
        points.append(np.insert(between[:, 1:], axis, between[:, 0], axis=1))
    found = np.vstack(points)
    first, second = farthest_pair(found)
    return float(np.linalg.norm(found[first] - found[second]))


def speed(python: str) -> Iterator[tuple[str, ...]]:
    rng = np.random.default_rng(7)
    with_pyradiomics = has_pyradiomics(python)
    for size in SIZES:
        mask = rough_lesion(size, rng)
        repeats = 1 if size >= 1_000_000 else 5  # minutes otherwise
        own = partial(mask_diameters, mask, UNIT, convention=Convention.CENTRE)
        image = sitk.GetImageFromArray(mask.astype(np.uint8))
        agree("SimpleITK", itk_feret(image), own().diameter_3d_mm)
        times = {"calcmeasure": take_times({"": own}, repeats=51)[""]}
        times["SimpleITK"] = [seconds(partial(itk_feret, image)) for _ in range(repeats)]
        if with_pyradiomics:
            mesh = pyradiomics_diameters(mask, UNIT, python=python, repeats=repeats)
            agree("pyradiomics", mesh.in_space_mm, mid_edge_diameter(mask))
            times["pyradiomics"] = mesh.seconds
        if size <= 10_000:
            times["scikit-image"] = [seconds(partial(image_feret, mask.astype(np.uint8))) for _ in range(repeats)]
        yield f"{np.count_nonzero(mask):,}", *speed_cells(times)


def agree(peer: str, answer_mm: float, wanted_mm: float) -> None:
    assert abs(answer_mm - wanted_mm) < 1e-6, f"{peer} differs by {abs(answer_mm - wanted_mm)} mm"


def speed_cells(times: dict[str, list[float]]) -> Iterator[str]:
    own = times["calcmeasure"]
    yield f"{1e3 * median(own):.2f}"
    for peer in PEERS:
        if peer in times:
            taken = times[peer]
            yield f"{1e3 * median(taken):.1f}"
            yield f"{median(taken) / median(own):.0f} ({min(taken) / min(own):.0f})"
        else:
            yield from ("not run", "")


def image_feret(region: np.ndarray) -> float:
    return float(regionprops(region)[0].feret_diameter_max)


def bias() -> Iterator[tuple[str, ...]]:
    """In-plane diameter of ellipses of 6-40 mm at 1 mm, as a partial-volume image and as a mask."""
    rng = np.random.default_rng(11)
    errors: dict[str, list[float]] = defaultdict(list)
    for _ in range(300):
        long_mm, image = partial_volume_ellipse(rng)
        mask = image >= 0.5
        contour = max(find_contours(image, 0.5), key=len)
        errors["half-level contour"].append(measure_outline(contour, UNIT).value_mm - long_mm)
        for convention in Convention:
            value_mm = mask_diameters(mask[None], UNIT, convention=convention).value_mm
            errors[convention.value].append(value_mm - long_mm)
        plane = mask.astype(np.uint8)
        errors["SimpleITK Feret"].append(itk_feret(sitk.GetImageFromArray(plane)) - long_mm)
        errors["scikit-image Feret (mesh)"].append(image_feret(plane) - long_mm)
    return ((name, f"{np.mean(values):+.3f}", f"{np.std(values):.3f}") for name, values in errors.items())


def partial_volume_ellipse(rng: np.random.Generator) -> tuple[float, np.ndarray]:
    """Length, and the share of each of 48 x 48 pixels that lies inside."""
    long_mm, angle, width = rng.uniform(6, 40), rng.uniform(0, np.pi), rng.uniform(0.5, 1)
    side, fine = 48, SUPERSAMPLED
    down, right = (np.indices((side * fine,) * 2) + 0.5) / fine - side / 2 - rng.uniform(-0.5, 0.5, (2, 1, 1))
    along, across = down * np.cos(angle) + right * np.sin(angle), right * np.cos(angle) - down * np.sin(angle)
    inside = (along / long_mm) ** 2 + (across / long_mm / width) ** 2 <= 0.25
    return long_mm, inside.reshape(side, fine, side, fine).mean(axis=(1, 3))


if __name__ == "__main__":
    python = pyradiomics_python()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    print_machine("SimpleITK", "scikit-image")
    columns = (cell for peer in PEERS for cell in (f"{peer} ms", "ratio (of the best)"))
    print_table(("voxels", "ours ms", *columns), speed(python))
    print_table(("convention", "mean error mm", "sd mm"), bias())
