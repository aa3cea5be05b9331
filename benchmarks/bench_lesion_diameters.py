"""In-plane diameters of the same masks by calcmeasure, SimpleITK and pyradiomics, beside the truth.

Run: ``python benchmarks/bench_lesion_diameters.py [--exams N] [--pyradiomics-python PYTHON]``. pyradiomics takes part
where it is installed; for an older Python of its own, name that interpreter. The masks are those of the truth (voxels
at least half filled), so that only the way of measuring differs; the last row is what the detector reports from its
sub-voxel outline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import SimpleITK as sitk

from calcmeasure.measure.diameter import Convention, mask_diameters
from calcmeasure.phantom.dynamic.examination import DcePhantom
from lesions.options import read_options
from lesions.outcomes import NO_LESION
from lesions.peers import has_pyradiomics, pyradiomics_diameters, pyradiomics_python
from lesions.running import run_suite
from lesions.suites import STILL
from timing import print_machine, print_table


def itk_feret(mask: np.ndarray, exam: DcePhantom) -> float:
    """Greatest Feret diameter of the slices."""
    found = []
    stats = sitk.LabelShapeStatisticsImageFilter()
    stats.ComputeFeretDiameterOn()
    for plane in mask[mask.any(axis=(1, 2))]:
        image = sitk.GetImageFromArray(plane.astype(np.uint8))
        image.SetSpacing(exam.grid.spacing.rc_mm[::-1])
        stats.Execute(image)
        found.append(stats.GetFeretDiameter(1))
    return max(found)


def main() -> None:
    python = pyradiomics_python()
    options = read_options(__doc__)
    print_machine("SimpleITK")
    ways: dict[str, Callable[[np.ndarray, DcePhantom], float]] = {
        f"calcmeasure, {c.value}": lambda mask, exam, c=c: (
            mask_diameters(mask, exam.grid.spacing, convention=c).value_mm
        )
        for c in Convention
    }
    ways["SimpleITK Feret, per slice"] = itk_feret
    if has_pyradiomics(python):
        ways["pyradiomics Maximum2DDiameterSlice"] = lambda mask, exam: (
            pyradiomics_diameters(mask, exam.grid.spacing, python=python).slice_mm
        )
    print_table(("diameter", "lesions", "bias mm", "sd mm", "p90 mm"), _rows(ways, exams=options.exams))


def _rows(ways, *, exams: int) -> Iterator[tuple[str, ...]]:
    errors: dict[str, list[float]] = {name: [] for name in ways}
    for seed in STILL.seeds(exams):
        (exam,) = STILL.draw(seed, STILL.settings)
        for number, lesion in enumerate(exam.lesions, start=1):
            for name, measure in ways.items():
                errors[name].append(measure(exam.labels == number, exam) - lesion.diameter_mm)
    outcomes = [o for o in run_suite(STILL, exams=exams) if o.largest != NO_LESION]
    found = [(o.found_mm[k] - o.truth_mm.max()) for o in outcomes if (k := o.measured(o.largest)) is not None]
    for name, values in {**errors, "detector, sub-voxel outline": found}.items():
        size = np.abs(values)
        yield (
            name,
            str(len(values)),
            f"{np.mean(values):+.3f}",
            f"{np.std(values):.3f}",
            f"{np.percentile(size, 90):.2f}",
        )


if __name__ == "__main__":
    main()
