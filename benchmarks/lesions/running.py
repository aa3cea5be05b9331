"""Draw examinations, run the detector on them, keep what came out: remembered by code and seed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from accuracy.running import BUILD, Shelf, run_seeds
from accuracy.suites import Suite
from calcmeasure.detect.contract import DynamicImage, LesionDetector, LesionFindings
from calcmeasure.detect.registry import LESIONS, load_detector
from calcmeasure.errors import CalcMeasureError
from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dynamic.anatomy import FieldOfView
from calcmeasure.phantom.dynamic.examination import DcePhantom
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import Laterality
from lesions.ftv import ftv_of
from lesions.matching import diameter_mm, lies_on, match
from lesions.outcomes import Outcome

SOURCES = ("detect/*.py", "detect/contract/*.py", "detect/lesions/**/*", "phantom/dynamic/*.py", "measure/*.py")
_OWN = tuple(Path(__file__).with_name(name) for name in ("running.py", "matching.py", "ftv.py", "outcomes.py"))
SHELF = Shelf(BUILD / "lesions", Outcome, SOURCES, _OWN)


def run_suite(suite: Suite, *, exams: int, jobs: int = 1) -> list[Outcome]:
    """Answer all examinations of a suite, each alone; those answered before by the same code come from disk."""
    found = run_seeds(suite, answer_each, count=exams, jobs=jobs, shelf=SHELF)
    return [outcome for outcomes in found for outcome in outcomes]


def answer_each(suite: Suite, seed: int) -> Iterator[Outcome]:
    """Answer every examination of a seed alone."""
    for exam in suite.draw(seed, suite.settings):
        yield answer(exam, name=suite.name, seed=seed)


def as_image(exam: DcePhantom) -> DynamicImage:
    """The examination as a detector receives it: the phase the truth belongs to is the one that is measured."""
    times_s = tuple(timing.centre_s for timing in exam.timings)
    return DynamicImage(exam.phases.astype(np.float32), exam.grid, 0, exam.still_phase, times_s)


def lesion_detector() -> LesionDetector:
    """The detector that ``calcmeasure run`` uses unless told otherwise."""
    return load_detector(RunSettings().lesion_detector, kind=LESIONS)


def answer(exam: DcePhantom, *, name: str, seed: int) -> Outcome:
    """Run the detector on one examination and keep what figures need."""
    start = time.process_time()
    findings, refusal = find(exam)
    return as_outcome(exam, findings, name=name, seed=seed, refusal=refusal, seconds=time.process_time() - start)


def find(exam: DcePhantom) -> tuple[LesionFindings, str]:
    """Run the detector on one examination: what it found, and the code of its refusal if it found nothing for it."""
    try:
        return lesion_detector()(as_image(exam)), ""
    except CalcMeasureError as error:
        return _nothing(exam), str(error.code)


def as_outcome(
    exam: DcePhantom, findings: LesionFindings, *, name: str, seed: int, refusal: str = "", seconds: float = 0.0
) -> Outcome:
    """Put truth and findings beside each other, in mm."""
    matches = [match(finding, exam) for finding in findings.lesions]
    seen = [number for number, lesion in enumerate(exam.lesions) if lesion.diameter_mm]
    ftv = {number: ftv_of(exam, number) for number in seen}
    spacing, spec = exam.grid.spacing, exam.spec
    return Outcome(
        name=name,
        seed=seed,
        disease=_disease(exam),
        plane=spec.plane.value,
        fat=spec.artefacts.fat.value,
        background=spec.background_enhancement,
        noise=spec.noise,
        motion_mm=motion_mm(exam),
        anisotropy=spacing.zrc_mm[0] / float(np.mean(spacing.rc_mm)),
        sides=np.array([side.value for side in _sides(exam.grid)], dtype=str),
        truth_mm=np.array([lesion.diameter_mm for lesion in exam.lesions]),
        truth_sides=np.array([lesion.laterality.value for lesion in exam.lesions], dtype=str),
        found_mm=np.array([diameter_mm(finding, exam.grid) for finding in findings.lesions]),
        found_sides=np.array([finding.laterality.value for finding in findings.lesions], dtype=str),
        confidences=np.array([finding.confidence for finding in findings.lesions]),
        found_truth=np.array([lesion for lesion, _ in matches], np.int64),
        found_dice=np.array([dice for _, dice in matches]),
        found_on=np.array([lies_on(finding, exam) for finding in findings.lesions], dtype=str),
        other_truth=np.array([match(finding, exam)[0] for finding in findings.others], np.int64),
        ftv_mm=np.array([ftv.get(number, (0.0, 0.0))[0] for number in range(len(exam.lesions))]),
        ftv_dice=np.array([ftv.get(number, (0.0, 0.0))[1] for number in range(len(exam.lesions))]),
        flags=np.array([str(flag) for flag in findings.flags], dtype=str),
        refusal=refusal,
        seconds=seconds,
    )


def motion_mm(exam: DcePhantom) -> float:
    """Mean displacement of the phase before contrast against the measured one, in the breasts."""
    if not exam.spec.movements:
        return exam.spec.motion_mm
    points = np.argwhere(exam.breast[::2, ::8, ::8]) * (2, 8, 8)
    shifts = exam.spec.movements[0].displacement_mm(points.astype(float), exam.grid)
    return float(np.linalg.norm(shifts, axis=1).mean())


def _nothing(exam: DcePhantom) -> LesionFindings:
    return LesionFindings((), np.zeros(exam.grid.shape, bool), np.zeros(exam.grid.shape, np.float32))


def _sides(grid: ImageGrid) -> tuple[Laterality, ...]:
    """Breasts in the picture."""
    field = FieldOfView.of(grid)
    across_mm = field.centre_lps[0]
    if abs(across_mm) < 0.25 * field.half_mm[0]:
        return (Laterality.RIGHT, Laterality.LEFT)
    return (Laterality.LEFT if across_mm > 0 else Laterality.RIGHT,)


def _disease(exam: DcePhantom) -> str:
    """What the lesions are: of the first one's kind, several, small, or none."""
    seen = [spec for spec in exam.spec.lesions if spec.diameter_mm]
    if not seen:
        return "none"
    if len(seen) > 1:
        return "multifocal"
    if seen[0].diameter_mm <= 8.0:
        return "3-8 mm"
    return "rim" if seen[0].core is not None else seen[0].kind.value
