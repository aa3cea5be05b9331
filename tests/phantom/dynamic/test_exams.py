"""Examinations drawn from settings: repeatable, disjoint seeds, truth that holds, pairs with their class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from calcmeasure.geometry import line_length_mm
from calcmeasure.phantom.dynamic.exam_settings import (
    BARE,
    NORMAL_TRAINING,
    TESTING,
    TESTING_SEEDS,
    TRAINING,
    Disease,
    Layout,
)
from calcmeasure.phantom.dynamic.exams import draw_exam, draw_exam_pair, largest_mm, response_of
from calcmeasure.phantom.dynamic.orientation import Plane
from calcmeasure.terms.lesions import Response

SMALL = Layout(Plane.AXIAL, (16, 56, 88), (4.0, 5.0), (2.0, 2.4))
QUICK = replace(TRAINING, layouts=(SMALL,), phases=(3.0, 3.0))


def _only(disease, **changes):
    return replace(QUICK, diseases=((disease, 1.0),), **changes)


def test_the_same_seed_gives_the_same_examination():
    first, again = draw_exam(3, settings=QUICK), draw_exam(3, settings=QUICK)
    np.testing.assert_array_equal(first.phases, again.phases)
    assert first.lesions == again.lesions


def test_another_noise_shows_the_same_patient():
    first, noisier = (draw_exam(3, settings=replace(QUICK, noise=(s, s))) for s in (2.0, 30.0))
    assert first.lesions == noisier.lesions
    np.testing.assert_array_equal(first.labels, noisier.labels)
    assert not np.array_equal(first.phases, noisier.phases)


@pytest.mark.parametrize(("settings", "seed"), [(TRAINING, TESTING_SEEDS.start), (TESTING, 5)])
def test_seeds_of_training_and_testing_are_kept_apart(settings, seed):
    with pytest.raises(ValueError, match="not one of these settings' seeds"):
        draw_exam(seed, settings=settings)


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("disease", [Disease.MASS, Disease.NON_MASS])
def test_the_label_and_the_ends_of_a_lesion_agree_with_its_diameter(plane, disease):
    layout = Layout(plane, (30, 64, 72), (2.5, 2.5), (1.8, 1.8), is_one_breast=plane is Plane.SAGITTAL)
    settings = _only(disease, layouts=(layout,), diameter_mm=(18.0, 25.0), non_mass_mm=(20.0, 25.0))
    exam = draw_exam(11, settings=settings)
    (truth,) = exam.lesions
    assert line_length_mm(truth.ends_zrc, exam.grid.spacing) == pytest.approx(truth.diameter_mm, abs=1e-6)
    volume_mm3 = (exam.labels == 1).sum() * np.prod(exam.grid.spacing.zrc_mm)
    assert volume_mm3 == pytest.approx(truth.volume_mm3, rel=0.12)


@pytest.mark.parametrize("disease", list(Disease))
def test_every_disease_shows_what_it_says(disease):
    exam = draw_exam(21, settings=_only(disease))
    assert bool(exam.lesions) == (disease is not Disease.NONE)
    assert (len(exam.lesions) > 1) == (disease is Disease.MULTIFOCAL)
    if disease is Disease.RESIDUAL:
        assert 3.0 <= largest_mm(exam) <= 8.0


def test_nothing_enhances_in_the_breast_without_lesion_and_distractors():
    settings = replace(NORMAL_TRAINING, layouts=(SMALL,), surroundings=replace(BARE, vessels=(0.0, 0.0)))
    settings = replace(settings, background=(0.0, 0.0), noise=(0.1, 0.1), moved_share=0.0, ghosts=0.0)
    exam = draw_exam(4, settings=settings)
    rise = exam.phases[exam.still_phase].astype(int) - exam.phases[0]
    inner = binary_erosion(exam.breast, iterations=2)
    assert np.percentile(rise[inner], 99) <= 2


@pytest.mark.parametrize(
    ("before_mm", "after_mm", "response"),
    [
        (20.0, 14.0, Response.SD),
        (20.0, 13.999, Response.PR),
        (20.0, 24.0, Response.SD),
        (20.0, 24.001, Response.PD),
        (20.0, 0.0, Response.CR),
        (0.0, 5.0, Response.PD),
    ],
)
def test_the_class_of_a_pair_is_that_of_the_largest_lesion(before_mm, after_mm, response):
    assert response_of(before_mm, after_mm) is response


def test_a_pair_shows_one_patient_in_two_positions():
    pair = draw_exam_pair(8, settings=_only(Disease.MASS, positioning_mm=(6.0, 6.0)))
    assert pair.before.grid == pair.after.grid
    assert pair.response is response_of(largest_mm(pair.before), largest_mm(pair.after))
    moved = np.subtract(pair.before.lesions[0].centre_zrc, pair.after.lesions[0].centre_zrc)
    assert np.linalg.norm(moved * pair.before.grid.spacing.zrc_mm) > 1.0
