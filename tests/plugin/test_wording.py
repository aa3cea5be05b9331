from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import Flag
from napari_calcmeasure.wording import flag_sentences, phase_words, spacing_words, view_name


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        (None, "pixels only, no millimetres"),
        (Spacing(0.1, 0.1, SpacingSource.DETECTOR), "0.1 × 0.1 mm, at detector"),
        (Spacing(0.07, 0.07, SpacingSource.SID_SOD_CORRECTED, magnification=1.0512),
         "0.07 × 0.07 mm, corrected by source distances (÷ 1.05)"),
        (Spacing(1.15, 1.05, SpacingSource.PATIENT, slice_mm=2.4999999995), "1.15 × 1.05 × 2.5 mm, in patient"),
    ],
)  # fmt: skip
def test_spacing_is_never_named_without_its_source(spacing, words):
    assert spacing_words(spacing) == words


def test_unknown_side_and_view_are_question_marks(exam):
    assert view_name(exam.mammograms[0]) == "R-CC"
    assert view_name(replace(exam.mammograms[0], laterality=None, view=None)) == "?-?"


def test_phase_words_name_number_time_and_zero(dynamic):
    early = dynamic.phases[1]
    assert phase_words(early, dynamic, early=1) == "phase 1 of 0–4, early phase · 85 s after injection"
    assert "early" not in phase_words(early, dynamic, early=2)
    assert phase_words(replace(early, time_s=None), dynamic).endswith("· time unknown")
    other_zero = replace(dynamic, time_zero="first_post_contrast_start")
    assert phase_words(early, other_zero).endswith("after the first post-contrast start")


def test_advice_and_refusals_read_differently():
    assert flag_sentences([Flag.ONE_VIEW_ONLY, "E_VIEW"]) == ("Note: one view only", "Refused: E_VIEW (view)")
