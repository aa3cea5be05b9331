"""What is measured on outlined candidates, on shapes whose values are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.detect.lesions.boundary import Outline
from calcmeasure.detect.lesions.enhancement import Background
from calcmeasure.detect.lesions.evidence import FEATURES, Surroundings, compared, evidence_of, set_off

SHAPE = (33, 33, 33)
ONE_MM = np.ones(3)
AWAY = np.sqrt(sum((i - 16.0) ** 2 for i in np.indices(SHAPE)))
BALL = AWAY <= 6


def outline(mask, *, inside=200.0, outside=0.0, spread=10.0):
    return Outline(mask, (), inside, outside, spread)


def around(mask=BALL, *, late=None, percent=90.0, lateral=0.5):
    return Surroundings(
        smooth=np.where(mask, 200.0, 0.0).astype(np.float32),
        percent=np.where(mask, percent, 10.0).astype(np.float32),
        before=np.where(mask, 150.0, 100.0).astype(np.float32),
        late=late,
        breast=np.ones(SHAPE, bool),
        depth_mm=np.full(SHAPE, 9.0, np.float32),
        voxel_mm=ONE_MM,
        background=Background(10.0, 5.0, 20.0),
        wall_mm=np.full(SHAPE, 21.0, np.float32),
        lateral=lateral,
    )


def measured(mask=BALL, *, diameter_mm=12.0, surroundings=None):
    row = evidence_of(outline(mask), surroundings or around(mask), diameter_mm=diameter_mm)
    return dict(zip(FEATURES, row, strict=True))


def test_a_ball():
    found = measured()
    assert found["excess"] == pytest.approx(np.log(90 / 45))
    assert found["above_background"] == pytest.approx(np.log(90 / 20))
    assert found["contrast"] == pytest.approx(np.log(20))
    assert found["volume"] == pytest.approx(np.log(4 / 3 * np.pi * 6**3), abs=0.05)
    assert found["diameter"] == pytest.approx(np.log(12))
    assert found["fill"] == pytest.approx(1, abs=0.05)
    assert found["tube"] == pytest.approx(0, abs=0.1)
    assert found["flatness"] == pytest.approx(1, abs=0.01)
    assert found["ball_share"] == pytest.approx(0, abs=0.05)
    assert found["set_off"] == pytest.approx(1)
    assert found["sharpness"] == pytest.approx(1)
    assert (found["skin_depth"], found["in_breast"], found["washout"]) == (9, 1, 0)
    assert found["signal_before"] == pytest.approx(np.log(1.5))
    assert found["ring"] == 1
    assert found["peak"] == found["excess"]
    assert found["wall_depth"] == 21


def test_only_the_axilla_counts_as_lateral():
    assert [measured(surroundings=around(lateral=at))["lateral"] for at in (0.2, 0.7, 0.95)] == [0.75, 0.75, 0.95]


def test_a_rod_is_a_tube():
    rod = np.zeros(SHAPE, bool)
    rod[15:18, 15:18, 4:29] = True
    found = measured(rod, diameter_mm=25.0)
    assert found["tube"] > np.log(5)
    assert found["flatness"] < 0.2
    assert found["ball_share"] < np.log(0.05)


@pytest.mark.parametrize(("share", "washout"), [(1.5, 0.5), (1.0, 0.0), (0.6, -0.4), (-3.0, -1.0)])
def test_washout_is_the_change_after_the_early_phase(share, washout):
    late = np.full(SHAPE, 200.0 * share, np.float32)
    assert measured(surroundings=around(late=late))["washout"] == pytest.approx(washout)


def test_a_dark_centre_is_seen():
    smooth = np.where(AWAY <= 3, 60.0, np.where(BALL, 200.0, 0.0)).astype(np.float32)
    assert measured(surroundings=replace(around(), smooth=smooth))["ring"] < 0.5


@pytest.mark.parametrize("scale", [0.01, 30.0])
def test_nothing_depends_on_the_grey_scale(scale):
    before = around(late=np.full(SHAPE, 150.0, np.float32))
    late = before.late
    assert late is not None
    scaled = replace(before, smooth=before.smooth * scale, before=before.before * scale, late=late * np.float32(scale))
    one = evidence_of(outline(BALL), before, diameter_mm=12.0)
    two = evidence_of(outline(BALL, inside=200 * scale, spread=10 * scale), scaled, diameter_mm=12.0)
    np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_rates_of_exchange_are_told_by_comparison():
    """Three balls, of which one keeps filling while the others wash out; without times nothing is told."""

    def row(late: float, times_s: tuple[float, ...] = (60.0, 200.0)):
        after = tuple(np.where(BALL, 150 + height, 100).astype(np.float32) for height in (200.0, late))
        seen = replace(around(), after=after[: len(times_s)], times_s=times_s)
        return evidence_of(outline(BALL), seen, diameter_mm=12.0)

    slow, fast = FEATURES.index("below_blood"), FEATURES.index("like_blood")
    found = compared([row(80.0), row(80.0), row(320.0)])
    assert [one[slow] for one in found[:2]] == [0, 0]
    assert found[2][slow] < -1
    assert [one[fast] for one in found] == [0.6, 0.6, 0]
    assert np.isfinite(compared([row(80.0, ())])[0]).all()
    assert compared([]) == []


@pytest.mark.parametrize(("foot_radius", "level", "share"), [(6.0, 100.0, 1.0), (8.0, 100.0, 0.42), (8.0, 59.0, 1.0)])
def test_a_patch_of_background_is_the_summit_of_a_hill(foot_radius, level, share):
    """What lies below 30 % of its height does not count."""
    smooth = np.where(BALL, 200.0, np.where(foot_radius >= AWAY, level, 0.0)).astype(np.float32)
    assert set_off(outline(BALL), smooth, reach_mm=6.0, voxel_mm=ONE_MM) == pytest.approx(share, abs=0.03)
