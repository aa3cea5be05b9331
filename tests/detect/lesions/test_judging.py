"""Of outlines that overlap, which one stays: the whole or its part."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions import judging
from calcmeasure.detect.lesions.boundary import Outline
from calcmeasure.detect.lesions.evidence import FEATURES
from calcmeasure.detect.lesions.judging import Judged, judge

CUT = (slice(0, 10), slice(0, 10), slice(0, 40))


def outlined(columns: int, log_odds: float, *, fill: float = 0.95, is_region: bool = False) -> Judged:
    """The first columns of a cut."""
    mask = np.zeros((10, 10, 40), dtype=bool)
    mask[:, :, :columns] = True
    evidence = np.ones(len(FEATURES))
    evidence[FEATURES.index("fill")] = fill
    return Judged(Outline(mask, (), 1.0, 0.0), CUT, evidence, log_odds, float(columns), is_region)


def kept(monkeypatch, *found: Judged) -> list[float]:
    monkeypatch.setattr(judging, "judge_all", lambda scene: found)
    return [judged.diameter_mm for judged in judge(None)]


@pytest.mark.parametrize(("log_odds", "length_mm"), [(1.9, 20.0), (2.0, 30.0), (2.1, 30.0)])
def test_the_likelier_outline_stays_and_of_two_alike_the_larger(monkeypatch, log_odds, length_mm):
    assert kept(monkeypatch, outlined(20, 2.0), outlined(30, log_odds)) == [length_mm]


@pytest.mark.parametrize(
    ("clump", "whole", "length_mm"),
    [
        (outlined(12, 4.0), outlined(30, 2.0), 30.0),
        (outlined(20, 4.0, fill=0.7), outlined(30, 2.0), 30.0),
        (outlined(20, 4.0), outlined(30, 2.0), 20.0),
        (outlined(20, 4.0, fill=0.82), outlined(30, 2.0), 20.0),
        (outlined(12, 4.0), outlined(30, 0.9), 12.0),
        (outlined(12, 2.0), outlined(30, -0.1), 12.0),
    ],
    ids=["a clump", "a large clump", "a mass", "a rough mass", "a much likelier clump", "in what is no lesion"],
)
def test_a_clump_does_not_stand_for_the_whole(monkeypatch, clump, whole, length_mm):
    assert kept(monkeypatch, clump, whole) == [length_mm]


@pytest.mark.parametrize(
    ("part", "length_mm"),
    [
        (outlined(20, 2.0), 20.0),
        (outlined(20, 2.0, fill=0.7), 30.0),
        (outlined(12, 2.0), 30.0),
        (outlined(20, -0.5), 30.0),
    ],
    ids=["a mass", "a clump", "a small mass", "no lesion"],
)
def test_nothing_is_joined_to_a_mass_that_is_most_of_the_region(monkeypatch, part, length_mm):
    assert kept(monkeypatch, part, outlined(30, 4.0, is_region=True)) == [length_mm]
