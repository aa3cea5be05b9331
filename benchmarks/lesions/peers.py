"""What users of SimpleITK, itk-elastix and pyradiomics would write: registration of two phases, and a diameter."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid, Spacing

FloatImage = NDArray[np.float32]
Registration = Callable[[FloatImage, FloatImage, ImageGrid], FloatImage]
NAIVE_ROUNDS = 30

CONTROL_MM = 25.0
_PYRADIOMICS = """
import json, sys, time, numpy, SimpleITK
from radiomics.shape import RadiomicsShape
content = numpy.load(sys.argv[1])
image = SimpleITK.GetImageFromArray(content["mask"])
image.SetSpacing([float(step) for step in content["spacing"][::-1]])
seconds = []
for _ in range(int(sys.argv[2])):
    start = time.process_time()
    shape = RadiomicsShape(image, image)
    found = shape.getMaximum2DDiameterSliceFeatureValue(), shape.getMaximum3DDiameterFeatureValue()
    seconds.append(time.process_time() - start)
print(json.dumps([*map(float, found), seconds]))
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
    registration.SetInitialTransform(_still_bspline(fixed_image), inPlace=False)
    transform = registration.Execute(fixed_image, moving_image)
    return sitk.GetArrayFromImage(sitk.Resample(moving_image, fixed_image, transform, sitk.sitkLinear))


def naive_bspline(moving: FloatImage, fixed: FloatImage, grid: ImageGrid) -> FloatImage:
    """Mattes mutual information of every voxel at full resolution, control points every 25 mm, plain descent."""
    fixed_image, moving_image = _itk(fixed, grid), _itk(moving, grid)
    registration = sitk.ImageRegistrationMethod()
    registration.SetMetricAsMattesMutualInformation(32)
    registration.SetOptimizerAsGradientDescent(1.0, NAIVE_ROUNDS, estimateLearningRate=registration.Once)
    registration.SetOptimizerScalesFromPhysicalShift()
    registration.SetInterpolator(sitk.sitkLinear)
    registration.SetInitialTransform(_still_bspline(fixed_image), inPlace=False)
    transform = registration.Execute(fixed_image, moving_image)
    return sitk.GetArrayFromImage(sitk.Resample(moving_image, fixed_image, transform, sitk.sitkLinear))


def _still_bspline(image: sitk.Image) -> sitk.Transform:
    size_mm = zip(image.GetSize(), image.GetSpacing(), strict=True)
    return sitk.BSplineTransformInitializer(image, [max(1, round(n * step / CONTROL_MM)) for n, step in size_mm])


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


def pyradiomics_python() -> str:
    """Take ``--pyradiomics-python``, by default this interpreter, off the command line."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--pyradiomics-python", default=sys.executable)
    own, sys.argv[1:] = parser.parse_known_args()
    return str(own.pyradiomics_python)


def has_pyradiomics(python: str) -> bool:
    """Whether an interpreter can import it."""
    found = subprocess.run([python, "-c", "import radiomics"], capture_output=True, check=False).returncode == 0
    if not found:
        print(f"pyradiomics is not installed for {Path(python).name}")
    return found


@dataclass(frozen=True, slots=True)
class MeshDiameters:
    """What pyradiomics measures between the vertices of its mesh, and the processor time of each time it did."""

    slice_mm: float
    in_space_mm: float
    seconds: list[float]


def pyradiomics_diameters(mask: NDArray[np.bool_], spacing: Spacing, *, python: str, repeats: int = 1) -> MeshDiameters:
    """Maximum2DDiameterSlice and Maximum3DDiameter of a mask, computed by another interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask.npz"
        np.savez(path, mask=mask.astype(np.uint8), spacing=spacing.zrc_mm)
        command = [python, "-c", _PYRADIOMICS, str(path), str(repeats)]
        answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return MeshDiameters(*json.loads(answer.splitlines()[-1]))


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to register one phase with another.

    Parameters
    ----------
    register
        From moving and fixed phase to the moved one.
    prepare
        What is done once, before any time is taken: imports.
    most_voxels
        Of a larger volume only so many around its middle are registered: the whole would take more than ten minutes.
    """

    register: Registration
    prepare: Callable[[], object] | None = None
    most_voxels: float = np.inf

    def middle(self, shape: tuple[int, ...]) -> tuple[slice, ...]:
        """Box of a volume that is registered."""
        share = min(1.0, self.most_voxels / float(np.prod(shape))) ** (1 / 3)
        kept = [round(count * share) for count in shape]
        return tuple(slice((n - k) // 2, (n - k) // 2 + k) for n, k in zip(shape, kept, strict=True))


def load_elastix() -> None:
    """Load what is loaded lazily."""
    import itk

    itk.elastix_registration_method  # noqa: B018 - loads the module


def registrations() -> dict[str, Peer]:
    """Those that can be run here; says what cannot."""
    found = {
        "SimpleITK B-spline, 2 % of the voxels": Peer(bspline, most_voxels=2.5e6),
        "SimpleITK demons": Peer(demons),
        "SimpleITK B-spline, every voxel": Peer(naive_bspline, most_voxels=2.5e5),
    }
    if find_spec("itk") is None or find_spec("itk.itkElastixRegistrationMethodPython") is None:
        print("itk-elastix is not installed: its row is missing")
        return found
    return {"itk-elastix B-spline": Peer(elastix, load_elastix)} | found


def _itk(array: FloatImage, grid: ImageGrid) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array, np.float32))
    slice_mm, row_mm, col_mm = grid.spacing.zrc_mm
    image.SetSpacing((col_mm, row_mm, slice_mm))
    return image
