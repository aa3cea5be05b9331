"""What is never compared, and what is compared with a flag."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import load_profile, shipped_names
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import Flag, Laterality, Modality, Quantity, View
from response.timelines import RECIST, Lesion, timeline

PAIR = timeline(Lesion("A", (30, 20), short_mm=(20, 10), volumes=(900.0, 300.0)))
LESION_PROFILES = [name for name in shipped_names() if load_profile(name).lesion]


def calibrated(measurement: Measurement, source: SpacingSource) -> Measurement:
    image = measurement.image or ImageReference("1.2", "", 0, 100, 100, None)
    return replace(measurement, image=replace(image, spacing=Spacing(0.1, 0.1, source)))


def extents(**after: object) -> list[Measurement]:
    both = [Measurement("P1", when, Quantity.CALCIFICATION_EXTENT, mm, Laterality.LEFT, view=View.CC)
            for when, mm in [("baseline", 30.0), ("followup-1", 20.0)]]  # fmt: skip
    return [both[0], replace(both[1], **after)]


@pytest.mark.parametrize("profile", LESION_PROFILES)
@pytest.mark.parametrize(
    "mammographic",
    [
        {"modality": Modality.MG},
        {"modality": None, "view": View.CC},
        {"quantity": Quantity.CALCIFICATION_EXTENT},
        {"modality": None, "flags": (Flag.MAGNIFICATION_VIEW,)},
        {"modality": None, "flags": (Flag.SPOT_COMPRESSION_VIEW,)},
    ],
    ids=str,
)
def test_no_criteria_take_a_mammographic_length_for_a_lesion(profile, mammographic):
    rows = score_measurements([replace(m, **mammographic) for m in PAIR], profile=load_profile(profile))
    assert [row for row in rows if row.quantity is Quantity.LESION_DIAMETER] == []


@pytest.mark.parametrize("profile", LESION_PROFILES)
def test_the_same_lesions_on_mr_are_judged(profile):
    (row,) = score_measurements(PAIR, profile=load_profile(profile))
    assert row.category in ("PR", "iPR")


def test_lesions_calibrated_by_different_rules_are_flagged():
    mixed = [PAIR[0], calibrated(PAIR[1], SpacingSource.USER)]
    assert Flag.GEOMETRY_MISMATCH in score_measurements(mixed, profile=RECIST)[0].flags
    assert Flag.GEOMETRY_MISMATCH not in score_measurements(PAIR, profile=RECIST)[0].flags
    gone = [PAIR[0], replace(calibrated(PAIR[1], SpacingSource.USER), value_mm=0.0)]
    assert Flag.GEOMETRY_MISMATCH not in score_measurements(gone, profile=RECIST)[0].flags


def test_extents_calibrated_by_different_rules_are_refused():
    before, after = extents()
    mixed = [calibrated(before, SpacingSource.DETECTOR), calibrated(after, SpacingSource.GEOMETRY)]
    (row,) = score_measurements(mixed, profile=load_profile("extent-10"))
    assert (row.category, row.flags) == ("not_comparable", (Flag.GEOMETRY_MISMATCH,))


@pytest.mark.parametrize("flag", [Flag.MAGNIFICATION_VIEW, Flag.SPOT_COMPRESSION_VIEW, Flag.NOT_STANDARD_VIEW])
def test_views_that_are_not_plain_are_refused(flag):
    (row,) = score_measurements(extents(flags=(flag,)), profile=load_profile("extent-10"))
    assert (row.category, row.value_mm) == ("not_comparable", None)
    assert "no plain CC or MLO view" in row.rule


def test_extents_on_unlike_views_are_flagged():
    (row,) = score_measurements(extents(view=View.MLO), profile=load_profile("extent-10"))
    assert {Flag.VIEW_SWITCHED, Flag.ONE_VIEW_ONLY} <= set(row.flags)


def test_another_phase_rule_is_flagged():
    phases = [PhaseReference(1, 90.0, rule) for rule in ("k-space-centre-90s", "reader")]
    changed = [replace(m, phase=phase) for m, phase in zip(PAIR, phases, strict=True)]
    assert Flag.PHASE_RULE_CHANGED in score_measurements(changed, profile=RECIST)[0].flags
