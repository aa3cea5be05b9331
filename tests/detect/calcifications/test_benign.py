"""Arteries and coarse calcifications are told from groups."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.calcifications.bands import Band, BandStack
from calcmeasure.detect.calcifications.benign import TUBE_LENGTH_MM, find_coarse, marks_along_tubes, vascular_marks
from calcmeasure.detect.calcifications.noise import NoiseCurve
from calcmeasure.geometry import Spacing, SpacingSource

SPACING = Spacing(0.1, 0.1, SpacingSource.DETECTOR)


def _artery(seed: int, *, calibre_mm: float = 1.6, turn: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    along = np.sort(rng.uniform(0, 25, 70))
    aside = 2.0 * np.sin(along / 6.0) + calibre_mm * rng.choice([-0.5, 0.5], 70) + rng.normal(0, 0.07, 70)
    points = np.column_stack([aside, along])
    return points @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


@pytest.mark.parametrize("turn", [0.0, 0.7, 1.57])
@pytest.mark.parametrize("seed", range(3))
def test_marks_on_the_walls_of_an_artery_are_vascular(seed: int, turn: float):
    assert vascular_marks(_artery(seed, turn=turn)).mean() > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_a_group_is_not_vascular(seed: int):
    rng = np.random.default_rng(seed)
    assert not vascular_marks(rng.normal(0, 5.0, (40, 2))).any()


@pytest.mark.parametrize("seed", range(4))
def test_a_filled_duct_is_not_vascular(seed: int):
    rng = np.random.default_rng(seed)
    duct = np.column_stack([rng.normal(0, 0.5, 44), np.linspace(0, 25, 44)])
    assert not vascular_marks(duct).any()


def test_a_group_beside_an_artery_keeps_its_marks():
    rng = np.random.default_rng(1)
    group = rng.normal(0, 3.0, (25, 2)) + np.array([18.0, 12.0])
    flagged = vascular_marks(np.vstack([_artery(0), group]))
    assert flagged[:70].mean() > 0.95
    assert not flagged[70:].any()


@pytest.mark.parametrize("n", [0, 1, 3, 11])
def test_few_marks_are_no_artery(n: int):
    assert not vascular_marks(_artery(0)[:n]).any()


def _along(n: int, *, length_mm: float = 20.0) -> np.ndarray:
    return np.column_stack([np.zeros(n), np.linspace(0.0, length_mm, n)])


def test_marks_that_mostly_lie_on_a_line_are_arterial_and_those_far_from_it_are_not():
    points = np.vstack([_along(40), [[30.0, 10.0], [0.0, 40.0]]])
    on_tube = np.arange(42) % 2 == 0
    assert marks_along_tubes(points, on_tube).tolist() == [True] * 40 + [False] * 2


def test_a_short_row_on_a_line_is_a_duct_full_of_casts():
    assert not marks_along_tubes(_along(20, length_mm=TUBE_LENGTH_MM - 0.5), np.ones(20, bool)).any()
    assert marks_along_tubes(_along(20, length_mm=TUBE_LENGTH_MM + 0.5), np.ones(20, bool)).all()


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_a_few_marks_on_lines_make_no_artery(share: float):
    points = _along(40)
    assert not marks_along_tubes(points, np.arange(40) % 5 < 5 * share).any()


def _stack(shape_mm: str, *, snr_inside: float = 30.0) -> BandStack:
    snr = np.zeros((200, 200), dtype=np.float32)
    rows, cols = (np.indices((200, 200)) - 100) * 0.1
    inside = {
        "coarse": np.hypot(rows, cols) < 1.2,
        "small": np.hypot(rows, cols) < 0.3,
        "rod": (np.abs(rows) < 0.35) & (np.abs(cols) < 8.0),
        "thread": (np.abs(rows) < 0.15) & (np.abs(cols) < 8.0),
        "rim": np.abs(np.hypot(rows, cols) - 1.2) < 0.2,
        "open": (np.abs(np.hypot(rows, cols) - 1.2) < 0.2) & ((cols < 0) | (np.abs(rows) > 0.3)),
        "lobed": np.abs(np.hypot(rows, cols) - 1.8 - 0.8 * np.cos(5.0 * np.arctan2(rows, cols))) < 0.3,
    }[shape_mm]
    snr[inside] = snr_inside
    band = Band(snr, 1, 0.3, np.ones((2, 2), np.float32), 1.0)
    return BandStack((band,), 5, snr, NoiseCurve(np.array([0.0, 1.0]), np.ones(2)), SPACING)


@pytest.mark.parametrize(("shape", "n"), [("coarse", 1), ("small", 0), ("rod", 1), ("thread", 0), ("rim", 1)])
def test_coarse_means_large_and_compact_or_a_thick_rod(shape: str, n: int):
    found = find_coarse(_stack(shape), smallest_mm=1.0, snr=10.0)
    assert len(found.centres_rc) == n
    assert bool(found.numbers.any()) is bool(n)


@pytest.mark.parametrize(("shape", "n"), [("rim", 1), ("coarse", 0), ("open", 0), ("lobed", 0)])
def test_what_is_faint_must_be_a_closed_round_rim(shape: str, n: int):
    assert len(find_coarse(_stack(shape, snr_inside=6.0), smallest_mm=1.0, snr=10.0).centres_rc) == n


def test_marks_on_a_coarse_object_are_covered_and_others_are_not():
    found = find_coarse(_stack("coarse"), smallest_mm=1.0, snr=10.0)
    assert found.centres_rc[0] == pytest.approx([100.0, 100.0])
    assert found.covers(np.array([[100.0, 100.0], [100.0, 115.0], [100.0, 140.0]])).tolist() == [True, True, False]
