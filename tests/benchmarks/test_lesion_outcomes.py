"""How examinations with lesions are judged: ranks, errors, what is false, classes of pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.detect.contract import LesionFinding
from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce
from calcmeasure.phantom.dynamic.lesions import LesionSpec
from calcmeasure.terms import Laterality
from lesions.ftv import ftv_of
from lesions.matching import diameter_mm, lies_on, match
from lesions.outcomes import NO_LESION, Outcome
from lesions.pairs import pair_rows, wrong_pairs
from lesions.stages import stage_seconds
from lesions.summaries import binned, error_row, errors_of, false_rows

NOTHING = np.empty(0)


def _outcome(*, truth=(), found=(), on=(), dice=(), sides=("R", "L"), found_sides=(), other=(), **changes):
    return Outcome(
        name="suite",
        seed=1,
        disease="mass",
        plane="axial",
        fat="good",
        background=0.1,
        noise=9.0,
        motion_mm=0.0,
        anisotropy=2.0,
        sides=np.array(sides, str),
        truth_mm=np.array(truth, float),
        truth_sides=np.array(["L"] * len(truth), str),
        found_mm=np.array(found, float),
        found_sides=np.array(found_sides or ["L"] * len(found), str),
        confidences=np.ones(len(found)),
        found_truth=np.array(on, np.int64),
        found_dice=np.array(dice or [0.9] * len(found), float),
        found_on=np.array(["vessel"] * len(found), str),
        other_truth=np.array(other, np.int64),
        ftv_mm=np.array(truth, float),
        ftv_dice=np.ones(len(truth)),
        flags=np.empty(0, str),
        refusal="",
        seconds=1.0,
        **changes,
    )


@pytest.fixture(scope="module")
def exam():
    spec = DceSpec(
        shape=(14, 60, 96),
        spacing_zrc_mm=(3.0, 1.8, 1.8),
        phase_starts_s=(-85.0, 50.0, 120.0),
        lesions=(LesionSpec(diameter_mm=20.0, rim=False),),
        noise=2.0,
        motion_mm=0.0,
    )
    return synthesize_dce(spec, rng=0)


def _finding(exam, mask):
    low, high = (np.argwhere(mask).min(axis=0), np.argwhere(mask).max(axis=0) + 1)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    centre = np.argwhere(mask).mean(axis=0)
    square = np.array([[low[0], low[1], low[2]], [low[0], low[1], high[2] - 1], [low[0], high[1] - 1, low[2]]], float)
    return LesionFinding(mask[box], tuple(map(int, low)), (square,), Laterality.LEFT, tuple(centre), 1.0)


def test_a_perfect_mask_is_matched_with_dice_1(exam):
    assert match(_finding(exam, exam.labels == 1), exam) == (0, 1.0)


def test_a_finding_elsewhere_lies_on_no_lesion(exam):
    assert match(_finding(exam, np.roll(exam.labels == 1, -40, axis=2)), exam)[0] == NO_LESION


def test_a_small_finding_in_the_middle_is_matched_by_overlap(exam):
    inner = np.zeros(exam.labels.shape, bool)
    inner[tuple(np.rint(exam.lesions[0].centre_zrc).astype(int))] = True
    lesion, dice = match(_finding(exam, inner), exam)
    assert (lesion, dice) == (0, pytest.approx(2 / (1 + (exam.labels == 1).sum())))


def test_a_finding_on_the_heart_is_told(exam):
    assert lies_on(_finding(exam, exam.distractors == 2), exam) == "heart"


def test_the_diameter_is_that_of_the_outline(exam):
    finding = replace(
        _finding(exam, exam.labels == 1), contours_zrc=(np.array([[3.0, 0, 0], [3.0, 0, 10], [3.0, 5, 5]]),)
    )
    assert diameter_mm(finding, exam.grid) == pytest.approx(18.0)


def test_the_peer_rule_follows_a_plain_mass(exam):
    found_mm, dice = ftv_of(exam, 0)
    assert found_mm == pytest.approx(20.0, abs=2.5)
    assert dice > 0.8


def test_the_largest_lesion_is_judged_by_the_finding_that_overlaps_most():
    outcome = _outcome(truth=(8.0, 20.0), found=(30.0, 19.0, 4.0), on=(NO_LESION, 1, 1), dice=(0.0, 0.8, 0.1))
    judged = errors_of([outcome])
    assert (judged.truth_mm[0], judged.found_mm[0], judged.ranks[0]) == (20.0, 19.0, 2)
    assert judged.error_mm.tolist() == [-1.0]
    assert error_row("x", [outcome])[2:6] == ("1.00", "0.00", "0.00", "1.00")


def test_what_was_taken_for_no_lesion_is_listed_after_the_findings():
    outcome = _outcome(truth=(20.0,), found=(5.0,), on=(NO_LESION,), other=(NO_LESION, 0))
    assert (outcome.rank_of(0), outcome.place_of(0)) == (None, 3)
    assert error_row("x", [outcome])[2:6] == ("0.00", "0.00", "0.00", "1.00")
    assert _outcome(truth=(20.0,)).place_of(0) is None


def test_a_lesion_that_was_not_found_counts_as_not_found():
    judged = errors_of([_outcome(truth=(12.0,), found=(5.0,), on=(NO_LESION,))])
    assert not judged.found.any()
    assert len(judged.error_mm) == 0


def test_false_lesions_are_counted_in_breasts_without_lesion():
    diseased = _outcome(truth=(12.0,), found=(12.0, 5.0, 6.0), on=(0, -1, -1), found_sides=["L", "L", "R"])
    healthy = _outcome(found=(4.0,), on=(-1,), found_sides=["R"])
    (row,) = false_rows({"x": [diseased, healthy]})
    assert row == ("x", "3", "2", "0.67", "0.67", "vessel 2")


def test_parts_include_their_lower_limit():
    outcomes = [_outcome(truth=(mm,)) for mm in (5.0, 9.9, 10.0)]
    parts = dict(binned(outcomes, lambda o: float(o.truth_mm.max()), (0.0, 5.0, 10.0, 20.0), unit=" mm"))
    assert {name: len(some) for name, some in parts.items()} == {"5–10 mm": 2, "10–20 mm": 1}


def test_a_pair_is_judged_by_the_largest_finding_alone_and_with_the_bed_known():
    before = _outcome(truth=(20.0,), found=(19.5,), on=(0,))
    kept = _outcome(truth=(10.0,), found=(10.4,), on=(0,))
    missed, invented = _outcome(truth=(10.0,)), _outcome(truth=(0.0,), found=(4.0,), on=(-1,))
    gone = _outcome(truth=(0.0,))
    pairs = [(before, missed, kept), (before, gone, invented)]
    alone, bed_known, _ = pair_rows("x", pairs)
    assert [row[2:4] for row in (alone, bed_known)] == [
        ("detector, each visit alone", "0.50"),
        ("detector, tumour bed known", "0.50"),
    ]
    assert [row[-2:] for row in (alone, bed_known)] == [("1", "0"), ("0", "1")]
    assert [row[-2:] for row in wrong_pairs(pairs)] == [("CR", "PR")]


def test_outcomes_survive_the_disk(tmp_path):
    outcome = _outcome(truth=(20.0,), found=(19.5,), on=(0,))
    outcome.save(tmp_path / "kept.npz")
    again = Outcome.load(tmp_path / "kept.npz")
    assert again.largest_found_mm == 19.5
    assert again.sides.tolist() == ["R", "L"]


def _busy(count):
    total = 0
    for number in range(count):
        total += number * number
    return total


def _small():
    return _busy(100_000)


def _large():
    return _busy(300_000), _small()


def _entry():
    return _large(), _small()


def test_stages_are_the_calls_of_the_detector_and_of_large_calls():
    found = stage_seconds(_entry, entry=_entry)
    assert list(found) == ["whole", "_busy", "_small", "rest"]
    assert found["_busy"] + found["_small"] > 0.9 * found["whole"]


def test_a_call_that_its_own_calls_do_not_explain_is_a_stage():
    found = stage_seconds(_entry_of_one, entry=_entry_of_one)
    assert list(found) == ["whole", "_plain", "rest"]


def _plain():
    total = _busy(10)
    for number in range(300_000):
        total += number
    return total


def _entry_of_one():
    return _plain()
