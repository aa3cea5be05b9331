"""What enhances beside lesions: where it lies, how large it is, and that lesions keep what is theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.phantom.dynamic.anatomy import FieldOfView
from calcmeasure.phantom.dynamic.distractors import (
    DISTRACTOR_CODES,
    Distractor,
    DistractorKind,
    Surroundings,
    distractor_layers,
)
from calcmeasure.phantom.dynamic.examination import DceSpec, make_grid, synthesize_dce
from calcmeasure.phantom.dynamic.lesions import LesionSpec
from calcmeasure.terms import Laterality

PLAIN = DceSpec(shape=(14, 60, 96), spacing_zrc_mm=(3.0, 1.8, 1.8), phase_starts_s=(-85.0, 50.0), lesions=(), noise=0.0)
GRID = make_grid(PLAIN)
WHERE = (0.0, 0.45, 0.0)


def _exam(*distractors, **changes):
    return synthesize_dce(replace(PLAIN, surroundings=Surroundings(distractors), **changes), rng=0)


def _one(kind, diameter_mm=14.0, **changes):
    return Distractor(kind, Laterality.LEFT, WHERE, (diameter_mm,) * 3, **changes)


@pytest.mark.parametrize("diameter_mm", [9.0, 16.0, 24.0])
def test_an_ellipsoid_has_the_volume_asked_for(diameter_mm):
    centre = GRID.to_zrc(FieldOfView.of(GRID).breast_point_lps(Laterality.LEFT, WHERE))
    (layer,) = distractor_layers(_one(DistractorKind.FOCUS, diameter_mm), GRID, centre_zrc=centre)
    volume_mm3 = layer.coverage.sum() * np.prod(GRID.spacing.zrc_mm)
    assert volume_mm3 == pytest.approx(np.pi / 6 * diameter_mm**3, rel=0.1)


@pytest.mark.parametrize(
    ("kind", "rises"),
    [
        (DistractorKind.FOCUS, True),
        (DistractorKind.NODE, True),
        (DistractorKind.NIPPLE, True),
        (DistractorKind.CLIP, False),
        (DistractorKind.SEROMA, False),
        (DistractorKind.IMPLANT, False),
    ],
)
def test_what_enhances_enhances(kind, rises):
    exam = _exam(_one(kind, 24.0), motion_mm=0.0)
    inside = exam.distractors == DISTRACTOR_CODES[kind]
    assert inside.sum() > 50
    rise = (exam.phases[1].astype(int) - exam.phases[0])[inside]
    assert (np.median(rise) > 60) == rises


def test_a_clip_leaves_a_hole():
    exam = _exam(_one(DistractorKind.CLIP), motion_mm=0.0)
    assert exam.phases[0][exam.distractors == DISTRACTOR_CODES[DistractorKind.CLIP]].min() <= 1


def test_what_lies_outside_the_picture_is_left_out():
    outside = Distractor(DistractorKind.NODE, Laterality.LEFT, (9.0, 0.5, 0.0), (8.0, 8.0, 8.0))
    np.testing.assert_array_equal(_exam(outside).phases, _exam().phases)


def test_a_lesion_covers_a_distractor_and_keeps_its_label():
    lesion = LesionSpec(diameter_mm=20.0, position=WHERE)
    exam = _exam(_one(DistractorKind.NODE, 8.0), lesions=(lesion,))
    alone = _exam(lesions=(lesion,))
    np.testing.assert_array_equal(exam.labels, alone.labels)
    assert not np.any(exam.distractors[exam.labels > 0])
    assert np.abs(exam.phases.astype(int) - alone.phases).max() <= 1
