"""Reading order and blinding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.store.database import StoredAnnotation
from factories import marks
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.reading.worklist import Blinding, reading_order, visible_reading, visible_readings

PATIENTS = tuple(f"CM-{i:04}" for i in range(1, 11))


def test_without_a_seed_the_list_stands():
    assert reading_order(["b", "a", "b", "c"]) == ("b", "a", "c")


def test_a_seed_gives_this_order_for_ever():
    """Published orders of a study must come again, with every version of Python."""
    assert reading_order(PATIENTS, seed=2024) == tuple(f"CM-{i:04}" for i in (8, 7, 3, 5, 1, 10, 6, 2, 9, 4))


@given(st.lists(st.text(max_size=5), max_size=30), st.integers(0, 9999), st.randoms(use_true_random=False))
def test_the_order_depends_on_seed_and_patients_alone(listed, seed, chance):
    mixed = list(listed)
    chance.shuffle(mixed)
    order = reading_order(listed, seed=seed)
    assert order == reading_order(mixed, seed=seed)
    assert sorted(order) == sorted(set(listed))


def test_seeds_give_different_orders():
    assert len({reading_order(PATIENTS, seed=seed) for seed in range(50)}) == 50


def test_first_places_are_shared_evenly():
    """2000 seeds, 10 patients: each first 200 times, with a standard deviation of 13."""
    first = [reading_order(PATIENTS, seed=seed)[0] for seed in range(2000)]
    assert all(130 < first.count(patient) < 270 for patient in PATIENTS)


def stored(reader: str, timepoint: str = "baseline") -> StoredAnnotation:
    return StoredAnnotation("P", reader, marks(timepoint=timepoint), 1, "")


@pytest.mark.parametrize(
    ("blinding", "seen"),
    [
        (Blinding(), "auto r1 r2 prior"),
        (Blinding(hide_auto=True), "r1 r2 prior"),
        (Blinding(hide_readers=True), "auto r1 prior"),
        (Blinding(hide_priors=True), "auto r1 r2"),
        (Blinding(hide_auto=True, hide_readers=True, hide_priors=True), "r1"),
    ],
)
def test_a_blinded_reader_sees_her_own_alone(blinding, seen):
    drawn = {"auto": stored("auto", "followup-1"), "r1": stored("r1", "followup-1"), "r2": stored("r2", "followup-1"),
             "prior": stored("r1")}  # fmt: skip
    visible = visible_readings(drawn.values(), reader="r1", timepoint="followup-1", blinding=blinding)
    assert visible == tuple(drawn[name] for name in seen.split())


@pytest.mark.parametrize("is_hidden", [True, False])
def test_own_findings_of_another_visit_are_hidden_with_it(is_hidden):
    first, second = Finding(marks()), Finding(marks(annotation_id="b", timepoint="followup-1"))
    reading = PatientReading("P", "r1", (first, second), selected="b")
    seen = visible_reading(reading, timepoint="followup-1", blinding=Blinding(hide_priors=is_hidden))
    assert seen.findings == ((second,) if is_hidden else (first, second))
    assert seen.selected_finding is second
