"""Time and memory of lesion detection, and motion correction beside SimpleITK and itk-elastix, in one run.

Run: ``python benchmarks/bench_lesion_speed.py [--full] [--peers]``; ``--full`` takes 6 x 160 x 320 x 320,
``--peers`` registers one phase with each of the others. itk-elastix takes part where it is installed. Everything runs
on one thread; the registration of every voxel at full resolution, which would take hours, on a part of the volume.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from accuracy.suites import FIRST_SEED
from calcmeasure.detect.contract import DynamicImage
from calcmeasure.detect.lesions.chest import find_breasts
from calcmeasure.detect.lesions.displacement import Displacement, volume_change
from calcmeasure.detect.lesions.motion import MotionCorrection, correct_motion
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.phantom.dynamic.exam_settings import AXIAL, Disease
from calcmeasure.phantom.dynamic.examination import DcePhantom, synthesize_dce
from calcmeasure.phantom.dynamic.exams import draw_exam
from calcmeasure.phantom.dynamic.orientation import Plane
from lesions.apart import Apart, apart
from lesions.peers import FloatImage, Peer, registrations
from lesions.running import as_image, lesion_detector
from lesions.stages import stage_seconds
from lesions.suites import REFERENCE
from timing import print_machine, print_table

FULL = replace(AXIAL, shape=(160, 320, 320), slice_mm=(1.0, 1.0), in_plane_mm=(0.9, 0.9))
SIX = (6.0, 6.0)
OWN_RUNS = 3
"""The median of so many: of a few seconds, others on the machine may make twice as much."""
MOVING = replace(REFERENCE, diseases=((Disease.MASS, 1.0),), phases=SIX, motion_mm=(2.0, 2.0), moved_share=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="6 x 160 x 320 x 320")
    parser.add_argument("--peers", action="store_true", help="register with SimpleITK and itk-elastix")
    options = parser.parse_args()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    print_machine("SimpleITK")
    layout = FULL if options.full else AXIAL
    print_table(("examination", "stage", "s", "share"), _stages(layout))
    print_table(("examination", "phases MiB", "peak above them MiB"), [_memory(layout)])
    peers = registrations() if options.peers else {}
    columns = ("phase onto the early one", "way", "s", "/ calcmeasure", "peak MiB", "residual RMS", "lesion larger by")
    print_table(columns, _motion(layout, peers))


@cache
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
    above = apart(_detect, image, prepare=_compile).peak_mib
    return _name(image), f"{image.phases.nbytes / 2**20:.0f}", f"{above:.0f}"


def _detect(image: DynamicImage) -> int:
    return len(lesion_detector()(image).lesions)


def _compile() -> None:
    _detect(as_image(draw_exam(FIRST_SEED, settings=replace(MOVING, layouts=(_tiny(),)))))


def _tiny():
    return replace(AXIAL, plane=Plane.AXIAL, shape=(24, 80, 120), slice_mm=(3.0, 3.0), in_plane_mm=(2.0, 2.0))


def _motion(layout, peers: dict[str, Peer]) -> Iterator[tuple[str, ...]]:
    """Residual: root mean square difference to the same phase unmoved and without noise, in the breasts.

    Both are smoothed by one voxel, so that what interpolation does to the noise hardly counts. The whole of a phase is
    given to every way; calcmeasure finds the breasts itself, and that counts. The last phase has moved most, and the
    phase before contrast least or not at all.
    """
    exam = _exam(layout)
    unmoved = synthesize_dce(replace(exam.spec, movements=(), motion_mm=0.0, noise=0.0), rng=0).phases
    image = as_image(exam)
    for index, name in ((image.pre_index, "before contrast"), (len(image.phases) - 1, "last")):
        moving, residual = image.phases[index], partial(_residual, truth=unmoved[index], exam=exam)
        yield name, "none", "", "", "", residual(moving), f"{_moved_mm(exam, index):.1f} mm of motion"
        runs = [apart(_own, moving, image, prepare=_compile_all) for _ in range(OWN_RUNS)]
        own = sorted(runs, key=lambda run: run.seconds)[OWN_RUNS // 2]
        change = volume_change(own.result.displacement, exam.labels > 0, spacing=image.grid.spacing)
        figures = f"{own.seconds:.1f}", "1.0", f"{own.peak_mib:.0f}"
        yield name, "calcmeasure", *figures, residual(own.result.moved), f"{100 * change:+.1f} %"
        for peer_name, peer in peers.items():
            yield name, peer_name, *_of_peer(peer, moving, image, own=own, residual=residual), ""


def _moved_mm(exam: DcePhantom, index: int) -> float:
    """Mean displacement of a phase in the breasts."""
    points = np.argwhere(exam.breast[::2, ::8, ::8]) * (2, 8, 8)
    shifts = exam.spec.movements[index].displacement_mm(points.astype(float), exam.grid)
    return float(np.linalg.norm(shifts, axis=1).mean())


def _compile_all() -> None:
    """The tiny examination may not have moved, and then nothing was sampled anew."""
    _compile()
    tiny = _tiny()
    spacing = Spacing(*tiny.in_plane_mm, SpacingSource.GIVEN, slice_mm=tiny.slice_mm[0])
    Displacement(np.full((3, 2, 2, 2), 0.5), np.full(3, 20.0)).apply(np.ones((4, 5, 6), np.float32), spacing)


def _own(moving: FloatImage, image: DynamicImage) -> MotionCorrection:
    breasts = find_breasts(image.pre, image.grid, early=image.early).mask
    return correct_motion(moving, image.early, spacing=image.grid.spacing, region=breasts)


def _of_peer(peer: Peer, phase: FloatImage, image: DynamicImage, *, own: Apart, residual) -> tuple[str, ...]:
    """Seconds, how often calcmeasure's, memory and residual; of a part, the seconds that the whole would take."""
    middle = peer.middle(phase.shape)
    moving, fixed = (np.ascontiguousarray(volume[middle]) for volume in (phase, image.early))
    done = apart(peer.register, moving, fixed, replace(image.grid, shape=moving.shape), prepare=peer.prepare)
    share = moving.size / phase.size
    times = f"{done.seconds / share / own.seconds:.1f}"
    if share < 1:
        part = f"{done.seconds / share:.0f} ({done.seconds:.1f} for {share:.3f} of the voxels)"
        return part, times, f"{done.peak_mib:.0f} (part)", ""
    return f"{done.seconds:.1f}", times, f"{done.peak_mib:.0f}", residual(done.result)


def _residual(picture: np.ndarray, *, truth: np.ndarray, exam: DcePhantom) -> str:
    difference = gaussian_filter(picture - truth.astype(np.float32), 1.0)[exam.breast]
    return f"{np.sqrt(np.mean(difference**2)):.2f}"


if __name__ == "__main__":
    main()
