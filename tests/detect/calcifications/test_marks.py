"""Marks by the model that comes with the package, and by one made by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calcmeasure.detect.calcifications.bands import BandStack, build_stack
from calcmeasure.detect.calcifications.features import FEATURES
from calcmeasure.detect.calcifications.mark_model import MarkModel, Trees
from calcmeasure.detect.calcifications.marks import MARK_CLASSES, Marks, find_marks
from calcmeasure.detect.contract import ProjectionImage

CONTRAST = 0.2
PLACES_MM = np.array([[20.0, 12.0], [30.0, 20.0], [38.0, 15.0]])


def _stack(image: ProjectionImage) -> tuple[BandStack, np.ndarray]:
    breast = image.attenuation > np.median(image.attenuation)
    stack = build_stack(image.attenuation, valid=image.valid, inside=breast, spacing=image.spacing)
    return stack, breast


def _marks(image: ProjectionImage) -> Marks:
    stack, breast = _stack(image)
    return find_marks(stack, search=breast)


def _nearest(marks: Marks, image: ProjectionImage) -> np.ndarray:
    gaps = np.linalg.norm((marks.points_rc * image.spacing.rc_mm)[:, None] - PLACES_MM, axis=2)
    return gaps.argmin(axis=0)


@pytest.fixture(scope="module")
def specks(breast_image: Callable[..., ProjectionImage]) -> ProjectionImage:
    return breast_image(PLACES_MM, contrast=CONTRAST)


def test_clear_specks_are_the_most_probable_marks(specks: ProjectionImage):
    marks = _marks(specks)
    nearest = _nearest(marks, specks)
    assert_allclose(marks.points_rc[nearest] * specks.spacing.rc_mm, PLACES_MM, atol=0.03)
    assert (marks.probabilities[nearest] > 0.9).all()
    others = np.delete(marks.probabilities, nearest)
    assert (others < 0.5).all()


def test_contrast_is_in_grey_levels_of_the_image(specks: ProjectionImage):
    """At its best width a Gaussian answers with 3 - 2 sqrt(2) of its height; a disc with a quarter."""
    marks = _marks(specks)
    assert_allclose(marks.contrasts[_nearest(marks, specks)], CONTRAST * (3.0 - 2.0 * np.sqrt(2.0)) / 0.25, rtol=0.3)


def test_another_scale_of_grey_gives_the_same_marks(specks: ProjectionImage):
    scaled = ProjectionImage((1000.0 * specks.attenuation + 50.0).astype(np.float32), specks.valid, specks.spacing)
    first, second = _marks(specks), _marks(scaled)
    strong = first.snr > 5.0
    assert_allclose(second.points_rc[second.snr > 5.0], first.points_rc[strong], atol=1e-2)
    assert_allclose(second.contrasts[second.snr > 5.0], 1000.0 * first.contrasts[strong], rtol=0.02)


def test_scores_are_chances_of_every_class(specks: ProjectionImage):
    marks = _marks(specks)
    assert marks.scores.shape == (len(marks), len(MARK_CLASSES))
    assert_allclose(marks.scores.sum(axis=1), 1.0)
    assert (marks.scores >= 0.0).all()
    assert_allclose(marks.scores[:, 0], marks.probabilities)
    assert (marks.body_chances >= marks.probabilities).all()


def test_no_candidate_no_mark(specks: ProjectionImage):
    stack, breast = _stack(specks)
    marks = find_marks(stack, search=np.zeros_like(breast))
    assert len(marks) == 0
    assert marks.scores.shape == (0, len(MARK_CLASSES))
    assert len(marks.take(np.empty(0, dtype=np.intp)).moved(np.array([1.0, 2.0]))) == 0


def test_marks_move_and_are_chosen_together(specks: ProjectionImage):
    marks = _marks(specks)
    chosen = marks.take(np.array([1, 0])).moved(np.array([10.0, -5.0]))
    assert_allclose(chosen.points_rc, marks.points_rc[[1, 0]] + [10.0, -5.0])
    assert chosen.probabilities.tolist() == marks.probabilities[[1, 0]].tolist()


def test_another_model_may_judge(specks: ProjectionImage):
    """One question: stronger than 10?"""
    stump = Trees(
        feature=np.array([FEATURES.index("snr"), -1, -1], np.int16),
        threshold=np.array([10.0, -2.0, 2.0], np.float32),
        left=np.array([1, 0, 0], np.int32),
        right=np.array([2, 0, 0], np.int32),
        missing_left=np.zeros(3, bool),
        roots=np.zeros(1, np.int32),
        base=0.0,
    )
    calibration = np.array([[-2.0, 2.0], [-2.0, 2.0]])
    model = MarkModel(stump, stump, stump, calibration, calibration, {"features": list(FEATURES)})
    stack, breast = _stack(specks)
    marks = find_marks(stack, search=breast, model=model)
    assert_allclose(marks.probabilities, np.where(marks.snr > 10.0, 0.8808, 0.1192), atol=1e-4)
