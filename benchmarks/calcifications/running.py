"""Draw scenes, run the detector on them, keep what came out: one image at a time, remembered by code and seed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence, Sized
from pathlib import Path

import cv2
import numpy as np

from accuracy.running import BUILD, Shelf, run_seeds
from accuracy.suites import Suite
from calcifications.matching import REACH_MM
from calcifications.outcomes import NO_CLUSTER, Outcome
from calcmeasure.detect.calcifications.operating_points import OPERATING_POINTS, OperatingPoint
from calcmeasure.detect.calcifications.regrouping import regroup
from calcmeasure.detect.contract import CalcificationCluster, CalcificationFindings, ProjectionImage
from calcmeasure.detect.registry import CALCIFICATIONS, load_detector
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.phantom.mammogram.scenes import Scene
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import MarkLabel

KEPT = BUILD / "calcifications"
SOURCES = ("detect/*.py", "detect/calcifications/**/*", "detect/mammogram/**/*", "phantom/mammogram/*.py")
MM2_PER_CM2 = 100.0
BENIGN = (MarkLabel.VASCULAR, MarkLabel.SKIN, MarkLabel.COARSE, MarkLabel.SCATTERED)
"""Real calcifications that are to be left out. A mark on metal or on an artefact is a false one."""


SHELF = Shelf(KEPT, Outcome, SOURCES, (Path(__file__),))


def run_suite(suite: Suite, *, images: int, jobs: int = 1) -> list[Outcome]:
    """Answer all images of a suite, each alone; those answered before by the same code come from disk."""
    found = run_seeds(suite, _each_alone, count=images, jobs=jobs, shelf=SHELF)
    return [outcome for outcomes in found for outcome in outcomes]


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
    at_points = [_clusters_at(point, findings, scene) for point in OPERATING_POINTS]
    named = [cluster for clusters in at_points for cluster in clusters]
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
        named_mm=np.concatenate([np.empty((0, 2)), *(c.points_rc for c in named)]) * mm,
        named_clusters=_numbers([c.points_rc for c in named]),
        named_points=_numbers(at_points),
        named_confidences=np.array([c.confidence for c in named]),
        flags=np.array([str(flag) for flag in findings.flags], dtype=str),
        seconds=seconds,
    )


def _each_alone(suite: Suite, seed: int) -> Iterator[Outcome]:
    for scene in suite.draw(seed, suite.settings):
        yield answer(scene, name=f"{suite.name} {seed}", breast=str(seed))


def _clusters_at(
    point: OperatingPoint, findings: CalcificationFindings, scene: Scene
) -> tuple[CalcificationCluster, ...]:
    return regroup(findings, spacing=scene.spacing, false_marks=point.false_marks).clusters


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


def _numbers(groups: Sequence[Sized]) -> np.ndarray:
    return np.repeat(np.arange(len(groups), dtype=np.int64), [len(points) for points in groups])
