"""Time and memory of lesion detection, and motion correction beside SimpleITK and itk-elastix, in one run.

Run: ``python benchmarks/bench_lesion_speed.py [--full] [--peers]``; ``--full`` times 6 x 160 x 320 x 320 as well,
``--peers`` registers one phase with each of the others. itk-elastix takes part where it is installed.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from accuracy.suites import FIRST_SEED
from calcmeasure.detect.contract import DynamicImage
from calcmeasure.detect.lesions.motion import align_phases
from calcmeasure.phantom.dynamic.exam_settings import AXIAL, Disease
from calcmeasure.phantom.dynamic.examination import DcePhantom, synthesize_dce
from calcmeasure.phantom.dynamic.exams import draw_exam
from calcmeasure.phantom.dynamic.orientation import Plane
from lesions.peers import registrations
from lesions.running import as_image, lesion_detector, motion_mm
from lesions.stages import stage_seconds
from lesions.suites import REFERENCE
from timing import print_machine, print_table

FULL = replace(AXIAL, shape=(160, 320, 320), slice_mm=(1.0, 1.0), in_plane_mm=(0.9, 0.9))
SIX = (6.0, 6.0)
MOVING = replace(REFERENCE, diseases=((Disease.MASS, 1.0),), phases=SIX, motion_mm=(2.0, 2.0), moved_share=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also time 6 x 160 x 320 x 320")
    parser.add_argument("--peers", action="store_true", help="register with SimpleITK and itk-elastix")
    options = parser.parse_args()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    print_machine("SimpleITK")
    layouts = [AXIAL, FULL] if options.full else [AXIAL]
    print_table(("examination", "stage", "s", "share"), (row for layout in layouts for row in _stages(layout)))
    print_table(("examination", "phases MiB", "peak above them MiB"), (_memory(layout) for layout in layouts))
    print_table(("one phase onto another", "s", "residual RMS", "lesion larger by"), _motion(with_peers=options.peers))


def _exam(layout) -> DcePhantom:
    return draw_exam(FIRST_SEED, settings=replace(MOVING, layouts=(layout,)))


def _name(image: DynamicImage) -> str:
    return " x ".join(map(str, image.phases.shape))


def _stages(layout) -> Iterator[tuple[str, ...]]:
    image = as_image(_exam(layout))
    detector = lesion_detector()
    detector(image)  # compiles
    found = stage_seconds(partial(detector, image), entry=detector)
    for stage, spent in found.items():
        yield _name(image), stage, f"{spent:.2f}", f"{100 * spent / found['whole']:.0f} %"


def _memory(layout) -> tuple[str, ...]:
    """In a process of its own, so that drawing the phantom does not count."""
    image = as_image(_exam(layout))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        above = pool.submit(_peak_mib, image).result()
    return _name(image), f"{image.phases.nbytes / 2**20:.0f}", f"{above:.0f}"


def _peak_mib(image: DynamicImage) -> float:
    detector = lesion_detector()
    small = as_image(draw_exam(FIRST_SEED, settings=replace(MOVING, layouts=(_tiny(),))))
    detector(small)  # what is loaded once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    detector(image)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def _tiny():
    return replace(AXIAL, plane=Plane.AXIAL, shape=(24, 80, 120), slice_mm=(3.0, 3.0), in_plane_mm=(2.0, 2.0))


def _motion(*, with_peers: bool) -> Iterator[tuple[str, ...]]:
    """Residual: root mean square difference to the unmoved phase before contrast without noise, in the breasts.

    Both are smoothed by one voxel, so that what interpolation does to the noise hardly counts.
    """
    exam = _exam(AXIAL)
    quiet = replace(exam.spec, movements=(), motion_mm=0.0, noise=0.0)
    still = synthesize_dce(quiet, rng=0).phases[0].astype(np.float32)
    image = as_image(exam)
    yield "none", "", _residual(image.pre, still, exam), f"{motion_mm(exam):.1f} mm of motion"
    findings = lesion_detector()(image)  # compiles, and tells where the breasts are
    start = time.process_time()
    aligned = align_phases(image, findings.breast, phases=(0,))
    own_s = time.process_time() - start
    changes = [finding.volume_change for finding in findings.lesions[:1] if finding.volume_change is not None]
    yield (
        "calcmeasure",
        f"{own_s:.1f}",
        _residual(aligned.moved.get(0, image.pre), still, exam),
        ", ".join(f"{100 * change:+.1f} %" for change in changes),
    )
    for name, register in registrations().items() if with_peers else ():
        start = time.process_time()
        moved = register(image.pre, image.early, exam.grid)
        yield name, f"{time.process_time() - start:.1f}", _residual(moved, still, exam), ""


def _residual(picture: np.ndarray, truth: np.ndarray, exam: DcePhantom) -> str:
    difference = gaussian_filter(picture - truth, 1.0)[exam.breast]
    return f"{np.sqrt(np.mean(difference**2)):.2f}"


if __name__ == "__main__":
    main()
