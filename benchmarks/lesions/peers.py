"""What users of SimpleITK, itk-elastix and pyradiomics would write: registration of two phases, and a diameter."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid

FloatImage = NDArray[np.float32]
Registration = Callable[[FloatImage, FloatImage, ImageGrid], FloatImage]

CONTROL_MM = 25.0
_PYRADIOMICS = """
import sys, numpy, SimpleITK
from radiomics.shape import RadiomicsShape
content = numpy.load(sys.argv[1])
image = SimpleITK.GetImageFromArray(content["mask"])
image.SetSpacing([float(step) for step in content["spacing"][::-1]])
print(RadiomicsShape(image, image).getMaximum2DDiameterSliceFeatureValue())
"""
"""It needs NumPy below 1.24, and so often a Python of its own."""
ELASTIX_MM = 20.0


def bspline(moving: FloatImage, fixed: FloatImage, grid: ImageGrid) -> FloatImage:
    """Mattes mutual information of 2 % of the voxels, two levels, control points every 25 mm."""
    fixed_image, moving_image = _itk(fixed, grid), _itk(moving, grid)
    registration = sitk.ImageRegistrationMethod()
    registration.SetMetricAsMattesMutualInformation(32)
    registration.SetMetricSamplingStrategy(registration.RANDOM)
    registration.SetMetricSamplingPercentage(0.02, seed=1)
    registration.SetOptimizerAsGradientDescentLineSearch(1.0, 30)
    registration.SetOptimizerScalesFromPhysicalShift()
    registration.SetShrinkFactorsPerLevel([2, 1])
    registration.SetSmoothingSigmasPerLevel([1, 0])
    registration.SetInterpolator(sitk.sitkLinear)
    size_mm = zip(fixed_image.GetSize(), fixed_image.GetSpacing(), strict=True)
    mesh = [max(1, round(count * step / CONTROL_MM)) for count, step in size_mm]
    registration.SetInitialTransform(sitk.BSplineTransformInitializer(fixed_image, mesh), inPlace=False)
    transform = registration.Execute(fixed_image, moving_image)
    return sitk.GetArrayFromImage(sitk.Resample(moving_image, fixed_image, transform, sitk.sitkLinear))


def demons(moving: FloatImage, fixed: FloatImage, grid: ImageGrid) -> FloatImage:
    """Symmetric demons, 20 iterations at full resolution after histogram matching."""
    fixed_image, moving_image = _itk(fixed, grid), _itk(moving, grid)
    matched = sitk.HistogramMatching(moving_image, fixed_image, 256, 15)
    forces = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    forces.SetNumberOfIterations(20)
    forces.SetStandardDeviations(1.5)
    field = sitk.Cast(forces.Execute(fixed_image, matched), sitk.sitkVectorFloat64)
    moved = sitk.Resample(moving_image, fixed_image, sitk.DisplacementFieldTransform(field), sitk.sitkLinear)
    return sitk.GetArrayFromImage(moved)


def elastix(moving: FloatImage, fixed: FloatImage, grid: ImageGrid) -> FloatImage:
    """Its B-spline parameter map with a grid of 20 mm and 150 iterations; raises ImportError when not installed."""
    import itk

    parameters = itk.ParameterObject.New()
    chosen = parameters.GetDefaultParameterMap("bspline", 2, ELASTIX_MM)
    chosen["MaximumNumberOfIterations"] = ["150"]
    parameters.AddParameterMap(chosen)
    images = [itk.image_from_array(np.ascontiguousarray(image)) for image in (fixed, moving)]
    for image in images:
        image.SetSpacing(list(reversed(grid.spacing.zrc_mm)))
    moved, _ = itk.elastix_registration_method(*images, parameter_object=parameters, number_of_threads=1)
    return np.asarray(itk.array_from_image(moved), np.float32)


def has_pyradiomics(python: str) -> bool:
    """Whether an interpreter can import it."""
    found = subprocess.run([python, "-c", "import radiomics"], capture_output=True, check=False).returncode == 0
    if not found:
        print(f"pyradiomics is not installed for {Path(python).name}")
    return found


def pyradiomics_slice(mask: NDArray[np.bool_], grid: ImageGrid, *, python: str) -> float:
    """Maximum2DDiameterSlice of a mask, mm, computed by another interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask.npz"
        np.savez(path, mask=mask.astype(np.uint8), spacing=grid.spacing.zrc_mm)
        command = [python, "-c", _PYRADIOMICS, str(path)]
        answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return float(answer.split()[-1])


def registrations() -> dict[str, Registration]:
    """Those that can be run here."""
    found: dict[str, Registration] = {"SimpleITK B-spline": bspline, "SimpleITK demons": demons}
    try:
        import itk

        itk.elastix_registration_method  # noqa: B018 - loads the module
    except (ImportError, AttributeError):
        return found
    return found | {"itk-elastix B-spline": elastix}


def _itk(array: FloatImage, grid: ImageGrid) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array, np.float32))
    slice_mm, row_mm, col_mm = grid.spacing.zrc_mm
    image.SetSpacing((col_mm, row_mm, slice_mm))
    return image
