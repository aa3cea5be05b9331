"""Draw scenes, run the detector on them, keep what came out: one image at a time, remembered by code and seed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

import calcmeasure
from calcifications.matching import REACH_MM
from calcifications.outcomes import NO_CLUSTER, Outcome
from calcifications.suites import Suite
from calcmeasure.detect.contract import CalcificationFindings, ProjectionImage
from calcmeasure.detect.registry import CALCIFICATIONS, load_detector
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.phantom.mammogram.scenes import Scene
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import MarkLabel

KEPT = Path(__file__).parents[2] / "build" / "calcifications"
SOURCES = ("detect/*.py", "detect/calcifications/**/*", "detect/mammogram/**/*", "phantom/mammogram/*.py")
MM2_PER_CM2 = 100.0
BENIGN = (MarkLabel.VASCULAR, MarkLabel.SKIN, MarkLabel.COARSE, MarkLabel.SCATTERED)
"""Real calcifications that are to be left out. A mark on metal or on an artefact is a false one."""


Answering = Callable[[Suite, int], Iterator[Outcome]]


def run_suite(suite: Suite, *, images: int, jobs: int = 1) -> list[Outcome]:
    """Answer all images of a suite, each alone."""
    return [outcome for outcomes in run_seeds(suite, _each_alone, images=images, jobs=jobs) for outcome in outcomes]


def run_seeds(suite: Suite, answering: Answering, *, images: int, jobs: int = 1) -> list[list[Outcome]]:
    """Answer the images of each seed of a suite; those answered before by the same code come from disk."""
    work = partial(_answer_seed, suite, answering)
    seeds = suite.seeds(images)
    if jobs == 1:
        return [work(seed) for seed in seeds]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, seeds))


def as_image(scene: Scene) -> ProjectionImage:
    """The scene as a detector receives it."""
    return ProjectionImage(scene.attenuation, scene.valid, scene.spacing, scene.laterality, scene.view, scene.intent)


def detect(image: ProjectionImage) -> CalcificationFindings:
    """Run the detector that ``calcmeasure run`` uses unless told otherwise."""
    cv2.setNumThreads(1)
    detector = load_detector(RunSettings().calcification_detector, kind=CALCIFICATIONS)
    return detector(image)


def answer(scene: Scene, *, name: str, breast: str) -> Outcome:
    """Run the detector on one scene and keep what figures need."""
    image = as_image(scene)
    start = time.process_time()
    findings = detect(image)
    return as_outcome(scene, findings, name=name, breast=breast, seconds=time.process_time() - start)


def as_outcome(scene: Scene, findings: CalcificationFindings, *, name: str, breast: str, seconds: float) -> Outcome:
    """Put truth and findings beside each other, in mm."""
    mm = np.asarray(scene.spacing.rc_mm)
    members = [cluster.points_rc for cluster in findings.clusters]
    wider = [c.points_rc if c.wider_rc is None else c.wider_rc for c in findings.clusters]
    suspicious = np.array([label is MarkLabel.SUSPICIOUS for label in scene.labels], dtype=bool)
    return Outcome(
        name=name,
        breast=breast,
        area_cm2=float(scene.breast.sum() * mm.prod() / MM2_PER_CM2),
        truth_mm=scene.marks_rc * mm,
        truth_diameters_mm=scene.diameters_mm,
        truth_dprime=np.nan_to_num(scene.ideal_d),
        truth_clusters=np.where(suspicious, scene.clusters, NO_CLUSTER),
        marks_mm=findings.marks.points_rc * mm,
        probabilities=findings.marks.probabilities,
        snr=findings.marks.snr,
        labels=np.array([str(label) for label in findings.marks.labels], dtype=str),
        on_benign=_on_benign(scene, findings.marks.points_rc),
        members_mm=np.concatenate([np.empty((0, 2)), *members]) * mm,
        member_clusters=_numbers(members),
        confidences=np.array([cluster.confidence for cluster in findings.clusters]),
        wider_mm=np.concatenate([np.empty((0, 2)), *wider]) * mm,
        wider_clusters=_numbers(wider),
        flags=np.array([str(flag) for flag in findings.flags], dtype=str),
        seconds=seconds,
    )


@cache
def code_version() -> str:
    """Tell the code that draws and detects from any other."""
    root = Path(calcmeasure.__file__).parent
    files = sorted({path for pattern in SOURCES for path in root.glob(pattern) if path.is_file()})
    digest = hashlib.sha256()
    for path in (p for p in [*files, Path(__file__)] if "__pycache__" not in p.parts):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _answer_seed(suite: Suite, answering: Answering, seed: int) -> list[Outcome]:
    what = f"{suite.settings!r} {suite.draw.__name__} {answering.__module__} {answering.__name__} {seed}"
    stem = hashlib.sha256(what.encode()).hexdigest()[:24]
    kept = sorted((KEPT / code_version()).glob(f"{stem}-*.npz"))
    if kept:
        return [Outcome.load(path) for path in kept]
    outcomes = list(answering(suite, seed))
    for number, outcome in enumerate(outcomes):
        outcome.save(KEPT / code_version() / f"{stem}-{number}.npz")
    return outcomes


def _each_alone(suite: Suite, seed: int) -> Iterator[Outcome]:
    for scene in suite.draw(seed, suite.settings):
        yield answer(scene, name=f"{suite.name} {seed}", breast=str(seed))


def _on_benign(scene: Scene, points_rc: np.ndarray) -> np.ndarray:
    """Which marks lie within half a millimetre of a benign calcification, however long it is."""
    benign = np.isin(scene.label_map, [LABEL_CODES[label] for label in BENIGN]).astype(np.uint8)
    rows, cols = np.rint(scene.marks_rc).astype(int).T
    faint = np.array([label in BENIGN for label in scene.labels], dtype=bool)
    benign[rows[faint], cols[faint]] = 1
    reach = [2 * round(REACH_MM / step) + 1 for step in scene.spacing.rc_mm]
    near = cv2.dilate(benign, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, reach[::-1]))
    rows, cols = np.clip(np.rint(points_rc).astype(int).T, 0, np.array([near.shape]).T - 1)
    return near[rows, cols] > 0


def _numbers(groups: Sequence[np.ndarray]) -> np.ndarray:
    return np.repeat(np.arange(len(groups), dtype=np.int64), [len(points) for points in groups])
