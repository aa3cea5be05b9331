"""The neighbours of a mark, as the context model sees them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from calcmeasure.detect.calcifications.context import (
    CHAIN_MM,
    CONTEXT,
    LEAST_ASKED,
    ContextModel,
    SeenMarks,
    describe_context,
    load_context_model,
    save_context_model,
    shipped_context_model,
)


def seen(points_mm, *, kinds=(0.7, 0.1, 0.1, 0.1), probability=0.9):
    n = len(points_mm)
    return SeenMarks(
        np.asarray(points_mm, dtype=float),
        np.full(n, probability),
        np.tile(kinds, (n, 1)),
        np.full(n, 0.3),
        np.full(n, 20.0),
    )


def column(table, name):
    return table[:, CONTEXT.index(name)]


def described(marks):
    return describe_context(marks, np.arange(len(marks.points_mm)))


def test_marks_on_a_line_are_thin_and_lie_on_it():
    bent = [(0.05 * t**2, t) for t in np.linspace(-3.5, 3.5, 15)]
    table = described(seen(bent))
    middle = table[7:8]
    assert column(middle, "thin_4")[0] < 0.1
    assert column(middle, "beside_4")[0] == pytest.approx(0.0, abs=1e-3)
    assert column(middle, "along_4")[0] == pytest.approx(np.std(np.delete(np.linspace(-3.5, 3.5, 15), 7)), rel=0.05)


def test_two_rows_scatter_about_their_middle():
    rows = [(side, t) for t in np.linspace(-3.0, 3.0, 13) for side in (-0.8, 0.8)]
    assert column(described(seen(rows)), "beside_8")[12] == pytest.approx(0.8, rel=0.05)


def test_a_chain_is_what_steps_lead_to_and_nothing_beyond():
    row = [(0.0, 3.5 * k) for k in range(8)]
    beyond = [(0.0, 3.5 * 7 + CHAIN_MM + 0.1), (50.0, 0.0)]
    table = described(seen([*row, *beyond]))
    assert_allclose(np.expm1(column(table, "count_chain")), [0.9 * 7] * 8 + [0.0, 0.0], atol=1e-5)
    assert column(table, "along_chain")[0] == pytest.approx(np.std(3.5 * np.arange(1, 8)), rel=1e-3)


def test_a_mark_too_weak_to_be_heard_is_told_of_the_chain_beside_it():
    row = seen([(0.0, 1.0 * k) for k in range(6)])
    weak = replace(row, probabilities=np.array([0.03, *[0.9] * 5]))
    assert np.expm1(column(described(weak), "count_chain"))[0] == pytest.approx(0.9 * 5, abs=1e-5)


def test_neighbours_are_counted_by_their_probability_and_not_with_oneself():
    table = described(seen([(0, 0), (0, 1), (0, 20)]))
    assert_allclose(np.expm1(column(table, "count_2.5")), [0.9, 0.9, 0.0], atol=1e-6)


def test_few_neighbours_tell_no_line():
    assert np.isnan(column(described(seen([(0, 0), (0, 1), (1, 0)])), "thin_8")).all()


def test_what_neighbours_look_like_is_averaged():
    arterial = np.array([0.1, 0.7, 0.1, 0.1])
    marks = seen([(0, 0), (0, 1)])
    marks = replace(marks, kinds=np.array([marks.kinds[0], arterial]))
    table = described(marks)
    assert column(table, "over_vascular_2.5")[0] == pytest.approx(0.9 / 1.9 * np.log(0.1 / 0.7), rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.0, 2 * np.pi))
def test_turning_and_moving_an_image_changes_nothing(seed, angle):
    points_mm = np.random.default_rng(seed).uniform(0.0, 15.0, (25, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert_allclose(described(seen(points_mm)), described(seen(points_mm @ turn.T + 30.0)), atol=2e-3)


def test_chances_sum_to_one_and_weak_marks_keep_their_own():
    points_mm = np.random.default_rng(1).uniform(0.0, 20.0, (30, 2))
    marks = seen(points_mm)
    weak = np.arange(30) % 3 == 0
    marks = replace(marks, probabilities=np.where(weak, LEAST_ASKED / 2.0, 0.9))
    kinds = shipped_context_model().kinds_in_context(marks)
    assert_allclose(kinds.sum(axis=1), 1.0)
    assert_allclose(kinds[weak], marks.kinds[weak])
    assert not np.allclose(kinds[~weak], marks.kinds[~weak])


def test_no_marks_no_chances():
    assert shipped_context_model().kinds_in_context(seen(np.empty((0, 2)))).shape == (0, 4)


def test_a_model_comes_back_from_its_file(tmp_path):
    model = shipped_context_model()
    save_context_model(model, tmp_path / "a.npz")
    save_context_model(load_context_model(tmp_path / "a.npz"), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_model_of_other_columns_is_refused(tmp_path):
    model = shipped_context_model()
    save_context_model(ContextModel(model.trees, model.made | {"features": ["other"]}), tmp_path / "a.npz")
    with pytest.raises(ValueError, match="train_kind_model"):
        load_context_model(tmp_path / "a.npz")
