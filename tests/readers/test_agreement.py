"""Pairs of readers compared: lengths, categories, and what they disagree on."""

from __future__ import annotations

from decimal import Decimal
from math import isnan

import pytest

from calcmeasure.pipeline.scoring import score_readers
from calcmeasure.readers.agreement import length_agreement, study_readers
from calcmeasure.readers.cases import Finding, read_cases
from calcmeasure.readers.discordance import Reason, disagreement, discordant_lengths
from calcmeasure.response.criteria import load_profile
from calcmeasure.terms import Modality, Quantity
from factories import measured


def lesions(reader: str, *courses: tuple[float | None, float | None]):
    """One patient per course of baseline and follow-up."""
    return [
        measured(value, patient_id=f"P{i}", reader=reader, modality=Modality.MR, timepoint=timepoint)
        for i, course in enumerate(courses)
        for timepoint, value in zip(("baseline", "followup-1"), course, strict=True)
    ]


ANN = lesions("ann", (40.0, 20.0), (30.0, 0.0), (50.0, 51.0), (20.0, None), (25.0, 36.0))
BEN = lesions("ben", (42.0, 22.0), (33.0, 0.0), (50.0, 34.0), (21.0, 9.0), (25.0, 36.0))


def compared(*measurements):
    rows = score_readers(measurements, [load_profile("paper-2023")])
    return study_readers(read_cases(measurements), rows)


@pytest.mark.parametrize(
    ("first_um", "second_um", "reason"),
    [
        (20_000, 20_000, None),
        (21_000, 19_000, None),  # 2 mm of 20 mm is exactly 10 %
        (21_000, 18_999, Reason.LENGTHS),
        (19_000, 21_000, None),
        (0, 0, None),
        (None, None, None),
        (0, 1, Reason.PRESENCE),
        (1, 0, Reason.PRESENCE),
        (None, 5, Reason.MEASURABLE),
        (0, None, Reason.MEASURABLE),
    ],
)
def test_two_lengths_agree_up_to_the_limit_and_not_beyond(first_um, second_um, reason):
    first, second = Finding(first_um, ()), Finding(second_um, ())
    assert disagreement(first, second, limit_percent=Decimal(10)) is reason


def test_lengths_of_two_readers_are_compared_case_by_case():
    agreement = length_agreement(read_cases(ANN + BEN), Quantity.LESION_DIAMETER, readers=("ann", "ben"))
    assert agreement is not None
    assert [(first, second) for _, first, second in agreement.lengths_mm] == [
        (40.0, 42.0), (20.0, 22.0), (30.0, 33.0), (0.0, 0.0), (50.0, 50.0), (51.0, 34.0), (20.0, 21.0), (25.0, 25.0),
        (36.0, 36.0),
    ]  # fmt: skip
    # ann - ben: -2 -2 -3 0 0 +17 -1 0 0
    assert agreement.limits.bias == pytest.approx(1.0)
    assert (agreement.within.count, agreement.within.total) == (8, 10)
    assert agreement.one_only == 1
    assert agreement.consistency.n == agreement.absolute.n == 9


def test_an_offset_counts_in_absolute_agreement_only():
    shifted = lesions("ben", (44.0, 24.0), (34.0, 4.0), (54.0, 55.0))
    agreement = length_agreement(read_cases([*ANN[:6], *shifted]), Quantity.LESION_DIAMETER, readers=("ann", "ben"))
    assert agreement is not None
    assert agreement.consistency.value == pytest.approx(1.0)
    assert agreement.absolute.value < 0.99


def test_categories_are_compared_in_their_order_and_unjudged_ones_are_counted():
    study = compared(*ANN, *BEN)
    (agreement,) = study.categories
    # ann: PR CR SD NE PD; ben: PR CR PR PR PD
    assert agreement.categories == ("CR", "PR", "SD", "PD")
    assert agreement.counts == ((1, 0, 0, 0), (0, 1, 0, 0), (0, 1, 0, 0), (0, 0, 0, 1))
    assert (agreement.kappa.n, agreement.left_out) == (4, 1)


def test_every_disagreement_is_listed_once_with_both_answers():
    study = compared(*ANN, *BEN)
    listed = [(d.case.patient_id, d.case.timepoint, str(d.reason), d.answers) for d in study.discordances]
    assert listed == [
        ("P2", "followup-1", "category", ("SD", "PR")),
        ("P2", "followup-1", "lengths", ("51.000", "34.000")),
        ("P3", "followup-1", "category", ("NE", "PR")),
        ("P3", "followup-1", "measurable", ("not measurable", "9.000")),
    ]
    assert study.discordances[1].words == "17.0 mm apart, 40 % of their mean"


def test_three_readers_are_three_pairs():
    study = compared(*ANN, *BEN, *lesions("cai", (40.0, 20.0)))
    assert [one.readers for one in study.lengths] == [("ann", "ben"), ("ann", "cai"), ("ben", "cai")]
    assert study.readers == ("ann", "ben", "cai")
    assert study.cases == 10


def test_a_limit_of_the_readers_own():
    readings = read_cases(ANN + BEN)
    assert len(list(discordant_lengths(readings, limit_percent=Decimal(50)))) == 1
    assert len(list(discordant_lengths(readings, limit_percent=Decimal(0)))) == 6


def test_readers_who_share_no_case_have_no_numbers_and_no_crash():
    study = compared(*ANN[:2], *[m for m in lesions("ben", (1.0, 1.0), (9.0, 9.0)) if m.patient_id == "P1"])
    (agreement,) = study.lengths
    assert agreement.limits.n == 0
    assert isnan(agreement.absolute.value)
    assert (study.cases, agreement.one_only) == (0, 4)


def test_categories_of_irecist_have_an_order_of_their_own():
    rows = score_readers([*ANN, *BEN], [load_profile("irecist")])
    (found,) = study_readers(read_cases([*ANN, *BEN]), rows).categories
    assert found.categories == ("iCR", "iPR", "iSD", "iUPD", "iCPD")
    assert found.kappa.n == 4
    assert found.kappa.n + found.left_out == 5
